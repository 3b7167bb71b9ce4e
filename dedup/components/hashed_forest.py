"""Union-find over any 64-bit numbers: a forest whose nodes are the slots of a hash table.

For edges of which a worker has only some: an array of one entry for each possible node would be mostly empty (that one
is in :mod:`gristmill.dedup.components.contraction`). Linear in the edges, where compacting node numbers by sorting them
would take several sorts.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gristmill.dedup.signatures.radix import sort_pairs
from gristmill.dedup.signatures.text_buffers import Integer

Ids = npt.NDArray[np.int64]

_EMPTY = np.int32(-1)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio (Knuth 3, section 6.4)


@numba.njit(nogil=True, cache=True)
def _slot(keys: Ids, parents: npt.NDArray[np.int32], key: np.int64, shift: np.uint64) -> Integer:
    """The slot of a key, claimed if the key is new: linear probing."""
    at = np.int64((np.uint64(key) * _MULTIPLIER) >> shift)
    while parents[at] != _EMPTY:
        if keys[at] == key:
            return at
        at = (at + 1) & (len(keys) - 1)
    keys[at] = key
    parents[at] = at
    return at


@numba.njit(nogil=True, cache=True)
def _root(parents: npt.NDArray[np.int32], slot: Integer) -> Integer:
    """Root of a slot; halves the path to it."""
    while parents[slot] != slot:
        parents[slot] = parents[parents[slot]]
        slot = np.int64(parents[slot])
    return slot


@numba.njit(nogil=True, cache=True)
def _join(a: Ids, b: Ids, keys: Ids, parents: npt.NDArray[np.int32], shift: np.uint64) -> Integer:
    """Joins edges, the smallest key the root of each tree; returns how many joined what was apart: the leaves."""
    joined = 0
    for i in range(len(a)):
        left = _root(parents, _slot(keys, parents, a[i], shift))
        right = _root(parents, _slot(keys, parents, b[i], shift))
        if left != right:
            joined += 1
            if keys[left] < keys[right]:
                parents[right] = left
            else:
                parents[left] = right
    return joined


@numba.njit(nogil=True, cache=True)
def _leaves(keys: Ids, parents: npt.NDArray[np.int32], low: Ids, high: Ids) -> None:
    at = 0
    for slot in range(len(keys)):
        if parents[slot] != _EMPTY and parents[slot] != slot:
            low[at] = keys[_root(parents, slot)]
            high[at] = keys[slot]
            at += 1


def hashed_stars(a: Ids, b: Ids) -> tuple[Ids, Ids]:
    """Stars that connect what the given edges connect: the smallest node of each component, to each other node of it.

    Args:
        a: int64, one end of each edge, in any order and direction.
        b: int64, the other end; fewer than 2**29 edges.

    Returns:
        Centres and leaves (int64), sorted by leaf, each leaf once. Memory: 50 to 100 bytes an edge while it works.

    >>> [part.tolist() for part in hashed_stars(np.array([1, 2, 9, -5]), np.array([2, 3, 8, -5]))]
    [[1, 1, 8], [2, 3, 9]]
    """
    # At most half of the slots are taken by the two nodes that each edge may bring.
    bits = max(4, int(4 * len(a) - 1).bit_length())
    keys, parents = np.empty(1 << bits, np.int64), np.full(1 << bits, _EMPTY, np.int32)
    leaves = _join(a, b, keys, parents, np.uint64(64 - bits))
    low, high = np.empty(leaves, np.int64), np.empty(leaves, np.int64)
    _leaves(keys, parents, low, high)
    del keys, parents
    sort_pairs(high, low)
    return low, high
