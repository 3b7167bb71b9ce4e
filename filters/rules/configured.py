"""The rules that the sections of a configuration ask for, as a run plans them and as it recorded them."""

from __future__ import annotations

import dataclasses

from gristmill.config.filter_config import ClassifierSection, LanguageSection, RulesSection
from gristmill.filters.rules.plugins import plugin_rule_sets
from gristmill.filters.rules.rules import RULE_SETS, parse_use, resolve
from gristmill.filters.rules.sets.rule_types import ResolvedRule


def configured_rules(
    rules: RulesSection, language: LanguageSection, classifier: ClassifierSection | None, *, complete: bool = True
) -> tuple[ResolvedRule, ...]:
    """The rules of a configuration with their thresholds, in the order they are reported.

    Args:
        rules: ``[rules]``.
        language: ``[language]``, which makes rules of its own.
        classifier: ``[classifier]``, as `gristmill.filters.classifier.classifier.resolve_classifier` left it.
        complete: refuse a rule whose threshold a model's card has yet to say.

    Raises:
        ConfigError: an unknown rule set, variant or threshold, or a threshold that is missing.
        PluginError: a rule set of another package is not whole.
    """
    settings: dict[str, float] | None = {}
    if classifier is not None and classifier.threshold is not None:
        settings = {"classifier.threshold": classifier.threshold}
    elif not complete:
        settings = None
    plugins = plugin_rule_sets(rules.use)
    rule_sets = RULE_SETS | {name: rule_set for name, (rule_set, _) in plugins.items()}
    resolved = resolve(
        [parse_use(entry, rule_sets) for entry in rules.use],
        keep_languages=language.keep,
        min_language_score=language.min_score,
        min_language_scores=language.min_scores,
        min_script_share=language.min_script_share,
        settings=settings,
        rule_sets=rule_sets,
    )
    keys = {rule_set.name: tuple(plugin.key()) for rule_set, plugin in plugins.values()}
    return tuple(dataclasses.replace(rule, plugin=keys.get(rule.id.partition(".")[0], ())) for rule in resolved)
