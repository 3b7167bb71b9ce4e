"""Marks: hashed places in texts, shuffled by hash so that one worker sees all places of equal hash, and sent back.

::

    shards ─▶ (partition, batch of key, document, place) ─▶ GroupByKey ─▶ choose ─▶ FOLDER/part-*
                                                                                       │ sorted by document
    shards ◀───────────────────────── each reads the rows of its own documents ◀───────┘

Which places are marked and which are chosen is the caller's: repeated lines take one such round, passages two.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill import storage
from gristmill.pipelines.engine.document_ranges import read_range
from gristmill.pipelines.engine.plan import Task, every_task, make_plan, partition_tasks, prune, store_plan
from gristmill.pipelines.engine.rounds import rounds
from gristmill.pipelines.engine.session import Session
from gristmill.pipelines.engine.shardwise import ShuffleBatches, write_groups
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter

Places = npt.NDArray[np.int64]

MARK_SCHEMA = pa.schema(
    [
        pa.field("key", pa.uint64(), nullable=False),
        pa.field("document", pa.int64(), nullable=False),
        pa.field("place", pa.int64(), nullable=False),
    ]
)
"""A hash, the number of a document in the corpus, and a place in it: a line, a token."""

MARK_BYTES = 24

CHOSEN_SCHEMA = pa.schema([MARK_SCHEMA.field("document"), MARK_SCHEMA.field("place")])

_GROUP_ROWS = 1 << 18


class Marks(NamedTuple):
    """Columns of `MARK_SCHEMA`."""

    key: npt.NDArray[np.uint64]
    document: Places
    place: Places


class MarkShard(Protocol):
    """Finds the marks of one shard; a frozen dataclass, so that Beam can ship it."""

    def __call__(self, run: RunDirectory, task: Task) -> Iterator[Marks]:
        """Yields the marks of a shard, a row group at a time."""
        ...


class ChooseMarks(Protocol):
    """Chooses among all marks of a partition; a frozen dataclass."""

    def __call__(self, marks: Marks) -> tuple[npt.NDArray[np.bool_], Mapping[str, Any]]:
        """Which rows are chosen, and what is counted."""
        ...


@dataclasses.dataclass(frozen=True)
class EmitMarks:
    """The marks of one shard, split by partition.

    Attributes:
        wanted: the partitions still to be made; marks of others are not sent.
    """

    run_uri: str
    find: MarkShard
    partitions: int
    wanted: tuple[int, ...]
    step: str

    def __call__(self, task: Task) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yields one batch for each row group and wanted partition."""
        for marks in self.find(RunDirectory(self.run_uri), task):
            where = (marks.key % np.uint64(self.partitions)).astype(np.int64)
            order = np.argsort(where, kind="stable")
            bounds = np.searchsorted(where[order], np.arange(self.partitions + 1))
            for number in self.wanted:
                part = order[bounds[number] : bounds[number + 1]]
                if len(part):
                    columns = [pa.array(column[part]) for column in marks]
                    yield number, pa.RecordBatch.from_arrays(columns, schema=MARK_SCHEMA)


def write_chosen(run_uri: str, task: Task, marks: pa.Table, choose: ChooseMarks) -> None:
    """Commits the chosen places of one partition, sorted by document and place, each once."""
    rows = marks.sort_by([("document", "ascending"), ("place", "ascending")])
    found = Marks(*(rows.column(name).to_numpy() for name in MARK_SCHEMA.names))
    chosen, counts = choose(found)
    document, place = found.document[chosen], found.place[chosen]
    new = np.ones(len(document), bool)
    new[1:] = (document[1:] != document[:-1]) | (place[1:] != place[:-1])
    document, place = document[new], place[new]
    with storage.committing(task.uri, run=run_uri) as path, ShardWriter(path, CHOSEN_SCHEMA, task.key) as writer:
        for first in range(0, len(document), _GROUP_ROWS):
            part = slice(first, first + _GROUP_ROWS)
            columns = [pa.array(document[part]), pa.array(place[part])]
            writer.write(pa.RecordBatch.from_arrays(columns, schema=CHOSEN_SCHEMA))
        writer.finish({"marks": len(found.key), "chosen": len(document), **counts})


def mark_tasks(run: RunDirectory, folder: str, key: str, marks: float, partition_bytes: int) -> list[Task]:
    """One task for each partition of about ``partition_bytes`` of marks.

    Args:
        run: the run directory.
        folder: where the chosen places are written.
        key: what the choice depends on. The number of partitions is added to it in the keys of the files, whose rows
            depend on it; what reads all files together does not, and builds its own key on ``key``.
        marks: how many marks there will be, about; a function of the inputs, so that the plan is always the same.
        partition_bytes: what one worker holds at a time.
    """
    count = max(1, -(-int(marks) * MARK_BYTES // partition_bytes))
    weight = max(1, int(marks) * MARK_BYTES // count)
    own = stage_key("marks", [count], [key])
    return partition_tasks(run, folder, own, [weight] * count)


def choose_marks(
    session: Session, step: str, shards: Sequence[Task], parts: Sequence[Task], find: MarkShard, choose: ChooseMarks
) -> None:
    """Runs one round: marks of all shards, shuffled, chosen among and committed.

    Args:
        session: the run.
        step: name of the step.
        shards: tasks of the shards, with the numbers of their first documents.
        parts: of `mark_tasks`.
        find: the marks of a shard.
        choose: the choice within a partition.
    """
    run = session.run
    folder = parts[0].uri.removeprefix(run.uri).strip("/").rpartition("/")[0]
    prune(run, folder, [task.uri for task in parts])
    plan = make_plan(step, parts)
    every = every_task(f"{step}-emit", shards)

    def add(pipeline: beam.Pipeline, *, wanted: tuple[int, ...]) -> None:
        emit = EmitMarks(run.uri, find, len(parts), wanted, step)
        write = functools.partial(write_chosen, run.uri, choose=choose)
        marks = pipeline | ShuffleBatches(store_plan(run, every), emit)
        _ = marks | write_groups(store_plan(run, plan), step, write)

    turns = rounds(plan.todo, parts[0].weight_bytes, session.execution, session.budget.memory_bytes)
    for task in session.shuffle(plan, turns, add):
        write_chosen(run.uri, task, MARK_SCHEMA.empty_table(), choose)


def read_chosen(uris: Sequence[str], first: int, rows: int) -> tuple[Places, Places]:
    """The chosen places of some documents, sorted by document and place.

    Args:
        uris: the files of all partitions.
        first: number of the first document.
        rows: documents.

    Returns:
        Document numbers counted from ``first``, and places.
    """
    tables = [read_range(uri, first, first + rows) for uri in uris]
    document = np.concatenate([table.column("document").to_numpy() for table in tables]) - first
    place = np.concatenate([table.column("place").to_numpy() for table in tables])
    order = np.lexsort((place, document))
    return document[order], place[order]
