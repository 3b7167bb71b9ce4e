"""What the indexes of earlier runs take out of a run before its own duplicates are looked for. The driver's part.

::

    matches ─▶ the best one of each document ─▶ dedup/known.parquet ─▶ merged into dedup/resolved.parquet
                                             ─▶ dedup/selected/: the fingerprints of all others, which go on to join
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import apache_beam as beam
import numpy as np
import pyarrow as pa

from gristmill import storage
from gristmill.config.dedup_config import DedupSection, NearSection
from gristmill.documents import SIMILARITY_EVIDENCE
from gristmill.pipelines.dedup.choices import DedupChoices
from gristmill.pipelines.dedup.fingerprint import fingerprint_schema
from gristmill.pipelines.dedup.index_match import (
    FOLDER,
    FOUND_SCHEMA,
    MATCH_SCHEMA,
    EmitMatches,
    Match,
    match_tasks,
    write_matches,
)
from gristmill.pipelines.dedup.resolve import RESOLVED_SCHEMA
from gristmill.pipelines.engine.document_ranges import read_range
from gristmill.pipelines.engine.plan import Task, every_task, load_plan, make_plan, prune, store_plan
from gristmill.pipelines.engine.session import Session
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter, one_batch, read_counts, read_footer, read_groups, read_table

SELECTED = "dedup/selected"


def known_uri(run: RunDirectory) -> str:
    """The documents that have a copy in an earlier run."""
    return run.path("dedup", "known.parquet")


def match_earlier(
    session: Session, choices: DedupChoices, printed: list[Task], folder: str
) -> tuple[list[Task], list[str]]:
    """Takes out the documents that an index of an earlier run knows.

    Args:
        session: the run in progress.
        choices: of the run.
        printed: its fingerprints.
        folder: where they lie.

    Returns:
        The fingerprints that go on, and the files whose rows belong into ``dedup/resolved.parquet``.
    """
    run, dedup = session.run, choices.section
    if not dedup.index:
        for stale in (FOLDER, SELECTED):
            prune(run, stale, [])
        storage.delete(known_uri(run))
        return printed, []
    tasks = match_tasks(run, dedup, choices.indexes, printed)
    prune(run, FOLDER, [task.uri for task in tasks])
    _match(session, dedup, printed, tasks)
    _write_known(run, tasks)
    selected = [
        dataclasses.replace(
            task, uri=run.shard(SELECTED, task.raw), key=stage_key("select", [], [task.key, tasks[0].key])
        )
        for task in printed
    ]
    prune(run, SELECTED, [task.uri for task in selected])
    session.shardwise("select", selected, Select(run.uri, dedup.near or None, folder, files_of(run, [known_uri(run)])))
    return selected, [known_uri(run)]


def _match(session: Session, dedup: DedupSection, printed: Sequence[Task], tasks: Sequence[Task]) -> None:
    run = session.run
    plan = make_plan("match", tasks)
    every = every_task("match-emit", printed)

    def add(pipeline: beam.Pipeline, *, wanted: tuple[int, ...]) -> None:
        emit = EmitMatches(run.uri, dedup, len(tasks), wanted)
        _ = pipeline | Match(store_plan(run, every), store_plan(run, plan), emit)

    for task in session.shuffle(plan, [plan.todo], add):
        write_matches(run.uri, task, MATCH_SCHEMA.empty_table(), dedup.near or None)


def _write_known(run: RunDirectory, tasks: Sequence[Task]) -> None:
    key = tasks[0].key
    footer = read_footer(known_uri(run))
    if footer is not None and footer[0] == key:
        return
    found = pa.concat_tables([read_table(task.uri) for task in tasks], promote_options="none")
    rows = best_matches(one_batch(found))
    counts = read_counts([task.uri for task in tasks])
    names = rows.column("similarity_evidence").cast(pa.string()).to_pylist()
    totals = {name: names.count(name) for name in SIMILARITY_EVIDENCE}
    totals["pairs"] = sum(int(str(entry["pairs"])) for entry in counts)
    with storage.committing(known_uri(run), run=run.uri) as path, ShardWriter(path, RESOLVED_SCHEMA, key) as writer:
        writer.write(rows)
        writer.finish(totals)


def best_matches(found: pa.RecordBatch) -> pa.RecordBatch:
    """Of each document's matches the one that counts, as rows of ``dedup/resolved.parquet``.

    Exact copies come before verified ones and those before estimated ones; then the higher similarity counts, then the
    index that is named first and the older document in it.

    Args:
        found: rows of ``FOUND_SCHEMA`` in any order.
    """
    evidence = found.column("similarity_evidence").cast(pa.string())
    codes = pa.compute.index_in(evidence, value_set=pa.array(SIMILARITY_EVIDENCE)).to_numpy()
    document, place = found.column("document").to_numpy(), found.column("place").to_numpy()
    order = np.lexsort((place, -found.column("similarity").to_numpy(), codes, document))
    first = np.ones(len(order), bool)
    first[1:] = document[order[1:]] != document[order[:-1]]
    chosen = found.take(pa.array(order[first]))
    originals = chosen.column("duplicate_of").dictionary_encode().indices.to_numpy()
    sizes = np.bincount(originals)[originals] + 1 if len(originals) else originals
    columns = {name: chosen.column(name) for name in FOUND_SCHEMA.names if name != "similarity"}
    columns["similarity"] = chosen.column("similarity").cast(pa.float32(), safe=False)
    columns["cluster_size"] = pa.array(sizes.astype(np.int32))
    return pa.RecordBatch.from_arrays([columns[name] for name in RESOLVED_SCHEMA.names], schema=RESOLVED_SCHEMA)


@dataclasses.dataclass(frozen=True)
class Select:
    """The fingerprints of one shard without those of some documents.

    Attributes:
        folder: of the fingerprints.
        without: stored list (`files_of`) of the files of the documents to leave out, each sorted by document number.
    """

    run_uri: str
    near: NearSection | None
    folder: str
    without: str
    step: str = "select"

    def __call__(self, task: Task) -> None:
        """Writes the fingerprints of one shard that are left."""
        run = RunDirectory(self.run_uri)
        source = run.shard(self.folder, task.raw)
        footer = read_footer(source)
        assert footer is not None, source
        counts = dict(footer[1])
        last = task.first + int(counts["rows"])
        known = np.concatenate(
            [read_range(file.uri, task.first, last).column("document").to_numpy() for file in load_plan(self.without)]
        )
        count = 0
        with (
            storage.local_copy(source) as prints,
            storage.committing(task.uri, run=run.uri) as path,
            ShardWriter(path, fingerprint_schema(self.near), task.key) as writer,
        ):
            for group in read_groups(prints):
                left = ~np.isin(group.column("row").to_numpy() + task.first, known)
                if left.any():
                    writer.write(group.filter(pa.array(left)))
                    count += int(left.sum())
            writer.finish({**counts, "documents": count})


def files_of(run: RunDirectory, uris: Sequence[str]) -> str:
    """Stores a list of files as a plan, because a job must not grow with the number of partitions."""
    return store_plan(run, every_task("files", [Task(uri, "", None, 0) for uri in uris]))


def known_facts(run: RunDirectory) -> dict[str, object] | None:
    """How many documents had a copy in an earlier run, by evidence and by run; None without an index."""
    footer = read_footer(known_uri(run))
    if footer is None:
        return None
    names = read_table(known_uri(run), ["duplicate_run"]).column(0)
    runs = {entry["values"].as_py(): entry["counts"].as_py() for entry in pa.compute.value_counts(names)}
    return {**footer[1], "runs": dict(sorted(runs.items()))}
