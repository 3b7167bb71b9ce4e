"""The join on one machine: keys lie sorted in a file for each shard, and a partition is read from all by bisection.

The in-process runner holds in memory whatever it shuffles, and several processes would send it through their parent. On
a local run directory the keys go through files instead, as the parts of ``tokens/`` do
(docs/decisions/0005-two-ways-to-gather.md): written once, mapped, read once, in the memory of one partition. The edges
are the same bytes as those of the shuffle.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from gristmill import storage
from gristmill.pipelines.dedup.join import KEY_SCHEMA, EmitKeys, partition_starts, write_edges
from gristmill.pipelines.engine.options import LOCAL_RUNNER, Execution
from gristmill.pipelines.engine.plan import Task, load_plan
from gristmill.runs import RunDirectory


def joins_on_files(run: RunDirectory, execution: Execution) -> bool:
    """Whether all workers see the disk that the run directory is on."""
    return execution.runner == LOCAL_RUNNER and not storage.is_remote(run.uri)


def keys_folder(run: RunDirectory) -> str:
    """Where the files of keys lie until the candidates are grouped."""
    return run.path("_tmp", "keys")


def keys_uri(run: RunDirectory, key: str, task: Task) -> str:
    """The keys of one shard. The stage key of the join is a folder of its path, so a file that exists is current."""
    return storage.join(keys_folder(run), key, task.raw.source, f"{task.raw.name}.arrow")


@dataclasses.dataclass(frozen=True)
class WriteKeys:
    """The keys of one shard, sorted within each chunk, in a file that can be mapped."""

    emit: EmitKeys
    step: str = "keys"

    def __call__(self, task: Task) -> None:
        """Writes the keys and the edges of what is held back."""
        run = RunDirectory(self.emit.run_uri)
        with (
            storage.committing(keys_uri(run, self.emit.key, task), run=run.uri) as path,
            pa.OSFile(str(path), "wb") as sink,
            pa.ipc.new_file(sink, KEY_SCHEMA) as writer,
        ):
            for chunk in self.emit.thinned(task):
                columns = [pa.array(column) for column in (chunk.keys, chunk.ids, chunk.held)]
                writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=KEY_SCHEMA))


@dataclasses.dataclass(frozen=True)
class JoinFiles:
    """The candidate pairs of one partition, from the files of keys.

    Attributes:
        emit: run directory, settings and number of partitions.
        readers: uri of the plan of all fingerprints.
    """

    emit: EmitKeys
    readers: str
    step: str = "join"

    def __call__(self, task: Task) -> None:
        """Reads the range of every file, sorts and commits."""
        run = RunDirectory(self.emit.run_uri)
        starts = partition_starts(self.emit.partitions)
        bounds = starts[task.number], starts[task.number + 1] if task.number + 1 < len(starts) else None
        files = [keys_uri(run, self.emit.key, reader) for reader in load_plan(self.readers)]
        batches = [batch for file in files for batch in key_range(Path(file), *bounds)]
        write_edges(run.uri, task, pa.Table.from_batches(batches, KEY_SCHEMA), self.emit.dedup.max_bucket)


def key_range(path: Path, start: np.uint64, end: np.uint64 | None) -> Iterator[pa.RecordBatch]:
    """The rows of a file of keys from ``start`` to below ``end`` (None: to the last), copied out of the mapping."""
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        for number in range(reader.num_record_batches):
            batch = reader.get_batch(number)
            keys = batch.column("key").to_numpy()
            first = int(np.searchsorted(keys, start))
            last = len(keys) if end is None else int(np.searchsorted(keys, end))
            if first < last:
                rows = batch.slice(first, last - first)
                columns = [pa.array(column.to_numpy().copy()) for column in rows.columns]
                yield pa.RecordBatch.from_arrays(columns, schema=KEY_SCHEMA)


def missing_keys(run: RunDirectory, key: str, printed: Sequence[Task]) -> tuple[int, ...]:
    """Indexes of the shards whose keys are not written yet."""
    there = {entry.uri for entry in storage.walk(storage.join(keys_folder(run), key))}
    return tuple(number for number, task in enumerate(printed) if keys_uri(run, key, task) not in there)
