"""Resolve: candidates are compared by the true Jaccard similarity of their shingles; only then is anything removed.

::

    components ─▶ candidates by shard ─▶ (group, batch with shingle sets) ─▶ GroupByKey ─▶ dedup/resolved/part-*

A document is a duplicate only of a *kept* document it was compared with; a chain A~B~C whose ends differ is so broken.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence

import apache_beam as beam
import numpy as np
import pyarrow as pa

from gristmill import storage
from gristmill.config.dedup_config import DedupSection
from gristmill.dedup.resolution.preference import preference
from gristmill.dedup.resolution.resolve import Resolution, resolve
from gristmill.dedup.signatures.digests import halves
from gristmill.dedup.signatures.exact import exact_hashes
from gristmill.dedup.signatures.shingles import shingle_sets
from gristmill.documents import DOC_ID_BYTES, LEDGER_SCHEMA, SIMILARITY_EVIDENCE
from gristmill.pipelines.dedup.choices import DedupChoices
from gristmill.pipelines.dedup.cluster_counts import Compared, SourceStarts, counted, likeness_to_best
from gristmill.pipelines.dedup.components_step import components_uri, group_ends, regrouped
from gristmill.pipelines.engine.document_ranges import read_range
from gristmill.pipelines.engine.plan import Task, partition_tasks
from gristmill.pipelines.engine.shardwise import ShuffleBatches, split, write_groups
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.pipelines.engine.texts import open_texts
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter, one_batch, read_footer, read_table

FOLDER = "dedup/resolved"

RESOLVED_SCHEMA = pa.schema(
    [
        pa.field("document", pa.int64(), nullable=False),
        LEDGER_SCHEMA.field("doc_id"),
        *(
            LEDGER_SCHEMA.field(name)
            for name in ("duplicate_of", "duplicate_run", "similarity", "similarity_evidence", "cluster_size")
        ),
    ]
)
"""One row per document of a cluster of two or more; ``duplicate_of`` is null for the kept one."""

CANDIDATE_SCHEMA = pa.schema(
    [
        pa.field("document", pa.int64()),
        pa.field("component", pa.int64()),
        pa.field("doc_id", pa.binary(DOC_ID_BYTES)),
        pa.field("text_bytes", pa.int64()),
        pa.field("value", pa.float64()),
        pa.field("exact", pa.binary(DOC_ID_BYTES)),
        pa.field("shingles", pa.large_list(pa.uint64())),
    ]
)

"""``value`` is what ``dedup.keep`` orders by, NaN where a document has none."""

GROUP_ROWS = 1 << 16
"""Clustered documents in one row group, so that the files can be merged a range at a time."""

MERGED_GROUPS = 16
"""Row groups of all files that are merged at a time: 1 M rows, 100 MB."""


def resolved_uri(run: RunDirectory) -> str:
    """All resolved documents, sorted by document number."""
    return run.path("dedup", "resolved.parquet")


def resolve_tasks(
    run: RunDirectory,
    choices: DedupChoices,
    edges_key: str,
    candidate_bytes: int,
    oversized: Sequence[int] = (),
) -> list[Task]:
    """One task per group of components, then one for each component too large for a group.

    Args:
        run: the run directory.
        choices: of the run.
        edges_key: key of the candidate pairs.
        candidate_bytes: shingles of the candidates that are grouped.
        oversized: see :class:`EmitCandidates`.
    """
    partition_bytes = choices.section.partition_bytes
    count = max(1, -(-candidate_bytes // partition_bytes))
    key = stage_key("resolve", [*choices.resolve_settings(), count, list(oversized)], [edges_key])
    sizes = [candidate_bytes // count] * count + [partition_bytes] * len(oversized)
    return partition_tasks(run, FOLDER, key, sizes)


@dataclasses.dataclass(frozen=True)
class EmitCandidates:
    """The candidates of one shard with their shingle sets, split by group of components.

    Attributes:
        wanted: the groups still to be made.
        sources: see :class:`DedupChoices`.
        oversized: components too large for a group; each is a group of its own, after the others.
        starts: where each source begins, for the counts.
    """

    run_uri: str
    dedup: DedupSection
    groups: int
    wanted: tuple[int, ...]
    sources: tuple[str, ...] = ()
    oversized: tuple[int, ...] = ()
    starts: SourceStarts = ()
    step: str = "resolve"

    def __call__(self, task: Task) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yields one batch per wanted group and row group of documents."""
        run = RunDirectory(self.run_uri)
        first = task.first
        values = self._values(run, task)
        with open_texts(run, task) as texts:
            for group in texts.groups(["doc_id", "text"]):
                mine = read_range(components_uri(run), first, first + group.num_rows)
                where = group_numbers(mine.column("component").to_numpy(), self.groups, self.oversized)
                sought = np.isin(where, self.wanted)
                mine, where = mine.filter(pa.array(sought)), where[sought]
                if mine.num_rows:
                    start = first - task.first
                    batch = candidates(group, values[start : start + group.num_rows], mine, first, self.dedup)
                    yield from split(batch, where, self.wanted)
                first += group.num_rows

    def _values(self, run: RunDirectory, task: Task) -> np.ndarray:
        """What ``dedup.keep`` orders the documents of a shard by, float64; NaN where there is nothing."""
        if self.dedup.keep == "best_quality":
            signal = read_table(run.shard("signals", task.raw), [self.dedup.quality_signal]).column(0)
            return signal.cast(pa.float64()).to_numpy()
        published = read_table(run.shard("documents", task.raw), ["published"]).column(0)
        if self.dedup.keep == "earliest":
            return published.cast(pa.int64()).cast(pa.float64()).to_numpy()
        place = self.sources.index(task.raw.source) if self.dedup.keep == "source_order" else np.nan
        return np.full(len(published), place)


def group_numbers(components: np.ndarray, groups: int, oversized: Sequence[int]) -> np.ndarray:
    """The group that compares each component.

    >>> group_numbers(np.array([4, 5, 9]), 2, [9]).tolist()
    [0, 1, 2]
    """
    numbers = components % groups
    for place, label in enumerate(oversized):
        numbers = np.where(components == label, groups + place, numbers)
    return numbers


def candidates(
    documents: pa.RecordBatch, values: np.ndarray, members: pa.Table, first: int, dedup: DedupSection
) -> pa.RecordBatch:
    """What is compared of each candidate: exact hash and shingle set.

    Args:
        documents: a row group with ``doc_id`` and ``text``.
        values: what ``dedup.keep`` orders its documents by.
        members: rows of ``dedup/components.parquet`` that fall into it.
        first: number of its first document.
        dedup: the ``[dedup]`` section.
    """
    rows = members.column("document").to_numpy() - first
    picked = documents.take(pa.array(rows))
    texts = picked.column("text")
    if dedup.near:
        shingles = shingle_sets(texts, **dedup.near.shingles())
    else:
        shingles = pa.array([[]] * len(texts), pa.large_list(pa.uint64()))
    columns = {
        "document": members.column("document").combine_chunks(),
        "component": members.column("component").combine_chunks(),
        "doc_id": picked.column("doc_id"),
        "text_bytes": pa.compute.binary_length(texts).cast(pa.int64()),
        "value": pa.array(values[rows]),
        "exact": exact_hashes(texts) if dedup.exact else picked.column("doc_id"),
        "shingles": shingles.cast(pa.large_list(pa.uint64())),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in CANDIDATE_SCHEMA.names], schema=CANDIDATE_SCHEMA)


def write_resolved(run_uri: str, task: Task, found: pa.Table, dedup: DedupSection, starts: SourceStarts = ()) -> None:
    """Commits the clusters of one group of components."""
    batch = one_batch(found.sort_by("document"))
    commit_resolved(run_uri, task, batch, compared(batch, dedup), starts)


def commit_resolved(run_uri: str, task: Task, documents: pa.RecordBatch, found: Compared, starts: SourceStarts) -> None:
    """Commits the clusters among candidates.

    Args:
        run_uri: the run directory.
        task: the group.
        documents: the columns of ``CANDIDATE_SCHEMA`` but for the shingles, sorted by document; whole components.
        found: of the same documents.
        starts: where each source begins.
    """
    rows = clusters(documents, found.result)
    with storage.committing(task.uri, run=run_uri) as path, ShardWriter(path, RESOLVED_SCHEMA, task.key) as writer:
        for first in range(0, rows.num_rows, GROUP_ROWS):
            writer.write(rows.slice(first, GROUP_ROWS))
        writer.finish(counted(documents, found, starts))


def ranks(documents: pa.RecordBatch, dedup: DedupSection) -> np.ndarray:
    """The order of preference of candidates, see :func:`gristmill.dedup.resolution.preference.preference`."""
    values = documents.column("value").to_numpy(zero_copy_only=False)
    lengths = documents.column("text_bytes").to_numpy()
    return preference(lengths, documents.column("doc_id"), dedup.keep, values=values)


def compared(batch: pa.RecordBatch, dedup: DedupSection) -> Compared:
    """The fate of candidates, all of them in memory.

    Args:
        batch: rows of ``CANDIDATE_SCHEMA`` sorted by document; whole components.
        dedup: the ``[dedup]`` section.
    """
    order = ranks(batch, dedup)
    component = batch.column("component").to_numpy()
    shingles = batch.column("shingles")
    sets = shingles.offsets.to_numpy(), shingles.values.to_numpy()
    minimum = dedup.near.min_jaccard if dedup.near else 1.0
    result = resolve(component, order, *sets, batch.column("exact"), min_jaccard=minimum)
    return Compared(result, likeness_to_best(component, order, *sets))


def clusters(batch: pa.RecordBatch, result: Resolution) -> pa.RecordBatch:
    """The clusters of two and more documents, as rows of ``RESOLVED_SCHEMA``."""
    doc_ids = batch.column("doc_id")
    chosen = np.flatnonzero(result.cluster_size > 1)
    kept_row = result.duplicate_of[chosen]
    duplicate = kept_row >= 0
    similarity = result.similarity[chosen]
    exact = halves(batch.column("exact"))
    same = (exact[chosen] == exact[kept_row]).all(axis=1)
    evidence = pa.array(np.where(same, 0, 1).astype(np.int32), mask=~duplicate)
    columns = [
        batch.column("document").take(pa.array(chosen)),
        doc_ids.take(pa.array(chosen)),
        doc_ids.take(pa.array(kept_row, mask=~duplicate)),
        pa.nulls(len(chosen), pa.string()),
        pa.array(similarity.astype(np.float32), mask=~duplicate),
        pa.DictionaryArray.from_arrays(evidence, list(SIMILARITY_EVIDENCE)),
        pa.array(result.cluster_size[chosen].astype(np.int32)),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=RESOLVED_SCHEMA)


@dataclasses.dataclass(eq=False)
class Resolve(beam.PTransform):
    """Candidates to clusters, one file per group still to be made."""

    emit_plan: str
    write_plan: str
    emit: EmitCandidates

    def expand(self, root: beam.pvalue.PBegin) -> beam.pvalue.PCollection[int]:
        """Emit candidates, group, resolve and write."""
        emit = self.emit
        write = functools.partial(write_resolved, emit.run_uri, dedup=emit.dedup, starts=emit.starts)
        return root | ShuffleBatches(self.emit_plan, emit) | write_groups(self.write_plan, emit.step, write)


def merge_resolved(run: RunDirectory, uris: Sequence[str], key: str) -> None:
    """All resolved documents in one file sorted by document number, from which each shard reads its own range."""
    uri = resolved_uri(run)
    footer = read_footer(uri)
    if footer is not None and footer[0] == key:
        return
    documents = 0
    with storage.committing(uri, run=run.uri) as path, ShardWriter(path, RESOLVED_SCHEMA, key) as writer:
        for batch in regrouped(_merged(uris), 1 << 20):
            writer.write(batch)
            documents += batch.num_rows
        if not documents:
            writer.write(pa.RecordBatch.from_pylist([], schema=RESOLVED_SCHEMA))
        writer.finish({"documents": documents})


def _merged(uris: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows of several files, each sorted by document number, in that order; a range of documents at a time."""
    ends = sorted(end for uri in uris for end in group_ends(uri))
    last = -1
    for end in [*ends[MERGED_GROUPS::MERGED_GROUPS], ends[-1]] if ends else ():
        if end > last:
            table = pa.concat_tables([read_range(uri, last + 1, end + 1) for uri in uris]).sort_by("document")
            yield one_batch(table)
            last = end
