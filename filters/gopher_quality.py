"""Counts for the quality rules of Gopher: words, symbols, bullets, ellipses and stop words of each document.

Source: Rae et al. 2021, "Scaling Language Models: Methods, Analysis & Insights from Training Gopher",
arXiv:2112.11446, appendix A.1.1, read on the words and lines of `gristmill.filters.segment`. Where the paper leaves a
choice, it is:

* ``#`` and the ellipsis are counted as occurrences, each on its own; an ellipsis is ``…`` or ``...``, found from left
  to right without overlap (so ``......`` is two and ``....`` is one).
* A bullet line begins with one of `BULLETS` after leading white space.
* An ellipsis line ends with ``...`` or ``…`` before trailing white space.
* Stop words are counted as *distinct* ones of `STOP_WORDS`; a word matches by its core (see `segment`) with the letters
  A to Z in lower case, so ``"The`` and ``the,`` are both ``the`` and ``the-`` is too, but ``that's`` is not ``that``.
"""

from __future__ import annotations

import numba
import numpy as np

from gristmill.filters.arrays import Bytes, Hashes, Int64s
from gristmill.filters.buffers import TextBuffer
from gristmill.filters.measure import NATURAL, count, ratio
from gristmill.filters.segment import Segments
from gristmill.filters.utf8 import HASH_START, code_point, hash_ascii, hash_byte

STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
BULLETS = "•‣⁃◦●○▪▫■□▶*-"  # noqa: RUF001 - the bullet at U+2043 is meant

COLUMNS = (
    "chars", "words", "lines", "paragraphs", "word_chars", "letter_words", "stop_words",
    "hash_symbols", "ellipses", "bullet_lines", "ellipsis_lines",
)  # fmt: skip
"""Columns of the array that `count_quality` returns, in order."""

_ELLIPSIS_BEGINS = (ord("."), 0xE2)
_BULLET_POINTS = np.array(sorted(ord(bullet) for bullet in BULLETS), dtype=np.int64)
_STOP_HASHES = np.array([hash_ascii(word) for word in STOP_WORDS], dtype=np.uint64)


def count_quality(buffer: TextBuffer, segments: Segments) -> Int64s:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS))."""
    counts = np.zeros((len(segments.document_chars), len(COLUMNS)), np.int64)
    counts[:, 0] = segments.document_chars
    counts[:, 1] = np.diff(segments.document_words)
    counts[:, 2] = np.diff(segments.document_lines)
    counts[:, 3] = np.diff(segments.document_paragraphs)
    _count_words(buffer.data, segments, _STOP_HASHES, counts)
    _count_lines(buffer, segments, _BULLET_POINTS, counts)
    return counts


@numba.njit(nogil=True, cache=True)
def _stop_word(data: Bytes, start: int, end: int, stop_hashes: Hashes) -> int:
    """Index of the stop word that the bytes spell when A-Z are lowered, or -1."""
    state = HASH_START
    for i in range(start, end):
        byte = data[i]
        if 65 <= byte <= 90:
            byte |= 32
        state = hash_byte(state, byte)
    for which in range(stop_hashes.size):
        if state == stop_hashes[which]:
            return which
    return -1


@numba.njit(nogil=True, cache=True)
def ends_with_ellipsis(data: Bytes, start: int, end: int) -> bool:
    """Whether the bytes from ``start`` to ``end`` end with three dots or with U+2026."""
    if end - start < 3:
        return False
    a, b, c = data[end - 3], data[end - 2], data[end - 1]
    return bool((a == 46 and b == 46 and c == 46) or (a == 0xE2 and b == 0x80 and c == 0xA6))


@numba.njit(nogil=True, cache=True)
def _count_words(data: Bytes, segments: Segments, stop_hashes: Hashes, counts: Int64s) -> None:
    chars, letters = segments.words.chars, segments.words.letters
    core_start, core_end = segments.words.core_start, segments.words.core_end
    document_words = segments.document_words
    for document in range(counts.shape[0]):
        word_chars = letter_words = seen = 0
        for word in range(document_words[document], document_words[document + 1]):
            word_chars += chars[word]
            letter_words += letters[word]
            size = core_end[word] - core_start[word]
            if 2 <= size <= 4:
                which = _stop_word(data, core_start[word], core_end[word], stop_hashes)
                if which >= 0:
                    seen |= 1 << which
        counts[document, 4], counts[document, 5] = word_chars, letter_words
        for which in range(stop_hashes.size):
            counts[document, 6] += (seen >> which) & 1


@numba.njit(nogil=True, cache=True)
def _count_lines(buffer: TextBuffer, segments: Segments, bullets: Int64s, counts: Int64s) -> None:
    data, offsets = buffer
    start, end = segments.lines.start, segments.lines.end
    document_lines = segments.document_lines
    for document in range(counts.shape[0]):
        i, stop = offsets[document], offsets[document + 1]
        while i < stop:
            byte = data[i]
            if byte == ord("#"):
                counts[document, 7] += 1
            elif byte in _ELLIPSIS_BEGINS and ends_with_ellipsis(data, i, min(i + 3, stop)):
                counts[document, 8] += 1
                i += 2
            i += 1
        for line in range(document_lines[document], document_lines[document + 1]):
            point, _ = code_point(data, start[line], end[line])
            for bullet in bullets:
                counts[document, 9] += point == bullet
            counts[document, 10] += ends_with_ellipsis(data, start[line], end[line])


_PAPER = "Rae et al. 2021, arXiv:2112.11446, appendix A.1.1"
_SEGMENT = "gristmill.filters.segment"
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
        f"how many of the words {', '.join(STOP_WORDS)} occur, matched by core with A-Z lowered", _PAPER,
        of="stop_words", limits=f"0 to {len(STOP_WORDS)}",
    ),
)  # fmt: skip
"""Signals on words, symbols and lines."""
