r"""The one pass over the text: words, lines and paragraphs of a batch, with their lengths and 64-bit hashes.

Definitions, on which every rule rests:

* **character**: a Unicode code point.
* **word**: a maximal run of characters without the Unicode property White_Space.
* **line**: what stands between two ``\n`` (or an end of the text), without leading and trailing white space, if
  anything is left: a blank line is no line.
* **paragraph**: a maximal run of lines with no blank line between them.
* **core** of a word: the word from its first to its last letter or digit (empty if it has none).

Two words or lines are the same when their bytes are; two paragraphs when their lines are, one by one. They are compared
by a 64-bit hash: in a document of a million words the chance of one false match is below 1 in 10⁷.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numba
import numpy as np

from gristmill.filters.arrays import Bytes, Hashes, Int32s, Int64s
from gristmill.filters.buffers import TextBuffer
from gristmill.filters.unicode_classes import ALPHANUMERIC, LETTER, WHITE_SPACE, class_table
from gristmill.filters.utf8 import HASH_START, NON_ASCII, code_point, hash_byte, mix

_NEWLINE = 10


class Words(NamedTuple):
    """The words of a batch.

    Attributes:
        start: first byte of each word in the batch's buffer.
        end: the byte after its last.
        core_start: first byte of the word's core.
        core_end: the byte after its last; equal to ``core_start`` if the core is empty.
        chars: code points.
        letters: 1 if the word has a letter.
        hash: 64 bits of its bytes.
    """

    start: Int64s
    end: Int64s
    core_start: Int64s
    core_end: Int64s
    chars: Int32s
    letters: Bytes
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


class Paragraphs(NamedTuple):
    """The paragraphs of a batch.

    Attributes:
        chars: code points of its lines, and one for each break between them.
        hash: 64 bits of its lines' hashes.
    """

    chars: Int32s
    hash: Hashes


class Segments(NamedTuple):
    """Words, lines and paragraphs of a batch of D documents, each kind numbered through the whole batch.

    Attributes:
        document_chars: of shape (D,), code points.
        document_words: of shape (D + 1,); document d has the words ``document_words[d]`` to ``document_words[d + 1]``.
        document_lines: of shape (D + 1,), the same for lines.
        document_paragraphs: of shape (D + 1,), the same for paragraphs.
        words: all words.
        lines: all lines.
        paragraphs: all paragraphs.
    """

    document_chars: Int64s
    document_words: Int64s
    document_lines: Int64s
    document_paragraphs: Int64s
    words: Words
    lines: Lines
    paragraphs: Paragraphs


def segment(buffer: TextBuffer) -> Segments:
    r"""Finds all words, lines and paragraphs of a batch in one pass.

    >>> import pyarrow as pa
    >>> from gristmill.filters.buffers import text_buffer
    >>> found = segment(text_buffer(pa.array(["One two.\n\n three\n"])))
    >>> found.words.chars.tolist(), found.lines.chars.tolist(), found.paragraphs.chars.tolist()
    ([3, 4, 5], [8, 5], [8, 5])
    """
    documents = len(buffer.offsets) - 1
    # Every word but a document's last is followed by white space, and memory that is never touched costs nothing: room
    # for the worst case ("a a a a") is cheaper than a first pass that counts.
    most = int(buffer.offsets[-1]) // 2 + documents + 2
    words = Words(*_room(most, np.int64, np.int64, np.int64, np.int64, np.int32, np.uint8, np.uint64))
    lines = Lines(*_room(most, np.int64, np.int64, np.int64, np.int32, np.uint8, np.uint64))
    chars = np.zeros(documents, np.int64)
    document_words, document_lines = np.zeros(documents + 1, np.int64), np.zeros(documents + 1, np.int64)
    _segment(buffer, class_table(), words, lines, chars, document_words, document_lines)
    words = Words(*_first(int(document_words[-1]), words))
    found = int(document_lines[-1])
    lines = Lines(*_first(found, lines))._replace(words=lines.words[: found + 1])
    paragraphs = Paragraphs(*_room(found, np.int32, np.uint64))
    document_paragraphs = np.zeros(documents + 1, np.int64)
    _join_lines(lines, document_lines, document_paragraphs, paragraphs)
    paragraphs = Paragraphs(*_first(int(document_paragraphs[-1]), paragraphs))
    return Segments(chars, document_words, document_lines, document_paragraphs, words, lines, paragraphs)


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
    document_chars: Int64s,
    document_words: Int64s,
    document_lines: Int64s,
) -> None:
    for document in range(buffer.offsets.size - 1):
        document_chars[document], document_words[document + 1], document_lines[document + 1] = _segment_document(
            buffer.data,
            buffer.offsets[document],
            buffer.offsets[document + 1],
            classes,
            words,
            lines,
            document_words[document],
            document_lines[document],
        )


@numba.njit(nogil=True, cache=True)
def _segment_document(
    data: Bytes, i: int, end: int, classes: Bytes, words: Words, lines: Lines, word: int, line: int
) -> tuple[int, int, int]:
    """Fills words from number ``word`` and lines from ``line`` on; returns characters, next word, next line."""
    # Taken out of the tuples once: taken out in the loop, each access would count a reference up and down.
    word_start, word_end, core_start, core_end, word_length, letters, word_hash = words
    line_start, line_end, line_words, line_chars, line_opens, hash_of_line = lines
    chars = line_first = line_last = 0
    in_line = False
    opens = np.uint8(1)
    line_hash = HASH_START
    while i < end:
        point, width = int(data[i]), 1
        if point >= NON_ASCII:
            point, width = code_point(data, i, end)
        if classes[point] & WHITE_SPACE:
            if point == _NEWLINE:
                opens = np.uint8(0 if in_line else 1)
                if in_line:
                    in_line = False
                    line_chars[line] = line_last - line_first
                    line += 1
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
        i, word_chars, seen, core_start[word], core_end[word], hashed = _walk_word(data, i, end, classes)
        word_end[word], word_length[word], word_hash[word] = i, word_chars, hashed
        letters[word] = 1 if seen & LETTER else 0
        chars += word_chars
        line_hash = mix(line_hash ^ hashed)
        line_end[line], hash_of_line[line], line_last = i, line_hash, chars
        word += 1
    if in_line:
        line_chars[line] = line_last - line_first
        line += 1
    line_words[line] = word
    return chars, word, line


@numba.njit(nogil=True, cache=True, inline="always")
def _walk_word(data: Bytes, i: int, end: int, classes: Bytes) -> tuple[int, int, int, int, int, np.uint64]:
    """Walks the word from byte ``i``: its end, characters, classes seen, the two ends of its core, its hash."""
    chars = 0
    seen = 0
    core_start = core_end = i
    state = HASH_START
    while i < end:
        point, width = int(data[i]), 1
        if point >= NON_ASCII:
            point, width = code_point(data, i, end)
        bits = int(classes[point])
        if bits & WHITE_SPACE:
            break
        state = hash_byte(state, point)
        if bits & ALPHANUMERIC:
            if not seen & ALPHANUMERIC:
                core_start = i
            core_end = i + width
        seen |= bits
        chars += 1
        i += width
    return i, chars, seen, core_start, core_end, mix(state)


@numba.njit(nogil=True, cache=True)
def _join_lines(lines: Lines, document_lines: Int64s, document_paragraphs: Int64s, paragraphs: Paragraphs) -> None:
    found = 0
    for document in range(document_lines.size - 1):
        for line in range(document_lines[document], document_lines[document + 1]):
            if lines.opens[line]:
                paragraphs.chars[found] = lines.chars[line]
                paragraphs.hash[found] = mix(lines.hash[line])
                found += 1
            else:
                paragraphs.chars[found - 1] += lines.chars[line] + 1
                paragraphs.hash[found - 1] = mix(paragraphs.hash[found - 1] + lines.hash[line])
        document_paragraphs[document + 1] = found
