"""The graph that most steps share: one element per shard, which a worker turns into one committed file.

::

    impulse ─▶ row numbers ─▶ GroupByKey ─▶ work(task)
                              (breaks fusion, so that shards spread over workers)

Nothing but row numbers rides between the transforms. ``work`` reads the shard, calls the pure functions and commits.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from apache_beam.typehints import Iterable as BeamIterable
from apache_beam.typehints import Tuple as BeamTuple

from gristmill.pipelines.engine.coders import KeyedBatch, grouped
from gristmill.pipelines.engine.plan import Task, load_plan


class ShardWork(Protocol):
    """What a step does with one task; a frozen dataclass, so that Beam can ship it."""

    @property
    def step(self) -> str:
        """Name of the step."""

    def __call__(self, task: Task) -> None:
        """Makes and commits the output of one task."""


class ShardBatches(Protocol):
    """What a step emits from one task, for a shuffle."""

    @property
    def step(self) -> str:
        """Name of the step."""

    def __call__(self, task: Task) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yields keyed batches."""


@dataclasses.dataclass(eq=False)
class PlannedTasks(beam.PTransform):
    """The row numbers of a stored plan, spread over the workers."""

    plan_uri: str

    def expand(self, root: beam.pvalue.PBegin) -> beam.pvalue.PCollection[int]:
        """One element, row numbers, a group-by that redistributes them."""
        return (
            root
            | "Plan" >> beam.Impulse()
            | "Rows" >> beam.FlatMap(_numbered, self.plan_uri).with_output_types(BeamTuple[int, bool])
            | "Spread" >> beam.GroupByKey()
            | "Row" >> beam.Map(_first).with_input_types(BeamTuple[int, BeamIterable[bool]]).with_output_types(int)
        )


class ProcessShard(beam.DoFn):
    """Calls ``work`` for each row number and yields it when its file is committed."""

    def __init__(self, plan_uri: str, work: ShardWork) -> None:
        self._plan_uri = plan_uri
        self._work = work

    def process(self, element: int) -> Iterable[int]:
        """One task."""
        task = load_plan(self._plan_uri)[element]
        with naming(self._work.step, task):
            self._work(task)
        yield element


class EmitBatches(beam.DoFn):
    """Calls ``work`` for each row number and yields its keyed batches."""

    def __init__(self, plan_uri: str, work: ShardBatches) -> None:
        self._plan_uri = plan_uri
        self._work = work

    def process(self, element: int) -> Iterable[tuple[int, pa.RecordBatch]]:
        """One task."""
        task = load_plan(self._plan_uri)[element]
        with naming(self._work.step, task):
            yield from self._work(task)


@dataclasses.dataclass(eq=False)
class ProcessShards(beam.PTransform):
    """Every task of a plan through ``work``, each committed on its own."""

    plan_uri: str
    work: ShardWork

    def expand(self, root: beam.pvalue.PBegin) -> beam.pvalue.PCollection[int]:
        """Plan, then work."""
        return (
            root
            | PlannedTasks(self.plan_uri)
            | "Work" >> beam.ParDo(ProcessShard(self.plan_uri, self.work)).with_output_types(int)
        )


@dataclasses.dataclass(eq=False)
class ShuffleBatches(beam.PTransform):
    """Keyed batches from every task of a plan, grouped by key."""

    plan_uri: str
    work: ShardBatches

    def expand(self, root: beam.pvalue.PBegin) -> beam.pvalue.PCollection[tuple[int, Iterable[pa.RecordBatch]]]:
        """Plan, emit, group."""
        return (
            root
            | PlannedTasks(self.plan_uri)
            | "Emit" >> beam.ParDo(EmitBatches(self.plan_uri, self.work)).with_output_types(KeyedBatch)
            | "Group" >> beam.GroupByKey()
        )


def split(
    batch: pa.RecordBatch, where: npt.NDArray[Any], wanted: Iterable[int]
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The rows of a batch by the key that each is sent to, keys in ascending order.

    Args:
        batch: the rows.
        where: the key of each, an integer.
        wanted: the keys whose outputs are still to be made; rows of others are not sent.

    >>> rows = pa.record_batch({"n": [7, 8, 9]})
    >>> [(key, part["n"].to_pylist()) for key, part in split(rows, np.array([2, 0, 2]), [1, 2])]
    [(2, [7, 9])]
    """
    for key in sorted(set(np.unique(where).tolist()).intersection(wanted)):
        yield key, batch.filter(pa.array(where == key))


class WriteGroups(beam.DoFn):
    """Calls ``write`` for each key of a shuffle with the task of that number; yields the key once that is committed."""

    def __init__(self, plan_uri: str, step: str, write: Callable[[Task, Any], None], *, together: bool) -> None:
        self._plan_uri = plan_uri
        self._step = step
        self._write = write
        self._together = together

    def process(self, element: tuple[int, Iterable[pa.RecordBatch]]) -> Iterable[int]:
        """One key and its batches."""
        number, batches = element
        task = next(task for task in load_plan(self._plan_uri) if task.number == number)
        with naming(self._step, task):
            self._write(task, grouped(batches) if self._together else batches)
        yield number


def write_groups(
    plan_uri: str, step: str, write: Callable[[Task, Any], None], *, together: bool = True
) -> beam.PTransform:
    """What follows `ShuffleBatches`: one committed file for each key.

    Args:
        plan_uri: the stored plan of the outputs; a key is the number of its task.
        step: name of the step.
        write: commits the output of a task; a ``functools.partial`` of a module's function, so that Beam can ship it.
        together: ``write`` is given one table (`grouped`); else the batches, which it may read several times.
    """
    return "Write" >> beam.ParDo(WriteGroups(plan_uri, step, write, together=together)).with_output_types(int)


class naming:  # noqa: N801  reads as a statement: `with naming(step, task):`
    """Adds the step and the shard to any error raised inside, so that a traceback from a worker says where it was."""

    def __init__(self, step: str, task: Task) -> None:
        self._where = f"{task.shard.source}/{task.shard.shard}" if task.shard else task.uri.rsplit("/", 1)[-1]
        self._step = step

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is not None:
            error.add_note(f"while {self._step} worked on {self._where}")


def _numbered(_: bytes, plan_uri: str) -> list[tuple[int, bool]]:
    return [(number, True) for number in range(len(load_plan(plan_uri)))]


def _first(pair: tuple[int, Iterable[bool]]) -> int:
    return pair[0]
