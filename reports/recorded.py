"""What a run was made with, from its own ``run.json``: for those who ask a run, not for those who make one.

Nothing that the configuration names is opened, because models, lists and inputs may have gone since.
"""

from __future__ import annotations

import dataclasses

from gristmill.config.config import Config
from gristmill.config.dedup_config import DedupSection
from gristmill.filters.rules.configured import configured_rules
from gristmill.filters.rules.sets.rule_types import ResolvedRule
from gristmill.runs import RunDirectory


@dataclasses.dataclass(frozen=True)
class RecordedRun:
    """The part of a finished or unfinished run's plan that its readers need.

    Attributes:
        run: its directory.
        rules: the rules in force, in the order they are reported.
        max_rule_share: share of the documents it judges above which a rule is named as a warning.
        dedup: its section of the configuration.
        cuts: folder of the cuts in force on its texts; empty if none are.
    """

    run: RunDirectory
    rules: tuple[ResolvedRule, ...]
    max_rule_share: float
    dedup: DedupSection
    cuts: str


def recorded_run(uri: str) -> RecordedRun:
    """What the run in a directory was made with.

    Raises:
        RunDirectoryError: it is not a run directory.
        ConfigError: its configuration names a rule that this version does not know.
    """
    run = RunDirectory(uri)
    state = run.read_state()
    config = Config.model_validate(state["config"])
    return RecordedRun(
        run=run,
        rules=configured_rules(config.rules, config.language, config.classifier),
        max_rule_share=config.rules.max_share,
        dedup=config.dedup,
        cuts=str(state.get("cuts", "")),
    )
