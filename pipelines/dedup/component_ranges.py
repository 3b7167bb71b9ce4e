"""Components on one machine, for candidate pairs that do not fit in memory: one range of documents after the other.

::

    files of edges ─▶ split ─▶ contract range R-1 ─▶ … ─▶ contract range 0 ─▶ labels of range 0 ─▶ … ─▶ of range R-1
                              edges left over go down ──▶                    labels go up ──▶

The operations are those of :mod:`gristmill.dedup.components.contraction`. There are as many ranges as it takes for one
to fit in half of ``dedup.memory_bytes``; where all documents do, there is one range and one pass. Every file lies below
``rounds_folder``, in a folder that is named by what it was made from, so a file that exists is current and a killed run
goes on with the first range that is not contracted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import apache_beam as beam
import numpy as np
import pyarrow as pa

from gristmill import storage
from gristmill.dedup.components import contraction
from gristmill.dedup.components.contraction import Ids
from gristmill.errors import IntegrityError
from gristmill.pipelines.dedup.range_files import CHUNK_PAIRS, Pairs, RangeWriter, read_range
from gristmill.pipelines.dedup.star_rounds import COMPONENT_SCHEMA, STEP, rounds_folder
from gristmill.pipelines.engine.plan import Plan, Task, store_plan
from gristmill.pipelines.engine.session import Session
from gristmill.pipelines.engine.shardwise import ProcessShards
from gristmill.tables import read_groups

MEMORY_SHARE = 0.5
"""Of ``dedup.memory_bytes``, for the nodes of one range; the rest is for chunks of edges and the interpreter."""


@dataclasses.dataclass(frozen=True)
class Ranges:
    """Where the files of one contraction lie, and how documents are cut into ranges.

    Attributes:
        run_uri: the run directory.
        folder: of this contraction.
        nodes: documents in one range.
        count: ranges.
    """

    run_uri: str
    folder: str
    nodes: int
    count: int

    def file(self, kind: str, number: int) -> str:
        """One of the files.

        Args:
            kind: ``edges`` of an input file, or of a range: ``carried`` edges (smaller, larger end), ``targets`` (root,
                target), ``members`` (root, node), ``labels`` that it gives to larger ranges (label, root).
            number: of the input file or range.
        """
        return storage.join(self.folder, kind, f"{number:06d}.arrow")

    def writer(self, kind: str, number: int) -> RangeWriter:
        """Commits one of the files."""
        return RangeWriter(self.file(kind, number), self.run_uri, self.nodes, self.count)

    def read(self, kind: str, numbers: Iterable[int], part: int) -> Iterator[Pairs]:
        """The pairs that several files have for one range."""
        for number in numbers:
            yield from read_range(self.file(kind, number), part, self.count)


@dataclasses.dataclass(frozen=True)
class SplitEdges:
    """The edges of one input file, in the order of the ranges of their larger ends."""

    ranges: Ranges
    step: str = STEP

    def __call__(self, task: Task) -> None:
        """Writes the file; ``task.name`` is the uri to read.

        Raises:
            IntegrityError: an edge names a document that the corpus does not have.
        """
        documents = self.ranges.nodes * self.ranges.count
        with storage.local_copy(task.name) as path, self.ranges.writer("edges", task.number) as writer:
            for group in read_groups(path):
                a, b = group.column(0).to_numpy(), group.column(1).to_numpy()
                low, high = np.minimum(a, b), np.maximum(a, b)
                if len(low) and (low.min() < 0 or high.max() >= documents):
                    msg = (
                        f"{task.name}: candidate pairs name documents {low.min()} to {high.max()}, expected 0 to below "
                        f"{documents}; delete the run's dedup/ and run again"
                    )
                    raise IntegrityError(msg)
                writer.add(low, high)
            writer.flush()


@dataclasses.dataclass(frozen=True)
class ContractRange:
    """The forest of one range, from the input files and from what larger ranges left over.

    Attributes:
        ranges: the files.
        inputs: input files.
    """

    ranges: Ranges
    inputs: int
    step: str = STEP

    def __call__(self, task: Task) -> None:
        """Writes the files of the range; that of its members is the last."""
        number, ranges = task.number, self.ranges
        first = number * ranges.nodes
        forest = contraction.empty_forest(ranges.nodes)
        for a, b in self._edges(number):
            contraction.join_edges(a, b, first, forest)
        for _, target in ranges.read("targets", self._larger(number), number):
            contraction.join_edges(target, target, first, forest)
        if number:
            with ranges.writer("carried", number) as writer:
                for a, b in self._edges(number):
                    writer.add(*contraction.carried_edges(a, b, first, forest))
                writer.flush()
        contraction.flatten(forest)
        parts = range(0, len(forest), CHUNK_PAIRS)
        with ranges.writer("targets", number) as writer:
            for begin in parts:
                writer.add(*contraction.targets(forest, begin, begin + CHUNK_PAIRS, first))
            writer.flush()
        with RangeWriter(task.uri, ranges.run_uri, 1, 1) as writer:
            for begin in parts:
                node, root = contraction.members(forest, begin, begin + CHUNK_PAIRS, first)
                writer.add(root, node)
            writer.flush()

    def _larger(self, number: int) -> range:
        return range(number + 1, self.ranges.count)

    def _edges(self, number: int) -> Iterator[Pairs]:
        yield from self.ranges.read("edges", range(self.inputs), number)
        yield from self.ranges.read("carried", self._larger(number), number)


def components_by_ranges(session: Session, edges: Sequence[Task], key: str, documents: int) -> Iterator[pa.RecordBatch]:
    """Labels every candidate document, in the memory of one range of documents.

    Args:
        session: the run in progress, on a disk that all workers see.
        edges: the files of candidate pairs.
        key: their key.
        documents: of the corpus; document numbers are below it.

    Yields:
        Rows of ``COMPONENT_SCHEMA`` in the order of document numbers.
    """
    count = contraction.range_count(documents, int(session.budget.memory_bytes * MEMORY_SHARE))
    nodes = contraction.range_nodes(documents, count)
    folder = storage.join(rounds_folder(session), f"{key}-{documents}-{count}")
    ranges = Ranges(session.run.uri, folder, nodes, count)
    there = {entry.uri for entry in storage.walk(folder)}
    split = [
        Task(ranges.file("edges", number), key, None, task.weight_bytes, number=number, name=task.uri)
        for number, task in enumerate(edges)
    ]
    session.shardwise(STEP, split, SplitEdges(ranges), plan=_missing(split, there))
    contract = [Task(ranges.file("members", number), key, None, 1, number=number) for number in reversed(range(count))]
    plan = _missing(contract, there)
    # One range after the other, since each needs what the one before it left over: further processes would be idle.
    alone = dataclasses.replace(session, execution=dataclasses.replace(session.execution, workers=1))
    work = ContractRange(ranges, len(split))
    alone.execute(plan, *(_pipeline_of(session, dataclasses.replace(plan, todo=(row,)), work) for row in plan.todo))
    yield from _labelled(ranges)


def _missing(tasks: Sequence[Task], there: Collection[str]) -> Plan:
    """The tasks whose file is not there yet."""
    return Plan(STEP, tuple(tasks), tuple(row for row, task in enumerate(tasks) if task.uri not in there))


def _pipeline_of(session: Session, plan: Plan, work: ContractRange) -> Callable[[beam.Pipeline], None]:
    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | ProcessShards(store_plan(session.run, plan), work)

    return build


def _labelled(ranges: Ranges) -> Iterator[pa.RecordBatch]:
    """The labels of each range, from the first to the last, and for larger ranges the labels of their targets."""
    for number in range(ranges.count):
        first = number * ranges.nodes
        labels = np.arange(first, first + ranges.nodes, dtype=np.int64)
        for label, root in ranges.read("labels", range(number), number):
            labels[root - first] = label
        for root, node in read_range(ranges.file("members", number), 0, 1):
            yield _batch(node, contraction.label_members(node, root, first, labels))
        with ranges.writer("labels", number) as writer:
            for root, target in ranges.read("targets", range(number + 1, ranges.count), number):
                writer.add(labels[target - first], root)
            writer.flush()
        del labels  # before the next range allocates its own


def _batch(node: Ids, label: Ids) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(node), pa.array(label)], schema=COMPONENT_SCHEMA)
