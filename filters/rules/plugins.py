"""Rule sets of other packages, beside those of `gristmill.filters.rules.rules`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from gristmill.documents import KINDS
from gristmill.filters.rules.rules import RULE_SETS
from gristmill.filters.rules.sets.rule_types import Rule, RuleSet
from gristmill.plugins import Plugin, find_plugin, made, refuse


def plugin_rule_sets(entries: Iterable[str | Mapping[str, Any]]) -> dict[str, tuple[RuleSet, Plugin]]:
    """The rule sets that entries of ``rules.use`` name and this package does not have, by the name they give.

    Args:
        entries: as `gristmill.filters.rules.rules.parse_use` takes them.

    Raises:
        PluginError: nothing is called so, or what is called so is no whole rule set.

    >>> plugin_rule_sets(["c4", "gopher_quality@paper"])
    {}
    """
    found: dict[str, tuple[RuleSet, Plugin]] = {}
    for entry in entries:
        name = entry.partition("@")[0] if isinstance(entry, str) else entry.get("name")
        if isinstance(name, str) and name not in RULE_SETS and name not in found:
            plugin = find_plugin("rules", name, RULE_SETS)
            found[name] = (_checked(plugin, made(plugin, RuleSet)), plugin)
    return found


def _checked(plugin: Plugin, rule_set: RuleSet) -> RuleSet:
    if rule_set.name in RULE_SETS or (":" not in plugin.name and rule_set.name != plugin.name):
        wanted = f"{plugin.name!r}" if ":" not in plugin.name else "a name of its own"
        refuse(plugin, f"wanted a rule set called {wanted}, got one called {rule_set.name!r}")
    if rule_set.default not in rule_set.variants:
        refuse(plugin, f"its default variant {rule_set.default!r} is none of {', '.join(sorted(rule_set.variants))}")
    for kind in rule_set.kinds:
        if kind not in KINDS:
            refuse(plugin, f"wanted kinds of document among {', '.join(KINDS)}, got {kind!r}")
    for variant, rules in rule_set.variants.items():
        for rule in rules:
            if not isinstance(rule, Rule) or not rule.name.startswith(("min_", "max_")):
                refuse(plugin, f"variant {variant!r} wants Rules called min_… or max_…, got {rule!r}")
            if not math.isfinite(rule.threshold):
                refuse(plugin, f"the threshold of {rule.name!r} must be a finite number, got {rule.threshold!r}")
    return rule_set
