r"""The one pass over the text: words, lines and paragraphs of a batch, with their lengths and 64-bit hashes.

Definitions, on which every rule rests:

* **character**: a Unicode code point.
* **word**: a maximal run of characters without the Unicode property White_Space.
* **line**: what stands between two ``\n`` (or an end of the text), without leading and trailing white space, if anything
  is left: a blank line is no line.
* **paragraph**: a maximal run of lines with no blank line between them.
* **core** of a word: the word from its first to its last letter or digit (empty if it has none).

Two words or lines are the same when their bytes are; two paragraphs when their lines are, one by one. They are compared
by a 64-bit hash: in a document of a million words the chance of one false match is below 1 in 10⁷.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from gristmill.filters.arrays import Bytes, Int64s
from gristmill.filters.buffers import TextBuffer
from gristmill.filters.unicode_classes import ALPHANUMERIC, LETTER, WHITE_SPACE, class_table
from gristmill.filters.utf8 import HASH_START, code_point, hash_byte, mix


class Segments(NamedTuple):
    """Words, lines and paragraphs of a batch of D documents, each kind numbered through the whole batch.

    Attributes:
        document_words: int64 (D + 1,); document d has the words ``document_words[d]`` to ``document_words[d + 1]``.
        document_lines: int64 (D + 1,), the same for lines.
        document_paragraphs: int64 (D + 1,), the same for paragraphs.
        document_chars: int64 (D,), code points.
        word_start: int64, first byte of each word in the batch's buffer.
        word_end: int64, the byte after its last.
        core_start: int64, first byte of the word's core.
        core_end: int64, the byte after its last; equal to ``core_start`` if the core is empty.
        word_chars: int32, code points.
        word_letters: uint8, 1 if the word has a letter.
        word_hash: uint64.
        line_start: int64, first byte of each line that is not white space.
        line_end: int64, the byte after its last.
        line_words: int64 (lines + 1,); line l has the words ``line_words[l]`` to ``line_words[l + 1]``.
        line_chars: int32, code points between ``line_start`` and ``line_end``.
        line_hash: uint64.
        paragraph_chars: int64, code points of its lines, one more for each break between them.
        paragraph_hash: uint64.
    """

    document_words: NDArray[np.int64]
    document_lines: NDArray[np.int64]
    document_paragraphs: NDArray[np.int64]
    document_chars: NDArray[np.int64]
    word_start: NDArray[np.int64]
    word_end: NDArray[np.int64]
    core_start: NDArray[np.int64]
    core_end: NDArray[np.int64]
    word_chars: NDArray[np.int32]
    word_letters: NDArray[np.uint8]
    word_hash: NDArray[np.uint64]
    line_start: NDArray[np.int64]
    line_end: NDArray[np.int64]
    line_words: NDArray[np.int64]
    line_chars: NDArray[np.int32]
    line_hash: NDArray[np.uint64]
    paragraph_chars: NDArray[np.int64]
    paragraph_hash: NDArray[np.uint64]


def segment(buffer: TextBuffer) -> Segments:
    r"""Finds all words, lines and paragraphs of a batch in one pass.

    >>> import pyarrow as pa
    >>> from gristmill.filters.buffers import text_buffer
    >>> found = segment(text_buffer(pa.array(["One two.\n\n three\n"])))
    >>> found.word_chars.tolist(), found.line_chars.tolist(), found.paragraph_chars.tolist()
    ([3, 4, 5], [8, 5], [8, 5])
    """
    return Segments(*_segment(buffer.data, buffer.offsets, class_table()))


@numba.njit(nogil=True, cache=True)
def _segment(data: Bytes, offsets: Int64s, classes: Bytes) -> tuple[NDArray[Any], ...]:
    documents = offsets.size - 1
    size = offsets[documents] - offsets[0]
    most = size // 2 + documents + 1
    document_words = np.zeros(documents + 1, np.int64)
    document_lines = np.zeros(documents + 1, np.int64)
    document_paragraphs = np.zeros(documents + 1, np.int64)
    document_chars = np.zeros(documents, np.int64)
    # Untouched pages of these cost nothing, so the worst case ("a a a a") needs no second pass to count.
    word_start = np.empty(most, np.int64)
    word_end = np.empty(most, np.int64)
    core_start = np.empty(most, np.int64)
    core_end = np.empty(most, np.int64)
    word_chars = np.empty(most, np.int32)
    word_letters = np.empty(most, np.uint8)
    word_hash = np.empty(most, np.uint64)
    line_start = np.empty(most, np.int64)
    line_end = np.empty(most, np.int64)
    line_words = np.empty(most + 1, np.int64)
    line_chars = np.empty(most, np.int32)
    line_hash = np.empty(most, np.uint64)
    paragraph_chars = np.empty(most, np.int64)
    paragraph_hash = np.empty(most, np.uint64)

    words = lines = paragraphs = 0
    for document in range(documents):
        i, end = int(offsets[document]), int(offsets[document + 1])
        chars = 0
        in_word = in_line = in_paragraph = core_open = False
        word_first = line_first_char = line_last_char = 0
        first_core = last_core = line_last_byte = i
        letters = np.uint8(0)
        hashed_word = hashed_line = line_last_hash = hashed_paragraph = HASH_START
        while i <= end:
            # One step past the end closes what is open, as a line break would.
            before = chars
            if i == end:
                point, width, bits = 10, 1, WHITE_SPACE
            else:
                point, width = code_point(data, i, end)
                bits = np.int64(classes[point])
                chars += 1
            if bits & WHITE_SPACE:
                if in_word:
                    in_word = False
                    word_end[words] = i
                    word_chars[words] = before - word_first
                    word_letters[words] = letters
                    core_start[words] = first_core
                    core_end[words] = last_core
                    word_hash[words] = mix(hashed_word)
                    words += 1
                if point == 10:
                    blank = not in_line
                    if in_line:
                        line_end[lines] = line_last_byte
                        line_chars[lines] = line_last_char - line_first_char
                        line_hash[lines] = mix(line_last_hash)
                        if not in_paragraph:
                            in_paragraph = True
                            paragraph_chars[paragraphs] = 0
                            hashed_paragraph = HASH_START
                        else:
                            paragraph_chars[paragraphs] += 1
                        paragraph_chars[paragraphs] += line_chars[lines]
                        hashed_paragraph = mix(hashed_paragraph ^ line_hash[lines]) + HASH_START
                        lines += 1
                        in_line = False
                    if in_paragraph and (blank or i == end):
                        in_paragraph = False
                        paragraph_hash[paragraphs] = hashed_paragraph
                        paragraphs += 1
                elif in_line:
                    for k in range(i, i + width):
                        hashed_line = hash_byte(hashed_line, data[k])
            else:
                if not in_line:
                    in_line = True
                    line_start[lines] = i
                    line_words[lines] = words
                    line_first_char = before
                    hashed_line = HASH_START
                if not in_word:
                    in_word = True
                    word_start[words] = i
                    word_first = before
                    letters = np.uint8(0)
                    first_core = last_core = i
                    core_open = False
                    hashed_word = HASH_START
                for k in range(i, i + width):
                    hashed_word = hash_byte(hashed_word, data[k])
                    hashed_line = hash_byte(hashed_line, data[k])
                if bits & LETTER:
                    letters = np.uint8(1)
                if bits & ALPHANUMERIC:
                    if not core_open:
                        core_open = True
                        first_core = i
                    last_core = i + width
                line_last_byte = i + width
                line_last_char = chars
                line_last_hash = hashed_line
            i += width
        document_chars[document] = chars
        document_words[document + 1] = words
        document_lines[document + 1] = lines
        document_paragraphs[document + 1] = paragraphs
    line_words[lines] = words
    return (
        document_words, document_lines, document_paragraphs, document_chars,
        word_start[:words], word_end[:words], core_start[:words], core_end[:words],
        word_chars[:words], word_letters[:words], word_hash[:words],
        line_start[:lines], line_end[:lines], line_words[: lines + 1], line_chars[:lines], line_hash[:lines],
        paragraph_chars[:paragraphs], paragraph_hash[:paragraphs],
    )  # fmt: skip
