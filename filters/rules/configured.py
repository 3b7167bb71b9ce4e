"""The rules of a whole configuration: what every stage and command that names rules asks for."""

from __future__ import annotations

from gristmill.config.config import Config
from gristmill.filters.classifier.classifier import resolve_classifier
from gristmill.filters.rules.rules import parse_use, resolve
from gristmill.filters.rules.sets.rule_types import ResolvedRule


def configured_rules(config: Config, *, complete: bool = True) -> tuple[ResolvedRule, ...]:
    """The rules of a configuration with their thresholds, in the order they are reported.

    Args:
        config: a run's configuration, as `with_model_settings` left it.
        complete: refuse a rule whose threshold a model's card has yet to say.

    Raises:
        ConfigError: an unknown rule set, variant or threshold, or a threshold that is missing.
    """
    settings: dict[str, float] | None = {}
    if config.classifier is not None and config.classifier.threshold is not None:
        settings = {"classifier.threshold": config.classifier.threshold}
    elif not complete:
        settings = None
    return resolve(
        [parse_use(entry) for entry in config.rules.use],
        keep_languages=config.language.keep,
        min_language_score=config.language.min_score,
        min_language_scores=config.language.min_scores,
        min_script_share=config.language.min_script_share,
        settings=settings,
    )


def with_model_settings(config: Config) -> Config:
    """The configuration with what the files beside its models say filled in, so that no later step reads those files.

    Raises:
        ConfigError: a model is not there, is not what it should be, or does not have the label asked for.
    """
    if config.classifier is None:
        return config
    return config.model_copy(update={"classifier": resolve_classifier(config.classifier)})
