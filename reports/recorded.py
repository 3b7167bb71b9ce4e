"""What a run was made with, from its own ``run.json``: for those who ask a run, not for those who make one.

Nothing that the configuration names is opened, because models, lists and inputs may have gone since.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from gristmill.config.config import Config
from gristmill.config.dedup_config import DedupSection
from gristmill.errors import RunDirectoryError
from gristmill.filters.rules.configured import configured_rules
from gristmill.filters.rules.sets.rule_types import ResolvedRule
from gristmill.runs import RunDirectory
from gristmill.version import VERSION


@dataclasses.dataclass(frozen=True)
class RecordedRun:
    """The part of a finished or unfinished run's plan that its readers need.

    Attributes:
        run: its directory.
        rules: the rules in force, in the order they are reported.
        max_rule_share: share of the documents it judges above which a rule is named as a warning.
        dedup: its section of the configuration.
        cuts: folder of the cuts in force on its texts; empty if none are.
        panels: names of the report's panels of other packages.
    """

    run: RunDirectory
    rules: tuple[ResolvedRule, ...]
    max_rule_share: float
    dedup: DedupSection
    cuts: str
    panels: tuple[str, ...]


def recorded_run(uri: str) -> RecordedRun:
    """What the run in a directory was made with.

    Raises:
        RunDirectoryError: it is not a run directory, or its configuration has keys of another version.
        ConfigError: its configuration names a rule that this version does not know.
    """
    run = RunDirectory(uri)
    state = run.read_state()
    try:
        config = Config.model_validate(state["config"])
    except ValidationError as error:
        keys = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors())
        msg = (
            f"{run.uri} was made by gristmill {state.get('gristmill')}, and this is {VERSION}, which does not know its "
            f"configuration ({keys}); ask it with that version, or run its configuration again with this one"
        )
        raise RunDirectoryError(msg) from error
    return RecordedRun(
        run=run,
        rules=_rules(state, config),
        max_rule_share=config.rules.max_share,
        dedup=config.dedup,
        cuts=str(state.get("cuts", "")),
        panels=config.report.panels,
    )


def _rules(state: Mapping[str, Any], config: Config) -> tuple[ResolvedRule, ...]:
    """The rules that the run recorded; of a run that recorded none yet, those of its configuration."""
    if "rules" not in state:
        return configured_rules(config.rules, config.language, config.classifier)
    return tuple(
        ResolvedRule(
            **rule
            | {name: tuple(rule[name]) for name in ("kinds", "languages", "plugin")}
            | {"by_language": tuple((code, least) for code, least in rule["by_language"])}
            | ({"threshold": tuple(rule["threshold"])} if rule["comparison"] == "in" else {})
        )
        for rule in state["rules"]
    )
