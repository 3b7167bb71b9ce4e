"""Which extras a configuration asks for; a new one is one line here."""

from __future__ import annotations

from collections.abc import Sequence

from gristmill.config.config import Config
from gristmill.documents import DOCUMENT_SCHEMA
from gristmill.errors import ConfigError
from gristmill.filters.classifier.classifier import ClassifierScore, resolve_classifier
from gristmill.filters.contamination.configured import configured_decontamination
from gristmill.filters.counts.measure import Signal
from gristmill.filters.edits.table import EDITS
from gristmill.filters.extras import Extra
from gristmill.filters.perplexity import configured_perplexity
from gristmill.filters.rules.rules import RULE_SETS, parse_use
from gristmill.filters.rules.sets.rule_types import ResolvedRule
from gristmill.filters.signals import SIGNALS
from gristmill.filters.url.extra import configured_lists
from gristmill.filters.words.bad_words import word_counts
from gristmill.pipelines.extract import document_kind
from gristmill.pipelines.extras.code_signals import CodeSignals
from gristmill.pipelines.extras.token_ratio import configured_token_ratio


def configured_extras(config: Config) -> tuple[Extra, ...]:
    """The extras of a run, in the order of their columns.

    Raises:
        ConfigError: a list, model or evaluation set that is not there or cannot be read.
    """
    extras: list[Extra] = [word_counts(config.words.lists)]
    if config.url is not None:
        extras.append(configured_lists(config.url))
    if config.classifier is not None:
        section = resolve_classifier(config.classifier)
        extras.append(ClassifierScore(section.path, section.label or ""))
    if config.decontamination is not None:
        extras.append(configured_decontamination(config.decontamination))
    if config.perplexity is not None:
        extras.append(configured_perplexity(config.perplexity))
    rule_sets = {parse_use(entry).rule_set for entry in config.rules.use}
    if "code" in rule_sets or any(document_kind(source) == "code" for source in config.source):
        extras.append(CodeSignals())
    if (tokens := configured_token_ratio(config)) is not None:
        extras.append(tokens)
    return tuple(extras)


def check_signals(rules: tuple[ResolvedRule, ...], extras: tuple[Extra, ...], edited: Sequence[Signal] = ()) -> None:
    """Every rule in force judges a signal that this run measures.

    Args:
        rules: the rules in force.
        extras: what the run measures beside the signals of the text.
        edited: the signals of its edits.

    Raises:
        ConfigError: a rule set is used whose section of the configuration is missing.
    """
    extra = [signal for extra in extras for signal in extra.signals]
    made = {*SIGNALS, *(signal.name for signal in (*extra, *edited))} - set(DOCUMENT_SCHEMA.names)
    for rule in rules:
        if rule.signal not in made:
            name = rule.id.partition(".")[0]
            needs = RULE_SETS[name].needs
            cure = f"the section [{needs}] makes; add [{needs}]"
            if (edit := rule.signal.partition("_cut_")[0]) in EDITS:
                cure = f"the edit {edit!r} makes; add it to edit.use"
            msg = f"rules.use: {rule.id} judges {rule.signal!r}, which {cure}"
            raise ConfigError(msg)
