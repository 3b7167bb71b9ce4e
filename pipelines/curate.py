"""The whole road: extract, edit, annotate, decide, dedup, tokenize, report. What is there under its key is skipped.

::

    raw shards ─▶ documents/ ─▶ edits/ ─▶ signals/ ─▶ decisions/ ─▶ dedup/ ─▶ ledger/, tokens/ ─▶ report/
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from gristmill import storage
from gristmill.errors import EmptyResultError
from gristmill.filters.counts.measure import Signal
from gristmill.filters.rules.sets.rule_types import ResolvedRule
from gristmill.inputs import RawShard, list_inputs
from gristmill.pipelines.annotate import Annotate, annotate_tasks, announce_compiling
from gristmill.pipelines.decide import Decide, decide_tasks
from gristmill.pipelines.dedup.facts import dedup_facts
from gristmill.pipelines.dedup.stage import number_documents, run_dedup
from gristmill.pipelines.edit import FOLDER as EDITS
from gristmill.pipelines.edit import EditShard, cut_counts, edit_tasks, edited_signals
from gristmill.pipelines.engine.plan import Task, make_plan, prune
from gristmill.pipelines.engine.session import Listener, Session, Silent
from gristmill.pipelines.extract import Extract, extract_tasks
from gristmill.pipelines.repeats.repeats import run_repeats
from gristmill.pipelines.report_stage import report_facts, run_report
from gristmill.pipelines.run_plan.run_plan import RunPlan
from gristmill.pipelines.sources.planned import PlannedSource
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


def check_first_shards(sources: Sequence[PlannedSource], shards: Sequence[RawShard]) -> None:
    """Looks at the first shard of each source for mistakes of the configuration, such as a column that is not there.

    Raises:
        ConfigError: the reader cannot work with these options.
    """
    for source in sources:
        first = next(shard for shard in shards if shard.source == source.name)
        with storage.local_copy(first.uri) as path:
            check(source.kind, path, source.options, source.plugin)


def curate(
    plan: RunPlan,
    listener: Listener | None = None,
    *,
    replace: bool = False,
    select: Callable[[list[RawShard]], list[RawShard]] | None = None,
) -> RunResult:
    """Runs or resumes a whole run.

    Args:
        plan: of the run, from `gristmill.pipelines.run_plan.run_plan.resolve_run`.
        listener: hears of progress.
        replace: see :func:`gristmill.runs.open_run`.
        select: chooses some of the raw shards, to run over a sample of the inputs.

    Raises:
        GristmillError: see :mod:`gristmill.errors`; what is committed stays.
    """
    run, state = open_run(plan.record, replace=replace)
    shards = list_inputs(plan.inputs, {shard.uri: shard for shard in run.read_inputs()})
    if select is not None:
        shards = [dataclasses.replace(shard, index=index) for index, shard in enumerate(select(shards))]
    check_first_shards(plan.sources, shards)
    session = Session(run, plan.execution, listener or Silent(), state, plan.budget)
    _begin(session, plan, shards)
    extracted = _extract(session, plan, shards)
    edited, counted = _edit(session, plan, extracted)
    annotated = _annotate(session, plan, edited, counted)
    decided = number_documents(_decide(session, plan, annotated))
    resolved_key = run_dedup(session, plan.dedup, decided)
    ledger = run_tokenize(session, plan.tokens, decided, resolved_key)
    return _finish(session, plan, shards, ledger)


def _begin(session: Session, plan: RunPlan, shards: list[RawShard]) -> None:
    """Says what must be known beforehand, and writes what the run is made of."""
    run = session.run
    for note in plan.report.notes:
        session.listener.noted(note)
    run.write_state(session.state)
    run.write_inputs(shards)
    storage.delete_tree(run.path("_tmp", "plan"))
    storage.delete_tree(run.path("_tmp", "partial"))


def _extract(session: Session, plan: RunPlan, shards: Sequence[RawShard]) -> list[Task]:
    run = session.run
    tasks = extract_tasks(run, plan.sources, shards)
    prune(run, "documents", [task.uri for task in tasks])
    prune(run, "errors", [run.errors("extract", shard) for shard in shards])
    session.shardwise("extract", tasks, Extract(run.uri, plan.sources))
    counts = read_counts([task.uri for task in tasks])
    run.write_inputs(
        [
            dataclasses.replace(shard, records=int(str(entry["records"])))
            for shard, entry in zip(shards, counts, strict=True)
        ]
    )
    if not sum(int(str(entry["documents"])) for entry in counts):
        msg = f"no document in {len(shards)} raw shards; errors/extract and `gristmill verify {run.uri}` say why"
        raise EmptyResultError(msg)
    return tasks


def _edit(session: Session, plan: RunPlan, extracted: list[Task]) -> tuple[list[Task], list[Signal]]:
    """Cuts what ``edit.use`` asks for, then repeats; returns tasks that name the cuts in force, and signals."""
    tasks = edit_tasks(session.run, plan.edits, extracted)
    prune(session.run, EDITS, [task.uri for task in tasks] if plan.edits else [])
    if plan.edits:
        session.shardwise("edit", tasks, EditShard(session.run.uri, plan.edits))
    else:
        session.state["stages"].pop("edit", None)
    return run_repeats(session, plan.dedup.section, tasks, edited_signals(plan.edits))


def _annotate(session: Session, plan: RunPlan, edited: Sequence[Task], counted: Sequence[Signal]) -> list[Task]:
    run = session.run
    tasks = annotate_tasks(run, plan.extras, edited, plan.language_model)
    prune(run, "signals", [task.uri for task in tasks])
    todo = make_plan("annotate", tasks)
    announce_compiling(session, todo)
    work = Annotate(run.uri, plan.extras, tuple(counted), plan.language_model)
    session.shardwise("annotate", tasks, work, plan=todo)
    return tasks


def _decide(session: Session, plan: RunPlan, annotated: Sequence[Task]) -> list[Task]:
    run = session.run
    kinds = {source.name: source.document_kind for source in plan.sources}
    tasks = decide_tasks(run, kinds, plan.rules, annotated)
    prune(run, "decisions", [task.uri for task in tasks])
    session.shardwise("decide", tasks, Decide(run.uri, plan.rules))
    return tasks


def _finish(session: Session, plan: RunPlan, shards: Sequence[RawShard], ledger: Sequence[Task]) -> RunResult:
    """Reconciles, reports, and only then judges the error budget, so that a failing run can still be read."""
    run = session.run
    session.state["cuts"] = ledger[0].cuts
    run.write_state(session.state)
    totals = read_totals(run, shards)
    manifest = check_manifest_totals(run, totals)
    found = dedup_facts(run, plan.dedup.section, ledger)
    facts = report_facts(session, plan.rules, plan.report, totals, manifest, found)
    if cuts := cut_counts(run, ledger):
        facts["cuts"] = cuts
        facts["warnings"] += [f"edit {name} cut nothing" for name, reasons in cuts.items() if not reasons]
    page = run_report(session, plan.report, ledger, facts)
    check_error_budget(totals, plan.max_error_fraction)
    warnings = tuple(facts["warnings"])
    return RunResult(run, totals, manifest, plan.rules, warnings, session.state["stages"], page, found["urls"])
