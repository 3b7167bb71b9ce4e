from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from gristmill.errors import ConfigError
from gristmill.train_hooks.loader.permutation import Permutation, derive_keys

SEEDS = st.integers(0, 2**63 - 1)


@settings(max_examples=60, deadline=None)
@given(size=st.integers(1, 1500), seed=SEEDS)
def test_it_is_a_bijection_of_the_range(size: int, seed: int) -> None:
    order = Permutation(size, derive_keys(seed))
    assert sorted(order(i) for i in range(size)) == list(range(size))


@settings(max_examples=200, deadline=None)
@given(size=st.integers(1, 2**62), seed=SEEDS, data=st.data())
def test_the_inverse_undoes_it_at_any_size(size: int, seed: int, data: st.DataObject) -> None:
    order = Permutation(size, derive_keys(seed))
    index = data.draw(st.integers(0, size - 1))
    assert 0 <= order(index) < size
    assert order.inverse(order(index)) == index


@pytest.mark.parametrize("size", [5, 16, 23])
def test_every_place_is_equally_likely_over_keys(size: int) -> None:
    for index in (0, size - 1):
        counts = Counter(Permutation(size, derive_keys(seed, "uniform"))(index) for seed in range(3000))
        assert chisquare([counts[value] for value in range(size)]).pvalue > 1e-4


def test_where_two_neighbours_land_is_independent() -> None:
    size = 6
    pairs: Counter[tuple[int, int]] = Counter()
    for seed in range(6000):
        order = Permutation(size, derive_keys(seed))
        pairs[order(0), order(1)] += 1
    counts = [pairs[a, b] for a in range(size) for b in range(size) if a != b]
    assert sum(counts) == 6000
    assert chisquare(counts).pvalue > 1e-4


def test_it_leaves_few_numbers_in_place() -> None:
    order = Permutation(10_000, derive_keys(17, "epoch", 0))
    assert sum(order(i) == i for i in range(10_000)) < 10
    assert sum(order(i + 1) - order(i) == 1 for i in range(9_999)) < 10


def test_no_two_lists_of_key_parts_are_confused() -> None:
    assert derive_keys(1, "ab") != derive_keys(1, "a", "b")
    assert derive_keys(1, 23) != derive_keys(12, 3)
    assert derive_keys(1, "1") != derive_keys(1, 1)


def test_the_order_is_pinned() -> None:
    """A change of the permutation would silently change every run that is resumed with a newer version."""
    order = Permutation(12, derive_keys(17, "epoch", 0))
    assert [order(i) for i in range(12)] == [0, 3, 10, 7, 11, 8, 9, 6, 2, 5, 1, 4]


def test_numbers_outside_the_range_are_refused() -> None:
    order = Permutation(4, derive_keys(17))
    with pytest.raises(IndexError, match="range"):
        order(4)
    with pytest.raises(IndexError, match="range"):
        order.inverse(-1)
    with pytest.raises(ConfigError, match="at least one"):
        Permutation(0, derive_keys(17))
