"""The whole road: extract, edit, annotate, decide, dedup, tokenize, report. What is there under its key is skipped.

::

    raw shards ─▶ documents/ ─▶ edits/ ─▶ signals/ ─▶ decisions/ ─▶ dedup/ ─▶ ledger/, tokens/ ─▶ report/
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from gristmill import storage
from gristmill.config.config import Config
from gristmill.errors import ConfigError, EmptyResultError
from gristmill.filters.extras import extra_notes
from gristmill.filters.rules.configured import configured_rules, with_model_settings
from gristmill.filters.rules.sets.rule_types import ResolvedRule
from gristmill.inputs import RawShard, list_inputs
from gristmill.pipelines.annotate import Annotate, annotate_tasks
from gristmill.pipelines.decide import Decide, decide_tasks
from gristmill.pipelines.dedup.check import check_dedup
from gristmill.pipelines.dedup.facts import dedup_facts
from gristmill.pipelines.dedup.stage import number_documents, run_dedup
from gristmill.pipelines.edit import FOLDER as EDITS
from gristmill.pipelines.edit import EditShard, configured_edits, cut_counts, edit_tasks, edited_signals
from gristmill.pipelines.engine.options import Execution, check_execution
from gristmill.pipelines.engine.plan import Task, prune
from gristmill.pipelines.engine.session import Listener, Session, Silent
from gristmill.pipelines.extract import Extract, extract_tasks, source_options
from gristmill.pipelines.extras.extras import check_signals, configured_extras
from gristmill.pipelines.repeats.repeats import run_repeats
from gristmill.pipelines.report_stage import report_facts, run_report
from gristmill.pipelines.sources.table import check
from gristmill.pipelines.tokens.tokenize_stage import run_tokenize
from gristmill.reports.checks.reconcile import Totals, check_error_budget, check_manifest_totals, read_totals
from gristmill.runs import RunDirectory, open_run
from gristmill.tables import read_counts
from gristmill.tokenize.manifest import Manifest


@dataclasses.dataclass(frozen=True)
class RunResult:
    """What a run came to.

    Attributes:
        run: its directory.
        totals: what became of every record, by source.
        manifest: the training shards.
        rules: the rules in force.
        warnings: sentences its user must see.
        stages: state, outputs and seconds of each step.
        report: uri of the page.
        urls: pages compared by address, addresses of several copies, older copies dropped; None without `dedup.url`.
    """

    run: RunDirectory
    totals: dict[str, Totals]
    manifest: Manifest
    rules: tuple[ResolvedRule, ...]
    warnings: tuple[str, ...]
    stages: dict[str, dict[str, object]]
    report: str
    urls: dict[str, int] | None = None


def check_before_run(config: Config) -> tuple[ResolvedRule, ...]:
    """Everything that can be known to be wrong before anything is written; returns the rules in force.

    Raises:
        ConfigError: an unknown rule, a missing column or package, no such tokenizer.
        EmptyResultError: a pattern matches no file.
    """
    rules = configured_rules(config)
    extras = configured_extras(config)
    check_signals(rules, extras, edited_signals(configured_edits(config)))
    check_dedup(config, extras)
    if config.tokenizer.path is not None and not storage.exists(config.tokenizer.path):
        msg = f"tokenizer.path: no such file {config.tokenizer.path!r}; give a Hugging Face tokenizer.json"
        raise ConfigError(msg)
    return rules


def check_first_shards(config: Config, shards: Sequence[RawShard]) -> None:
    """Looks at the first shard of each source for mistakes of the configuration, such as a column that is not there.

    Raises:
        ConfigError: the reader cannot work with these options.
    """
    for source in config.source:
        first = next(shard for shard in shards if shard.source == source.name)
        with storage.local_copy(first.uri) as path:
            check(source.kind, path, source_options(source))


def curate(
    config: Config,
    execution: Execution | None = None,
    listener: Listener | None = None,
    *,
    replace: bool = False,
    select: Callable[[list[RawShard]], list[RawShard]] | None = None,
) -> RunResult:
    """Runs or resumes a whole run.

    Args:
        config: the checked configuration.
        execution: runner, workers and Beam options; by default the in-process runner.
        listener: hears of progress.
        replace: see :func:`gristmill.runs.open_run`.
        select: chooses some of the raw shards, to run over a sample of the inputs.

    Raises:
        GristmillError: see :mod:`gristmill.errors`; what is committed stays.
    """
    execution = execution or Execution(workers=config.run.workers)
    check_execution(execution, config)
    config = with_model_settings(config)
    rules = check_before_run(config)
    run, state = open_run(config, replace=replace)
    shards = list_inputs(config, {shard.uri: shard for shard in run.read_inputs()})
    if select is not None:
        shards = [dataclasses.replace(shard, index=index) for index, shard in enumerate(select(shards))]
    check_first_shards(config, shards)
    session = Session(run, config, execution, listener or Silent(), state)
    for note in extra_notes(configured_extras(config)):
        session.listener.noted(note)
    run.write_state(state)
    run.write_inputs(shards)
    storage.delete_tree(run.path("_tmp", "plan"))
    storage.delete_tree(run.path("_tmp", "partial"))
    decided = _to_decisions(session, shards, rules)
    decided = number_documents(decided)
    resolved_key = run_dedup(session, decided)
    ledger = run_tokenize(session, decided, resolved_key)
    return _finish(session, shards, rules, ledger)


def _to_decisions(session: Session, shards: Sequence[RawShard], rules: tuple[ResolvedRule, ...]) -> list[Task]:
    """Extract, edit, annotate and decide; returns the tasks of ``decisions/``."""
    run, config = session.run, session.config
    extracted = extract_tasks(run, config, shards)
    prune(run, "documents", [task.uri for task in extracted])
    prune(run, "errors", [run.errors("extract", shard) for shard in shards])
    session.shardwise("extract", extracted, Extract(run.uri, config.source))
    counts = read_counts([task.uri for task in extracted])
    run.write_inputs(
        [
            dataclasses.replace(shard, records=int(str(entry["records"])))
            for shard, entry in zip(shards, counts, strict=True)
        ]
    )
    if not sum(int(str(entry["documents"])) for entry in counts):
        msg = f"no document in {len(shards)} raw shards; errors/extract and `gristmill verify {run.uri}` say why"
        raise EmptyResultError(msg)
    edited, counted = run_repeats(session, _edit(session, extracted), edited_signals(configured_edits(config)))
    extras = configured_extras(config)
    annotated = annotate_tasks(run, extras, edited, config.language.model)
    prune(run, "signals", [task.uri for task in annotated])
    session.shardwise("annotate", annotated, Annotate(run.uri, extras, tuple(counted), config.language.model))
    decided = decide_tasks(run, config, rules, annotated)
    prune(run, "decisions", [task.uri for task in decided])
    session.shardwise("decide", decided, Decide(run.uri, rules))
    return decided


def _edit(session: Session, extracted: list[Task]) -> list[Task]:
    """The edits of a run that has any; returns the tasks that say which cuts are in force."""
    edits = configured_edits(session.config)
    tasks = edit_tasks(session.run, edits, extracted)
    prune(session.run, EDITS, [task.uri for task in tasks] if edits else [])
    if edits:
        session.shardwise("edit", tasks, EditShard(session.run.uri, edits))
    else:
        session.state["stages"].pop("edit", None)
    return tasks


def _finish(
    session: Session, shards: Sequence[RawShard], rules: tuple[ResolvedRule, ...], ledger: Sequence[Task]
) -> RunResult:
    """Reconciles, reports, and only then judges the error budget, so that a failing run can still be read."""
    run = session.run
    session.state["cuts"] = ledger[0].cuts
    run.write_state(session.state)
    totals = read_totals(run, shards)
    manifest = check_manifest_totals(run, totals)
    found = dedup_facts(session, ledger)
    facts = report_facts(session, rules, totals, manifest, found)
    if cuts := cut_counts(run, ledger):
        facts["cuts"] = cuts
        facts["warnings"] += [f"edit {name} cut nothing" for name, reasons in cuts.items() if not reasons]
    page = run_report(session, ledger, facts)
    check_error_budget(totals, session.config.run.max_error_fraction)
    warnings = tuple(facts["warnings"])
    return RunResult(run, totals, manifest, rules, warnings, session.state["stages"], page, found["urls"])
