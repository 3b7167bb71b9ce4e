"""The near-duplicate join, as one step of somebody's own pipeline."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from apache_beam.pvalue import PCollection

from gristmill.config.config_errors import checked
from gristmill.config.dedup_config import NearSection
from gristmill.dedup.candidates.buckets import star_edges
from gristmill.dedup.signatures.banding import BandPlan, band_keys
from gristmill.dedup.signatures.exact import exact_hashes, exact_keys
from gristmill.dedup.signatures.minhash import has_signature, signatures
from gristmill.documents import DOC_ID_BYTES
from gristmill.pipelines.engine.coders import KeyedBatch, grouped
from gristmill.pipelines.engine.shardwise import split

PAIR_SCHEMA = pa.schema(
    [pa.field("a", pa.binary(DOC_ID_BYTES), nullable=False), pa.field("b", pa.binary(DOC_ID_BYTES), nullable=False)]
)
"""Ids of two documents that share a band or are exactly equal; ``a`` is the smaller id."""

_KEYS = pa.schema([pa.field("key", pa.uint64()), pa.field("doc_id", pa.binary(DOC_ID_BYTES))])
_NO_HOT_BUCKET = np.iinfo(np.int64).max


class NearDuplicatePairs(beam.PTransform):
    """Finds the pairs of documents that must be compared: those that share a band of their signature, or a text.

    A bucket of m documents gives m - 1 pairs, from its smallest id to each other one, never m (m - 1) / 2: connected
    components of the pairs hold every similar pair that a bucket joins. Whether two documents *are* similar says
    `gristmill.dedup.resolution.verify.jaccard_pairs` of their shingles; which of a component stays says
    `gristmill.dedup.resolution.resolve.resolve`.

    Args:
        near: shingles, bands and rows: a published setting such as ``"fineweb"``, or keys of ``dedup.near``.
        partitions: parts of the shuffle, one worker's memory each: 24 bytes for each document and band.

    Input: `PCollection[pa.RecordBatch]` with the columns ``doc_id`` (16 bytes) and ``text``.

    Output: `PCollection[pa.RecordBatch]` of `PAIR_SCHEMA`; each pair once.

    Raises:
        ConfigError: keys or values that ``dedup.near`` does not have.

    >>> text = "the mill stands by the river and turns all day while the miller sleeps in the sun"
    >>> ids = pa.array([bytes([n]) * 16 for n in range(3)], pa.binary(16))
    >>> texts = pa.array([text, text + " again", "something else"])
    >>> batch = pa.RecordBatch.from_arrays([ids, texts], ["doc_id", "text"])
    >>> with beam.Pipeline("FnApiRunner") as pipeline:
    ...     pairs = pipeline | beam.Create([batch]) | NearDuplicatePairs({"bands": 50, "rows": 2}, partitions=2)
    ...     _ = pairs | beam.Map(lambda batch: print([(a[0], b[0]) for a, b in zip(*(c.to_pylist() for c in batch))]))
    [(0, 1)]
    """

    def __init__(self, near: str | dict[str, object] | None = None, *, partitions: int = 16) -> None:
        super().__init__()
        self._near = checked(NearSection, near or {}, "near")
        self._partitions = partitions

    def expand(self, documents: PCollection[pa.RecordBatch]) -> PCollection[pa.RecordBatch]:
        """Keys to partitions, stars of their buckets, and each pair once."""
        emit = beam.ParDo(_EmitKeys(self._near, self._partitions)).with_output_types(KeyedBatch)
        join = beam.ParDo(_JoinPartition(self._partitions)).with_output_types(KeyedBatch)
        once = beam.FlatMap(_once).with_output_types(pa.RecordBatch)
        return (
            documents
            | "Keys" >> emit
            | "GroupKeys" >> beam.GroupByKey()
            | "Join" >> join
            | "GroupPairs" >> beam.GroupByKey()
            | "Once" >> once
        )


@dataclasses.dataclass
class _EmitKeys(beam.DoFn):
    """The band keys and exact keys of a batch, split by partition."""

    near: NearSection
    partitions: int

    def process(self, element: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yields one batch per partition that has a key."""
        texts, ids = element.column("text"), element.column("doc_id")
        plan = BandPlan(self.near.bands, self.near.rows)
        rows = signatures(texts, num_perm=plan.num_perm, **self.near.shingles())
        signed = np.flatnonzero(has_signature(rows))
        keys = np.concatenate([band_keys(rows[signed], plan).ravel(), exact_keys(exact_hashes(texts))])
        owner = np.concatenate([np.repeat(signed, plan.bands), np.arange(element.num_rows)])
        yield from _split(
            keys, pa.RecordBatch.from_arrays([pa.array(keys), ids.take(pa.array(owner))], schema=_KEYS), self.partitions
        )


@dataclasses.dataclass
class _JoinPartition(beam.DoFn):
    """The stars of the buckets of one partition, split again by pair."""

    partitions: int

    def process(self, element: tuple[int, Iterable[pa.RecordBatch]]) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yields pairs."""
        table = grouped(element[1])
        ids = table.column("doc_id").combine_chunks()
        named = ids.unique().sort()
        place = pa.compute.index_in(ids, named).to_numpy().astype(np.int64)
        found = star_edges(table.column("key").to_numpy(), place, max_bucket=_NO_HOT_BUCKET)
        if not len(found.left):
            return
        pairs = [named.take(pa.array(side)) for side in (found.left, found.right)]
        batch = pa.RecordBatch.from_arrays(pairs, schema=PAIR_SCHEMA)
        yield from _split(exact_keys(batch.column("a")), batch, self.partitions)


def _split(
    keys: npt.NDArray[np.uint64], batch: pa.RecordBatch, partitions: int
) -> Iterator[tuple[int, pa.RecordBatch]]:
    return split(batch, (keys % np.uint64(partitions)).astype(np.int64), range(partitions))


def _once(element: tuple[int, Iterable[pa.RecordBatch]]) -> Iterator[pa.RecordBatch]:
    """The pairs of one partition without repeats, in order."""
    table = (
        grouped(element[1])
        .group_by(["a", "b"], use_threads=False)
        .aggregate([])
        .sort_by([("a", "ascending"), ("b", "ascending")])
    )
    yield from table.combine_chunks().cast(PAIR_SCHEMA).to_batches()
