from __future__ import annotations

import pytest

from gristmill.errors import ConfigError
from gristmill.filters.rules.rules import RULE_SETS, parse_use, resolve
from gristmill.filters.rules.sets.rule_types import RuleUse
from gristmill.filters.signals import SIGNALS


def test_every_rule_judges_a_signal_and_names_its_source_and_direction() -> None:
    for rule_set in RULE_SETS.values():
        assert rule_set.default in rule_set.variants
        assert set(rule_set.notes) == set(rule_set.variants)
        assert rule_set.kinds
        judged = {rule.signal for rules in rule_set.variants.values() for rule in rules}
        assert bool(judged - set(SIGNALS)) is bool(rule_set.needs)
        for rules in rule_set.variants.values():
            assert len({rule.name for rule in rules}) == len(rules)
            for rule in rules:
                assert rule.signal in SIGNALS or rule_set.needs
                assert rule.source
                assert rule.name.startswith(("min_", "max_"))


def test_a_bare_name_means_the_default_variant() -> None:
    assert parse_use("gopher_quality") == RuleUse("gopher_quality")
    assert resolve([parse_use("c4")]) == resolve([parse_use("c4@tfds")])
    assert resolve([parse_use("c4")]) != resolve([parse_use("c4@paper")])


def test_thresholds_of_the_papers() -> None:
    rules = resolve([parse_use(name) for name in RULE_SETS])
    found: dict[str, tuple[object, object]] = {rule.id: (rule.comparison, rule.threshold) for rule in rules}
    assert found["gopher_quality.min_words"] == ("min", 50)
    assert found["gopher_quality.max_words"] == ("max", 100_000)
    assert found["gopher_repetition.max_duplicate_10gram_chars"] == ("max", 0.10)
    assert found["gopher_repetition.max_top_3gram_chars"] == ("max", 0.18)
    assert found["c4.min_sentences"] == ("min", 3)
    assert found["fineweb.max_short_lines"] == ("max", 0.67)
    assert found["code.min_alphanumeric"] == ("min", 0.25)


def test_a_table_changes_thresholds_and_kinds_and_says_so() -> None:
    use = parse_use({"name": "gopher_quality", "variant": "paper", "thresholds": {"min_words": 40}, "kinds": ["book"]})
    rules = {rule.id: rule for rule in resolve([use])}
    assert rules["gopher_quality.min_words"].threshold == 40
    assert rules["gopher_quality.min_words"].source == "configuration"
    assert rules["gopher_quality.max_words"].threshold == 100_000
    assert all(rule.kinds == ("book",) for rule in rules.values())


def test_language_rules_come_first_and_only_when_asked_for() -> None:
    rules = resolve([parse_use("code")], keep_languages=["en", "de"], min_language_score=0.65)
    assert [rule.id for rule in rules[:2]] == ["language.keep", "language.min_score"]
    assert rules[0].threshold == ("en", "de")
    assert "code" not in rules[0].kinds
    assert [rule.id for rule in resolve([])] == []


def test_languages_may_have_their_own_threshold() -> None:
    [rule] = resolve([], min_language_score=0.65, min_language_scores={"sw": 0.3, "en": 0.8})
    assert (rule.threshold, rule.by_language) == (0.65, (("en", 0.8), ("sw", 0.3)))
    assert resolve([], min_language_scores={"sw": 0.3})[0].threshold == 0
    with pytest.raises(ConfigError, match=r"min_scores\.sw must be a probability"):
        resolve([], min_language_scores={"sw": 30})


def test_the_script_rule_and_the_language_rule_set() -> None:
    [rule] = resolve([], min_script_share=0.5)
    assert (rule.id, rule.signal, rule.threshold) == ("language.min_script_share", "script_share", 0.5)
    assert [rule.threshold for rule in resolve([parse_use("language@ccnet")])] == [0.5]
    with pytest.raises(ConfigError, match="set it in one of them"):
        resolve([parse_use("language")], min_language_score=0.5)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("gopher_qualty", "did you mean 'gopher_quality'"),
        ("c4@tdfs", "did you mean 'tfds'"),
        ("c4@", "variant"),
        ({"name": "c4", "threshold": {}}, "did you mean 'thresholds'"),
        ({"variant": "tfds"}, "needs name"),
        ({"name": "c4", "variant": 3}, "must be a string"),
        ({"name": "c4", "thresholds": {"min_sentence": 3}}, "did you mean 'min_sentences'"),
        ({"name": "c4", "thresholds": {"min_sentences": "3"}}, "finite number"),
        ({"name": "c4", "thresholds": {"min_sentences": True}}, "finite number"),
        ({"name": "c4", "thresholds": {"min_sentences": float("nan")}}, "finite number"),
        ({"name": "c4", "thresholds": 3}, "must be a table"),
        ({"name": "c4", "kinds": "web"}, "must be a list"),
        ({"name": "c4", "kinds": ["webb"]}, "did you mean 'web'"),
    ],
)
def test_a_wrong_entry_is_refused_with_the_cure(entry: str | dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_use(entry)


def test_a_rule_set_listed_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="twice"):
        resolve([parse_use("c4"), parse_use("c4@paper")])
