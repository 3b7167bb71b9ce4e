from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import ConfigError, InputError
from gristmill.filters.rules.decide import DECISION_SCHEMA, decide
from gristmill.filters.rules.rules import RULE_SETS, parse_use, resolve
from gristmill.filters.rules.sets.rule_types import ResolvedRule
from gristmill.filters.signals import signals

LEAST = ResolvedRule("a.min_words", "words", "min", 2.0, ("web", "book"), "none")
MOST = ResolvedRule("a.max_ratio", "ratio", "max", 0.1, ("web",), "none")
KEEP = ResolvedRule("language.keep", "language", "in", ("en",), ("web", "book"), "none")
ENGLISH = ResolvedRule("b.min_words", "words", "min", 3.0, ("web",), "none", languages=("en",))
RULES = (KEEP, LEAST, MOST, ENGLISH)


def table(words: list[int], ratios: list[float], languages: list[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {
            "language": pa.array(languages, pa.string()).dictionary_encode(),
            "words": pa.array(words, pa.int64()),
            "ratio": pa.array(ratios, pa.float64()),
        }
    )


def failures(batch: pa.RecordBatch, kinds: list[str], rules: tuple[ResolvedRule, ...] = RULES) -> list[list[str]]:
    decided = decide(batch, pa.array(kinds, pa.string()), rules)
    assert decided.schema.equals(DECISION_SCHEMA)
    found: list[list[str]] = decided.column("failed_rules").to_pylist()
    return found


def test_every_failing_rule_is_listed_in_rule_order() -> None:
    batch = table([1, 5, 2, 0], [0.5, 0.1, 0.2, 0.0], ["de", "en", "en", "en"])
    assert failures(batch, ["web"] * 4) == [
        ["language.keep", "a.min_words", "a.max_ratio"],
        [],
        ["a.max_ratio", "b.min_words"],
        ["a.min_words", "b.min_words"],
    ]


def test_a_threshold_itself_passes() -> None:
    assert failures(table([2, 3], [0.1, 1 / 10], ["en", "en"]), ["book", "web"]) == [[], []]


def test_rules_judge_their_kinds_only() -> None:
    batch = table([0, 0, 0], [1.0, 1.0, 1.0], ["de", "de", "de"])
    assert failures(batch, ["web", "book", "code"]) == [
        ["language.keep", "a.min_words", "a.max_ratio"],
        ["language.keep", "a.min_words"],
        [],
    ]


def test_kinds_may_be_a_dictionary_and_names_outside_it_do_not_matter() -> None:
    batch = table([0], [0.0], ["en"])
    kinds = pa.DictionaryArray.from_arrays(pa.array([1], pa.int32()), pa.array(["code", "web"]))
    assert decide(batch, kinds, RULES).column(0).to_pylist() == [["a.min_words", "b.min_words"]]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 4),
            st.floats(0, 0.3, allow_nan=False),
            st.sampled_from(["en", "de", "unknown"]),
            st.sampled_from(["web", "book", "code"]),
        ),
        max_size=40,
    )
)
def test_decisions_equal_judging_one_document_at_a_time(rows: list[tuple[int, float, str, str]]) -> None:
    batch = table([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])
    expected = [
        [
            rule.id
            for rule, failed in (
                (KEEP, language != "en" and kind != "code"),
                (LEAST, words < 2 and kind != "code"),
                (MOST, ratio > 0.1 and kind == "web"),
                (ENGLISH, words < 3 and kind == "web" and language == "en"),
            )
            if failed
        ]
        for words, ratio, language, kind in rows
    ]
    assert failures(batch, [row[3] for row in rows]) == expected


def test_a_language_may_have_its_own_threshold() -> None:
    rule = ResolvedRule("a.min_words", "words", "min", 3.0, ("web",), "none", by_language=(("de", 1.0), ("sw", 9.0)))
    batch = table([2, 2, 8, 9, 3], [0.0] * 5, ["en", "de", "sw", "sw", "unknown"])
    assert [bool(found) for found in failures(batch, ["web"] * 5, (rule,))] == [True, False, True, False, False]


def test_no_rules_and_no_rows() -> None:
    assert failures(table([0], [1.0], ["de"]), ["web"], ()) == [[]]
    assert failures(table([], [], []), []) == []


def test_the_dictionary_holds_all_rules_whether_they_fired_or_not() -> None:
    decided = decide(table([9], [0.0], ["en"]), pa.array(["web"]), RULES)
    assert decided.column("failed_rules").values.dictionary.to_pylist() == [rule.id for rule in RULES]


def test_a_rule_does_not_judge_where_its_signal_is_not_measured() -> None:
    rules = [
        ResolvedRule("a.min_x", "x", "min", 0.01, ("web",), "none", not_measured=-1),
        ResolvedRule("a.min_y", "x", "min", 0.01, ("web",), "none"),
    ]
    batch = pa.RecordBatch.from_pydict({"x": [-1.0, 0.0, 0.5]})
    failed = decide(batch, pa.array(["web"] * 3), rules).column("failed_rules").to_pylist()
    assert failed == [["a.min_y"], ["a.min_x", "a.min_y"], []]


def test_a_missing_signal_a_null_and_a_wrong_length_are_refused() -> None:
    batch = table([1], [0.0], ["en"])
    other = ResolvedRule("c.max_x", "x", "max", 1.0, ("web",), "none")
    with pytest.raises(ConfigError, match="'x'"):
        decide(batch, pa.array(["web"]), [other])
    with pytest.raises(InputError, match="kinds has 2 values for 1 rows"):
        decide(batch, pa.array(["web", "web"]), RULES)
    with pytest.raises(InputError, match="null in 1 rows"):
        decide(pa.RecordBatch.from_pydict({"x": pa.array([None], pa.float64())}), pa.array(["web"]), [other])


def test_rules_on_real_signals_remove_what_they_say() -> None:
    prose = "The miller takes the grain to the stones, and he waits there with patience. " * 8
    stutter = "buy cheap flour now at the best mill " * 40
    batch = signals(pa.array([prose + "It is ground. It is sold. Then they have bread.", stutter, "{}" * 40]))
    every_run_has = [parse_use(name) for name, rule_set in RULE_SETS.items() if not rule_set.needs]
    rules = resolve([*every_run_has, parse_use("code@lines")], keep_languages=["en"])
    verdicts = decide(batch, pa.array(["web", "web", "code"]), rules).column("failed_rules").to_pylist()
    assert "gopher_quality.min_words" not in verdicts[0]
    assert {"gopher_repetition.max_duplicate_5gram_chars", "c4.min_sentences", "fineweb.min_terminal_lines"} <= set(
        verdicts[1]
    )
    assert verdicts[2] == ["code.min_alphanumeric"]
