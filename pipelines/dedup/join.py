"""Join: documents that share a band key or an exact hash become candidate pairs, by a columnar shuffle.

::

    fingerprints ─▶ (partition, batch of key and document number) ─▶ GroupByKey ─▶ sort ─▶ dedup/edges/part-*

One element carries the keys that a chunk of one shard has for one partition, never one element per document and band.
Within a partition the keys are sorted, and every bucket gives a star (its first document to each of the others), never
a clique. Of a bucket that many documents of a chunk share, only the first few travel; the others are joined where they
are (``dedup/local_edges``), so that no bucket is too large for a worker.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

import apache_beam as beam
import numpy as np
import pyarrow as pa

from gristmill import storage
from gristmill.config.dedup_config import DedupSection
from gristmill.dedup.candidates.buckets import star_edges
from gristmill.dedup.candidates.crowded import Thinned, thin_buckets
from gristmill.dedup.signatures.banding import BandPlan, band_keys
from gristmill.dedup.signatures.exact import exact_keys
from gristmill.dedup.signatures.minhash import has_signature
from gristmill.pipelines.engine.plan import Task, partition_tasks
from gristmill.pipelines.engine.shardwise import ShuffleBatches, write_groups
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter, read_groups

FOLDER = "dedup/edges"
LOCAL_FOLDER = "dedup/local_edges"

CHUNK_KEYS = 1 << 22
"""Keys of a shard that are sorted at a time: 64 MB. A constant, because chunks decide which edges are made where."""

EDGE_SCHEMA = pa.schema([pa.field("a", pa.int64(), nullable=False), pa.field("b", pa.int64(), nullable=False)])
"""Document numbers of a candidate pair; ``a < b``. A document number is its place in the order of the corpus."""

KEY_SCHEMA = pa.schema(
    [
        pa.field("key", pa.uint64(), nullable=False),
        pa.field("document", pa.int64(), nullable=False),
        pa.field("held", pa.int32(), nullable=False),
    ]
)
"""A band key or exact key of a document, and how many documents of its bucket were held back beside it."""

KEY_BYTES = 20
"""Of one row of ``KEY_SCHEMA``."""

GROUP_ROWS = 1 << 20
"""Edges in one row group, so that a file of edges can be read a part at a time."""

NAMED_BUCKETS = 20
"""Hot buckets of one partition that are listed with examples, largest first; all are counted."""


def partition_count(documents: int, dedup: DedupSection) -> int:
    """Partitions so that one holds about ``partition_bytes`` of keys.

    >>> partition_count(10_000_000, DedupSection())
    12
    """
    return max(1, -(-documents * keys_per_document(dedup) * KEY_BYTES // dedup.partition_bytes))


def keys_per_document(dedup: DedupSection) -> int:
    """Rows that a document brings to the join.

    >>> keys_per_document(DedupSection())
    15
    """
    return (dedup.near.bands if dedup.near else 0) + dedup.exact


def partition_starts(count: int) -> np.ndarray:
    """The smallest key of each partition: equal ranges of the key space, which keys fill alike since they are hashes.

    >>> [hex(start) for start in partition_starts(4)[:2].tolist()]
    ['0x0', '0x4000000000000000']
    """
    return np.array([-(-(number << 64) // count) for number in range(count)], np.uint64)


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
    size = max(1, documents * keys_per_document(dedup) * KEY_BYTES // count)
    return partition_tasks(run, FOLDER, key, [size] * count)


@dataclasses.dataclass(frozen=True)
class EmitKeys:
    """Band keys and exact keys of one shard, split by partition.

    Attributes:
        wanted: the partitions still to be made; keys of others are not sent.
        key: stage key of the join, for the edges that a shard makes by itself.
    """

    run_uri: str
    dedup: DedupSection
    partitions: int
    wanted: tuple[int, ...]
    key: str
    step: str = "join"

    def __call__(self, task: Task) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yields one batch of keys for each chunk and wanted partition, and commits the edges of what is held back."""
        for chunk in self.thinned(task):
            yield from split_keys(chunk, self.partitions, self.wanted)

    def thinned(self, task: Task) -> Iterator[Thinned]:
        """The keys of a shard, chunk by chunk; commits the edges of what is held back when all are read."""
        local = local_task(RunDirectory(self.run_uri), task, self.key)
        edges: list[pa.RecordBatch] = []
        with storage.local_copy(task.uri) as path:
            for chunk in self._chunks(path, task.first):
                edges.append(edge_batch(chunk.left, chunk.right))
                yield chunk
        if not storage.exists(local.uri):
            write_local_edges(self.run_uri, local, edges)

    def _chunks(self, path: Path, first: int) -> Iterator[Thinned]:
        """The keys of a shard, about ``CHUNK_KEYS`` at a time."""
        parts: list[tuple[np.ndarray, np.ndarray]] = []
        size = 0
        for group in read_groups(path):
            parts.append(document_keys(group, self.dedup, first))
            size += len(parts[-1][0])
            if size >= CHUNK_KEYS:
                yield thin_buckets(*(np.concatenate(column) for column in zip(*parts, strict=True)))
                parts, size = [], 0
        if parts:
            yield thin_buckets(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def split_keys(chunk: Thinned, partitions: int, wanted: Sequence[int]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The rows of a chunk that belong to each wanted partition and are at least one."""
    bounds = np.append(np.searchsorted(chunk.keys, partition_starts(partitions)), len(chunk.keys)).tolist()
    for number in wanted:
        part = slice(bounds[number], bounds[number + 1])
        if part.start < part.stop:
            columns = [pa.array(column[part]) for column in (chunk.keys, chunk.ids, chunk.held)]
            yield number, pa.RecordBatch.from_arrays(columns, schema=KEY_SCHEMA)


def local_task(run: RunDirectory, fingerprinted: Task, key: str) -> Task:
    """The edges that one shard makes by itself, made while its keys are emitted."""
    return dataclasses.replace(fingerprinted, uri=run.shard(LOCAL_FOLDER, fingerprinted.raw), key=key, weight_bytes=0)


def write_local_edges(run_uri: str, task: Task, edges: Sequence[pa.RecordBatch]) -> None:
    """Commits the edges that one shard makes by itself; most shards have none."""
    with storage.committing(task.uri, run=run_uri) as path, ShardWriter(path, EDGE_SCHEMA, task.key) as writer:
        for batch in edges:
            if batch.num_rows:
                writer.write(batch)
        writer.finish({"pairs": sum(batch.num_rows for batch in edges)})


def edge_batch(left: np.ndarray, right: np.ndarray) -> pa.RecordBatch:
    """Edges as a batch of ``EDGE_SCHEMA``."""
    return pa.RecordBatch.from_arrays([pa.array(left), pa.array(right)], schema=EDGE_SCHEMA)


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


def write_edges(run_uri: str, task: Task, keys: pa.Table, max_bucket: int) -> None:
    """Commits the candidate pairs of one partition; an empty table of keys gives an empty file."""
    key, document, held = (keys.column(name).to_numpy() for name in KEY_SCHEMA.names)
    found = star_edges(key, document, max_bucket=max_bucket, held=held)
    with storage.committing(task.uri, run=run_uri) as path, ShardWriter(path, EDGE_SCHEMA, task.key) as writer:
        for first in range(0, len(found.left), GROUP_ROWS):
            part = slice(first, first + GROUP_ROWS)
            writer.write(edge_batch(found.left[part], found.right[part]))
        hot = [{"size": bucket.size, "examples": list(bucket.examples)} for bucket in found.hot[:NAMED_BUCKETS]]
        counts = {"keys": found.documents, "pairs": len(found.left), "largest_bucket": found.largest}
        writer.finish({**counts, "hot": hot, "hot_buckets": len(found.hot)})


@dataclasses.dataclass(eq=False)
class Join(beam.PTransform):
    """Fingerprints to candidate pairs, one file per partition still to be made."""

    emit_plan: str
    write_plan: str
    emit: EmitKeys

    def expand(self, root: beam.pvalue.PBegin) -> beam.pvalue.PCollection[int]:
        """Emit keys, group by partition, sort and write."""
        write = functools.partial(write_edges, self.emit.run_uri, max_bucket=self.emit.dedup.max_bucket)
        return root | ShuffleBatches(self.emit_plan, self.emit) | write_groups(self.write_plan, self.emit.step, write)
