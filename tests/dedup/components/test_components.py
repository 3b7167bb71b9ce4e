from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.components.components import connected_components

NODES = st.integers(-5, 25) | st.integers(-(2**63), 2**63 - 1)
EDGES = st.lists(st.tuples(NODES, NODES), max_size=40)


def naive(edges: list[tuple[int, int]]) -> dict[int, int]:
    """The smallest node reachable from each node, by walking the edges until nothing changes."""
    label = {node: node for edge in edges for node in edge}
    changed = True
    while changed:
        changed = False
        for a, b in edges:
            low = min(label[a], label[b])
            if label[a] != low or label[b] != low:
                label[a] = label[b] = low
                changed = True
    return label


def labelled(edges: list[tuple[int, int]]) -> dict[int, int]:
    ends = np.array(edges, np.int64).reshape(-1, 2)
    nodes, labels = connected_components(ends[:, 0], ends[:, 1])
    assert (np.diff(nodes.astype(object)) > 0).all()
    return dict(zip(nodes.tolist(), labels.tolist(), strict=True))


@settings(max_examples=200)
@given(EDGES)
def test_labels_are_the_smallest_node_of_the_component(edges: list[tuple[int, int]]) -> None:
    assert labelled(edges) == naive(edges)


@given(EDGES, st.randoms(use_true_random=False))
def test_neither_order_nor_direction_matters(edges: list[tuple[int, int]], random: object) -> None:
    other = [(b, a) for a, b in edges] + edges[:3]
    random.shuffle(other)  # type: ignore[attr-defined]

    assert labelled(other) == labelled(edges)


def test_a_long_chain_is_one_component() -> None:
    chain = np.random.default_rng(1).permutation(100_000).astype(np.int64)
    nodes, labels = connected_components(chain[:-1], chain[1:])

    assert len(nodes) == 100_000
    assert not labels.any()


def test_no_edges_give_no_nodes() -> None:
    nodes, labels = connected_components(np.zeros(0, np.int64), np.zeros(0, np.int64))

    assert (nodes.tolist(), labels.tolist()) == ([], [])
