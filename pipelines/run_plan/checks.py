"""What the parts of a plan want of each other: rules and the choice of copies need numbers that the run measures."""

from __future__ import annotations

from collections.abc import Sequence

from gristmill import storage
from gristmill.config.config import TokenizerSection
from gristmill.config.dedup_config import DedupSection
from gristmill.documents import DOCUMENT_SCHEMA
from gristmill.errors import ConfigError, unknown_name
from gristmill.filters.counts.measure import Signal
from gristmill.filters.edits.table import EDITS
from gristmill.filters.extras import Extra
from gristmill.filters.rules.rules import RULE_SETS
from gristmill.filters.rules.sets.rule_types import ResolvedRule
from gristmill.filters.signals import SIGNALS


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
            needs = RULE_SETS[name].needs if name in RULE_SETS else ""
            cure = f"the section [{needs}] makes; add [{needs}]"
            if not needs:
                cure = "nothing in this run measures; name the plugin that makes it in signals.use"
            if (edit := rule.signal.partition("_cut_")[0]) in EDITS:
                cure = f"the edit {edit!r} makes; add it to edit.use"
            msg = f"rules.use: {rule.id} judges {rule.signal!r}, which {cure}"
            raise ConfigError(msg)


def check_quality_signal(dedup: DedupSection, extras: Sequence[Extra]) -> None:
    """``dedup.keep = "best_quality"`` orders copies by a number that this run measures.

    Raises:
        ConfigError: there is no such number.
    """
    if dedup.keep != "best_quality":
        return
    made: list[Signal] = [*SIGNALS.values(), *(signal for extra in extras for signal in extra.signals)]
    numbers = [signal.name for signal in made if signal.dtype not in {"dictionary", "evidence"}]
    if dedup.quality_signal not in numbers:
        msg = (
            f"dedup.keep = 'best_quality' orders copies by dedup.quality_signal: "
            f"{unknown_name('signal', dedup.quality_signal, numbers)}. A section such as [classifier] makes more"
        )
        raise ConfigError(msg)


def check_tokenizer(tokenizer: TokenizerSection) -> None:
    """A tokenizer that is given is there.

    Raises:
        ConfigError: there is no such file.
    """
    if tokenizer.path is not None and not storage.exists(tokenizer.path):
        msg = f"tokenizer.path: no such file {tokenizer.path!r}; give a Hugging Face tokenizer.json"
        raise ConfigError(msg)
