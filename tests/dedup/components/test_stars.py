"""The star operations, run to their end, against scipy's components, on any cut of the edges into parts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.candidates.buckets import unique_edges
from gristmill.dedup.components import stars
from gristmill.dedup.components.components import connected_components

Graph = tuple[np.ndarray, np.ndarray]
EDGES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=60)


def operate(kind: str, parts: list[Graph], contract: bool) -> tuple[list[Graph], int]:
    """One round over edges that lie in several parts, whose nodes are then looked at in three partitions."""
    if contract:
        parts = [stars.local_stars(*part) for part in parts]
    made: list[Graph] = []
    changed = 0
    for third in range(3):
        given_: list[Graph] = []
        for low, high in parts:
            ends = {
                "large": lambda low=low, high=high: stars.both_ways(low, high),
                "small": lambda low=low, high=high: (high, low),
                "label": lambda low=low, high=high: stars.labelled(low, high),
            }[kind]()
            mine = ends[0] % 3 == third
            given_.append((ends[0][mine], ends[1][mine]))
        if kind == "label":
            whole = stars.merged_minimum([stars.Minimum(*each) for each in given_])
            changed += sum(stars.conflicts(*each, whole) for each in given_)
            made.append((whole.node, whole.smallest))
            continue
        whole = stars.merged_minimum([stars.neighbour_minimum(*each) for each in given_])
        operation = stars.large_star if kind == "large" else stars.small_star
        found = [operation(*each, whole) for each in given_]
        changed += sum(edges.changed for edges in found)
        rows = [(edges.low, edges.high) for edges in found]
        if kind == "small":
            rows.append(stars.minimum_edges(whole))
        low, high = (np.concatenate(column) for column in zip(*rows, strict=True))
        made.append((low, high))
    return made, changed


def by_stars(a: np.ndarray, b: np.ndarray, parts: int, contract: bool) -> tuple[dict[int, int], int]:
    """The label of every node that has an edge to another, and the rounds it took."""
    apart = a != b
    low, high = np.minimum(a, b)[apart], np.maximum(a, b)[apart]
    current = [(low[start::parts], high[start::parts]) for start in range(parts)]
    for number in itertools.count():
        assert number < 60, "no end in sight"
        kind = ("large", "small")[number % 2]
        current, changed = operate(kind, current, contract)
        if kind == "small" and not changed:
            labels, conflicts = operate("label", current, contract)
            if not conflicts:
                found: dict[int, int] = {}
                for node, label in labels:
                    found |= dict(zip(node.tolist(), label.tolist(), strict=True))
                return found, number + 1
    raise AssertionError


def by_scipy(a: np.ndarray, b: np.ndarray) -> dict[int, int]:
    apart = a != b
    nodes, labels = connected_components(a[apart], b[apart])
    return dict(zip(nodes.tolist(), labels.tolist(), strict=True))


@settings(max_examples=150)
@given(EDGES, st.integers(1, 4), st.booleans())
def test_stars_and_scipy_agree_on_any_graph(edges: list[tuple[int, int]], parts: int, contract: bool) -> None:
    ends = np.array(edges, np.int64)

    assert by_stars(ends[:, 0], ends[:, 1], parts, contract)[0] == by_scipy(ends[:, 0], ends[:, 1])


@pytest.mark.parametrize("shuffled", [False, True])
def test_a_chain_of_a_hundred_thousand_is_one_star_after_few_rounds(shuffled: bool) -> None:
    nodes = np.arange(100_000, dtype=np.int64)
    chain = np.random.default_rng(5).permutation(nodes) if shuffled else nodes
    found, rounds = by_stars(chain[:-1], chain[1:], 4, contract=False)

    assert found == dict.fromkeys(range(100_000), 0)
    assert rounds < 40


def test_stars_and_cliques_come_out_as_they_are() -> None:
    star = np.stack([np.full(5000, 7_000, np.int64), np.arange(5000)])
    clique = np.array(list(itertools.combinations(range(10_000, 10_080), 2)), np.int64).T
    a, b = np.concatenate([star, clique], axis=1)
    found, _ = by_stars(a, b, 3, contract=True)

    assert found == by_scipy(a, b)
    assert sorted(set(found.values())) == [0, 10_000]


def test_contracted_parts_that_share_a_leaf_are_not_taken_for_stars() -> None:
    low, high = np.array([1, 2, 2]), np.array([9, 9, 8])

    assert by_stars(low, high, 3, contract=True)[0] == {1: 1, 2: 1, 8: 1, 9: 1}


def test_an_operation_neither_adds_edges_nor_leads_upwards() -> None:
    rng = np.random.default_rng(2)
    ends = rng.integers(0, 400, (2, 900))
    low, high = unique_edges(ends.min(axis=0), ends.max(axis=0))
    low, high = low[low != high], high[low != high]
    node, neighbour = stars.both_ways(low, high)
    large = stars.large_star(node, neighbour, stars.neighbour_minimum(node, neighbour))

    assert large.changed > 0
    assert len(large.low) <= len(low)
    assert (large.low < large.high).all()
    assert int((large.low + large.high).sum()) < int((low + high).sum())
