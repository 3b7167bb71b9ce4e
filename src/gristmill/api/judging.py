"""Rules by their names: what `gristmill.decide` judges signals by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gristmill.config.config_errors import checked
from gristmill.config.filter_config import LanguageSection, RulesSection
from gristmill.filters.rules.configured import configured_rules
from gristmill.filters.rules.sets.rule_types import ResolvedRule


def rules(*use: str | Mapping[str, Any], language: Mapping[str, Any] | None = None) -> tuple[ResolvedRule, ...]:
    """The rules that a configuration with these entries would have in force.

    Args:
        use: entries of ``rules.use``: ``"c4"``, ``"gopher_quality@paper"``, ``{"name": …, "thresholds": {…}}``.
        language: keys of ``[language]``, such as ``{"keep": ["en"], "min_score": 0.65}``.

    Raises:
        ConfigError: an unknown rule set, variant or threshold.

    >>> [rule.id for rule in rules("c4", language={"keep": ["en"]})][:2]
    ['language.keep', 'c4.max_chars']
    """
    section = checked(RulesSection, {"use": use}, "rules")
    return configured_rules(section, checked(LanguageSection, language or {}, "language"), None)
