"""Stars by a hash table against scipy's components."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.components.components import connected_components
from gristmill.dedup.components.hashed_forest import hashed_stars

NODES = st.integers(-5, 25) | st.integers(-(2**63), 2**63 - 1)


def check(a: np.ndarray, b: np.ndarray) -> None:
    nodes, labels = connected_components(a, b)
    low, high = hashed_stars(a, b)

    assert np.array_equal(high, nodes[nodes != labels])
    assert np.array_equal(low, labels[nodes != labels])


@settings(max_examples=200)
@given(st.lists(st.tuples(NODES, NODES), max_size=60))
def test_leaves_and_centres_are_those_of_scipy(edges: list[tuple[int, int]]) -> None:
    ends = np.array(edges, np.int64).reshape(-1, 2)
    check(ends[:, 0], ends[:, 1])


@pytest.mark.parametrize("step", [1, 1 << 20, 3**25])
def test_a_long_chain_of_spread_numbers_is_one_star(step: int) -> None:
    chain = np.random.default_rng(1).permutation(100_000).astype(np.int64) * step
    check(chain[:-1], chain[1:])


def test_a_huge_star_is_one_star() -> None:
    leaves = np.random.default_rng(2).permutation(300_000).astype(np.int64)
    check(np.full(300_000, 10**12), leaves)
