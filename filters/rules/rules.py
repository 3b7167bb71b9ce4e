"""Rule sets by name: each variant's thresholds on signals, with the source of every number, in one table.

A document passes a rule when its signal is at least a ``min_`` threshold or at most a ``max_`` threshold. Rules keep no
text and read none: `gristmill.filters.signals` measures, `gristmill.filters.rules.decide` compares. The numbers stand
in ``filters/rules/sets/``, one file a family; a new rule set is one new file there and one line here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from gristmill.errors import ConfigError, unknown_name
from gristmill.filters.rules.sets import (
    bad_words,
    c4,
    classifier,
    decontamination,
    fineweb,
    gopher,
    language,
    perplexity,
    pii,
    refinedweb,
    source_code,
    url,
)
from gristmill.filters.rules.sets.rule_types import ResolvedRule, Rule, RuleSet, RuleUse
from gristmill.filters.use_lists import Entry, UseList, check_kinds

RULE_SETS: dict[str, RuleSet] = {
    rule_set.name: rule_set
    for rule_set in (
        language.LANGUAGE,
        gopher.QUALITY,
        gopher.REPETITION,
        c4.C4,
        fineweb.FINEWEB,
        refinedweb.REFINEDWEB,
        source_code.CODE,
        source_code.CODE_TOKENS,
        url.URL,
        pii.PII,
        classifier.CLASSIFIER,
        decontamination.DECONTAMINATION,
        bad_words.BAD_WORDS,
        perplexity.PERPLEXITY,
    )
}
"""Every rule set by name."""

LANGUAGE_RULES = ("language.keep", "language.min_score", "language.min_script_share")
"""Ids of the rules that the ``[language]`` section makes; they judge web pages and books, and come first."""


def _uses(rule_sets: Mapping[str, RuleSet]) -> UseList:
    return UseList("rules.use", "rule set", rule_sets, ("name", "variant", "thresholds", "kinds"))


def parse_use(entry: Entry, rule_sets: Mapping[str, RuleSet] = RULE_SETS) -> RuleUse:
    """Reads one entry of ``rules.use``: a name, ``name@variant``, or a table.

    Args:
        entry: ``"gopher_quality"``, ``"c4@paper"``, or a mapping with ``name`` and optionally ``variant``,
            ``thresholds`` (rule name to number) and ``kinds``.
        rule_sets: the rule sets there are, by name.

    Raises:
        ConfigError: an unknown rule set, variant, rule, kind or key, or a threshold that is not a finite number.

    >>> parse_use("c4@paper")
    RuleUse(rule_set='c4', variant='paper', thresholds={}, kinds=())
    >>> parse_use({"name": "gopher_quality", "thresholds": {"min_words": 40}}).thresholds
    {'min_words': 40.0}
    """
    uses = _uses(rule_sets)
    rule_set, variant, table = uses.read(entry)
    thresholds = table.get("thresholds", {})
    if not isinstance(thresholds, Mapping):
        message = f"thresholds of rule set {rule_set!r} must be a table such as {{min_words = 40}}, got {thresholds!r}"
        raise ConfigError(message)
    kinds = uses.kinds(rule_set, table)
    numbers = {str(rule): _number(rule_set, str(rule), value) for rule, value in thresholds.items()}
    return _checked(RuleUse(rule_set, variant, numbers, kinds), rule_sets)


def _number(rule_set: str, rule: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        message = f"threshold {rule_set}.{rule} must be a finite number, got {value!r}"
        raise ConfigError(message)
    return float(value)


def _checked(use: RuleUse, rule_sets: Mapping[str, RuleSet]) -> RuleUse:
    """The same use, if all its names exist."""
    variant = _uses(rule_sets).variant(use.rule_set, use.variant)
    rules = [rule.name for rule in rule_sets[use.rule_set].variants[variant]]
    for name in use.thresholds:
        if name not in rules:
            raise ConfigError(unknown_name(f"threshold of {use.rule_set}@{variant}", name, rules))
    check_kinds(use.kinds)
    return use


def resolve(
    uses: Sequence[RuleUse],
    *,
    keep_languages: Sequence[str] = (),
    min_language_score: float = 0.0,
    min_language_scores: Mapping[str, float] | None = None,
    min_script_share: float = 0.0,
    settings: Mapping[str, float] | None = None,
    rule_sets: Mapping[str, RuleSet] = RULE_SETS,
) -> tuple[ResolvedRule, ...]:
    """The rules of a run, in the order in which they are reported: language first, then as listed.

    Args:
        uses: entries of ``rules.use``.
        keep_languages: languages to keep; empty keeps all.
        min_language_score: least probability of the language; 0 asks for none.
        min_language_scores: least probability for single languages, in place of ``min_language_score``.
        min_script_share: least share of letters in a script of the language; 0 asks for none.
        settings: thresholds that stand elsewhere in the configuration, by key; a rule that names a key takes its value.
            None lists the rules as the table has them.
        rule_sets: the rule sets there are, by name.

    Raises:
        ConfigError: an unknown name, a rule set listed twice, a rule that both a section and ``rules.use`` give, or a
            setting that is not there.

    >>> [rule.id for rule in resolve([parse_use("c4@paper")], keep_languages=["en"])][:2]
    ['language.keep', 'c4.min_sentences']
    """
    found = _language_rules(keep_languages, min_language_score, min_language_scores or {}, min_script_share)
    checked = [_checked(use, rule_sets) for use in uses]
    _uses(rule_sets).check_once([rule_sets[use.rule_set].name for use in checked])
    for use in checked:
        rule_set = rule_sets[use.rule_set]
        for rule in rule_set.variants[rule_set.default if use.variant is None else use.variant]:
            changed = rule.name in use.thresholds
            threshold = use.thresholds[rule.name] if changed else _threshold(rule_set, rule, settings)
            found.append(
                ResolvedRule(
                    id=f"{rule_set.name}.{rule.name}",
                    signal=rule.signal,
                    comparison=rule.comparison,
                    threshold=float(threshold),
                    kinds=use.kinds or rule_set.kinds,
                    source="configuration" if changed else rule.source,
                    languages=rule.languages,
                    not_measured=rule.not_measured,
                )
            )
    ids = [judge.id for judge in found]
    for name in ids:
        if ids.count(name) > 1:
            message = f"{name} is asked for by the section [language] and by rules.use; set it in one of them"
            raise ConfigError(message)
    return tuple(found)


def _language_rules(
    keep: Sequence[str], score: float, scores: Mapping[str, float], script_share: float
) -> list[ResolvedRule]:
    """What the ``[language]`` section asks for."""
    spoken = language.LANGUAGE.kinds
    found = []
    if keep:
        found.append(ResolvedRule("language.keep", "language", "in", tuple(keep), spoken, "language.keep"))
    if score > 0 or scores:
        by_language = tuple(sorted((code, float(least)) for code, least in scores.items()))
        for code, least in by_language:
            if not 0 <= least <= 1:
                message = f"language.min_scores.{code} must be a probability from 0 to 1, got {least:g}"
                raise ConfigError(message)
        source = "language.min_scores" if scores else "language.min_score"
        found.append(
            ResolvedRule(
                "language.min_score", "language_score", "min", float(score), spoken, source, by_language=by_language
            )
        )
    if script_share > 0:
        source, least = "language.min_script_share", float(script_share)
        found.append(ResolvedRule("language.min_script_share", "script_share", "min", least, spoken, source))
    return found


def _threshold(rule_set: RuleSet, rule: Rule, settings: Mapping[str, float] | None) -> float:
    if not rule.setting or settings is None:
        return rule.threshold
    if rule.setting not in settings:
        message = (
            f"rule {rule_set.name}.{rule.name} has no threshold: it is {rule.setting}, or in the file beside the "
            f"model; set it, or thresholds = {{{rule.name} = ...}}, or use another variant "
            f"({', '.join(rule_set.variants)})"
        )
        raise ConfigError(message)
    return settings[rule.setting]
