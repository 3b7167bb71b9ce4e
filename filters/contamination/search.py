"""Finding the runs of words of evaluation items in documents: one pass over the words of each document.

A hash only says where to look: a hit counts when the words themselves are equal, byte by byte in their folded form,
and, of the shortest items, when they stand between two boundaries.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from gristmill.filters.contamination.boundaries import is_boundary
from gristmill.filters.contamination.index import Index, Runs, Table
from gristmill.filters.contamination.normal_form import FoldTables, fold_tables
from gristmill.filters.contamination.passages import NGRAM_FACTOR
from gristmill.filters.contamination.words import PLAIN, Words, read_words, room_for_words
from gristmill.filters.text.arrays import Bytes, Hashes, Int32s, Int64s
from gristmill.filters.text.buffers import TextBuffer


class Hits(NamedTuple):
    """Runs found, in the order of documents; within one first the n-grams, then the short passages.

    Attributes:
        document: int32.
        entry: int32, which run of `Runs`.
        first: int64, number of its first word in the document.
        last: int64, number of its last word.
        start: int64, its first byte in the document's text.
        end: int64, the byte after its last.
    """

    document: Int32s
    entry: Int32s
    first: Int64s
    last: Int64s
    start: Int64s
    end: Int64s


def find_runs(buffer: TextBuffer, index: Index) -> Hits:
    """All runs of the index in all texts of a buffer."""
    longest = int(np.diff(buffer.offsets).max(initial=0))
    scratch = room_for_words(longest)
    return Hits(*_find_runs(buffer, fold_tables(), index.table, index.runs, index.ngram, index.suffix, scratch))


def _room(size: int) -> Hits:
    return Hits(
        np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.int64),
        np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64),
    )  # fmt: skip


@numba.njit(nogil=True, cache=True)
def _group(table: Table, value: np.uint64) -> int:
    """The group of a hash, or -1."""
    mask = np.uint64(table.slots.size - 1)
    slot = value & mask
    while table.slots[slot] >= 0:
        if table.group_hash[table.slots[slot]] == value:
            return int(table.slots[slot])
        slot = (slot + np.uint64(1)) & mask
    return -1


@numba.njit(nogil=True, cache=True)
def _same_words(words: Words, at: int, runs: Runs, entry: int) -> bool:
    """Whether the words from number ``at`` on are those of the entry."""
    for k in range(runs.size[entry]):
        theirs = runs.first[entry] + k
        if k >= runs.head[entry]:
            theirs = runs.second[entry] + k - runs.head[entry]
        a, b = words.folded_start[at + k], runs.folded_start[theirs]
        size = words.folded_start[at + k + 1] - a
        if size != runs.folded_start[theirs + 1] - b:
            return False
        for byte in range(size):
            if words.folded[a + byte] != runs.folded[b + byte]:
                return False
    return True


@numba.njit(nogil=True, cache=True)
def _stands_alone(data: Bytes, words: Words, first: int, last: int, count: int, tables: FoldTables) -> bool:
    """Whether the words from ``first`` to ``last`` of the ``count`` of a text stand between two boundaries."""
    if first > 0 and not is_boundary(data, words.end[first - 1], words.start[first], tables):
        return False
    return last + 1 == count or bool(is_boundary(data, words.end[last], words.start[last + 1], tables))


@numba.njit(nogil=True, cache=True)
def _candidates(word_hash: Hashes, count: int, width: int, bits: Hashes, words: Int64s, values: Hashes, k: int) -> int:
    """Adds the words that end a run of ``width`` words whose hash may be in the table; returns how many there are."""
    leaving = np.uint64(1)
    for _ in range(width):
        leaving *= NGRAM_FACTOR
    mask = np.uint64(bits.size - 1)
    state = np.uint64(0)
    for word in range(min(width, count)):
        state = state * NGRAM_FACTOR + word_hash[word]
    for word in range(width - 1, count):
        if word >= width:
            state = state * NGRAM_FACTOR + (word_hash[word] - word_hash[word - width] * leaving)
        if bits[(state >> np.uint64(32)) & mask] >> (state >> np.uint64(58)) & np.uint64(1):
            words[k], values[k] = word, state
            k += 1
    return k


@numba.njit(nogil=True, cache=True)
def _grown(column: Any) -> Any:
    wider = np.empty(2 * column.size, column.dtype)
    wider[: column.size] = column
    return wider


@numba.njit(nogil=True, cache=True)
def _find_runs(
    buffer: TextBuffer, tables: FoldTables, table: Table, runs: Runs, ngram: int, suffix: int, words: Words
) -> tuple[Int32s, Int32s, Int64s, Int64s, Int64s, Int64s]:
    size = 64
    document, entry = np.empty(size, np.int32), np.empty(size, np.int32)
    first, last = np.empty(size, np.int64), np.empty(size, np.int64)
    start, end = np.empty(size, np.int64), np.empty(size, np.int64)
    maybe_word, maybe = np.empty(2 * words.hash.size, np.int64), np.empty(2 * words.hash.size, np.uint64)
    found = 0
    for text in range(buffer.offsets.size - 1):
        base = buffer.offsets[text]
        count = read_words(buffer.data, base, buffer.offsets[text + 1], tables, PLAIN, words, 0)
        by_ngram = _candidates(words.hash, count, ngram, table.bits, maybe_word, maybe, 0)
        every = by_ngram
        if suffix:
            every = _candidates(words.hash, count, suffix, table.bits, maybe_word, maybe, by_ngram)
        for k in range(every):
            group = _group(table, maybe[k])
            if group < 0:
                continue
            word = maybe_word[k]
            for one in range(table.group_start[group], table.group_start[group + 1]):
                at = word + 1 - runs.size[one]
                # With a suffix as long as an n-gram both have the same hash: each run is told once.
                if at < 0 or (runs.size[one] == ngram) != (k < by_ngram) or not _same_words(words, at, runs, one):
                    continue
                if runs.bounded[one] and not _stands_alone(buffer.data, words, at, word, count, tables):
                    continue
                if found == document.size:
                    document, entry, first, last = _grown(document), _grown(entry), _grown(first), _grown(last)
                    start, end = _grown(start), _grown(end)
                document[found], entry[found], first[found], last[found] = text, one, at, word
                start[found], end[found] = words.start[at] - base, words.end[word] - base
                found += 1
    return document[:found], entry[:found], first[:found], last[:found], start[:found], end[:found]
