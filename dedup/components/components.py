"""Connected components of candidate pairs: the groups within which documents are compared."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components as label_components

Ids = npt.NDArray[np.int64]


def connected_components(a: Ids, b: Ids) -> tuple[Ids, Ids]:
    """The component of every node that has an edge, named by the smallest node in it.

    Undirected; the order, direction and repetition of edges do not matter, and an edge from a node to itself makes a
    component of one. Memory: about 60 bytes per edge.

    Args:
        a: int64, one end of each edge.
        b: int64, the other end.

    Returns:
        ``nodes`` (int64, sorted, each once) and ``labels`` (int64, the smallest node of its component).

    >>> nodes, labels = connected_components(np.array([5, 9, 1]), np.array([3, 5, 2]))
    >>> nodes.tolist(), labels.tolist()
    ([1, 2, 3, 5, 9], [1, 1, 3, 3, 3])
    """
    nodes, positions = np.unique(np.concatenate([a, b]).astype(np.int64, copy=False), return_inverse=True)
    if len(nodes) == 0:
        return nodes, nodes.copy()
    left, right = positions[: len(a)], positions[len(a) :]
    graph = coo_array((np.ones(len(a), np.int8), (left, right)), shape=(len(nodes), len(nodes)))
    _, component = label_components(graph, directed=False)
    # Nodes ascend, so the first node of a component is its smallest.
    _, first = np.unique(component, return_index=True)
    return nodes, nodes[first[component]]
