"""The dedup stage on the driver: fingerprints, join, components, resolve, each resumed by its own key."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import apache_beam as beam

from gristmill import storage
from gristmill.config.dedup_config import DedupSection
from gristmill.pipelines.dedup.choices import DedupChoices
from gristmill.pipelines.dedup.cluster_counts import source_starts
from gristmill.pipelines.dedup.components_step import group_candidates, shards_with_candidates
from gristmill.pipelines.dedup.fingerprint import FOLDER as FINGERPRINTS
from gristmill.pipelines.dedup.fingerprint import Fingerprint, fingerprint_tasks
from gristmill.pipelines.dedup.join import FOLDER as EDGES
from gristmill.pipelines.dedup.join import KEY_SCHEMA, EmitKeys, Join, join_tasks, local_task, write_edges
from gristmill.pipelines.dedup.join import LOCAL_FOLDER as LOCAL_EDGES
from gristmill.pipelines.dedup.key_files import JoinFiles, WriteKeys, joins_on_files, keys_folder, missing_keys
from gristmill.pipelines.dedup.known_step import match_earlier
from gristmill.pipelines.dedup.oversized import ResolveOversized, group_bytes
from gristmill.pipelines.dedup.resolve import (
    CANDIDATE_SCHEMA,
    EmitCandidates,
    Resolve,
    merge_resolved,
    resolve_tasks,
    write_resolved,
)
from gristmill.pipelines.dedup.resolve import FOLDER as RESOLVED
from gristmill.pipelines.dedup.url_step import settle_older, take_out_older
from gristmill.pipelines.engine.plan import Plan, Task, every_task, make_plan, prune, store_plan
from gristmill.pipelines.engine.rounds import rounds
from gristmill.pipelines.engine.session import Session
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.pipelines.engine.texts import text_bytes
from gristmill.tables import read_counts


def number_documents(tasks: Sequence[Task]) -> list[Task]:
    """Gives each task the number of its shard's first document, from the counts of ``decisions/``."""
    first, numbered = 0, []
    for task, counts in zip(tasks, read_counts([task.uri for task in tasks]), strict=True):
        numbered.append(dataclasses.replace(task, first=first))
        first += int(str(counts["documents"]))
    return numbered


def run_dedup(session: Session, choices: DedupChoices, decided: Sequence[Task]) -> str:
    """Runs the stage over the decided shards.

    Args:
        session: the run in progress.
        choices: of the run.
        decided: tasks of ``decisions/``, each with the number of its first document.

    Returns:
        The key of ``dedup/resolved.parquet``.
    """
    run, dedup = session.run, choices.section
    printed = fingerprint_tasks(run, dedup, decided)
    prune(run, FINGERPRINTS, [task.uri for task in printed])
    session.shardwise("fingerprint", printed, Fingerprint(run.uri, dedup.near or None))
    urls = take_out_older(session, dedup, printed, FINGERPRINTS)
    printed, known = match_earlier(session, choices, urls.printed, urls.folder)
    (last,) = read_counts([decided[-1].uri])
    key = find_candidates(session, dedup, printed, decided[-1].first + int(str(last["documents"])))
    groups = _resolve(session, choices, printed, key)
    found = [*(task.uri for task in groups), *known]
    older = settle_older(session, urls, found, groups[0].key)
    # Not the keys of the groups: partitions change how duplicates are found, never which.
    resolved_key = stage_key("resolved", choices.resolve_settings(), [task.key for task in printed])
    merge_resolved(run, [*found, *older], resolved_key)
    return resolved_key


def find_candidates(session: Session, dedup: DedupSection, printed: Sequence[Task], documents: int) -> str:
    """Join and components: which documents must be compared.

    Args:
        session: the run in progress.
        dedup: of its configuration.
        printed: its fingerprints.
        documents: of the corpus; document numbers are below it.

    Returns:
        The key of the candidate pairs.
    """
    run = session.run
    fingerprinted = sum(int(str(counts["documents"])) for counts in read_counts([task.uri for task in printed]))
    edges = join_tasks(run, dedup, printed, fingerprinted)
    key = edges[0].key
    local = [local_task(run, task, key) for task in printed]
    prune(run, EDGES, [task.uri for task in edges])
    prune(run, LOCAL_EDGES, [task.uri for task in local])
    _join(session, dedup, printed, edges, local)
    storage.delete_tree(keys_folder(run))
    group_candidates(session, [*edges, *local], key, documents)
    return key


def _join(
    session: Session, dedup: DedupSection, printed: Sequence[Task], edges: Sequence[Task], local: Sequence[Task]
) -> None:
    run = session.run
    plan, here = make_plan("join", edges), make_plan("join", local)
    every = every_task("join-emit", printed)
    emit = EmitKeys(run.uri, dedup, len(edges), (), edges[0].key)
    if joins_on_files(run, session.execution):
        _join_files(session, every, plan, here, emit)
        return

    session.state["stages"].pop("keys", None)

    def add(pipeline: beam.Pipeline, *, wanted: tuple[int, ...]) -> None:
        chosen = dataclasses.replace(emit, wanted=wanted)
        _ = pipeline | Join(store_plan(run, every), store_plan(run, plan), chosen)

    turns = rounds(plan.todo, edges[0].weight_bytes, session.execution, session.budget.memory_bytes)
    both = Plan("join", (*edges, *local), (*plan.todo, *(len(edges) + number for number in here.todo)))
    for task in session.shuffle(plan, turns, add, watched=both):
        write_edges(run.uri, task, KEY_SCHEMA.empty_table(), dedup.max_bucket)


def _join_files(session: Session, printed: Plan, plan: Plan, local: Plan, emit: EmitKeys) -> None:
    """Keys of every shard to files, and each partition from all of them; local edges are a by-product of the first."""
    run = session.run
    unread = set(missing_keys(run, emit.key, printed.tasks)) if plan.todo else set()
    todo = tuple(sorted(unread | set(local.todo)))
    session.shardwise("keys", printed.tasks, WriteKeys(emit), plan=Plan("keys", printed.tasks, todo))
    work = JoinFiles(emit, store_plan(run, printed) if plan.todo else "")
    session.shardwise("join", plan.tasks, work, plan=plan)


def _resolve(session: Session, choices: DedupChoices, printed: Sequence[Task], edges_key: str) -> list[Task]:
    run, dedup = session.run, choices.section
    holding = shards_with_candidates(run, printed)
    holders = [printed[number] for number in holding]
    size, oversized = group_bytes(run, dedup, holders, text_bytes(run, holders))
    tasks = resolve_tasks(run, choices, edges_key, size, oversized)
    count = len(tasks) - len(oversized)
    prune(run, RESOLVED, [task.uri for task in tasks])
    plan = make_plan("resolve", tasks[:count])
    emit = EmitCandidates(run.uri, dedup, count, (), choices.source_order, oversized, source_starts(printed))
    readers = Plan("resolve-emit", tuple(printed), tuple(holding))

    def add(pipeline: beam.Pipeline, *, wanted: tuple[int, ...]) -> None:
        chosen = dataclasses.replace(emit, wanted=wanted)
        _ = pipeline | Resolve(store_plan(run, readers), store_plan(run, plan), chosen)

    turns = rounds(plan.todo, tasks[0].weight_bytes, session.execution, session.budget.memory_bytes)
    for task in session.shuffle(plan, turns, add):
        write_resolved(run.uri, task, CANDIDATE_SCHEMA.empty_table(), dedup)
    session.state["stages"].pop("resolve oversized", None)
    if oversized:
        work = ResolveOversized(run.uri, emit, store_plan(run, readers))
        session.shardwise("resolve oversized", tasks[count:], work)
    return tasks
