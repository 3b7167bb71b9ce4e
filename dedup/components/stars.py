"""Connected components by star operations: for candidate pairs that do not fit in one memory.

Kiveris, Lattanzi, Mirrokni, Rastogi, Vassilvitskii: Connected Components in MapReduce and Beyond, SoCC 2014. Every edge
set is turned, in rounds, into one of stars, whose centre is the smallest node of a component:

* *large star*: each node joins its larger neighbours to the smallest of itself and all its neighbours;
* *small star*: each node joins its smaller neighbours, and itself, to the smallest of them.

Neither changes what is connected or adds an edge, and every edge that one changes ends at smaller nodes than before, so
the rounds come to an end; when every node has one label (:func:`conflicts`), all are stars. A round sees the edges of
a node in parts: :func:`neighbour_minimum` of each part first, merged by :func:`merged_minimum`, then the operation on
each part. So the memory of a worker grows with its nodes and not with the edges of a large star. :func:`local_stars`
shortens what a round is given: the components of any part of the edges may stand for the part.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from gristmill.dedup.components.hashed_forest import Ids, hashed_stars
from gristmill.dedup.signatures.radix import sort_pairs


class Minimum(NamedTuple):
    """The smallest of each node and its neighbours: two int64 columns, sorted by node, each node once."""

    node: Ids
    smallest: Ids


class Edges(NamedTuple):
    """Edges ``low < high``, and how many of those given the operation changed."""

    low: Ids
    high: Ids
    changed: int


def local_stars(a: Ids, b: Ids) -> tuple[Ids, Ids]:
    """Stars that connect what the given edges connect, with one edge for each node but the centres.

    >>> [part.tolist() for part in local_stars(np.array([1, 2, 8, 9]), np.array([2, 3, 9, 8]))]
    [[1, 1, 8], [2, 3, 9]]
    """
    return hashed_stars(a, b)


def both_ways(low: Ids, high: Ids) -> tuple[Ids, Ids]:
    """Each edge from both of its ends: what the large star is given, as (node, neighbour)."""
    return np.concatenate([low, high]), np.concatenate([high, low])


def neighbour_minimum(node: Ids, neighbour: Ids) -> Minimum:
    """The smallest of each node and the neighbours given.

    >>> [part.tolist() for part in neighbour_minimum(np.array([5, 5, 2]), np.array([7, 3, 9]))]
    [[2, 5], [2, 3]]
    """
    return merged_minimum([Minimum(node, np.minimum(node, neighbour))])


def merged_minimum(parts: Sequence[Minimum]) -> Minimum:
    """The minimum over several parts of the same nodes' neighbours."""
    node = np.concatenate([np.zeros(0, np.int64), *(part.node for part in parts)])
    smallest = np.concatenate([np.zeros(0, np.int64), *(part.smallest for part in parts)])
    sort_pairs(node, smallest)
    count = _reduce(node, smallest)
    return Minimum(node[:count].copy(), smallest[:count].copy())


@numba.njit(nogil=True, cache=True)
def _reduce(node: Ids, smallest: Ids) -> int:
    """Moves each node of a sorted column to the front, with its minimum; returns how many there are."""
    count = 0
    for i in range(len(node)):
        if count and node[count - 1] == node[i]:
            smallest[count - 1] = min(smallest[count - 1], smallest[i])
        else:
            node[count], smallest[count] = node[i], smallest[i]
            count += 1
    return count


def distinct_edges(low: Ids, high: Ids) -> tuple[Ids, Ids]:
    """Each edge once, sorted by (low, high).

    >>> [part.tolist() for part in distinct_edges(np.array([5, 1, 5]), np.array([6, 2, 6]))]
    [[1, 5], [2, 6]]
    """
    low, high = low.copy(), high.copy()
    sort_pairs(high, low)
    sort_pairs(low, high)
    first = np.ones(len(low), bool)
    first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    return low[first], high[first]


def large_star(node: Ids, neighbour: Ids, minimum: Minimum) -> Edges:
    """Joins the larger neighbours of each node to its minimum.

    Args:
        node: int64, one end of each edge; every edge is given from both ends, in any parts.
        neighbour: int64, the other end.
        minimum: of all nodes in ``node`` over all parts.

    >>> node, neighbour = both_ways(np.array([1, 2]), np.array([2, 3]))
    >>> found = large_star(node, neighbour, neighbour_minimum(node, neighbour))
    >>> list(zip(found.low.tolist(), found.high.tolist())), found.changed
    ([(1, 2), (1, 3)], 1)
    """
    larger = neighbour > node
    node, neighbour = node[larger], neighbour[larger]
    smallest = minimum.smallest[np.searchsorted(minimum.node, node)]
    return Edges(*distinct_edges(smallest, neighbour), int((smallest != node).sum()))


def small_star(node: Ids, neighbour: Ids, minimum: Minimum) -> Edges:
    """Joins the smaller neighbours of each node to their minimum; :func:`minimum_edges` joins the node itself.

    Args:
        node: int64, the larger end of each edge.
        neighbour: int64, the smaller end.
        minimum: of all nodes in ``node`` over all parts.

    >>> node, neighbour = np.array([9, 9]), np.array([4, 6])
    >>> found = small_star(node, neighbour, neighbour_minimum(node, neighbour))
    >>> list(zip(found.low.tolist(), found.high.tolist())), found.changed
    ([(4, 6)], 1)
    """
    smallest = minimum.smallest[np.searchsorted(minimum.node, node)]
    moved = smallest != neighbour
    return Edges(*distinct_edges(smallest[moved], neighbour[moved]), int(moved.sum()))


def minimum_edges(minimum: Minimum) -> tuple[Ids, Ids]:
    """An edge from the minimum of each node to it, where they differ."""
    apart = minimum.smallest != minimum.node
    return minimum.smallest[apart], minimum.node[apart]


def labelled(low: Ids, high: Ids) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Node and label of the leaves and centres of stars, with repeats: every edge says both.

    >>> [part.tolist() for part in labelled(np.array([1, 1]), np.array([2, 3]))]
    [[2, 3, 1, 1], [1, 1, 1, 1]]
    """
    return np.concatenate([high, low]), np.concatenate([low, low])


def conflicts(node: Ids, label: Ids, minimum: Minimum) -> int:
    """How many labels differ from the smallest that their node has: 0 in all parts means that all edges are stars.

    >>> node, label = labelled(np.array([1, 2]), np.array([2, 3]))
    >>> conflicts(node, label, merged_minimum([Minimum(node, label)]))
    1
    """
    return int((minimum.smallest[np.searchsorted(minimum.node, node)] != label).sum())
