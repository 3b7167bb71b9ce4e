"""The rule that a sweep is about: one in force, or one that a run could use."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from gristmill.errors import ConfigError, unknown_name
from gristmill.filters.rules.rules import RULE_SETS, resolve
from gristmill.filters.rules.sets.rule_types import ResolvedRule, RuleUse


def find_rule(name: str, in_force: Sequence[ResolvedRule]) -> tuple[ResolvedRule, bool]:
    """The rule of a name, and whether it is in force.

    Args:
        name: ``rule_set.rule``, or ``rule_set@variant.rule`` for one that is not in force.
        in_force: the rules of the run.

    Raises:
        ConfigError: no such rule, with the nearest name; or a rule on names, which has no threshold to move.

    >>> rule, used = find_rule("c4@paper.min_sentences", [])
    >>> rule.threshold, used
    (5.0, False)
    """
    for rule in in_force:
        if rule.id == name:
            return _with_number(rule), True
    rule_set, dot, wanted = name.partition(".")
    set_name, at, variant = rule_set.partition("@")
    known = {rule.id for rule in in_force}
    known |= {f"{one}.{rule.name}" for one, rules in RULE_SETS.items() for v in rules.variants.values() for rule in v}
    if not dot or set_name not in RULE_SETS or (at and variant not in RULE_SETS[set_name].variants):
        raise ConfigError(unknown_name("rule", name, known))
    rules = RULE_SETS[set_name]
    order = [variant] if at else [rules.default, *rules.variants]
    for chosen in order:
        for rule in resolve([RuleUse(set_name, chosen)], settings=None):
            if rule.id == f"{set_name}.{wanted}":
                return _with_number(dataclasses.replace(rule)), False
    raise ConfigError(unknown_name("rule", name, known))


def _with_number(rule: ResolvedRule) -> ResolvedRule:
    if isinstance(rule.threshold, tuple):
        message = f"{rule.id} allows {', '.join(rule.threshold)}: it has no number to sweep; sweep another rule"
        raise ConfigError(message)
    return rule
