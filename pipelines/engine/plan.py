"""Which shards a step still has to make: a comparison of keys, computed without Beam.

The plan of a step is written under ``_tmp/plan`` and read by each worker; only its row numbers ride in the graph, so a
run over 100,000 files submits the same small job as a run over ten.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import xxhash

from gristmill import storage
from gristmill.config.config import canonical_json
from gristmill.inputs import RawShard
from gristmill.runs import RunDirectory
from gristmill.tables import io_threads, read_footer


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """One output to make.

    Attributes:
        uri: where it will stand when whole.
        key: its stage key.
        shard: the raw shard it comes from, or None for outputs that belong to a whole corpus.
        weight_bytes: how much work it is, for the progress bar.
        number: partition or part number, for outputs of a whole corpus.
        first: number of its first document in the corpus.
        name: source name, for outputs of a whole corpus that belong to one source.
        cuts: folder of the cuts in force on the texts of its shard (`gristmill.pipelines.engine.texts`); empty if none
            are.
    """

    uri: str
    key: str
    shard: RawShard | None
    weight_bytes: int
    number: int = 0
    first: int = 0
    name: str = ""
    cuts: str = ""

    @property
    def raw(self) -> RawShard:
        """The raw shard of a task that has one."""
        assert self.shard is not None
        return self.shard


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """What a step has to do: ``todo`` of ``tasks``; the others are up to date."""

    step: str
    tasks: tuple[Task, ...]
    todo: tuple[int, ...]

    @property
    def reused(self) -> int:
        """Outputs that an earlier run committed under the same key."""
        return len(self.tasks) - len(self.todo)


def partition_tasks(run: RunDirectory, folder: str, key: str, weights: Sequence[int]) -> list[Task]:
    """One task for each partition of a corpus, numbered from 0.

    Args:
        run: the run directory.
        folder: where the files are written, below it.
        key: their stage key.
        weights: bytes of work of each.
    """
    return [
        Task(run.path(folder, f"part-{number:05d}.parquet"), key, None, weight, number=number)
        for number, weight in enumerate(weights)
    ]


def every_task(step: str, tasks: Sequence[Task]) -> Plan:
    """A plan of all tasks of a step, whatever is there: the files that a shuffle reads."""
    return Plan(step, tuple(tasks), tuple(range(len(tasks))))


def make_plan(step: str, tasks: Sequence[Task]) -> Plan:
    """Compares the key of every existing output and removes the outputs whose key is another.

    A stale output is removed before the work starts, so that from then on a file that exists is a file that is done.
    """
    # One listing for each folder instead of a look-up for each output: a first run has nothing to look up.
    folders = {task.uri.rpartition("/")[0] for task in tasks}
    there = {entry.uri for folder in folders for entry in storage.walk(folder)}

    def current(task: Task) -> bool:
        if task.uri not in there:
            return False
        footer = read_footer(task.uri)
        if footer is not None and footer[0] == task.key:
            return True
        storage.delete(task.uri)
        return False

    with ThreadPoolExecutor(max_workers=io_threads()) as pool:
        done = list(pool.map(current, tasks))
    return Plan(step, tuple(tasks), tuple(number for number, ready in enumerate(done) if not ready))


def prune(run: RunDirectory, folder: str, wanted: Sequence[str]) -> int:
    """Removes the files of a folder that no task makes any more, so that reading the folder reads this corpus only."""
    keep = set(wanted)
    stale = [entry.uri for entry in storage.walk(run.path(folder)) if entry.uri not in keep]
    for uri in stale:
        storage.delete(uri)
    return len(stale)


def store_plan(run: RunDirectory, plan: Plan) -> str:
    """Writes the tasks to do and returns the uri; the name holds a digest, so a cached copy is never stale."""
    rows = [dataclasses.asdict(plan.tasks[number]) for number in plan.todo]
    data = canonical_json(rows)
    uri = run.path("_tmp", "plan", f"{plan.step}-{xxhash.xxh3_64_hexdigest(data)}.json")
    storage.write_bytes(uri, data, run=run.uri)
    return uri


@functools.lru_cache(maxsize=8)
def load_plan(uri: str) -> tuple[Task, ...]:
    """The tasks of a stored plan; read once per worker process."""
    rows = json.loads(storage.read_bytes(uri))
    return tuple(Task(**{**row, "shard": RawShard(**row["shard"]) if row["shard"] else None}) for row in rows)
