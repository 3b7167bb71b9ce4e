r"""The one pass over the text: words, lines and paragraphs of a batch, with their lengths and 64-bit hashes.

Definitions, on which every rule rests:

* **character**: a Unicode code point.
* **word**: a maximal run of characters without the Unicode property White_Space.
* **raw line**: what stands between two ``\n`` (or an end of the text), white space and all; a ``\n`` at the very end
  opens no further one, and an empty text has none.
* **line**: a raw line without leading and trailing white space, if anything is left: a blank line is no line.
* **paragraph**: a maximal run of lines with no blank line between them.
* **core** of a word: the word from its first to its last letter or digit (empty if it has none).

Two words or lines are the same when their bytes are; two paragraphs when their lines are, one by one. They are compared
by a 64-bit hash: in a document of a million words the chance of one false match is below 1 in 10⁷.

ASCII words are read eight bytes at a time (`gristmill.kernels.swar`); a word with any other byte is walked character by
character.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from gristmill.filters.text.arrays import Bytes, Hashes, Int64s
from gristmill.filters.text.buffers import PAD_BYTES, TextBuffer
from gristmill.filters.text.segments import (
    ASCII,
    HAS_LETTER,
    LETTERS,
    MARKED,
    PLAIN,
    Documents,
    Lines,
    Paragraphs,
    Planes,
    RawLines,
    Segments,
    Words,
)
from gristmill.filters.text.unicode_classes import ALPHANUMERIC, LETTER, WHITE_SPACE, class_table
from gristmill.filters.text.utf8 import HASH_START, NON_ASCII, code_point, hash_byte
from gristmill.kernels.arena import Arena
from gristmill.kernels.bit_planes import (
    LANES,
    SURE_BITS,
    bits_from,
    blanks_in,
    byte_in,
    in_range,
    letters_in,
    new_plane,
)
from gristmill.kernels.kernel import inlined_kernel, kernel
from gristmill.kernels.swar import (
    count_bits,
    finish,
    first_bit,
    hash_bytes,
)

_NEWLINE, _SPACE = 10, 32
_FNV_PRIME = np.uint64(0x100000001B3)
_ONE, _HALF = np.uint64(1), np.uint64(32)


def segment(buffer: TextBuffer, arena: Arena | None = None) -> Segments:
    r"""Finds all words, lines and paragraphs of a batch in one pass.

    Args:
        buffer: the batch.
        arena: where the arrays of the result lie; memory of their own if None.

    >>> import pyarrow as pa
    >>> from gristmill.filters.text.buffers import text_buffer
    >>> found = segment(text_buffer(pa.array(["One two.\n\n three\n"])))
    >>> found.words.chars.tolist(), found.lines.chars.tolist(), found.paragraphs.chars.tolist()
    ([3, 4, 5], [8, 5], [8, 5])
    >>> found.raw_lines.chars.tolist()
    [8, 0, 6]
    """
    room = arena or Arena()
    count = len(buffer.offsets) - 1
    planes = [new_plane(buffer.data, room) for _ in range(3)]
    most, breaks = _mark_planes(buffer.data, *planes)
    views = Planes(*(plane.view(np.uint8) for plane in planes))
    words = Words(*_room(room, most + count, np.int64, np.int64, np.int32, np.uint8, np.uint64))
    lines = Lines(*_room(room, breaks + count + 2, np.int64, np.int64, np.int64, np.int32, np.uint8, np.uint64))
    raw = RawLines(*_room(room, breaks + count + 2, np.int64, np.int64, np.int32, np.int64, np.uint8))
    documents = Documents(*(np.zeros(count, np.int64) for _ in range(3)))
    bounds = (np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64))
    _segment(buffer, views, class_table(), words, lines, raw, documents, bounds)
    document_words, document_lines, document_raw_lines = bounds
    words = Words(*_first(int(document_words[-1]), words))
    found = int(document_lines[-1])
    lines = Lines(*_first(found, lines))._replace(words=lines.words[: found + 1])
    raw = RawLines(*_first(int(document_raw_lines[-1]), raw))
    paragraphs = Paragraphs(*_room(room, found, np.int32, np.uint64))
    document_paragraphs = np.zeros(count + 1, np.int64)
    _join_lines(lines, document_lines, document_paragraphs, paragraphs)
    paragraphs = Paragraphs(*_first(int(document_paragraphs[-1]), paragraphs))
    return Segments(
        documents, document_words, document_lines, document_raw_lines, document_paragraphs,
        words, lines, raw, paragraphs, views,
    )  # fmt: skip


def _room(arena: Arena, size: int, *types: Any) -> Iterator[Any]:
    return (arena.empty(size, dtype) for dtype in types)


def _first(size: int, columns: Iterable[Any]) -> Iterator[Any]:
    return (column[:size] for column in columns)


@kernel
def _mark_planes(data: Bytes, ends: Hashes, letters: Hashes, digits: Hashes) -> tuple[int, int]:
    """Fills in `Planes`; returns how many words (but one a document), and line breaks, there are at most."""
    most = breaks = 0
    before = _ONE
    for k in range((data.size - PAD_BYTES + LANES - 1) // LANES + 1):
        i = min(k * LANES, data.size - LANES)  # behind the last byte nothing is read
        blank, wide = blanks_in(data, i), in_range(data, i, NON_ASCII, 255)
        letter, digit, newline = letters_in(data, i), in_range(data, i, 48, 57), byte_in(data, i, _NEWLINE)
        stop = blank | wide
        ends[k], letters[k], digits[k] = stop, letter, digit
        # A word begins where no blank stands, and behind a blank or, it may be, a wide one.
        most += count_bits(~blank & (stop << _ONE | before))
        breaks += count_bits(newline)
        before = stop >> np.uint64(LANES - 1)
    return most, breaks


@kernel
def _segment(
    buffer: TextBuffer,
    planes: Planes,
    classes: Bytes,
    words: Words,
    lines: Lines,
    raw: RawLines,
    documents: Documents,
    bounds: tuple[Int64s, Int64s, Int64s],
) -> None:
    for document in range(buffer.offsets.size - 1):
        first = (bounds[0][document], bounds[1][document], bounds[2][document])
        span = (buffer.offsets[document], buffer.offsets[document + 1])
        found = _segment_document(buffer.data, span, planes, classes, (words, lines, raw), first)
        bounds[0][document + 1], bounds[1][document + 1], bounds[2][document + 1] = found[0], found[1], found[2]
        documents.chars[document], documents.alphanumerics[document] = found[3], found[4]
        documents.letters[document] = found[5]


@kernel
def _segment_document(
    data: Bytes,
    span: tuple[int, int],
    planes: Planes,
    classes: Bytes,
    room: tuple[Words, Lines, RawLines],
    first: tuple[int, int, int],
) -> tuple[int, int, int, int, int, int]:
    """Fills in from the numbers ``first`` on; returns the next word, line, raw line, and the document's counts."""
    words, (line_start, line_end, line_words, line_chars, line_opens, hash_of_line) = room[0], room[1]
    raw_start, raw_end, raw_chars, raw_line, raw_blank = room[2]
    (i, end), (word, line, bare) = span, first
    chars = line_first = line_last = raw_first = last = alphanumerics = letters = 0
    in_line = False
    opens = np.uint8(1)
    line_hash = word_hash = HASH_START
    raw_start[bare], raw_line[bare] = i, line
    while i < end:
        point, width = int(data[i]), 1
        if point >= NON_ASCII:
            point, width = code_point(data, i, end)
        if classes[point] & WHITE_SPACE:
            if point == _NEWLINE:
                opens = np.uint8(0 if in_line else 1)
                raw_end[bare], raw_chars[bare], raw_blank[bare] = i, chars - raw_first, opens
                if in_line:
                    in_line = False
                    line_end[line], line_chars[line], hash_of_line[line] = last, line_last - line_first, word_hash
                    line += 1
                bare, raw_first = bare + 1, chars + 1
                raw_start[bare], raw_line[bare] = i + 1, line
            elif in_line:
                line_hash = hash_byte(line_hash, point)
            chars += 1
            i += width
            continue
        if not in_line:
            in_line = True
            line_start[line], line_words[line], line_opens[line] = i, word, opens
            line_first, line_hash = chars, HASH_START
        while True:
            last, size, hashed, named, lettered = _put_word(data, i, end, planes, classes, words, word)
            chars, alphanumerics, letters = chars + size, alphanumerics + named, letters + lettered
            word_hash = (line_hash ^ hashed) * _FNV_PRIME
            word_hash ^= word_hash >> _HALF
            word, line_last, line_hash, i = word + 1, chars, word_hash, last
            # As behind most words: one space, and a word of ASCII.
            if i + 1 >= end or data[i] != _SPACE or not _SPACE < data[i + 1] < NON_ASCII:
                break
            line_hash = hash_byte(line_hash, _SPACE)
            chars, i = chars + 1, i + 1
    if in_line:
        line_end[line], line_chars[line], hash_of_line[line] = last, line_last - line_first, word_hash
        line += 1
    if raw_start[bare] < end:
        raw_end[bare], raw_chars[bare], raw_blank[bare] = end, chars - raw_first, np.uint8(0 if in_line else 1)
        bare += 1
    line_words[line] = word
    return word, line, bare, chars, alphanumerics, letters


@inlined_kernel
def _put_word(
    data: Bytes, start: int, end: int, planes: Planes, classes: Bytes, words: Words, word: int
) -> tuple[int, int, np.uint64, int, int]:
    """Fills in the word from byte ``start``.

    Returns:
        Its end, characters and hash, how many letters, digits and other numbers it has, and how many letters.
    """
    place = np.uint64(word)  # an unsigned index saves the question whether to count from the end
    size = min(first_bit(bits_from(planes.ends, start)), end - start)
    stop = start + size
    if size >= SURE_BITS or (stop < end and data[stop] >= NON_ASCII):
        stop, size, seen, named, lettered = _walk_any_word(data, start, end, classes)
        hashed = hash_bytes(data, start, stop)
    else:
        kept = (_ONE << np.uint64(size)) - _ONE
        letter = bits_from(planes.letters, start) & kept
        known = letter | (bits_from(planes.digits, start) & kept)
        marked = letter == kept >> _ONE and known == letter and size > 1
        seen = ASCII | (HAS_LETTER if letter else 0) | (PLAIN if known == kept else 0)
        seen |= (LETTERS if letter == kept else 0) | (MARKED if marked else 0)
        named, lettered = count_bits(known), count_bits(letter)
        hashed = hash_bytes(data, start, stop)
    words.start[place], words.end[place], words.chars[place] = start, stop, size
    words.flags[place], words.hash[place] = seen, hashed
    return stop, size, hashed, named, lettered


@kernel
def _walk_any_word(data: Bytes, start: int, end: int, classes: Bytes) -> tuple[int, int, int, int, int]:
    """Its end, characters, flags, letters and digits and other numbers, letters; character by character."""
    i = core_end = start
    chars = named = lettered = wide = 0
    while i < end:
        point, width = int(data[i]), 1
        if point >= NON_ASCII:
            point, width = code_point(data, i, end)
        bits = int(classes[point])
        if bits & WHITE_SPACE:
            break
        wide |= data[i] >= NON_ASCII
        if bits & ALPHANUMERIC:
            core_end = i + width
            named += 1
        lettered += (bits & LETTER) != 0
        chars += 1
        i += width
    flags = HAS_LETTER if lettered else 0
    if lettered == chars:
        flags |= LETTERS
    elif lettered == chars - 1 and i - core_end == 1 and lettered:
        flags |= MARKED
    if not wide:
        flags |= ASCII | (PLAIN if named == chars else 0)
    return i, chars, flags, named, lettered


@kernel
def find_core(data: Bytes, start: int, end: int, classes: Bytes) -> tuple[int, int]:
    """The two ends of the core of the word ``data[start:end]``; equal if it is empty."""
    i = core_start = core_end = start
    while i < end:
        point, width = code_point(data, i, end)
        if classes[point] & ALPHANUMERIC:
            core_start = i if core_end == start else core_start
            core_end = i + width
        i += width
    return core_start, core_end


@kernel
def _join_lines(lines: Lines, document_lines: Int64s, document_paragraphs: Int64s, paragraphs: Paragraphs) -> None:
    found = 0
    for document in range(document_lines.size - 1):
        for line in range(document_lines[document], document_lines[document + 1]):
            lines.hash[line] = finish(lines.hash[line])
            if lines.opens[line]:
                paragraphs.chars[found] = lines.chars[line]
                paragraphs.hash[found] = finish(lines.hash[line])
                found += 1
            else:
                paragraphs.chars[found - 1] += lines.chars[line] + 1
                paragraphs.hash[found - 1] = finish(paragraphs.hash[found - 1] + lines.hash[line])
        document_paragraphs[document + 1] = found
