from __future__ import annotations

from gristmill.filters.rules.rules import RULE_SETS
from gristmill.filters.signals import SIGNALS
from tests.places import filter_pages

PAGE = filter_pages()


def test_the_page_has_every_signal_as_the_code_defines_it() -> None:
    for signal in SIGNALS.values():
        row = (f"`{signal.name}`", signal.unit, signal.range, signal.definition, signal.source)
        assert f"| {' | '.join(row)} |" in PAGE


def test_the_page_has_every_rule_with_its_threshold_and_source() -> None:
    for rule_set in RULE_SETS.values():
        assert f"\n## `{rule_set.name}`\n" in PAGE or f"\n### `{rule_set.name}`\n" in PAGE
        for variant, rules in rule_set.variants.items():
            section = PAGE.split(f"`{rule_set.name}@{variant}`: ")[1].split("\n\n")[1]
            assert len(section.splitlines()) == len(rules) + 2
            for rule in rules:
                assert f"| `{rule.name}` | `{rule.signal}` | {rule.threshold:g}" in section
                assert rule.source in section
