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

ASCII words are read eight bytes at a time (`gristmill.filters.swar`); a word with any other byte is walked character by
character.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numba
import numpy as np

from gristmill.filters.arrays import Bytes, Hashes, Int32s, Int64s
from gristmill.filters.buffers import TextBuffer
from gristmill.filters.swar import (
    blank_or_wide,
    count_lanes,
    digit_lanes,
    finish,
    first_lane,
    hash_bytes,
    keep_first,
    last_lane,
    letter_lanes,
    load_eight,
)
from gristmill.filters.unicode_classes import ALPHANUMERIC, LETTER, WHITE_SPACE, class_table
from gristmill.filters.utf8 import HASH_START, NON_ASCII, code_point, hash_byte

HAS_LETTER = 1
"""Flag of a word that has a letter (Unicode L*)."""
PLAIN = 2
"""Flag of a word of ASCII letters and digits only."""
ASCII = 4
"""Flag of a word of ASCII characters only."""
LETTERS = 8
"""Flag of a word of letters only."""
MARKED = 16
"""Flag of a word of letters with one more byte at its end, which is none."""

_NEWLINE, _SPACE = 10, 32
_FNV_PRIME = np.uint64(0x100000001B3)


class Words(NamedTuple):
    """The words of a batch.

    Attributes:
        start: first byte of each word in the batch's buffer.
        end: the byte after its last.
        core_start: first byte of the word's core.
        core_end: the byte after its last; equal to ``core_start`` if the core is empty.
        chars: code points.
        flags: `HAS_LETTER`, `PLAIN`, `ASCII`, `LETTERS`, `MARKED`.
        hash: 64 bits of its bytes.
    """

    start: Int64s
    end: Int64s
    core_start: Int64s
    core_end: Int64s
    chars: Int32s
    flags: Bytes
    hash: Hashes


class Lines(NamedTuple):
    """The lines of a batch.

    Attributes:
        start: first byte of each line that is not white space.
        end: the byte after its last.
        words: of shape (lines + 1,); line l has the words ``words[l]`` to ``words[l + 1]``.
        chars: code points between ``start`` and ``end``.
        opens: 1 if a blank line, or nothing, comes before it in its document: it opens a paragraph.
        hash: 64 bits of its bytes.
    """

    start: Int64s
    end: Int64s
    words: Int64s
    chars: Int32s
    opens: Bytes
    hash: Hashes


class RawLines(NamedTuple):
    """The raw lines of a batch.

    Attributes:
        start: first byte of each.
        end: the byte after its last, which is the line break or the end of the text.
        chars: code points.
        line: the number of the first line (of `Lines`) that does not lie before it: its own, if it is not blank.
        blank: 1 if there is nothing but white space in it.
    """

    start: Int64s
    end: Int64s
    chars: Int32s
    line: Int64s
    blank: Bytes


class Paragraphs(NamedTuple):
    """The paragraphs of a batch.

    Attributes:
        chars: code points of its lines, and one for each break between them.
        hash: 64 bits of its lines' hashes.
    """

    chars: Int32s
    hash: Hashes


class Documents(NamedTuple):
    """What is counted of each document on the way.

    Attributes:
        chars: code points.
        alphanumerics: letters, digits and other numbers.
        letters: letters.
    """

    chars: Int64s
    alphanumerics: Int64s
    letters: Int64s


class Segments(NamedTuple):
    """Words, lines and paragraphs of a batch of D documents, each kind numbered through the whole batch.

    Attributes:
        documents: of shape (D,) each.
        document_words: of shape (D + 1,); document d has the words ``document_words[d]`` to ``document_words[d + 1]``.
        document_lines: of shape (D + 1,), the same for lines.
        document_raw_lines: of shape (D + 1,), the same for raw lines.
        document_paragraphs: of shape (D + 1,), the same for paragraphs.
        words: all words.
        lines: all lines.
        raw_lines: all raw lines.
        paragraphs: all paragraphs.
    """

    documents: Documents
    document_words: Int64s
    document_lines: Int64s
    document_raw_lines: Int64s
    document_paragraphs: Int64s
    words: Words
    lines: Lines
    raw_lines: RawLines
    paragraphs: Paragraphs


def segment(buffer: TextBuffer) -> Segments:
    r"""Finds all words, lines and paragraphs of a batch in one pass.

    >>> import pyarrow as pa
    >>> from gristmill.filters.buffers import text_buffer
    >>> found = segment(text_buffer(pa.array(["One two.\n\n three\n"])))
    >>> found.words.chars.tolist(), found.lines.chars.tolist(), found.paragraphs.chars.tolist()
    ([3, 4, 5], [8, 5], [8, 5])
    >>> found.raw_lines.chars.tolist()
    [8, 0, 6]
    """
    count = len(buffer.offsets) - 1
    # Every word but a document's last is followed by white space, and memory that is never touched costs nothing: room
    # for the worst case ("a a a a") is cheaper than a first pass that counts.
    most = int(buffer.offsets[-1]) // 2 + count + 2
    breaks = int(buffer.offsets[-1]) + count + 2
    words = Words(*_room(most, np.int64, np.int64, np.int64, np.int64, np.int32, np.uint8, np.uint64))
    lines = Lines(*_room(most, np.int64, np.int64, np.int64, np.int32, np.uint8, np.uint64))
    raw = RawLines(*_room(breaks, np.int64, np.int64, np.int32, np.int64, np.uint8))
    documents = Documents(*(np.zeros(count, np.int64) for _ in range(3)))
    bounds = (np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64))
    _segment(buffer, class_table(), words, lines, raw, documents, bounds)
    document_words, document_lines, document_raw_lines = bounds
    words = Words(*_first(int(document_words[-1]), words))
    found = int(document_lines[-1])
    lines = Lines(*_first(found, lines))._replace(words=lines.words[: found + 1])
    raw = RawLines(*_first(int(document_raw_lines[-1]), raw))
    paragraphs = Paragraphs(*_room(found, np.int32, np.uint64))
    document_paragraphs = np.zeros(count + 1, np.int64)
    _join_lines(lines, document_lines, document_paragraphs, paragraphs)
    paragraphs = Paragraphs(*_first(int(document_paragraphs[-1]), paragraphs))
    return Segments(
        documents, document_words, document_lines, document_raw_lines, document_paragraphs,
        words, lines, raw, paragraphs,
    )  # fmt: skip


def _room(size: int, *types: Any) -> Iterator[Any]:
    return (np.empty(size, dtype) for dtype in types)


def _first(size: int, columns: Iterable[Any]) -> Iterator[Any]:
    return (column[:size] for column in columns)


@numba.njit(nogil=True, cache=True)
def _segment(
    buffer: TextBuffer,
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
        found = _segment_document(buffer.data, span, classes, (words, lines, raw), first)
        bounds[0][document + 1], bounds[1][document + 1], bounds[2][document + 1] = found[0], found[1], found[2]
        documents.chars[document], documents.alphanumerics[document] = found[3], found[4]
        documents.letters[document] = found[5]


@numba.njit(nogil=True, cache=True)
def _segment_document(
    data: Bytes, span: tuple[int, int], classes: Bytes, room: tuple[Words, Lines, RawLines], first: tuple[int, int, int]
) -> tuple[int, int, int, int, int, int]:
    """Fills in from the numbers ``first`` on; returns the next word, line, raw line, and the document's counts."""
    # Taken out of the tuples once: taken out in the loop, each access would count a reference up and down.
    word_start, word_end, core_start, core_end, word_chars, flags, word_hash = room[0]
    line_start, line_end, line_words, line_chars, line_opens, hash_of_line = room[1]
    raw_start, raw_end, raw_chars, raw_line, raw_blank = room[2]
    (i, end), (word, line, bare) = span, first
    chars = alphanumerics = letters = line_first = line_last = raw_first = 0
    in_line = False
    opens = np.uint8(1)
    line_hash = HASH_START
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
                    line_chars[line] = line_last - line_first
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
        word_start[word] = i
        i, size, seen, core_start[word], core_end[word], named, lettered = walk_word(data, i, end, classes)
        hashed = hash_bytes(data, word_start[word], i)
        word_end[word], word_chars[word], word_hash[word], flags[word] = i, size, hashed, seen
        chars += size
        alphanumerics += named
        letters += lettered
        line_hash = (line_hash ^ hashed) * _FNV_PRIME
        line_hash ^= line_hash >> np.uint64(32)
        line_end[line], hash_of_line[line], line_last = i, line_hash, chars
        word += 1
    if in_line:
        line_chars[line] = line_last - line_first
        line += 1
    if raw_start[bare] < end:
        raw_end[bare], raw_chars[bare], raw_blank[bare] = end, chars - raw_first, np.uint8(0 if in_line else 1)
        bare += 1
    line_words[line] = word
    return word, line, bare, chars, alphanumerics, letters


@numba.njit(nogil=True, cache=True, inline="always")
def walk_word(data: Bytes, start: int, end: int, classes: Bytes) -> tuple[int, int, int, int, int, int, int]:
    """Walks the word from byte ``start``.

    Returns:
        Its end, characters, flags, the two ends of its core, how many letters, digits and other numbers it has, and how
        many letters.
    """
    i = start
    named = lettered = 0
    core_start = core_end = start
    while True:
        eight = load_eight(data, i) if end > i else np.uint64(0)
        size = min(first_lane(blank_or_wide(eight)), end - i)
        eight &= keep_first(size)
        letter = letter_lanes(eight)
        known = letter | digit_lanes(eight)
        if known:
            if named == 0:
                core_start = i + first_lane(known)
            core_end = i + last_lane(known) + 1
            named += count_lanes(known)
            lettered += count_lanes(letter)
        i += size
        if size < 8 or i >= end:
            break
    if i < end and not (data[i] == _SPACE or (9 <= data[i] <= 13)):
        return _walk_any_word(data, start, end, classes)
    flags = ASCII | (PLAIN if named == i - start else 0) | _letter_flags(i - start, lettered, i - core_end)
    return i, i - start, flags, core_start, core_end, named, lettered


@numba.njit(nogil=True, cache=True)
def _letter_flags(chars: int, letters: int, tail_bytes: int) -> int:
    """`HAS_LETTER`, `LETTERS` and `MARKED` of a word with so many bytes behind its core."""
    if letters == 0:
        return 0
    if letters == chars:
        return HAS_LETTER | LETTERS
    return HAS_LETTER | (MARKED if letters == chars - 1 and tail_bytes == 1 else 0)


@numba.njit(nogil=True, cache=True)
def _walk_any_word(data: Bytes, start: int, end: int, classes: Bytes) -> tuple[int, int, int, int, int, int, int]:
    """`walk_word`, character by character."""
    i = core_start = core_end = start
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
            if named == 0:
                core_start = i
            core_end = i + width
            named += 1
        lettered += (bits & LETTER) != 0
        chars += 1
        i += width
    flags = _letter_flags(chars, lettered, i - core_end)
    if not wide:
        flags |= ASCII | (PLAIN if named == chars else 0)
    return i, chars, flags, core_start, core_end, named, lettered


@numba.njit(nogil=True, cache=True)
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
