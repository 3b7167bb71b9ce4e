"""Match: new documents against the indexes of earlier runs; what has a copy there is a duplicate of it.

::

    fingerprints ─▶ candidates of each index ─▶ (partition, batch with shingle sets) ─▶ GroupByKey ─▶ dedup/match/part-*
                                                 by the shard that holds the old text     old texts, shard by shard

The old text is read where it is still there, and then the true Jaccard similarity decides, as within a run. Where it is
gone or was changed, only signatures are left: `gristmill.dedup.signatures.estimate` says how equal they must be.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Iterator, Sequence

import apache_beam as beam
import numpy as np
import pyarrow as pa
import xxhash

from gristmill import storage
from gristmill.config.dedup_config import DedupSection, NearSection
from gristmill.dedup.index.files import Index, open_index
from gristmill.dedup.index.format import DOCUMENT_TABLE, Parameters
from gristmill.dedup.index.query import Candidates, candidates
from gristmill.dedup.resolution.verify import jaccard_pairs
from gristmill.dedup.signatures.estimate import least_estimate
from gristmill.dedup.signatures.exact import exact_hashes
from gristmill.dedup.signatures.shingles import shingle_sets
from gristmill.documents import DOC_ID_BYTES, LEDGER_SCHEMA, SIMILARITY_EVIDENCE
from gristmill.errors import IntegrityError
from gristmill.pipelines.dedup.fingerprint import signature_rows
from gristmill.pipelines.engine.plan import Task, partition_tasks
from gristmill.pipelines.engine.shardwise import ShuffleBatches, split, write_groups
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.pipelines.engine.texts import open_texts, open_texts_at
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter, one_batch, read_groups

FOLDER = "dedup/match"
MOST_PARTITIONS = 64

MATCH_SCHEMA = pa.schema(
    [
        pa.field("document", pa.int64(), nullable=False),
        pa.field("doc_id", pa.binary(DOC_ID_BYTES), nullable=False),
        pa.field("place", pa.int64(), nullable=False),
        pa.field("old_id", pa.binary(DOC_ID_BYTES), nullable=False),
        pa.field("run", pa.string(), nullable=False),
        pa.field("run_uri", pa.string(), nullable=False),
        pa.field("cuts", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("shard", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("old_exact", pa.binary(DOC_ID_BYTES), nullable=False),
        pa.field("exact", pa.bool_(), nullable=False),
        pa.field("estimate", pa.float64(), nullable=False),
        pa.field("shingles", pa.large_list(pa.uint64()), nullable=False),
    ]
)
"""A new document and one of an index that it may duplicate; ``place`` orders those of an index, older ones first."""

FOUND_SCHEMA = pa.schema(
    [
        pa.field("document", pa.int64(), nullable=False),
        pa.field("doc_id", pa.binary(DOC_ID_BYTES), nullable=False),
        pa.field("place", pa.int64(), nullable=False),
        pa.field("duplicate_of", pa.binary(DOC_ID_BYTES), nullable=False),
        pa.field("duplicate_run", pa.string(), nullable=False),
        pa.field("similarity", pa.float64(), nullable=False),
        LEDGER_SCHEMA.field("similarity_evidence"),
    ]
)
"""What of it holds: similar enough, and how that is known."""


def open_indexes(dedup: DedupSection) -> tuple[Index, ...]:
    """Opens every index that a run is compared with, and compares its parameters with the run's.

    Raises:
        RunDirectoryError: there is none, or it was made with other parameters.
        IntegrityError: it is not whole.
    """
    found = []
    for uri in dedup.index:
        index = open_index(uri)
        if dedup.near:
            index.head.require(Parameters.of(dedup.near), uri, "this configuration")
        found.append(index)
    return tuple(found)


def match_tasks(
    run: RunDirectory, dedup: DedupSection, indexes: Sequence[Index], printed: Sequence[Task]
) -> list[Task]:
    """One task per partition of the shards that hold old texts.

    The key holds what the indexes hold beside this run's own documents, so adding a run to the index it was matched
    against makes nothing stale.
    """
    near = dedup.near.model_dump(mode="json") if dedup.near else None
    held = []
    for index in indexes:
        own = own_runs(index, run.uri)
        runs = [[entry.name, entry.content] for number, entry in enumerate(index.head.runs) if number not in own]
        held.append([runs, [[entry.sequence, entry.content] for entry in index.head.forgotten]])
    key = stage_key("match", [near, dedup.exact, held], [task.key for task in printed])
    count = min(MOST_PARTITIONS, max(1, len(printed)))
    weight = max(1, sum(task.weight_bytes for task in printed) // count)
    return partition_tasks(run, FOLDER, key, [weight] * count)


@dataclasses.dataclass(frozen=True)
class EmitMatches:
    """The candidates of one shard with their shingle sets, split by the shard that holds the old text.

    Attributes:
        wanted: the partitions still to be made.
    """

    run_uri: str
    dedup: DedupSection
    partitions: int
    wanted: tuple[int, ...]
    step: str = "match"

    def __call__(self, task: Task) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yields one batch for each row group of documents and wanted partition."""
        run = RunDirectory(self.run_uri)
        with storage.local_copy(task.uri) as prints, open_texts(run, task) as texts:
            for group in read_groups(prints):
                found = self._candidates(run, task, group)
                if found.num_rows:
                    picked = texts.picked(found.column("document").to_numpy() - task.first)
                    yield from self._split(_with_shingles(found, picked, self.dedup.near or None))

    def _split(self, batch: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
        names = zip(*(batch.column(name).to_pylist() for name in ("run_uri", "source", "shard")), strict=True)
        where = np.array(
            [xxhash.xxh3_64_intdigest("\0".join(parts).encode()) % self.partitions for parts in names], np.int64
        )
        return split(batch, where, self.wanted)

    def _candidates(self, run: RunDirectory, task: Task, prints: pa.RecordBatch) -> pa.RecordBatch:
        parts = []
        for number, uri in enumerate(self.dedup.index):
            index = open_index(uri)
            found = candidates(
                index,
                prints.column("exact"),
                signature_rows(prints),
                by_exact=self.dedup.exact,
                by_signature=bool(self.dedup.near),
                without=own_runs(index, run.uri),
            )
            parts.append(_rows(index, number, found, prints, task.first))
        return one_batch(pa.Table.from_batches(parts, schema=MATCH_SCHEMA))


def _rows(index: Index, number: int, found: Candidates, prints: pa.RecordBatch, first: int) -> pa.RecordBatch:
    """Candidates of one index as a batch, without shingles."""
    old = [
        index.segments[segment].documents.take(pa.array(found.document[found.segment == segment]))
        for segment in np.unique(found.segment).tolist()
    ]
    # Candidates of one segment come together in `old`; `back` puts them into the order of `found` again.
    back = np.empty(len(found.row), np.int64)
    back[np.argsort(found.segment, kind="stable")] = np.arange(len(found.row))
    table = pa.concat_tables(old).take(pa.array(back)) if old else DOCUMENT_TABLE.empty_table()
    runs = [index.head.runs[run] for run in table.column("run").to_pylist()]
    rows = prints.column("row").to_numpy()[found.row]
    columns = {
        "document": pa.array(rows + first),
        "doc_id": prints.column("doc_id").take(pa.array(found.row)),
        "place": pa.array((np.int64(number) << 56) + (found.segment << 32) + found.document),
        "old_id": table.column("doc_id").combine_chunks(),
        "run": pa.array([run.name for run in runs], pa.string()),
        "run_uri": pa.array([run.uri for run in runs], pa.string()),
        "cuts": pa.array([run.cuts for run in runs], pa.string()),
        "source": table.column("source").combine_chunks(),
        "shard": table.column("shard").combine_chunks(),
        "row": table.column("row").combine_chunks(),
        "old_exact": table.column("exact").combine_chunks(),
        "exact": pa.array(found.exact),
        "estimate": pa.array(found.estimate),
        "shingles": pa.array([[]] * len(found.row), pa.large_list(pa.uint64())),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in MATCH_SCHEMA.names], schema=MATCH_SCHEMA)


def _with_shingles(found: pa.RecordBatch, texts: pa.Array, near: NearSection | None) -> pa.RecordBatch:
    """Fills in the shingle sets of the pairs that are not exact."""
    if near is None or not found.num_rows:
        return found
    compared = ~found.column("exact").to_numpy(zero_copy_only=False)
    blank = pa.array([""] * found.num_rows, pa.large_string())
    texts = pa.compute.if_else(pa.array(compared), texts, blank)
    at = MATCH_SCHEMA.get_field_index("shingles")
    columns = found.columns
    columns[at] = shingle_sets(texts, **near.shingles()).cast(pa.large_list(pa.uint64()))
    return pa.RecordBatch.from_arrays(columns, schema=MATCH_SCHEMA)


def write_matches(run_uri: str, task: Task, found: pa.Table, near: NearSection | None) -> None:
    """Commits the matches of one partition; an empty table gives an empty file."""
    rows, counts = judged(one_batch(found), near)
    with storage.committing(task.uri, run=run_uri) as path, ShardWriter(path, FOUND_SCHEMA, task.key) as writer:
        writer.write(rows)
        writer.finish(counts)


def judged(found: pa.RecordBatch, near: NearSection | None) -> tuple[pa.RecordBatch, dict[str, int]]:
    """The pairs that are similar enough, as rows of ``FOUND_SCHEMA``, and how many were compared in which way.

    Args:
        found: rows of ``MATCH_SCHEMA`` in any order.
        near: the settings of the shingles; None where only exact copies count.
    """
    order = [(name, "ascending") for name in ("run_uri", "source", "shard", "document", "place")]
    batch = found.take(pa.compute.sort_indices(found, sort_keys=order))
    similarity, evidence = similarities(batch, near)
    codes = np.array([SIMILARITY_EVIDENCE.index(name) for name in evidence], np.int64)
    least = (
        [1.0, near.min_jaccard, least_estimate(near.min_jaccard, near.bands * near.rows)] if near else [1.0, 1.0, 1.0]
    )
    holds = similarity >= np.array(least)[codes]
    columns = [
        batch.column("document"),
        batch.column("doc_id"),
        batch.column("place"),
        batch.column("old_id"),
        batch.column("run"),
        pa.array(similarity),
        pa.array(evidence, pa.string()).dictionary_encode().cast(FOUND_SCHEMA.field("similarity_evidence").type),
    ]
    rows = pa.RecordBatch.from_arrays(columns, schema=FOUND_SCHEMA).filter(pa.array(holds))
    counts = {name: int((codes == i).sum()) for i, name in enumerate(SIMILARITY_EVIDENCE)}
    return rows, {"pairs": batch.num_rows, **counts}


def similarities(batch: pa.RecordBatch, near: NearSection | None) -> tuple[np.ndarray, list[str]]:
    """The similarity of each pair and how it is known.

    Args:
        batch: rows of ``MATCH_SCHEMA``, those of one old shard together.
        near: the settings of the shingles.
    """
    exact = batch.column("exact").to_numpy(zero_copy_only=False)
    similarity = np.where(exact, 1.0, batch.column("estimate").to_numpy())
    evidence = np.where(exact, "exact", "estimated").astype(object)
    if near is None or not batch.num_rows:
        return similarity, evidence.tolist()
    places = list(
        zip(*(batch.column(name).to_pylist() for name in ("run_uri", "cuts", "source", "shard")), strict=True)
    )
    bounds = [i for i in range(len(places)) if i == 0 or places[i] != places[i - 1]]
    for start, end in zip(bounds, [*bounds[1:], len(places)], strict=True):
        rows = np.arange(start, end)[~exact[start:end]]
        run_uri, cuts, source, shard = places[start]
        wanted = batch.column("row").to_numpy()[rows]
        texts = _old_texts(run_uri, cuts, source, shard, wanted) if len(rows) else None
        if texts is None:
            continue
        pairs = batch.take(pa.array(rows))
        # A run may have been made again since: only the text that was indexed counts.
        same = pa.compute.equal(exact_hashes(texts), pairs.column("old_exact")).to_numpy(zero_copy_only=False)
        similarity[rows[same]] = _jaccard(pairs.column("shingles"), shingle_sets(texts, **near.shingles()))[same]
        evidence[rows[same]] = "verified"
    return similarity, evidence.tolist()


def _old_texts(run_uri: str, cuts: str, source: str, shard: str, rows: np.ndarray) -> pa.Array | None:
    """The texts of some documents of an earlier run; None where its file is gone or is another by now."""
    name = (source, f"{shard}.parquet")
    documents, edits = storage.join(run_uri, "documents", *name), storage.join(run_uri, cuts, *name)
    if not storage.exists(documents) or (cuts and not storage.exists(edits)):
        return None
    try:
        with open_texts_at(documents, edits if cuts else None) as texts:
            return texts.picked(rows)
    except IntegrityError:
        return None


def _jaccard(new: pa.LargeListArray, old: pa.LargeListArray) -> np.ndarray:
    """The true similarity of each pair of sets."""
    values = np.concatenate([new.flatten().to_numpy(), old.flatten().to_numpy()])
    firsts = new.offsets.to_numpy() - new.offsets[0].as_py()
    offsets = np.concatenate([firsts, firsts[-1] + old.offsets.to_numpy()[1:]])
    return jaccard_pairs(offsets, values, np.arange(len(new)), np.arange(len(new)) + len(new))


@dataclasses.dataclass(eq=False)
class Match(beam.PTransform):
    """Fingerprints to matches, one file per partition still to be made."""

    emit_plan: str
    write_plan: str
    emit: EmitMatches

    def expand(self, root: beam.pvalue.PBegin) -> beam.pvalue.PCollection[int]:
        """Emit candidates, group by the old text's shard, compare and write."""
        write = functools.partial(write_matches, self.emit.run_uri, near=self.emit.dedup.near or None)
        return root | ShuffleBatches(self.emit_plan, self.emit) | write_groups(self.write_plan, self.emit.step, write)


def own_runs(index: Index, run_uri: str) -> list[int]:
    """The numbers under which an index holds a run itself: a run is never compared with its own documents."""
    return [number for number, run in enumerate(index.head.runs) if same_place(run.uri, run_uri)]


def same_place(one: str, other: str) -> bool:
    """Whether two uris name one directory.

    >>> same_place("runs/a/", "./runs/a"), same_place("s3://b/a", "s3://b/c")
    (True, False)
    """
    if storage.is_remote(one) or storage.is_remote(other):
        return one.rstrip("/") == other.rstrip("/")
    return os.path.realpath(one) == os.path.realpath(other)
