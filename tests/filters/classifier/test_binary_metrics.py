"""The figures of a classifier against their definitions, written out naively."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.errors import InputError
from gristmill.filters.classifier.binary_metrics import (
    area_under_curve,
    at_threshold,
    calibration_table,
    threshold_for_share,
    threshold_table,
)

LABELLED = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=40)


@given(LABELLED)
def test_the_area_is_the_share_of_pairs_in_order_and_a_tie_is_half(rows: list[tuple[int, bool]]) -> None:
    scores = np.array([score / 7 for score, _ in rows])
    positive = np.array([label for _, label in rows], bool)
    above, below = [s for s, label in rows if label], [s for s, label in rows if not label]
    if not above or not below:
        assert math.isnan(area_under_curve(scores, positive))
        return
    pairs = sum(Fraction(a > b) + Fraction(a == b, 2) for a in above for b in below)
    assert area_under_curve(scores, positive) == float(pairs / (len(above) * len(below)))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(1, 100))
def test_the_threshold_of_a_share_is_the_highest_that_keeps_it(values: list[int], percent: int) -> None:
    scores = np.array(values, float)
    threshold = threshold_for_share(scores, percent / 100)
    enough = [t for t in values if 100 * sum(v >= t for v in values) >= percent * len(values)]
    assert threshold == max(enough)


def test_no_document_has_no_threshold() -> None:
    with pytest.raises(InputError, match="no document"):
        threshold_for_share(np.zeros(0), 0.5)


def test_nothing_kept_is_no_division_by_zero() -> None:
    scores, positive = np.array([0.1, 0.2]), np.array([True, False])
    assert at_threshold(scores, positive, 0.9) == {"precision": 0, "recall": 0, "f1": 0, "kept_share": 0}


def test_tables_count_every_document_once() -> None:
    scores = np.linspace(-0.00001, 1.00001, 101)
    positive = scores > 0.5
    assert sum(row["documents"] for row in calibration_table(scores, positive)) == 101
    table = threshold_table(scores, scores, positive)
    assert all(row["kept_share"] >= row["share"] for row in table)
    assert [row["threshold"] for row in table] == sorted((row["threshold"] for row in table), reverse=True)
