"""Contraction of one range of nodes after the other against scipy's components, for any number of ranges."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.components import contraction
from gristmill.dedup.components.components import connected_components

EDGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=80)
Pairs = tuple[np.ndarray, np.ndarray]


def by_ranges(a: np.ndarray, b: np.ndarray, documents: int, ranges: int) -> tuple[Pairs, list[int]]:
    """Nodes and labels, and how many edges each range had to join."""
    nodes = contraction.range_nodes(documents, ranges)
    waiting = [(np.minimum(a, b), np.maximum(a, b))]
    present = np.zeros(0, np.int64)
    forests: list[np.ndarray] = []
    joined = []
    for first in range((ranges - 1) * nodes, -1, -nodes):
        low, high = (np.concatenate(column) for column in zip(*waiting, strict=True))
        own = high >= first
        forest = contraction.empty_forest(nodes)
        contraction.join_edges(low[own], high[own], first, forest)
        contraction.join_edges(present[present >= first], present[present >= first], first, forest)
        carried = contraction.carried_edges(low[own], high[own], first, forest)
        assert (carried[0] < carried[1]).all()
        waiting = [(low[~own], high[~own]), carried]
        contraction.flatten(forest)
        present = np.concatenate([present[present < first], contraction.targets(forest, 0, nodes, first)[1]])
        forests.append(forest)
        joined.append(int(own.sum()))
    assert not len(waiting[0][0])
    return _labels(forests[::-1], nodes), joined


def _labels(forests: list[np.ndarray], nodes: int) -> Pairs:
    known = np.zeros(len(forests) * nodes, np.int64)
    found: list[Pairs] = []
    for number, forest in enumerate(forests):
        first = number * nodes
        labels = np.arange(first, first + nodes)
        root, target = contraction.targets(forest, 0, nodes, first)
        labels[root - first] = known[target]
        for begin in range(0, nodes, 7):
            node, root = contraction.members(forest, begin, min(begin + 7, nodes), first)
            found.append((node, contraction.label_members(node, root, first, labels)))
        known[first : first + nodes] = labels
    node, label = (np.concatenate(column) for column in zip(*found, strict=True))
    return node, label


def check(a: np.ndarray, b: np.ndarray, documents: int, ranges: int) -> list[int]:
    (nodes, labels), joined = by_ranges(a, b, documents, ranges)
    wanted = connected_components(a, b)
    assert np.array_equal(nodes, wanted[0])
    assert np.array_equal(labels, wanted[1])
    return joined


@settings(max_examples=200, deadline=None)
@given(EDGES, st.integers(1, 45), st.randoms(use_true_random=False))
def test_ranges_and_scipy_agree_on_any_graph(edges: list[tuple[int, int]], ranges: int, random: object) -> None:
    ends = np.array(edges, np.int64).reshape(-1, 2)
    check(ends[:, 0], ends[:, 1], 41, ranges)
    edges = list(edges)
    random.shuffle(edges)  # type: ignore[attr-defined]
    other = np.array([(b, a) for a, b in edges] + edges[:3], np.int64).reshape(-1, 2)
    check(other[:, 0], other[:, 1], 41, ranges)


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("ranges", [1, 2, 9])
def test_a_long_chain_is_one_component(shuffled: bool, ranges: int) -> None:
    nodes = np.arange(200_000, dtype=np.int64)
    chain = np.random.default_rng(5).permutation(nodes) if shuffled else nodes
    check(chain[:-1], chain[1:], len(chain), ranges)


def test_stars_and_cliques_of_any_centre_are_found() -> None:
    star = np.stack([np.full(5000, 7_000), np.arange(5000)])
    hub = np.stack([np.full(900, 8_000), np.arange(8_001, 8_901)])
    clique = np.array(list(itertools.combinations(range(10_000, 10_080), 2))).T
    a, b = np.concatenate([star, hub, clique], axis=1)
    for ranges in (1, 3, 64):
        check(a, b, 10_080, ranges)


def test_no_range_gets_more_edges_than_there_are() -> None:
    ends = np.random.default_rng(2).integers(0, 3000, (2, 9000))
    joined = check(ends[0], ends[1], 3000, 50)

    assert max(joined) <= 9000
    assert sum(joined) < 9000 * 10  # each edge is carried through few of the fifty ranges


def test_pairs_are_split_by_range_in_their_order() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.integers(0, 10**12, 5000), rng.integers(0, 700, 5000)
    split = contraction.split_by_range(a, b, 100, 7)
    order = np.argsort(b // 100, kind="stable")

    assert (split.a == a[order]).all()
    assert (split.b == b[order]).all()
    assert split.bounds.tolist() == np.searchsorted(b[order] // 100, np.arange(8)).tolist()


def test_ranges_fit_the_memory_and_cover_the_documents() -> None:
    for documents, memory in itertools.product([0, 1, 7, 10**6, 10**10 + 1], [1, 8, 10**5, 10**9]):
        count = contraction.range_count(documents, memory)
        nodes = contraction.range_nodes(documents, count)
        assert nodes * count >= documents
        assert nodes * contraction.NODE_BYTES <= max(memory, contraction.NODE_BYTES)
