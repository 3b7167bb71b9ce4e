"""Intervals against published tables, against their defining equations, and against plain arithmetic."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.reports.counts.intervals import Z_95, Stratum, newcombe, share_ratio, stratified_ratio, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [  # Newcombe 1998, Two-sided confidence intervals for the single proportion, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(successes: int, trials: int, low: float, high: float) -> None:
    estimate = wilson(successes, trials)
    assert (round(estimate.low, 4), round(estimate.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [  # Newcombe 1998, Interval estimation for the difference between independent proportions, table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_newcombe_gives_the_published_intervals(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    estimate = newcombe(*first, *second)
    assert (round(estimate.low, 4), round(estimate.high, 4)) == (low, high)


def _score_bound(successes: int, trials: int, *, upper: bool) -> float:
    """The share whose score test just rejects, found by bisection."""
    share = successes / trials
    inside, outside = share, 1.0 if upper else 0.0
    for _ in range(200):
        middle = (inside + outside) / 2
        if abs(share - middle) <= Z_95 * math.sqrt(middle * (1 - middle) / trials):
            inside = middle
        else:
            outside = middle
    return inside


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_bounds_are_the_shares_that_the_score_test_just_accepts(counts: tuple[int, int]) -> None:
    estimate = wilson(*counts)
    assert math.isclose(estimate.low, _score_bound(*counts, upper=False), abs_tol=1e-9)
    assert math.isclose(estimate.high, _score_bound(*counts, upper=True), abs_tol=1e-9)
    assert 0.0 <= estimate.low <= estimate.value <= estimate.high <= 1.0


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="wilson wants"):
        wilson(successes, trials)
    with pytest.raises(ValueError, match="share_ratio wants"):
        share_ratio(1, 2, successes, trials)


_COUNTS = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(_COUNTS, _COUNTS)
def test_the_ratio_of_swapped_groups_is_the_inverse(first: tuple[int, int], second: tuple[int, int]) -> None:
    one, other = share_ratio(*first, *second), share_ratio(*second, *first)
    assert math.isclose(one.value * other.value, 1.0)
    assert math.isclose(one.low * other.high, 1.0)


def test_the_ratio_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = random.Random(5)
    covered = 0
    for _ in range(1500):
        kept = sum(rng.random() < 0.6 for _ in range(60))
        rest = sum(rng.random() < 0.5 for _ in range(150))
        estimate = share_ratio(kept, 60, rest, 150)
        covered += estimate.low <= 1.2 <= estimate.high
    assert 0.93 <= covered / 1500 <= 0.975


_STRATUM = st.tuples(_COUNTS, _COUNTS).map(lambda pair: Stratum(pair[0][0], pair[0][1], pair[1][0], pair[1][1]))


@given(st.lists(_STRATUM, min_size=1, max_size=6))
def test_the_stratified_ratio_is_the_mantel_haenszel_sum_in_exact_arithmetic(strata: list[Stratum]) -> None:
    above = sum(Fraction(s.group_kept * s.rest_documents, s.group_documents + s.rest_documents) for s in strata)
    below = sum(Fraction(s.rest_kept * s.group_documents, s.group_documents + s.rest_documents) for s in strata)
    estimate = stratified_ratio(strata)
    if above == 0 or below == 0:
        assert estimate is None
    else:
        assert estimate is not None
        assert math.isclose(estimate.value, above / below, rel_tol=1e-9)
        assert estimate.low <= estimate.value <= estimate.high


def test_one_stratum_gives_the_ratio_and_the_textbook_interval() -> None:
    estimate = stratified_ratio([Stratum(30, 100, 20, 100)])
    assert estimate is not None
    half = Z_95 * math.sqrt(1 / 30 - 1 / 100 + 1 / 20 - 1 / 100)  # Katz et al. 1978
    assert math.isclose(estimate.value, 1.5)
    assert math.isclose(estimate.low, 1.5 * math.exp(-half))
    assert math.isclose(estimate.high, 1.5 * math.exp(half))


def test_a_difference_that_length_alone_explains_disappears_within_strata() -> None:
    short, long = Stratum(9, 10, 900, 1000), Stratum(450, 900, 50, 100)
    plain = share_ratio(9 + 450, 910, 900 + 50, 1100)
    adjusted = stratified_ratio([short, long])
    assert adjusted is not None
    assert plain.high < 0.8
    assert math.isclose(adjusted.value, 1.0)
