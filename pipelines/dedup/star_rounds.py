"""Components by rounds of Beam: for candidate pairs that do not fit in memory, where workers do not see one disk.

::

    files of edges ─▶ (partition of node numbers, batch of ends) ─▶ GroupByKey ─▶ files of edges
         large star, small star, large star, … until every node has one label

The operations are those of :mod:`gristmill.dedup.components.stars`. A partition is an equal range of document numbers.
Rounds lie below ``_tmp`` under keys of their own, so a killed run goes on with the last whole one.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Sequence

import apache_beam as beam
import numpy as np
import pyarrow as pa

from gristmill import storage
from gristmill.dedup.components import stars
from gristmill.dedup.signatures.radix import sort_pairs
from gristmill.errors import IntegrityError
from gristmill.pipelines.dedup.join import EDGE_SCHEMA, edge_batch
from gristmill.pipelines.engine.plan import Task, every_task, make_plan, partition_tasks, store_plan
from gristmill.pipelines.engine.rounds import rounds
from gristmill.pipelines.engine.session import Session
from gristmill.pipelines.engine.shardwise import ShuffleBatches, write_groups
from gristmill.tables import ShardWriter, read_counts, read_groups

STEP = "components"

CHUNK_EDGES = 1 << 22
"""Edges that are made stars by themselves before they are sent."""

EDGE_BYTES = 16

MOST_ROUNDS = 200
"""Far above what any graph needs: rounds grow with the square of the logarithm of the nodes at most."""

COMPONENT_SCHEMA = pa.schema(
    [pa.field("document", pa.int64(), nullable=False), pa.field("component", pa.int64(), nullable=False)]
)


@dataclasses.dataclass(frozen=True)
class Operation:
    """One round: ``large`` or ``small`` star, or ``label`` for the last.

    Attributes:
        kind: which.
        partitions: ranges of document numbers.
        documents: document numbers are below it.
    """

    kind: str
    partitions: int
    documents: int

    def starts(self) -> np.ndarray:
        """The first document number of each partition."""
        return np.arange(self.partitions, dtype=np.int64) * self.documents // self.partitions


@dataclasses.dataclass(frozen=True)
class EmitEnds:
    """The edges of one file, by the partition of the node that a round groups them by."""

    operation: Operation
    wanted: tuple[int, ...]
    step: str = STEP

    def __call__(self, task: Task) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yields one batch for each chunk and wanted partition: (a, b) is (node, neighbour), sorted by node."""
        with storage.local_copy(task.uri) as path:
            for low, high in _chunks(read_groups(path)):
                yield from self._split(*stars.local_stars(low, high))

    def _split(self, low: np.ndarray, high: np.ndarray) -> Iterator[tuple[int, pa.RecordBatch]]:
        if self.operation.kind == "large":
            node, other = stars.both_ways(low, high)
        elif self.operation.kind == "small":
            node, other = high, low
        else:
            node, other = stars.distinct_edges(*stars.labelled(low, high))
        if self.operation.kind != "label":
            sort_pairs(node, other)
        bounds = np.append(np.searchsorted(node, self.operation.starts()), len(node)).tolist()
        for number in self.wanted:
            part = slice(bounds[number], bounds[number + 1])
            if part.start < part.stop:
                yield number, edge_batch(node[part], other[part])


def _chunks(groups: Iterable[pa.RecordBatch]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Edges, about ``CHUNK_EDGES`` at a time."""
    parts: list[pa.RecordBatch] = []
    for group in groups:
        parts.append(group)
        if sum(part.num_rows for part in parts) >= CHUNK_EDGES:
            yield _ends(parts)
            parts = []
    if parts:
        yield _ends(parts)


def _ends(batches: Sequence[pa.RecordBatch]) -> tuple[np.ndarray, np.ndarray]:
    table = pa.Table.from_batches(batches)
    return table.column(0).to_numpy(), table.column(1).to_numpy()


def write_round(run_uri: str, task: Task, batches: Iterable[pa.RecordBatch], kind: str) -> None:
    """Commits one partition of a round.

    Args:
        run_uri: the run directory.
        task: the partition.
        batches: (node, neighbour) of its nodes; read twice, held never all at once.
        kind: see :class:`Operation`.
    """
    minimum = _minimum(kind, batches)
    schema = COMPONENT_SCHEMA if kind == "label" else EDGE_SCHEMA
    counts = {"pairs": 0, "changed": 0}
    with storage.committing(task.uri, run=run_uri) as path, ShardWriter(path, schema, task.key) as writer:
        for left, right, changed in _operated(kind, minimum, batches):
            counts["pairs"] += len(left)
            counts["changed"] += changed
            for first in range(0, len(left), CHUNK_EDGES // 4):
                part = slice(first, first + CHUNK_EDGES // 4)
                columns = [pa.array(left[part]), pa.array(right[part])]
                writer.write(pa.RecordBatch.from_arrays(columns, schema=schema))
        writer.finish(counts)


def _minimum(kind: str, batches: Iterable[pa.RecordBatch]) -> stars.Minimum:
    """Of all nodes of the batches. Small parts are merged together, so that each row is sorted a few times only."""
    whole = stars.merged_minimum([])
    waiting: list[stars.Minimum] = []
    rows = 0
    for batch in batches:
        node, other = _ends([batch])
        waiting.append(stars.Minimum(node, other) if kind == "label" else stars.neighbour_minimum(node, other))
        rows += len(waiting[-1].node)
        if rows > max(len(whole.node), CHUNK_EDGES):
            whole, waiting, rows = stars.merged_minimum([whole, *waiting]), [], 0
    return stars.merged_minimum([whole, *waiting])


def _operated(
    kind: str, minimum: stars.Minimum, batches: Iterable[pa.RecordBatch]
) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
    """The rows of the output in parts, each with how many edges changed; of labels, how many contradict another."""
    if kind == "label":
        conflicts = sum(stars.conflicts(*_ends([batch]), minimum) for batch in batches)
        yield (*minimum, conflicts)
        return
    operation = stars.large_star if kind == "large" else stars.small_star
    if kind == "small":
        yield (*stars.minimum_edges(minimum), 0)
    for batch in batches:
        yield operation(*_ends([batch]), minimum)


@dataclasses.dataclass(eq=False)
class StarRound(beam.PTransform):
    """One operation on every edge, one file per partition still to be made."""

    emit_plan: str
    write_plan: str
    run_uri: str
    emit: EmitEnds

    def expand(self, root: beam.pvalue.PBegin) -> beam.pvalue.PCollection[int]:
        """Emit ends, group by partition, operate and write."""
        write = functools.partial(write_round, self.run_uri, kind=self.emit.operation.kind)
        written = write_groups(self.write_plan, self.emit.step, write, together=False)
        return root | ShuffleBatches(self.emit_plan, self.emit) | written


def components_on_files(session: Session, edges: Sequence[Task], key: str, documents: int, pairs: int) -> list[Task]:
    """Labels every candidate document, without holding the candidate pairs in memory.

    Args:
        session: the run in progress.
        edges: the files of candidate pairs.
        key: their key.
        documents: of the corpus; document numbers are below it.
        pairs: candidate pairs in all.

    Returns:
        The files of labels, in the order of document numbers: ``document`` ascending, ``component`` the smallest
        document connected with it. They lie below :func:`rounds_folder`, which is the caller's to delete.

    Raises:
        IntegrityError: the rounds do not come to an end, which no graph can cause.
    """
    partitions = max(1, -(-pairs * 2 * EDGE_BYTES // session.budget.partition_bytes))
    current = list(edges)
    for number in range(MOST_ROUNDS):
        kind = ("large", "small")[number % 2]
        operation = Operation(kind, partitions, max(1, documents))
        current, changed = _run_round(session, current, operation, number, key, pairs)
        if kind == "small" and not changed:
            labels, conflicts = _run_round(
                session, current, dataclasses.replace(operation, kind="label"), number, key, pairs
            )
            if not conflicts:
                return labels
    msg = f"candidate pairs are not stars after {MOST_ROUNDS} rounds below {rounds_folder(session)}; report this"
    raise IntegrityError(msg)


def rounds_folder(session: Session) -> str:
    """Where the files of rounds lie."""
    return session.run.path("_tmp", "components")


def _run_round(
    session: Session, read: Sequence[Task], operation: Operation, number: int, key: str, pairs: int
) -> tuple[list[Task], int]:
    """The files of one round, and how many edges it changed (of labels: how many contradict another)."""
    folder = f"_tmp/components/{number:03d}-{operation.kind}"
    size = pairs * 2 * EDGE_BYTES // operation.partitions
    own_key = f"{key}-{operation.partitions}-{number}"
    made = partition_tasks(session.run, folder, own_key, [size] * operation.partitions)
    plan = make_plan(STEP, made)
    every = every_task(f"{STEP}-emit", read)

    def add(pipeline: beam.Pipeline, *, wanted: tuple[int, ...]) -> None:
        plans = store_plan(session.run, every), store_plan(session.run, plan)
        _ = pipeline | StarRound(*plans, session.run.uri, EmitEnds(operation, wanted))

    turns = rounds(plan.todo, size, session.execution, session.budget.memory_bytes)
    for task in session.shuffle(plan, turns, add):
        write_round(session.run.uri, task, [], operation.kind)
    return made, sum(int(count["changed"]) for count in read_counts([task.uri for task in made]))


def read_labels(parts: Sequence[Task]) -> Iterator[pa.RecordBatch]:
    """The rows of all files of labels, in order, one row group at a time."""
    for task in parts:
        with storage.local_copy(task.uri) as path:
            yield from read_groups(path)
