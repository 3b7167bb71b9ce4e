"""The plan of one run: its configuration resolved once, before anything is written, into what each stage needs.

::

    Config ─▶ resolve_run ─▶ RunPlan ─▶ extract   sources
                                     ─▶ edit      edits
                                     ─▶ annotate  extras, language_model
                                     ─▶ decide    rules
                                     ─▶ dedup     dedup
                                     ─▶ tokenize  tokens
                                     ─▶ report    report

Whatever can be known to be wrong without reading an input is found here. No stage sees the configuration.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from gristmill.config.config import Config, SourceSection
from gristmill.filters.classifier.classifier import resolve_classifier
from gristmill.filters.contamination.configured import configured_decontamination
from gristmill.filters.edits.edit_types import PlannedEdit
from gristmill.filters.extras import Extra, extra_notes
from gristmill.filters.rules.configured import configured_rules
from gristmill.filters.rules.rules import RULE_SETS
from gristmill.filters.rules.sets.rule_types import ResolvedRule
from gristmill.filters.signals import SIGNALS
from gristmill.pipelines.dedup.choices import DedupChoices
from gristmill.pipelines.dedup.index_match import open_indexes
from gristmill.pipelines.edit import edited_signals
from gristmill.pipelines.engine.options import Budget, Execution, check_execution
from gristmill.pipelines.extras.token_ratio import RULE_SET as CODE_TOKENS
from gristmill.pipelines.report_stage import ReportChoices
from gristmill.pipelines.run_plan.checks import check_quality_signal, check_signals, check_tokenizer
from gristmill.pipelines.run_plan.edits import configured_edits
from gristmill.pipelines.run_plan.extras import configured_extras
from gristmill.pipelines.sources.planned import PlannedSource, planned_source
from gristmill.pipelines.sources.table import SOURCES
from gristmill.pipelines.tokens.tokenize_stage import TokenChoices
from gristmill.plugins import check_names
from gristmill.reports.panels.plugins import find_panels
from gristmill.reports.panels.table import PANELS
from gristmill.runs import RunRecord


@dataclasses.dataclass(frozen=True)
class RunPlan:
    """Everything that the stages of one run are told.

    Attributes:
        record: what ``run.json`` says of it.
        execution: runner, workers and Beam options.
        budget: how much may be held at one time.
        inputs: where the raw shards of each source are looked for.
        sources: how they are read, in the same order.
        edits: in the order in which they are made.
        extras: what is measured beside the signals of the text, in the order of their columns.
        language_model: a fastText model; the bundled one if None.
        rules: in the order they are reported.
        dedup: which documents are duplicates, and which copy stays.
        tokens: what the tokens are.
        report: what the report needs beside the rules.
        max_error_fraction: share of raw records that may be dead letters.
    """

    record: RunRecord
    execution: Execution
    budget: Budget
    inputs: tuple[SourceSection, ...]
    sources: tuple[PlannedSource, ...]
    edits: tuple[PlannedEdit, ...]
    extras: tuple[Extra, ...]
    language_model: str | None
    rules: tuple[ResolvedRule, ...]
    dedup: DedupChoices
    tokens: TokenChoices
    report: ReportChoices
    max_error_fraction: float


def resolve_run(config: Config, execution: Execution | None = None) -> RunPlan:
    """The plan of a configuration. Reads models, lists and indexes that it names, but no input; writes nothing.

    Args:
        config: the checked configuration.
        execution: runner, workers and Beam options; by default the in-process runner.

    Raises:
        ConfigError: an unknown rule, edit or source kind, a missing file, section or package, a runner's wrong option.
        PluginError: a plugin is not there, broken, or claims the name of something built in.
        RunDirectoryError: an index is not there, or was made with other parameters.
        IntegrityError: an index is not whole.
    """
    check_names(
        {"rules": RULE_SETS, "sources": SOURCES, "signals": SIGNALS, "panels": [panel.name for panel in PANELS]}
    )
    execution = execution or Execution(workers=config.run.workers)
    check_execution(execution, _paths(config))
    if config.classifier is not None:
        config = config.model_copy(update={"classifier": resolve_classifier(config.classifier)})
    sources = tuple(planned_source(section) for section in config.source)
    found = None if config.decontamination is None else configured_decontamination(config.decontamination)
    edits = configured_edits(config.edit, config.pii, found)
    rules = configured_rules(config.rules, config.language, config.classifier)
    rule_sets = {rule.id.partition(".")[0] for rule in rules}
    extras = configured_extras(
        words=config.words,
        url=config.url,
        classifier=config.classifier,
        decontamination=found,
        perplexity=config.perplexity,
        code="code" in rule_sets or any(source.document_kind == "code" for source in sources),
        code_tokens=config.tokenizer if CODE_TOKENS in rule_sets else None,
        plugins=config.signals.use,
    )
    check_signals(rules, extras, edited_signals(edits))
    check_quality_signal(config.dedup, extras)
    check_tokenizer(config.tokenizer)
    ordered = config.dedup.keep == "source_order"
    return RunPlan(
        record=run_record(config, rules),
        execution=execution,
        budget=Budget(config.dedup.memory_bytes, config.dedup.partition_bytes),
        inputs=config.source,
        sources=sources,
        edits=edits,
        extras=extras,
        language_model=config.language.model,
        rules=rules,
        dedup=DedupChoices(
            config.dedup,
            indexes=open_indexes(config.dedup),
            source_order=tuple(source.name for source in sources) if ordered else (),
        ),
        tokens=TokenChoices(config.run.seed, config.tokenizer, config.tokens.part_bytes),
        report=ReportChoices(config.rules.max_share, extra_notes(extras), find_panels(config.report.panels)),
        max_error_fraction=config.run.max_error_fraction,
    )


def run_record(config: Config, rules: Sequence[ResolvedRule]) -> RunRecord:
    """What ``run.json`` says of a configuration and the rules it came to."""
    return RunRecord(
        output=config.run.output,
        seed=config.run.seed,
        config=config.to_json(),
        config_hash=config.digest(),
        rules=[dataclasses.asdict(rule) for rule in rules],
        identity={
            "seed": config.run.seed,
            "sources": {source.name: {"kind": source.kind, "paths": sorted(source.paths)} for source in config.source},
        },
    )


def _paths(config: Config) -> dict[str, str]:
    """What workers read and write; of each source the last path, which one message is enough for."""
    paths = {"run.output": config.run.output}
    for source in config.source:
        paths |= {f"source {source.name!r}, paths": path for path in source.paths}
    return paths
