from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import ConfigError
from gristmill.filters.rules.outcomes import Outcome
from gristmill.reports.checks.rule_counts import rule_warnings
from gristmill.reports.sweep.sweep import Judged, default_thresholds, sweep
from gristmill.reports.sweep.sweep_page import sweep_page
from gristmill.reports.sweep.swept_rule import find_rule

_VALUE = st.integers(-3, 12)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(_VALUE, st.booleans()), max_size=30),
    st.lists(st.one_of(_VALUE, st.floats(-4, 13)), max_size=6),
    st.sampled_from(["min", "max"]),
    st.sampled_from([np.int64, np.float64, np.float32]),
    st.integers(0, 3),
)
def test_counts_are_those_of_judging_every_document_at_every_threshold(
    rows: list[tuple[int, bool]], thresholds: list[float], comparison: str, dtype: type, unjudged: int
) -> None:
    values: np.ndarray = np.array([value for value, _ in rows], dtype)
    others = np.array([passes for _, passes in rows], bool)
    judged = Judged(len(rows) + unjudged, int(others.sum()) + unjudged, values, others)
    for threshold, point in zip(thresholds, sweep(judged, comparison, thresholds), strict=True):
        failing = values < threshold if comparison == "min" else values > threshold
        assert point.alone == len(rows) + unjudged - int(failing.sum())
        assert point.together == int((others & ~failing).sum()) + unjudged


def test_default_thresholds_hold_the_current_one_and_fit_the_signal() -> None:
    counts = default_thresholds(np.arange(1000), 50.0)
    assert 50 in counts
    assert all(float(value).is_integer() for value in counts)
    shares = default_thresholds(np.linspace(0, 1, 500), 0.8)
    assert 0.8 in shares
    assert max(shares) <= 1
    assert default_thresholds(np.zeros(0), 0.0) == [0.0]


def test_a_rule_is_found_in_force_by_variant_or_not_at_all() -> None:
    assert find_rule("c4@paper.min_sentences", [])[0].signal == "c4_paper_sentence_count"
    assert find_rule("c4.min_sentences", [])[0].signal == "c4_sentence_count"
    with pytest.raises(
        ConfigError, match=r"unknown rule 'gopher_quality\.min_wrods'; did you mean 'gopher_quality\.min_w"
    ):
        find_rule("gopher_quality.min_wrods", [])
    for name in ("min_words", "nothing.min_words", "c4@tdfs.min_sentences"):
        with pytest.raises(ConfigError, match="unknown rule"):
            find_rule(name, [])


def test_silent_idle_and_greedy_rules_are_named() -> None:
    outcomes = {
        "a": Outcome(10, 0, 0, 0),
        "b": Outcome(0, 0, 0, 0),
        "c": Outcome(10, 5, 5, 5),
        "d": Outcome(4, 3, 0, 0),
    }
    silent, idle, greedy = rule_warnings(outcomes, 0.5)
    assert "never fired: a" in silent
    assert "no document of their kind or language: b" in idle
    assert "rule d fails 3 of the 4" in greedy


def test_the_page_marks_the_threshold_in_force_and_escapes_names() -> None:
    row = {"threshold": 50.0, "current": True, "alone": 3, "alone_share": 0.75, "together": 2, "together_share": 0.5}
    page = sweep_page("t", "about", {"<b>": [row]})
    assert "50 (in force)" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
