"""Connected components of more nodes than fit in memory: one range of nodes is contracted after the other.

The algorithm is Sibeyn's (External Connected Components, SWAT 2004), which Brodal, Fagerberg, Hammer, Meyer, Penschuck
and Tran compare with others (SEA 2021, doi 10.4230/LIPIcs.SEA.2021.23). Nodes are numbers from 0, in equal ranges. The
ranges are taken from the last to the first. All edges whose larger end lies in a range are joined by union-find in an
array of one entry for each node of the range (:func:`join_edges`). A component of the range then has neighbours in
smaller ranges only; the smallest of them is its *target*, and every other one is joined to the target instead
(:func:`carried_edges`). So the range can be forgotten, and no edge is added. After the first range, labels go back: a
component without target is named by its smallest node, any other by the label of its target, which lies in a range that
is labelled already (:func:`label_members`).

Each range is read once, in any order of its edges, and the memory is 8 bytes for each node of one range, however many
edges there are. With a single range this is union-find in one pass.

An entry of a forest is the index of a parent in the same range, or, of a root, the complement ``~target`` of the
smallest node known to be connected with it: itself, or its target in a smaller range. :data:`ABSENT` is a node without
edges.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from gristmill.dedup.signatures.text_buffers import Integer

Ids = npt.NDArray[np.int64]

ABSENT = np.iinfo(np.int64).min
"""The entry of a node that no edge has named."""

NODE_BYTES = 8
"""Memory for each node of a range."""


class Split(NamedTuple):
    """Edges in the order of their ranges: those of range ``r`` are ``bounds[r]:bounds[r + 1]``."""

    a: Ids
    b: Ids
    bounds: Ids


def range_count(documents: int, memory_bytes: int) -> int:
    """How many ranges it takes so that one fits in the memory.

    >>> range_count(200_000_000, 800_000_000), range_count(0, 10)
    (2, 1)
    """
    return max(1, -(-documents * NODE_BYTES // max(NODE_BYTES, memory_bytes)))


def range_nodes(documents: int, ranges: int) -> int:
    """Nodes of each range; the last may have fewer.

    >>> range_nodes(10, 3)
    4
    """
    return max(1, -(-documents // ranges))


def split_by_range(a: Ids, b: Ids, nodes: int, ranges: int) -> Split:
    """Orders pairs by the range that ``b`` lies in; the order within a range stays.

    Args:
        a: int64.
        b: int64, from 0 to below ``nodes * ranges``.
        nodes: in one range.
        ranges: how many there are.

    >>> split = split_by_range(np.array([1, 2, 3]), np.array([9, 4, 8]), 5, 2)
    >>> split.a.tolist(), split.b.tolist(), split.bounds.tolist()
    ([2, 1, 3], [4, 9, 8], [0, 1, 3])
    """
    if ranges == 1:
        return Split(a, b, np.array([0, len(b)], np.int64))
    found = Split(np.empty_like(a), np.empty_like(b), np.zeros(ranges + 1, np.int64))
    _split(a, b, nodes, found.a, found.b, found.bounds)
    return found


@numba.njit(nogil=True, cache=True)
def _split(a: Ids, b: Ids, nodes: Integer, a_out: Ids, b_out: Ids, bounds: Ids) -> None:
    own = np.empty(len(b), np.int32)
    for i in range(len(b)):
        own[i] = b[i] // nodes
        bounds[own[i] + 1] += 1
    for number in range(1, len(bounds)):
        bounds[number] += bounds[number - 1]
    at = bounds[:-1].copy()
    for i in range(len(b)):
        a_out[at[own[i]]] = a[i]
        b_out[at[own[i]]] = b[i]
        at[own[i]] += 1


def empty_forest(nodes: int) -> Ids:
    """A forest of one range, before any edge of it is read.

    >>> (empty_forest(2) == ABSENT).all()
    np.True_
    """
    return np.full(nodes, ABSENT, np.int64)


@numba.njit(nogil=True, cache=True)
def _root(forest: Ids, node: Integer) -> Integer:
    """Root of a node that is present; halves the path to it (Tarjan and van Leeuwen 1984)."""
    while forest[node] >= 0:
        parent, above = np.int64(forest[node]), np.int64(forest[forest[node]])
        if above < 0:
            return parent
        forest[node] = above
        node = above
    return node


@numba.njit(nogil=True, cache=True)
def join_edges(a: Ids, b: Ids, first: Integer, forest: Ids) -> None:
    """Joins edges whose larger end lies in a range; the smaller may lie in any range up to it.

    Args:
        a: int64, one end of each edge.
        b: int64, the other end; an edge from a node to itself says that the node is present.
        first: the first node of the range.
        forest: of the range; changed in place.

    >>> forest = empty_forest(3)
    >>> join_edges(np.array([11, 3]), np.array([10, 11]), 10, forest)
    >>> forest.tolist() == [~3, 0, ABSENT]
    True
    """
    for i in range(len(a)):
        low = min(a[i], b[i])
        node = max(a[i], b[i]) - first
        if forest[node] == ABSENT:
            forest[node] = ~(node + first)
        root = _root(forest, node)
        if low < first:
            forest[root] = max(forest[root], ~low)
            continue
        node = low - first
        if forest[node] == ABSENT:
            forest[node] = ~low
        other = _root(forest, node)
        if root != other:
            # A root is the smallest node of its tree, so an entry is never below its parent's.
            smaller, larger = min(root, other), max(root, other)
            forest[smaller] = max(forest[smaller], forest[larger])
            forest[larger] = smaller


@numba.njit(nogil=True, cache=True)
def _carry(a: Ids, b: Ids, first: Integer, forest: Ids, low_out: Ids, high_out: Ids) -> Integer:
    count = 0
    for i in range(len(a)):
        low = min(a[i], b[i])
        if low >= first:
            continue
        target = ~forest[_root(forest, max(a[i], b[i]) - first)]
        if target != low:
            low_out[count] = target
            high_out[count] = low
            count += 1
    return count


def carried_edges(a: Ids, b: Ids, first: int, forest: Ids) -> tuple[Ids, Ids]:
    """What stands for the edges of a range once it is contracted: edges among the nodes of smaller ranges.

    Args:
        a: int64, one end of each edge, as given to :func:`join_edges`.
        b: int64, the other end.
        first: the first node of the range.
        forest: after all edges of the range were joined.

    Returns:
        The smaller and the larger end of each edge; at most as many as were given.

    >>> a, b = np.array([3, 5, 10]), np.array([10, 11, 11])
    >>> forest = empty_forest(2)
    >>> join_edges(a, b, 10, forest)
    >>> [part.tolist() for part in carried_edges(a, b, 10, forest)]
    [[3], [5]]
    """
    low, high = np.empty_like(a), np.empty_like(b)
    count = _carry(a, b, first, forest, low, high)
    return low[:count], high[:count]


@numba.njit(nogil=True, cache=True)
def flatten(forest: Ids) -> None:
    """Makes every parent a root, in place.

    >>> forest = np.array([~7, 0, 1])
    >>> flatten(forest)
    >>> forest.tolist() == [~7, 0, 0]
    True
    """
    for node in range(len(forest)):
        parent = forest[node]
        if parent >= 0 and forest[parent] >= 0:
            forest[node] = forest[parent]


def members(forest: Ids, begin: int, end: int, first: int) -> tuple[Ids, Ids]:
    """The present nodes of a part of a flat forest, ascending, and the root of each.

    Args:
        forest: after :func:`flatten`.
        begin: index of the first entry to look at.
        end: index behind the last.
        first: the first node of the range.

    >>> [part.tolist() for part in members(np.array([~3, ABSENT, 0]), 0, 3, 10)]
    [[10, 12], [10, 10]]
    """
    part = forest[begin:end]
    index = np.flatnonzero(part != ABSENT)
    entry = part[index]
    index += begin
    return index + first, np.where(entry < 0, index, entry) + first


def targets(forest: Ids, begin: int, end: int, first: int) -> tuple[Ids, Ids]:
    """The roots of a part of a forest that have a target in a smaller range, and the targets.

    Args:
        forest: after all edges of the range were joined.
        begin: index of the first entry to look at.
        end: index behind the last.
        first: the first node of the range.

    >>> [part.tolist() for part in targets(np.array([~3, ABSENT, 0, ~13]), 0, 4, 10)]
    [[10], [3]]
    """
    part = forest[begin:end]
    index = np.flatnonzero((part < 0) & (part > ~first))
    return index + begin + first, ~part[index]


@numba.njit(nogil=True, cache=True)
def label_members(node: Ids, root: Ids, first: Integer, labels: Ids) -> Ids:
    """The labels of the nodes of a range.

    Args:
        node: int64, ascending; parts of a range must come in their order.
        root: int64, of each.
        first: the first node of the range.
        labels: int64, one for each node of the range. That of a root must be known; those of the others are filled in.

    >>> labels = np.array([3, 0, 0])
    >>> label_members(np.array([10, 12]), np.array([10, 10]), 10, labels).tolist(), labels.tolist()
    ([3, 3], [3, 0, 3])
    """
    found = np.empty_like(node)
    for i in range(len(node)):
        found[i] = labels[root[i] - first]
        labels[node[i] - first] = found[i]
    return found
