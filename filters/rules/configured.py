"""The rules that the sections of a configuration ask for, as a run plans them and as it recorded them."""

from __future__ import annotations

from gristmill.config.filter_config import ClassifierSection, LanguageSection, RulesSection
from gristmill.filters.rules.rules import parse_use, resolve
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
    """
    settings: dict[str, float] | None = {}
    if classifier is not None and classifier.threshold is not None:
        settings = {"classifier.threshold": classifier.threshold}
    elif not complete:
        settings = None
    return resolve(
        [parse_use(entry) for entry in rules.use],
        keep_languages=language.keep,
        min_language_score=language.min_score,
        min_language_scores=language.min_scores,
        min_script_share=language.min_script_share,
        settings=settings,
    )
