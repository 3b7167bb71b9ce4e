"""Counts for the quality rules of Gopher: words, symbols, bullets, ellipses and stop words of each document.

Source: Rae et al. 2021, "Scaling Language Models: Methods, Analysis & Insights from Training Gopher",
arXiv:2112.11446, appendix A.1.1, read on the words and lines of `gristmill.filters.text.segment`. Where the paper
leaves a choice, it is:

* ``#`` and the ellipsis are counted as occurrences, each on its own; an ellipsis is ``…`` or ``...``, found from left
  to right without overlap (so ``......`` is two and ``....`` is one).
* A bullet line begins with one of `BULLETS` after leading white space.
* An ellipsis line ends with ``...`` or ``…`` before trailing white space.
* Stop words are counted as *distinct* ones of the document's language (`gristmill.filters.language_packs`; the
  English ones for a language without a pack); a word matches by its core (see `segment`) in lower case, so ``"The`` and
  ``the,`` are both ``the`` and ``the-`` is too, but ``that's`` is not ``that``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gristmill.filters.counts.measure import NATURAL, count, ratio
from gristmill.filters.counts.views import Views
from gristmill.filters.language_packs import (
    LONGEST_STOP_WORD_BYTES,
    STOP_TABLES,
    STOP_WORDS_EACH,
    StopWords,
    stop_slot,
    stop_word_bit,
)
from gristmill.filters.text.arrays import Bytes, Hashes, Int64s
from gristmill.filters.text.buffers import PAD_BYTES
from gristmill.filters.text.folding import folding
from gristmill.filters.text.segment import find_core
from gristmill.filters.text.segments import ASCII, HAS_LETTER, LETTERS, MARKED, Planes, Segments
from gristmill.filters.text.unicode_classes import class_table
from gristmill.filters.text.utf8 import code_point
from gristmill.kernels.bit_planes import LANES, SURE_BITS, bits_from, byte_in, new_plane
from gristmill.kernels.kernel import kernel
from gristmill.kernels.swar import count_bits, first_bit, last_bit, load_eight, lowered

BULLETS = "•‣⁃◦●○▪▫■□▶*-"  # noqa: RUF001 - the bullet at U+2043 is meant

COLUMNS = (
    "chars", "words", "lines", "paragraphs", "word_chars", "letter_words", "stop_words",
    "hash_symbols", "ellipses", "bullet_lines", "ellipsis_lines", "symbol_words",
)  # fmt: skip
"""Columns of the array that `count_quality` returns, in order."""

_ELLIPSIS_BEGINS = (ord("."), 0xE2)
_U2026, _U2026_LAST, _DOT = 0xE2, 0xA6, ord(".")
_ONE = np.uint64(1)
_KEPT = np.array([(1 << 8 * size) - 1 for size in range(LONGEST_STOP_WORD_BYTES + 1)] + [0], np.uint64)
"""What is kept of the eight bytes that a word begins with, by its size."""
_ALL_STOP_WORDS = (1 << STOP_WORDS_EACH) - 1
_BULLET_POINTS = np.array(sorted(ord(bullet) for bullet in BULLETS), dtype=np.int64)


def count_quality(views: Views) -> Int64s:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS))."""
    segments = views.segments
    counts = np.zeros((views.documents, len(COLUMNS)), np.int64)
    counts[:, 0] = segments.documents.chars
    counts[:, 1] = np.diff(segments.document_words)
    counts[:, 2] = np.diff(segments.document_lines)
    counts[:, 3] = np.diff(segments.document_paragraphs)
    symbols = new_plane(views.buffer.data, views.arena)
    _mark_symbols(views.buffer.data, symbols)
    tables = (class_table(), folding().lower)
    _count_words(segments, counts)
    _count_in_words(views.buffer.data, segments, symbols.view(np.uint8), views.buffer.offsets, counts)
    _count_stop_words(views.buffer.data, segments, views.packs, tables, STOP_TABLES, counts)
    _count_lines(views.buffer.data, segments, _BULLET_POINTS, counts)
    return counts


@kernel
def ends_with_ellipsis(data: Bytes, start: int, end: int) -> bool:
    """Whether the bytes from ``start`` to ``end`` end with three dots or with U+2026."""
    if end - start < 3:
        return False
    a, b, c = data[end - 3], data[end - 2], data[end - 1]
    return bool((a == 46 and b == 46 and c == 46) or (a == 0xE2 and b == 0x80 and c == 0xA6))


@kernel
def _count_symbols(data: Bytes, i: int, end: int) -> tuple[int, int, int]:
    """Number signs and ellipses of a word, and whether it has ``#`` or U+2026."""
    hashes = ellipses = wide = 0
    while i < end:
        byte = data[i]
        if byte == ord("#"):
            hashes += 1
        elif byte in _ELLIPSIS_BEGINS and ends_with_ellipsis(data, i, min(i + 3, end)):
            ellipses += 1
            wide |= byte != _ELLIPSIS_BEGINS[0]
            i += 2
        i += 1
    return hashes, ellipses, int(wide or hashes > 0)


@kernel
def _mark_symbols(data: Bytes, symbols: Hashes) -> None:
    """A bit plane of ``#``, the first byte of U+2026, and a dot with one more behind, to whatever text that belongs."""
    for k in range((data.size - PAD_BYTES) // LANES + 1):
        i = k * LANES
        # No branch here: LLVM would carry the bits over it one by one.
        dots = byte_in(data, i, _DOT) & byte_in(data, i + 1, _DOT)
        ellipsis = byte_in(data, i, _U2026) & byte_in(data, i + 2, _U2026_LAST)
        symbols[k] = byte_in(data, i, ord("#")) | dots | ellipsis


@kernel
def _count_words(segments: Segments, counts: Int64s) -> None:
    """Characters of words, and words with a letter."""
    bounds, chars, flags = segments.document_words, segments.words.chars, segments.words.flags
    for document in range(counts.shape[0]):
        word_chars = letter_words = 0
        for word in range(bounds[document], bounds[document + 1]):
            word_chars += chars[np.uint64(word)]
            letter_words += flags[np.uint64(word)] & HAS_LETTER
        counts[document, 4], counts[document, 5] = word_chars, letter_words


@kernel
def _count_in_words(data: Bytes, segments: Segments, symbols: Bytes, bounds: Int64s, counts: Int64s) -> None:
    """Number signs, ellipses, and words with a symbol: only words that a bit of the plane lies in are looked at."""
    for document in range(counts.shape[0]):
        row, word, last = counts[document], segments.document_words[document], segments.document_words[document + 1]
        i, end = bounds[document], bounds[document + 1]
        while i < end:
            ahead = first_bit(bits_from(symbols, i))
            i += min(ahead, SURE_BITS)
            if ahead >= SURE_BITS or i >= end:
                continue
            word = _word_at(segments.words.end, word, last, i)
            hashes, ellipses, symbol = _count_symbols(data, segments.words.start[word], segments.words.end[word])
            row[7] += hashes
            row[8] += ellipses
            row[11] += symbol
            i = segments.words.end[word]


@kernel
def _word_at(ends: Int64s, low: int, high: int, i: int) -> int:
    """The first word of ``low`` to ``high`` that ends behind byte ``i``, no white space: the one it lies in."""
    while low < high:
        middle = (low + high) // 2
        if ends[middle] > i:
            high = middle
        else:
            low = middle + 1
    return low


@kernel
def _count_stop_words(
    data: Bytes,
    segments: Segments,
    packs: NDArray[np.int8],
    tables: tuple[Bytes, NDArray[np.int32]],
    stop: StopWords,
    counts: Int64s,
) -> None:
    bounds, words = segments.document_words, segments.words
    for document in range(counts.shape[0]):
        seen, row = 0, int(packs[document])
        keys, bits, factor = stop.keys[row], stop.bits[row], stop.factors[row]
        for word in range(bounds[document], bounds[document + 1]):
            if seen == _ALL_STOP_WORDS:
                break
            place = np.uint64(word)
            start, size, flags = words.start[place], words.end[place] - words.start[place], words.flags[place]
            if flags & ASCII and flags & (LETTERS | MARKED):
                size -= (flags & MARKED) // MARKED
                # Nothing is left of a word that is too long, and no stop word is nothing.
                key = lowered(load_eight(data, start) & _KEPT[min(size, LONGEST_STOP_WORD_BYTES + 1)])
                slot = stop_slot(key, factor)
                seen |= bits[slot] * (keys[slot] == key)
            else:
                first, last = _core(data, segments.planes, start, size, flags, tables[0])
                if 1 <= last - first <= LONGEST_STOP_WORD_BYTES:
                    seen |= stop_word_bit(data, first, last, tables[1], stop, row)
        counts[document, 6] = count_bits(np.uint64(seen))


@kernel
def _core(data: Bytes, planes: Planes, start: int, size: int, flags: int, classes: Bytes) -> tuple[int, int]:
    """Both ends of the core of a word; equal if it is empty."""
    if not flags & ASCII or size >= SURE_BITS:
        return find_core(data, start, start + size, classes)
    kept = (_ONE << np.uint64(size)) - _ONE
    known = (bits_from(planes.letters, start) | bits_from(planes.digits, start)) & kept
    return start + min(first_bit(known), size), start + (last_bit(known) + 1 if known else size)


@kernel
def _count_lines(data: Bytes, segments: Segments, bullets: Int64s, counts: Int64s) -> None:
    start, end = segments.lines.start, segments.lines.end
    document_lines = segments.document_lines
    for document in range(counts.shape[0]):
        for line in range(document_lines[document], document_lines[document + 1]):
            point, _ = code_point(data, start[line], end[line])
            for bullet in bullets:
                counts[document, 9] += point == bullet
            counts[document, 10] += ends_with_ellipsis(data, start[line], end[line])


_PAPER = "Rae et al. 2021, arXiv:2112.11446, appendix A.1.1"
_SEGMENT = "gristmill.filters.text.segment"
_PER_WORD = {"unit": "per word", "limits": NATURAL}

MEASURES = (
    count("char_count", "characters", "Unicode code points of the text", _SEGMENT, of="chars"),
    count("word_count", "words", "maximal runs of characters without Unicode White_Space", _PAPER, of="words"),
    count("line_count", "lines", "lines that are not blank", _SEGMENT, of="lines"),
    count("paragraph_count", "paragraphs", "runs of lines without a blank line between", _SEGMENT, of="paragraphs"),
    ratio(
        "mean_word_length", "characters of words / words", _PAPER,
        of="word_chars", to="words", unit="characters per word", limits=NATURAL,
    ),
    ratio("hash_to_word_ratio", "occurrences of # / words", _PAPER, of="hash_symbols", to="words", **_PER_WORD),
    ratio(
        "ellipsis_to_word_ratio", "occurrences of … and of ... (from left to right, without overlap) / words", _PAPER,
        of="ellipses", to="words", **_PER_WORD,
    ),
    ratio(
        "bullet_line_fraction", f"lines whose first character is one of {BULLETS} / lines", _PAPER,
        of="bullet_lines", to="lines",
    ),
    ratio(
        "ellipsis_line_fraction", "lines that end with ... or … / lines", _PAPER, of="ellipsis_lines", to="lines"
    ),
    ratio(
        "letter_word_fraction", "words with at least one letter (Unicode L*) / words", _PAPER,
        of="letter_words", to="words",
    ),
    count(
        "stop_word_count", "distinct words",
        "how many of the eight stop words of the document's language occur (of the English ones if it has none), "
        "matched by core in lower case", f"{_PAPER}; gristmill.filters.language_packs",
        of="stop_words", limits=f"0 to {STOP_WORDS_EACH}",
    ),
)  # fmt: skip
"""Signals on words, symbols and lines."""
