"""Sets of strings as sorted 64-bit hashes: ten bytes an entry, looked up from a kernel.

Two strings with one hash are taken for one. With n entries a lookup of an unlisted string finds one by chance with
probability n / 2**64: for ten million entries and ten thousand million lookups, one in two hundred.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from gristmill.filters.text.arrays import Bytes, Hashes, Int64s
from gristmill.filters.text.utf8 import HASH_START, hash_byte, mix
from gristmill.kernels.kernel import kernel

_ENTRIES_PER_BUCKET = 4

Items = NDArray[np.uint16]


class HashTable(NamedTuple):
    """A set of strings, each with a number.

    Attributes:
        hashes: sorted, uint64.
        items: a number for each: which list it came from, or flags.
        starts: int64 of shape (2**bits + 1,): where the hashes with each value of the top bits begin.
        shift: how far a hash is shifted to leave its top bits.
    """

    hashes: Hashes
    items: Items
    starts: Int64s
    shift: np.uint64


def hash_table(hashes: Sequence[Hashes], items: Sequence[int]) -> HashTable:
    """A table of the hashes of several lists; a string in two of them belongs to the first.

    Args:
        hashes: from `hash_rows`, one array a list.
        items: the number of each list.
    """
    joined = np.concatenate([np.zeros(0, np.uint64), *hashes])
    numbers = np.repeat(np.array(items, np.uint16), [len(part) for part in hashes])
    unique, first = np.unique(joined, return_index=True)
    bits = max(1, (len(unique) // _ENTRIES_PER_BUCKET).bit_length())
    shift = np.uint64(64 - bits)
    edges = np.arange(1 << bits, dtype=np.uint64) << shift
    starts = np.concatenate([np.searchsorted(unique, edges), [len(unique)]]).astype(np.int64)
    return HashTable(unique, numbers[first], starts, shift)


@kernel
def hash_span(data: Bytes, start: int, stop: int) -> np.uint64:
    """The hash of ``data[start:stop]``."""
    state = HASH_START
    for i in range(start, stop):
        state = hash_byte(state, data[i])
    return mix(state)


@numba.njit(nogil=True, cache=True)
def hash_rows(data: Bytes, offsets: Int64s) -> Hashes:
    """The hash of each string of a buffer."""
    hashes = np.empty(offsets.size - 1, np.uint64)
    for row in range(hashes.size):
        hashes[row] = hash_span(data, offsets[row], offsets[row + 1])
    return hashes


@numba.njit(nogil=True, cache=True)
def hash_hosts(data: Bytes, offsets: Int64s) -> Hashes:
    """The hash of each host, from its end to its beginning, so that one pass over a host gives those of its parents."""
    hashes = np.empty(offsets.size - 1, np.uint64)
    for row in range(hashes.size):
        state = HASH_START
        for i in range(offsets[row + 1] - 1, offsets[row] - 1, -1):
            state = hash_byte(state, data[i])
        hashes[row] = mix(state)
    return hashes


@kernel
def look_up(table: HashTable, wanted: np.uint64) -> int:
    """The number of a string in a table; -1 if it is not there."""
    bucket = np.int64(wanted >> table.shift)
    for i in range(table.starts[bucket], table.starts[bucket + 1]):
        if table.hashes[i] == wanted:
            return int(table.items[i])
    return -1
