"""Counts for the quality rules of Gopher: words, symbols, bullets, ellipses and stop words of each document.

Source: Rae et al. 2021, "Scaling Language Models: Methods, Analysis & Insights from Training Gopher", arXiv:2112.11446,
appendix A.1.1, read on the words and lines of `gristmill.filters.segment`. Where the paper leaves a choice, it is:

* ``#`` and the ellipsis are counted as occurrences, each on its own; an ellipsis is ``…`` or ``...``, found from left to
  right without overlap (so ``......`` is two and ``....`` is one).
* A bullet line begins with one of `BULLETS` after leading white space.
* An ellipsis line ends with ``...`` or ``…`` before trailing white space.
* Stop words are counted as *distinct* ones of `STOP_WORDS`; a word matches by its core (see `segment`) with the letters
  A–Z in lower case, so ``"The`` and ``the,`` are both ``the`` and ``the-`` is too, but ``that's`` is not ``that``.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from gristmill.filters.arrays import Bytes, Hashes, Int32s, Int64s
from gristmill.filters.buffers import TextBuffer
from gristmill.filters.segment import Segments
from gristmill.filters.utf8 import HASH_START, code_point, hash_ascii, hash_byte

STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
BULLETS = "•‣⁃◦●○▪▫■□▶*-"

COLUMNS = (
    "chars", "words", "word_chars", "letter_words", "stop_words", "hash_symbols", "ellipses",
    "lines", "bullet_lines", "ellipsis_lines", "paragraphs",
)  # fmt: skip
"""Columns of the array that `count_quality` returns, in order."""

_BULLET_POINTS = np.array(sorted(ord(bullet) for bullet in BULLETS), dtype=np.int64)
_STOP_HASHES = np.array([hash_ascii(word) for word in STOP_WORDS], dtype=np.uint64)


def count_quality(buffer: TextBuffer, segments: Segments) -> NDArray[np.int64]:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS))."""
    return np.asarray(
        _count_quality(
            buffer.data, buffer.offsets, segments.document_words, segments.document_lines, segments.document_paragraphs,
            segments.document_chars, segments.core_start, segments.core_end, segments.word_chars, segments.word_letters,
            segments.line_start, segments.line_end, _STOP_HASHES, _BULLET_POINTS,
        )
    )  # fmt: skip


@numba.njit(nogil=True, cache=True)
def _stop_word(data: Bytes, start: int, end: int, stop_hashes: Hashes) -> int:
    """Index of the stop word that the bytes spell when A-Z are lowered, or -1."""
    if end - start < 2 or end - start > 4:
        return -1
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
    return (a == 46 and b == 46 and c == 46) or (a == 0xE2 and b == 0x80 and c == 0xA6)


@numba.njit(nogil=True, cache=True)
def _count_quality(
    data: Bytes,
    offsets: Int64s,
    document_words: Int64s,
    document_lines: Int64s,
    document_paragraphs: Int64s,
    document_chars: Int64s,
    core_start: Int64s,
    core_end: Int64s,
    word_chars: Int32s,
    word_letters: Bytes,
    line_start: Int64s,
    line_end: Int64s,
    stop_hashes: Hashes,
    bullets: Int64s,
) -> Int64s:
    documents = offsets.size - 1
    counts = np.zeros((documents, 11), np.int64)
    for document in range(documents):
        row = counts[document]
        row[0] = document_chars[document]
        first, last = document_words[document], document_words[document + 1]
        row[1] = last - first
        seen = np.int64(0)
        for word in range(first, last):
            row[2] += word_chars[word]
            row[3] += word_letters[word]
            which = _stop_word(data, core_start[word], core_end[word], stop_hashes)
            if which >= 0:
                seen |= np.int64(1) << which
        for which in range(stop_hashes.size):
            row[4] += (seen >> which) & 1
        i = offsets[document]
        end = offsets[document + 1]
        while i < end:
            byte = data[i]
            if byte == 35:
                row[5] += 1
            elif (byte == 46 or byte == 0xE2) and ends_with_ellipsis(data, i, min(i + 3, end)):
                row[6] += 1
                i += 2
            i += 1
        first, last = document_lines[document], document_lines[document + 1]
        row[7] = last - first
        for line in range(first, last):
            point, _ = code_point(data, line_start[line], line_end[line])
            for bullet in bullets:
                if point == bullet:
                    row[8] += 1
            if ends_with_ellipsis(data, line_start[line], line_end[line]):
                row[9] += 1
        row[10] = document_paragraphs[document + 1] - document_paragraphs[document]
    return counts
