"""Kernels that look addresses up in lists."""

from __future__ import annotations

import numba
import numpy as np

from gristmill.filters.text.arrays import Bytes, Int64s
from gristmill.filters.text.unicode_classes import ALPHANUMERIC
from gristmill.filters.text.utf8 import HASH_START, NON_ASCII, code_point, hash_byte, mix
from gristmill.filters.url.substrings import Automaton
from gristmill.filters.url.suffixes import MOST_LABELS, public_labels, suffix_hashes
from gristmill.filters.url.tables import HashTable, hash_span, look_up
from gristmill.kernels.kernel import kernel
from gristmill.kernels.url_kernels import OPAQUE, escaped_byte, escaped_character

MATCH = ("row", "item", "start", "stop")
"""Columns of a match: the address, the number of the list (or of the string), and where in the searched text."""


@numba.njit(nogil=True, cache=True)
def _grown(matches: Int64s, count: int) -> Int64s:
    if count < matches.shape[0]:
        return matches
    larger = np.empty((2 * matches.shape[0], matches.shape[1]), np.int64)
    larger[:count] = matches[:count]
    return larger


@numba.njit(nogil=True, cache=True)
def match_domains(data: Bytes, offsets: Int64s, suffixes: HashTable, listed: HashTable) -> Int64s:
    """The hosts that are listed or stand under a listed domain, which may not be a public suffix. Rows of `MATCH`."""
    matches = np.empty((64, 4), np.int64)
    count = 0
    starts = np.empty(MOST_LABELS, np.int64)
    hashes = np.empty(MOST_LABELS, np.uint64)
    for row in range(offsets.size - 1):
        start, stop = offsets[row], offsets[row + 1]
        if start == stop:
            continue
        labels = suffix_hashes(data, start, stop, starts, hashes)
        public = -1
        for k in range(labels - 1, -1, -1):
            item = look_up(listed, hashes[k])
            if item < 0:
                continue
            if starts[k] != start:
                if public < 0:
                    public = public_labels(hashes, labels, suffixes)
                if k + 1 <= public:
                    continue
            matches = _grown(matches, count)
            matches[count] = (row, item, starts[k], stop)
            count += 1
    return matches[:count]


@numba.njit(nogil=True, cache=True)
def match_whole(data: Bytes, offsets: Int64s, listed: HashTable) -> Int64s:
    """The strings that are listed. Rows of `MATCH`."""
    matches = np.empty((64, 4), np.int64)
    count = 0
    for row in range(offsets.size - 1):
        item = look_up(listed, hash_span(data, offsets[row], offsets[row + 1]))
        if item >= 0:
            matches = _grown(matches, count)
            matches[count] = (row, item, offsets[row], offsets[row + 1])
            count += 1
    return matches[:count]


@numba.njit(nogil=True, cache=True)
def match_words(
    data: Bytes, offsets: Int64s, classes: Bytes, hard: HashTable, soft: HashTable
) -> tuple[Int64s, Int64s]:
    """The distinct listed words of each text, maximal runs of letters and digits. Rows of `MATCH`, for each list."""
    hards, softs = np.empty((64, 4), np.int64), np.empty((64, 4), np.int64)
    hard_count, soft_count = 0, 0
    for row in range(offsets.size - 1):
        i, stop = offsets[row], offsets[row + 1]
        first_hard, first_soft = hard_count, soft_count
        while i < stop:
            state, begin = HASH_START, i
            while i < stop:
                point, width = (int(data[i]), 1) if data[i] < NON_ASCII else code_point(data, i, stop)
                if not classes[point] & ALPHANUMERIC:
                    break
                for k in range(i, i + width):
                    state = hash_byte(state, data[k])
                i += width
            if i == begin:
                i += width
                continue
            wanted = mix(state)
            item = look_up(hard, wanted)
            if item >= 0 and _is_new(data, hards, first_hard, hard_count, begin, i):
                hards = _grown(hards, hard_count)
                hards[hard_count] = (row, item, begin, i)
                hard_count += 1
            item = look_up(soft, wanted)
            if item >= 0 and _is_new(data, softs, first_soft, soft_count, begin, i):
                softs = _grown(softs, soft_count)
                softs[soft_count] = (row, item, begin, i)
                soft_count += 1
    return hards[:hard_count], softs[:soft_count]


@kernel
def _is_new(data: Bytes, matches: Int64s, first: int, count: int, begin: int, end: int) -> bool:
    """Whether the word is none of those that its text has matched already."""
    for k in range(first, count):
        start = matches[k, 2]
        if matches[k, 3] - start != end - begin:
            continue
        same = True
        for j in range(end - begin):
            same = same and data[start + j] == data[begin + j]
        if same:
            return False
    return True


@numba.njit(nogil=True, cache=True)
def match_substrings(data: Bytes, offsets: Int64s, search: Automaton) -> Int64s:
    """The distinct strings that each text holds when its - and . are left out. Rows of `MATCH`; item is the string."""
    matches = np.empty((64, 4), np.int64)
    count = 0
    seen = np.zeros(search.found.size, np.int64)
    for row in range(offsets.size - 1):
        state = 0
        for i in range(offsets[row], offsets[row + 1]):
            if data[i] in (45, 46):
                continue
            state = search.moves[state, search.classes[data[i]]]
            hit = state if search.found[state] >= 0 else search.links[state]
            while hit:
                if seen[hit] != row + 1:
                    seen[hit] = row + 1
                    matches = _grown(matches, count)
                    matches[count] = (row, np.int64(search.found[hit]), offsets[row], i + 1)
                    count += 1
                hit = search.links[hit]
    return matches[:count]


@numba.njit(nogil=True, cache=True)
def readable_texts(data: Bytes, spans: Int64s, hosts: Bytes, host_offsets: Int64s) -> tuple[Bytes, Int64s]:
    """What a reader sees of each address: host, path, query and fragment, percent-escapes decoded once.

    Escapes that are no UTF-8 and control characters become spaces, so the result is valid UTF-8.
    """
    rows = spans.shape[0]
    most = hosts.size
    for row in range(rows):
        most += spans[row, 2] - spans[row, 1]
    out = np.empty(most, np.uint8)
    offsets = np.zeros(rows + 1, np.int64)
    size = 0
    for row in range(rows):
        i, stop = spans[row, 7], spans[row, 2]
        if spans[row, 0] == OPAQUE:
            i = spans[row, 1]
        for k in range(host_offsets[row], host_offsets[row + 1]):
            out[size] = hosts[k]
            size += 1
        while i < stop:
            value = escaped_byte(data, i, stop) if data[i] == 37 else -1
            if value < 0:
                out[size] = data[i]
                i, size = i + 1, size + 1
            elif value < NON_ASCII:
                out[size] = max(32, value)
                i, size = i + 3, size + 1
            else:
                width = escaped_character(data, i, stop, out, size)
                if width:
                    i, size = i + 3 * width, size + width
                else:
                    out[size] = 32
                    i, size = i + 3, size + 1
        offsets[row + 1] = size
    return out[:size], offsets
