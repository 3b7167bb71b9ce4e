"""Join: documents that share a band key or an exact hash become candidate pairs, by a columnar shuffle.

::

    fingerprints ─▶ (partition, batch of key and document number) ─▶ GroupByKey ─▶ sort ─▶ dedup/edges/part-*

One element carries all keys that one shard has for one partition, never one element per document and band. Within a
partition the keys are sorted, and every bucket gives a star (its first document to each of the others), never a clique.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

import apache_beam as beam
import numpy as np
import pyarrow as pa

from gristmill import storage
from gristmill.dedup.banding import BandPlan, band_keys
from gristmill.dedup.buckets import star_edges
from gristmill.dedup.exact import exact_keys
from gristmill.dedup.minhash import has_signature
from gristmill.dedup_config import DedupSection
from gristmill.pipelines.coders import grouped
from gristmill.pipelines.plan import Task, load_plan
from gristmill.pipelines.shardwise import ShuffleBatches, naming
from gristmill.pipelines.stage_keys import stage_key
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter, read_groups

FOLDER = "dedup/edges"

EDGE_SCHEMA = pa.schema([pa.field("a", pa.int64(), nullable=False), pa.field("b", pa.int64(), nullable=False)])
"""Document numbers of a candidate pair; ``a < b``. A document number is its place in the order of the corpus."""

KEY_SCHEMA = pa.schema([pa.field("key", pa.uint64(), nullable=False), pa.field("document", pa.int64(), nullable=False)])


def partition_count(documents: int, dedup: DedupSection) -> int:
    """Partitions so that one holds about ``partition_bytes`` of keys.

    >>> partition_count(10_000_000, DedupSection())
    10
    """
    keys = documents * ((dedup.near.bands if dedup.near else 0) + dedup.exact)
    return max(1, -(-keys * 16 // dedup.partition_bytes))


def join_tasks(run: RunDirectory, dedup: DedupSection, fingerprinted: Sequence[Task], documents: int) -> list[Task]:
    """One task per partition of the key space.

    Args:
        run: the run directory.
        dedup: the ``[dedup]`` section.
        fingerprinted: the fingerprint tasks of the whole corpus.
        documents: fingerprinted documents in all.
    """
    count = partition_count(documents, dedup)
    settings = [dedup.near.model_dump(mode="json") if dedup.near else None, dedup.exact, dedup.max_bucket, count]
    key = stage_key("join", settings, [task.key for task in fingerprinted])
    return [
        Task(run.path(FOLDER, f"part-{number:05d}.parquet"), key, None, max(1, documents // count), number=number)
        for number in range(count)
    ]


@dataclasses.dataclass(frozen=True)
class EmitKeys:
    """Band keys and exact keys of one shard, split by partition.

    Attributes:
        wanted: the partitions still to be made; keys of others are not sent.
    """

    run_uri: str
    dedup: DedupSection
    partitions: int
    wanted: tuple[int, ...]
    step: str = "join"

    def __call__(self, task: Task) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yields one batch of keys for each wanted partition."""
        with storage.local_copy(task.uri) as path:
            parts = [document_keys(group, self.dedup, task.first) for group in read_groups(path)]
        if not parts:
            return
        keys = np.concatenate([part[0] for part in parts])
        documents = np.concatenate([part[1] for part in parts])
        where = keys % np.uint64(self.partitions)
        for number in self.wanted:
            chosen = where == number
            if chosen.any():
                columns = [pa.array(keys[chosen]), pa.array(documents[chosen])]
                yield number, pa.RecordBatch.from_arrays(columns, schema=KEY_SCHEMA)


def document_keys(batch: pa.RecordBatch, dedup: DedupSection, first: int) -> tuple[np.ndarray, np.ndarray]:
    """All keys of a batch of fingerprints, and for each the number of its document.

    Returns:
        keys (uint64) and document numbers (int64), of equal length.
    """
    documents = batch.column("row").to_numpy() + first
    keys, numbers = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    if dedup.exact:
        keys.append(exact_keys(batch.column("exact")))
        numbers.append(documents)
    if dedup.near:
        values = batch.column("signature").flatten().to_numpy().reshape(batch.num_rows, -1)
        long_enough = has_signature(values)
        plan = BandPlan(bands=dedup.near.bands, rows=dedup.near.rows)
        keys.append(band_keys(values[long_enough], plan).reshape(-1))
        numbers.append(np.repeat(documents[long_enough], dedup.near.bands))
    return np.concatenate(keys), np.concatenate(numbers)


class WriteEdges(beam.DoFn):
    """Sorts the keys of one partition and commits its candidate pairs."""

    def __init__(self, run_uri: str, plan_uri: str, max_bucket: int) -> None:
        self._run_uri, self._plan_uri, self._max_bucket = run_uri, plan_uri, max_bucket

    def process(self, element: tuple[int, Iterable[pa.RecordBatch]]) -> Iterable[int]:
        """One partition."""
        number, batches = element
        task = next(task for task in load_plan(self._plan_uri) if task.number == number)
        with naming("join", task):
            write_edges(self._run_uri, task, grouped(batches), self._max_bucket)
        yield number


def write_edges(run_uri: str, task: Task, keys: pa.Table, max_bucket: int) -> None:
    """Commits the candidate pairs of one partition; an empty table of keys gives an empty file."""
    found = star_edges(keys.column("key").to_numpy(), keys.column("document").to_numpy(), max_bucket=max_bucket)
    with storage.committing(task.uri, run=run_uri) as path, ShardWriter(path, EDGE_SCHEMA, task.key) as writer:
        writer.write(pa.RecordBatch.from_arrays([pa.array(found.left), pa.array(found.right)], schema=EDGE_SCHEMA))
        hot = [{"size": bucket.size, "examples": list(bucket.examples)} for bucket in found.hot]
        writer.finish({"keys": keys.num_rows, "pairs": len(found.left), "largest_bucket": found.largest, "hot": hot})


@dataclasses.dataclass(eq=False)
class Join(beam.PTransform):
    """Fingerprints to candidate pairs, one file per partition still to be made."""

    emit_plan: str
    write_plan: str
    emit: EmitKeys

    def expand(self, root: beam.pvalue.PBegin) -> beam.pvalue.PCollection[int]:
        """Emit keys, group by partition, sort and write."""
        write = WriteEdges(self.emit.run_uri, self.write_plan, self.emit.dedup.max_bucket)
        return root | ShuffleBatches(self.emit_plan, self.emit) | "Write" >> beam.ParDo(write).with_output_types(int)
