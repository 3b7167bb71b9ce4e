"""Counting the terms of a lexicon in many documents, in one pass over their UTF-8 bytes.

A word is a maximal run of letters, digits and underscores, so "he's" and "he\u2019s" hold the word "he", "the" not.
ASCII letters are compared without regard to case. Above ASCII, everything is a letter except the Latin-1 signs, the
general punctuation and symbol blocks (U+2000 to U+2FFF), CJK punctuation (U+3000 to U+303F), the blocks from U+E000
and everything beyond the basic plane: exact for English text, which is all this is used on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill.reports.counts.lexicon import Lexicon


@dataclass(frozen=True)
class Mentions:
    """Counts by group of documents; a group is whatever number the caller gave each document.

    Attributes:
        documents, words: int64 by group.
        term_documents, term_occurrences: int64 by (group, term): documents with the term, and how often it occurs.
        axis_documents, axis_occurrences: int64 by (group, axis), over the axis' unambiguous terms.
    """

    documents: npt.NDArray[np.int64]
    words: npt.NDArray[np.int64]
    term_documents: npt.NDArray[np.int64]
    term_occurrences: npt.NDArray[np.int64]
    axis_documents: npt.NDArray[np.int64]
    axis_occurrences: npt.NDArray[np.int64]


def count_mentions(texts: pa.Array, groups: npt.NDArray[np.int32], group_count: int, lexicon: Lexicon) -> Mentions:
    """Counts every term of ``lexicon`` in every text, summed by group.

    Args:
        texts: ``large_string``, no nulls.
        groups: int32, one per text: the group it counts for, or -1 to skip it.
        group_count: groups are numbered from 0 to ``group_count - 1``.
        lexicon: the terms.

    >>> from gristmill.reports.counts.lexicon import english_terms
    >>> texts = pa.array(["She said the man left.", "Nothing."], pa.large_string())
    >>> found = count_mentions(texts, np.array([0, 0], dtype=np.int32), 1, english_terms())
    >>> int(found.documents[0]), int(found.words[0]), int(found.term_documents.sum())
    (2, 6, 2)
    """
    index = lexicon.index
    shapes = [(group_count,)] * 2 + [(group_count, len(lexicon.terms))] * 2 + [(group_count, len(lexicon.axes))] * 2
    found = Mentions(*(np.zeros(shape, dtype=np.int64) for shape in shapes))
    if len(texts) == 0:
        return found
    _, offset_buffer, data_buffer = texts.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(data_buffer, dtype=np.uint8) if data_buffer else np.zeros(0, dtype=np.uint8)
    _count(
        data,
        offsets,
        groups,
        (index.slots, index.word_bytes, index.word_offsets),
        (index.single, index.pairs, index.opens, index.axis_of),
        (found.documents, found.words, found.term_documents, found.term_occurrences),
        (found.axis_documents, found.axis_occurrences),
    )
    return found


@numba.njit(nogil=True, cache=True)
def _letter_bytes(data: npt.NDArray[np.uint8], at: int, end: int) -> int:
    """How many bytes the character at ``at`` has if it belongs to a word, minus that many if it does not."""
    byte = data[at]
    if byte < 0x80:
        lower = byte | 0x20
        is_word = (0x61 <= lower <= 0x7A) or (0x30 <= byte <= 0x39) or byte == 0x5F
        return 1 if is_word else -1
    second = data[at + 1] if at + 1 < end else 0
    if byte < 0xC3:  # U+0080 to U+00BF: signs, but for the ordinal indicators and the micro sign
        return 2 if byte == 0xC2 and second in (0xAA, 0xB5, 0xBA) else -2
    if byte < 0xE0:
        return -2 if byte == 0xC3 and second in (0x97, 0xB7) else 2
    if byte == 0xE2 or byte >= 0xEE or (byte == 0xE3 and second == 0x80):
        return -4 if byte >= 0xF0 else -3
    return 3


@numba.njit(nogil=True, cache=True)
def _word_number(
    data: npt.NDArray[np.uint8],
    start: int,
    end: int,
    hashed: np.uint32,
    slots: npt.NDArray[np.int32],
    word_bytes: npt.NDArray[np.uint8],
    word_offsets: npt.NDArray[np.int64],
) -> int:
    """The number of the word ``data[start:end]`` in the table, or -1."""
    mask = len(slots) - 1
    slot = np.int64(hashed) & mask
    while slots[slot] >= 0:
        number = slots[slot]
        first = word_offsets[number]
        if word_offsets[number + 1] - first == end - start:
            same = True
            for index in range(end - start):
                byte = data[start + index]
                if 0x41 <= byte <= 0x5A:
                    byte |= 0x20
                if byte != word_bytes[first + index]:
                    same = False
                    break
            if same:
                return int(number)
        slot = (slot + 1) & mask
    return -1


@numba.njit(nogil=True, cache=True)
def _joins(data: npt.NDArray[np.uint8], end: int, start: int) -> bool:
    """Whether a word that ends at ``end`` and one that starts at ``start`` may form a pair."""
    return start == end + 1 and data[end] in (0x20, 0x0A, 0x2D)


@numba.njit(nogil=True, cache=True)
def _count_document(data, start, end, table, terms, seen):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Adds the document's terms to ``seen`` (by term number); gives its number of words."""
    slots, word_bytes, word_offsets = table
    single, pairs, opens, _ = terms
    words = 0
    waiting = -1  # a word that may open a pair, its own term not yet counted
    waiting_end = 0
    at = start
    while at < end:
        step = _letter_bytes(data, at, end)
        if step < 0:
            at -= step
            continue
        word_start = at
        hashed = np.uint32(0x811C9DC5)
        while step > 0 and at < end:
            for index in range(at, min(at + step, end)):
                byte = data[index]
                if 0x41 <= byte <= 0x5A:
                    byte |= 0x20
                hashed = np.uint32((hashed ^ np.uint32(byte)) * np.uint32(0x01000193))
            at = min(at + step, end)
            if at < end:
                step = _letter_bytes(data, at, end)
        words += 1
        number = _word_number(data, word_start, at, hashed, slots, word_bytes, word_offsets)
        if waiting >= 0:
            pair = pairs[waiting, number] if number >= 0 and _joins(data, waiting_end, word_start) else -1
            if pair >= 0:
                seen[pair] += 1
                waiting = -1
                continue
            if single[waiting] >= 0:
                seen[single[waiting]] += 1
            waiting = -1
        if number >= 0:
            if opens[number]:
                waiting, waiting_end = number, at
            elif single[number] >= 0:
                seen[single[number]] += 1
    if waiting >= 0 and single[waiting] >= 0:
        seen[single[waiting]] += 1
    return words


@numba.njit(nogil=True, cache=True)
def _count(data, offsets, groups, table, terms, found, axis_found):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    documents, words, term_documents, term_occurrences = found
    axis_documents, axis_occurrences = axis_found
    axis_of = terms[3]
    seen = np.zeros(term_documents.shape[1], dtype=np.int64)
    axis_seen = np.zeros(axis_documents.shape[1], dtype=np.int64)
    for row in range(len(groups)):
        group = groups[row]
        if group < 0:
            continue
        seen[:] = 0
        axis_seen[:] = 0
        documents[group] += 1
        words[group] += _count_document(data, offsets[row], offsets[row + 1], table, terms, seen)
        for term in range(len(seen)):
            if seen[term] > 0:
                term_documents[group, term] += 1
                term_occurrences[group, term] += seen[term]
                if axis_of[term] >= 0:
                    axis_seen[axis_of[term]] += seen[term]
        for axis in range(len(axis_seen)):
            if axis_seen[axis] > 0:
                axis_documents[group, axis] += 1
                axis_occurrences[group, axis] += axis_seen[axis]
