"""Older copies of one address: taken out before texts are compared, and named after a document that is kept.

::

    fingerprints ─▶ (partition, batch of address, time, document) ─▶ GroupByKey ─▶ sort ─▶ dedup/urls/part-*
                                                                  ─▶ dedup/newest/: the fingerprints of all others
    dedup/urls/part-* + the fate of the newest (resolved, known) ─▶ dedup/older/part-* ─▶ dedup/resolved.parquet

Only web documents that pass every rule take part: a page that a rule removes replaces none. The newest copy goes on to
the indexes of earlier runs and to the search for equal and similar texts; where it turns out to be a duplicate itself,
its older copies duplicate the same kept document.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Sequence

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill import storage
from gristmill.config.dedup_config import DedupSection
from gristmill.dedup.candidates.addresses import ADDRESS_BYTES, address_hashes, older_copies, page_times
from gristmill.dedup.signatures.digests import halves
from gristmill.documents import DOC_ID_BYTES, SIMILARITY_EVIDENCE
from gristmill.pipelines.dedup.known_step import Select, files_of
from gristmill.pipelines.dedup.resolve import RESOLVED_SCHEMA
from gristmill.pipelines.engine.plan import Task, every_task, load_plan, make_plan, partition_tasks, prune, store_plan
from gristmill.pipelines.engine.rounds import rounds
from gristmill.pipelines.engine.session import Session
from gristmill.pipelines.engine.shardwise import ShuffleBatches, split, write_groups
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter, one_batch, read_counts, read_groups, read_table

FOLDER = "dedup/urls"
NEWEST = "dedup/newest"
SETTLED = "dedup/older"

PAGE_SCHEMA = pa.schema(
    [
        pa.field("address", pa.binary(ADDRESS_BYTES), nullable=False),
        pa.field("time", pa.int64(), nullable=False),
        pa.field("document", pa.int64(), nullable=False),
        pa.field("doc_id", pa.binary(DOC_ID_BYTES), nullable=False),
    ]
)
"""A web page: hash of its address, when it was fetched (`addresses.page_times`), and its document."""

PAGE_BYTES = 48

OLDER_SCHEMA = pa.schema(
    [
        PAGE_SCHEMA.field("document"),
        PAGE_SCHEMA.field("doc_id"),
        pa.field("newest", pa.int64(), nullable=False),
        pa.field("newest_id", pa.binary(DOC_ID_BYTES), nullable=False),
    ]
)
"""An older copy and the newest of its address, sorted by ``document``."""

_GROUP_ROWS = 1 << 18


@dataclasses.dataclass(frozen=True)
class UrlsStep:
    """What the step hands on.

    Attributes:
        printed: fingerprints without those of older copies.
        folder: where these lie.
        parts: tasks of ``dedup/urls``; empty if addresses are not compared.
    """

    printed: list[Task]
    folder: str
    parts: list[Task]


@dataclasses.dataclass(frozen=True)
class EmitPages:
    """The web pages of one shard, split by partition of their addresses.

    Attributes:
        folder: of the fingerprints.
        wanted: the partitions still to be made.
    """

    run_uri: str
    folder: str
    partitions: int
    wanted: tuple[int, ...]
    step: str = "urls"

    def __call__(self, task: Task) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yields one batch for each row group of documents and wanted partition."""
        run = RunDirectory(self.run_uri)
        passed = read_table(run.shard(self.folder, task.raw), ["row"]).column("row").to_numpy()
        first = 0
        with storage.local_copy(run.shard("documents", task.raw)) as documents:
            for group in read_groups(documents, ["doc_id", "kind", "uri", "published", "meta"]):
                here = passed[(passed >= first) & (passed < first + group.num_rows)] - first
                batch = pages(group.take(pa.array(here)), here + first + task.first)
                where = halves(batch.column("address"))[:, 0] % np.uint64(self.partitions)
                yield from split(batch, where, self.wanted)
                first += group.num_rows


def pages(documents: pa.RecordBatch, numbers: np.ndarray) -> pa.RecordBatch:
    """The web pages among documents, as rows of `PAGE_SCHEMA`.

    Args:
        documents: columns ``doc_id``, ``kind``, ``uri``, ``published`` and ``meta``.
        numbers: their numbers in the corpus.
    """
    columns = {
        "address": address_hashes(documents.column("uri")),
        "time": pa.array(page_times(documents.column("published"), documents.column("meta"))),
        "document": pa.array(numbers),
        "doc_id": documents.column("doc_id"),
    }
    web = pc.equal(documents.column("kind").cast(pa.string()), "web")
    found = pa.table(columns).filter(pc.and_(web, pc.is_valid(columns["address"])))
    return one_batch(found.cast(PAGE_SCHEMA))


def write_older(run_uri: str, task: Task, found: pa.Table) -> None:
    """Commits the older copies among the pages of one partition; an empty table gives an empty file."""
    batch = one_batch(found.sort_by("document"))
    older = older_copies(batch.column("address"), batch.column("time").to_numpy(), batch.column("doc_id"))
    rows, newest = pa.array(older.rows), pa.array(older.newest)
    columns = [batch.column(name).take(at) for at in (rows, newest) for name in ("document", "doc_id")]
    table = pa.RecordBatch.from_arrays(columns, schema=OLDER_SCHEMA)
    counts = {"pages": batch.num_rows, "older": len(older.rows), "addresses": len(np.unique(older.newest))}
    _commit(run_uri, task, table, counts)


def _commit(run_uri: str, task: Task, rows: pa.RecordBatch, counts: dict[str, int]) -> None:
    with storage.committing(task.uri, run=run_uri) as path, ShardWriter(path, rows.schema, task.key) as writer:
        for first in range(0, rows.num_rows, _GROUP_ROWS):
            writer.write(rows.slice(first, _GROUP_ROWS))
        writer.finish(counts)


def take_out_older(session: Session, dedup: DedupSection, printed: list[Task], folder: str) -> UrlsStep:
    """Finds the older copies of every address and takes their fingerprints out, if ``dedup.url`` asks for it.

    Args:
        session: the run in progress.
        dedup: of its configuration.
        printed: its fingerprints.
        folder: where they lie.
    """
    run = session.run
    if not dedup.url:
        for stale in (FOLDER, NEWEST, SETTLED):
            prune(run, stale, [])
        for step in ("urls", "newest", "older"):
            session.state["stages"].pop(step, None)
        return UrlsStep(printed, folder, [])
    key = stage_key("urls", [], [task.key for task in printed])
    documents = sum(int(counts["documents"]) for counts in read_counts([task.uri for task in printed]))
    parts = _parts(run, key, documents, session.budget.partition_bytes)
    _find(session, printed, folder, parts)
    left = [
        dataclasses.replace(task, uri=run.shard(NEWEST, task.raw), key=stage_key("select", [], [task.key, key]))
        for task in printed
    ]
    prune(run, NEWEST, [task.uri for task in left])
    select = Select(run.uri, dedup.near or None, folder, files_of(run, [part.uri for part in parts]), "newest")
    session.shardwise("newest", left, select)
    return UrlsStep(left, NEWEST, parts)


def _parts(run: RunDirectory, key: str, documents: int, partition_bytes: int) -> list[Task]:
    count = max(1, -(-documents * PAGE_BYTES // partition_bytes))
    own, weight = stage_key("marks", [count], [key]), max(1, documents * PAGE_BYTES // count)
    return partition_tasks(run, FOLDER, own, [weight] * count)


def _find(session: Session, printed: Sequence[Task], folder: str, parts: Sequence[Task]) -> None:
    run = session.run
    prune(run, FOLDER, [task.uri for task in parts])
    plan = make_plan("urls", parts)
    every = every_task("urls-emit", printed)

    def add(pipeline: beam.Pipeline, *, wanted: tuple[int, ...]) -> None:
        emit = EmitPages(run.uri, folder, len(parts), wanted)
        found = pipeline | ShuffleBatches(store_plan(run, every), emit)
        _ = found | write_groups(store_plan(run, plan), "urls", functools.partial(write_older, run.uri))

    turns = rounds(plan.todo, parts[0].weight_bytes, session.execution, session.budget.memory_bytes)
    for task in session.shuffle(plan, turns, add):
        write_older(run.uri, task, PAGE_SCHEMA.empty_table())


@dataclasses.dataclass(frozen=True)
class Settle:
    """The work of one partition of addresses: what the older copies are duplicates of.

    Attributes:
        fates: stored list (`files_of`) of the files of the clusters of this run and of the copies of earlier runs, each
            sorted by document.
    """

    run_uri: str
    fates: str
    step: str = "older"

    def __call__(self, task: Task) -> None:
        """Reads the older copies of a partition, and the fates of the newest a row group at a time."""
        run = RunDirectory(self.run_uri)
        older = one_batch(read_table(run.path(FOLDER, f"part-{task.number:05d}.parquet")))
        _commit(self.run_uri, task, settled(older, self._fates()), {"older": older.num_rows})

    def _fates(self) -> Iterator[pa.RecordBatch]:
        for file in load_plan(self.fates):
            with storage.local_copy(file.uri) as path:
                yield from read_groups(path, ["document", "duplicate_of", "duplicate_run"])


def settled(older: pa.RecordBatch, fates: Iterable[pa.RecordBatch]) -> pa.RecordBatch:
    """Older copies as rows of ``dedup/resolved.parquet``: duplicates of the newest, or of what that is a duplicate of.

    Args:
        older: rows of `OLDER_SCHEMA`.
        fates: of documents of clusters, each batch sorted by ``document``; of no document twice.
    """
    newest = older.column("newest").to_numpy()
    fate = np.full(len(newest), -1, np.int64)
    names = ["duplicate_of", "duplicate_run"]
    known = [pa.table({"duplicate_of": older.column("newest_id"), "duplicate_run": pa.nulls(len(newest), pa.string())})]
    count = len(newest)
    for batch in fates:
        gone = batch.filter(pc.is_valid(batch.column("duplicate_of")))
        numbers = gone.column("document").to_numpy()
        at = np.searchsorted(numbers, newest)
        hit = np.flatnonzero((at < len(numbers)) & (np.append(numbers, -1)[at] == newest))
        used, place = np.unique(at[hit], return_inverse=True)
        fate[hit] = count + place
        known.append(pa.Table.from_batches([gone.take(pa.array(used))]).select(names))
        count += len(used)
    index = pa.array(np.where(fate < 0, np.arange(len(newest)), fate))
    named = one_batch(pa.concat_tables(known).take(index))
    columns = {
        "document": older.column("document"),
        "doc_id": older.column("doc_id"),
        "duplicate_of": named.column("duplicate_of"),
        "duplicate_run": named.column("duplicate_run"),
        "similarity": pa.nulls(len(newest), pa.float32()),
        "similarity_evidence": pa.DictionaryArray.from_arrays(
            np.full(len(newest), SIMILARITY_EVIDENCE.index("url"), np.int32), list(SIMILARITY_EVIDENCE)
        ),
        "cluster_size": pa.array(np.ones(len(newest), np.int32)),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in RESOLVED_SCHEMA.names], schema=RESOLVED_SCHEMA)


def settle_older(session: Session, found: UrlsStep, fates: Sequence[str], key: str) -> list[str]:
    """Names a kept document for every older copy.

    Args:
        session: the run in progress.
        found: of `take_out_older`.
        fates: files of the clusters of this run and of the copies of earlier runs.
        key: of the clusters.

    Returns:
        The files whose rows belong into ``dedup/resolved.parquet``.
    """
    run = session.run
    tasks = [
        dataclasses.replace(
            part,
            uri=run.path(SETTLED, f"part-{part.number:05d}.parquet"),
            key=stage_key("settle", [], [part.key, key]),
        )
        for part in found.parts
    ]
    if tasks:
        prune(run, SETTLED, [task.uri for task in tasks])
        session.shardwise("older", tasks, Settle(run.uri, files_of(run, fates)))
    return [task.uri for task in tasks]


def url_facts(run: RunDirectory) -> dict[str, int] | None:
    """Web pages whose addresses were compared, addresses of several copies, and older copies; None without."""
    counts = read_counts([entry.uri for entry in storage.walk(run.path(FOLDER))])
    names = ("pages", "addresses", "older")
    return {name: sum(int(entry[name]) for entry in counts) for name in names} if counts else None
