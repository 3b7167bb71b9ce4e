"""The dedup stage on the driver: fingerprints, join, components, resolve, each resumed by its own key."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import apache_beam as beam

from gristmill import storage
from gristmill.pipelines.components_step import components_uri, group_candidates, shards_with_candidates
from gristmill.pipelines.fingerprint import FOLDER as FINGERPRINTS
from gristmill.pipelines.fingerprint import Fingerprint, fingerprint_tasks
from gristmill.pipelines.join import FOLDER as EDGES
from gristmill.pipelines.join import KEY_SCHEMA, EmitKeys, Join, join_tasks, local_task, write_edges
from gristmill.pipelines.join import LOCAL_FOLDER as LOCAL_EDGES
from gristmill.pipelines.plan import Plan, Task, make_plan, prune, store_plan
from gristmill.pipelines.resolve import (
    CANDIDATE_SCHEMA,
    EmitCandidates,
    Resolve,
    merge_resolved,
    resolve_tasks,
    source_order,
    write_resolved,
)
from gristmill.pipelines.resolve import FOLDER as RESOLVED
from gristmill.pipelines.rounds import rounds
from gristmill.pipelines.session import Session
from gristmill.pipelines.texts import text_bytes
from gristmill.tables import read_counts


def number_documents(tasks: Sequence[Task]) -> list[Task]:
    """Gives each task the number of its shard's first document, from the counts of ``decisions/``."""
    first, numbered = 0, []
    for task, counts in zip(tasks, read_counts([task.uri for task in tasks]), strict=True):
        numbered.append(dataclasses.replace(task, first=first))
        first += int(str(counts["documents"]))
    return numbered


def run_dedup(session: Session, decided: Sequence[Task]) -> str:
    """Runs the stage over the decided shards.

    Returns:
        The key of ``dedup/resolved.parquet``.
    """
    run, dedup = session.run, session.config.dedup
    printed = fingerprint_tasks(run, dedup, decided)
    prune(run, FINGERPRINTS, [task.uri for task in printed])
    session.shardwise("fingerprint", printed, Fingerprint(run.uri, dedup.near or None))
    made = read_counts([task.uri for task in printed])
    documents = sum(int(str(counts["documents"])) for counts in made)
    edges = join_tasks(run, dedup, printed, documents)
    key = edges[0].key
    local = [local_task(run, task, key) for task in printed]
    prune(run, EDGES, [task.uri for task in edges])
    prune(run, LOCAL_EDGES, [task.uri for task in local])
    _join(session, printed, edges, local)
    group_candidates(session, [*edges, *local], key, printed[-1].first + int(str(made[-1]["rows"])))
    groups = _resolve(session, printed, key)
    merge_resolved(run, groups, groups[0].key)
    return groups[0].key


def _join(session: Session, printed: Sequence[Task], edges: Sequence[Task], local: Sequence[Task]) -> None:
    run, dedup = session.run, session.config.dedup
    plan = make_plan("join", edges)
    every = Plan("join-emit", tuple(printed), tuple(range(len(printed))))
    emit = EmitKeys(run.uri, dedup, len(edges), (), edges[0].key)

    def round_of(wanted: tuple[int, ...]) -> Callable[[beam.Pipeline], None]:
        def build(pipeline: beam.Pipeline) -> None:
            chosen = dataclasses.replace(emit, wanted=tuple(edges[number].number for number in wanted))
            _ = pipeline | Join(store_plan(run, every), store_plan(run, plan), chosen)

        return build

    parts = rounds(plan.todo, edges[0].weight_bytes, session.execution, dedup.memory_bytes)
    here = make_plan("join", local)
    both = Plan("join", (*edges, *local), (*plan.todo, *(len(edges) + number for number in here.todo)))
    session.execute(both, *(round_of(part) for part in parts))
    for task in _unwritten(plan):
        write_edges(run.uri, task, KEY_SCHEMA.empty_table(), dedup.max_bucket)


def _resolve(session: Session, printed: Sequence[Task], edges_key: str) -> list[Task]:
    run, dedup = session.run, session.config.dedup
    holding = shards_with_candidates(run, printed)
    candidate_bytes = text_bytes(run, [printed[number] for number in holding])
    sources = source_order(session.config)
    groups = resolve_tasks(run, dedup, sources, edges_key, candidate_bytes)
    prune(run, RESOLVED, [task.uri for task in groups])
    plan = make_plan("resolve", groups)
    wanted = tuple(groups[number].number for number in plan.todo)
    emit = EmitCandidates(run.uri, dedup, len(groups), wanted, sources)

    def build(pipeline: beam.Pipeline) -> None:
        readers = Plan("resolve-emit", tuple(printed), tuple(holding))
        _ = pipeline | Resolve(store_plan(run, readers), store_plan(run, plan), emit)

    session.execute(plan, build)
    for task in _unwritten(plan):
        write_resolved(run.uri, task, CANDIDATE_SCHEMA.empty_table(), dedup)
    return groups


def _unwritten(plan: Plan) -> list[Task]:
    """Partitions that no key fell into: the shuffle never called for them, so their empty file is written here."""
    return [plan.tasks[number] for number in make_plan(plan.step, plan.tasks).todo]


def dedup_facts(session: Session) -> dict[str, object]:
    """Candidates, verified duplicates and the histogram of their similarities, for the report."""
    run = session.run
    (components,) = read_counts([components_uri(run)])

    printed = read_counts([entry.uri for entry in storage.walk(run.path(FINGERPRINTS))])
    edges = read_counts([entry.uri for entry in storage.walk(run.path(EDGES))])
    groups = read_counts([entry.uri for entry in storage.walk(run.path(RESOLVED))])
    histograms = [counts["similarity_histogram"] for counts in groups]
    return {
        "candidate_pairs": sum(int(str(counts["pairs"])) for counts in edges),
        "candidates": components.get("documents", 0),
        "shorter_than_shingle": sum(int(str(counts["shorter_than_shingle"])) for counts in printed),
        "keep": session.config.dedup.keep,
        "duplicates": sum(int(str(counts["duplicates"])) for counts in groups),
        "hot_buckets": [bucket for counts in edges for bucket in counts["hot"]],
        "similarity_histogram": [sum(column) for column in zip(*histograms, strict=True)],
    }
