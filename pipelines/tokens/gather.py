"""Gather: encoded documents into the parts that trainers read, in the global order.

On a local run directory a part is merged from its rank range of every encoded file: two passes over files, so a laptop
shuffles more than it can hold. On an object store the same rows travel through the runner's own shuffle, because a
range request for every pair of shard and part would be quadratic. Both give the same bytes.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import apache_beam as beam
import pyarrow as pa

from gristmill import storage
from gristmill.pipelines.engine.plan import Task, load_plan
from gristmill.pipelines.engine.shardwise import ShuffleBatches, naming, split
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.pipelines.tokens.encode import TokenizerSpec, encoded_uri
from gristmill.runs import RunDirectory
from gristmill.tokenize.manifest import Manifest, PartInfo, SourceInfo
from gristmill.tokenize.order import part_of, plan_parts, rank_range
from gristmill.tokenize.shards import merge_sorted, write_encoded, write_part


def part_uri(run: RunDirectory, source: str, number: int) -> str:
    """A training shard."""
    return run.path("tokens", source, f"part-{number:05d}.arrow")


def info_uri(run: RunDirectory, source: str, number: int) -> str:
    """Rows, tokens and checksum of a committed part, until the manifest holds them."""
    return run.path("_tmp", "parts", source, f"part-{number:05d}.json")


def gather_tasks(
    run: RunDirectory, part_bytes: int, token_bytes: dict[str, int], encoded: Sequence[Task]
) -> list[Task]:
    """One task per part.

    Args:
        run: the run directory.
        part_bytes: token bytes wanted in one part.
        token_bytes: bytes of all tokens by source; a source without tokens gets no part.
        encoded: the encode tasks of the whole corpus.
    """
    tasks = []
    for source in sorted(name for name, size in token_bytes.items() if size):
        count = plan_parts(token_bytes[source], part_bytes)
        key = stage_key("gather", [part_bytes, count], [task.key for task in encoded if task.raw.source == source])
        for number in range(count):
            uri, size = part_uri(run, source, number), token_bytes[source] // count
            tasks.append(Task(uri, key, None, size, number=number, first=count, name=source))
    return tasks


def read_part_info(run: RunDirectory, task: Task) -> PartInfo | None:
    """What is known of a committed part made under this key, or None."""
    uri = info_uri(run, task.name, task.number)
    if not storage.exists(uri) or not storage.exists(task.uri):
        return None
    content = json.loads(storage.read_bytes(uri))
    return PartInfo(**content["part"]) if content["stage_key"] == task.key else None


def _commit_part(run: RunDirectory, task: Task, rows: Iterable[pa.RecordBatch], dtype: pa.DataType) -> None:
    with storage.committing(task.uri, run=run.uri) as path:
        info = write_part(path, rows, dtype)
    named = dataclasses.replace(info, path=f"{task.name}/part-{task.number:05d}.arrow")
    content = {"stage_key": task.key, "part": dataclasses.asdict(named)}
    storage.write_bytes(info_uri(run, task.name, task.number), json.dumps(content).encode(), run=run.uri)


@dataclasses.dataclass(frozen=True)
class GatherPart:
    """The work of one part on a local run directory: merge its rank range from the encoded files of its source."""

    run_uri: str
    spec: TokenizerSpec
    step: str = "gather"

    def __call__(self, task: Task) -> None:
        """Commits one part and what the manifest needs of it."""
        run, dtype = RunDirectory(self.run_uri), self.spec.load().dtype
        files = sorted(Path(run.path("_tmp", "encoded", task.name)).glob("*.arrow"))
        first, last = rank_range(task.number, task.first)
        _commit_part(run, task, merge_sorted(files, first, last, dtype), dtype)


@dataclasses.dataclass(frozen=True)
class EmitRows:
    """The encoded rows of one shard, split by part, for the runner's shuffle.

    Attributes:
        parts: (source, number of parts, key of its first part) for every source.
        wanted: keys of the parts still to be made.
    """

    run_uri: str
    parts: tuple[tuple[str, int, int], ...]
    wanted: frozenset[int]
    step: str = "gather"

    def __call__(self, task: Task) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yields the rows of each wanted part."""
        run = RunDirectory(self.run_uri)
        count, base = next((count, base) for source, count, base in self.parts if source == task.raw.source)
        with storage.local_copy(encoded_uri(run, task)) as path, pa.ipc.open_file(path) as file:
            for index in range(file.num_record_batches):
                batch = file.get_batch(index)
                where = base + part_of(batch.column("rank").to_numpy(), count)
                yield from split(batch, where, self.wanted)


class WriteGathered(beam.DoFn):
    """Sorts the rows of one part by rank and commits it."""

    def __init__(self, run_uri: str, plan_uri: str, keys: tuple[int, ...], spec: TokenizerSpec) -> None:
        self._run_uri, self._plan_uri, self._keys, self._spec = run_uri, plan_uri, keys, spec

    def process(self, element: tuple[int, Iterable[pa.RecordBatch]]) -> Iterable[int]:
        """One part."""
        key, batches = element
        task = load_plan(self._plan_uri)[self._keys.index(key)]
        run, dtype = RunDirectory(self._run_uri), self._spec.load().dtype
        with naming("gather", task), tempfile.TemporaryDirectory(prefix="gristmill-") as folder:
            scratch = Path(folder) / "rows.arrow"
            write_encoded(scratch, batches, dtype)
            _commit_part(run, task, merge_sorted([scratch], *rank_range(task.number, task.first), dtype), dtype)
        yield key


@dataclasses.dataclass(eq=False)
class Gather(beam.PTransform):
    """Encoded rows to parts through the runner's shuffle."""

    emit_plan: str
    write_plan: str
    emit: EmitRows
    keys: tuple[int, ...]
    spec: TokenizerSpec

    def expand(self, root: beam.pvalue.PBegin) -> beam.pvalue.PCollection[int]:
        """Emit rows, group by part, sort and write."""
        write = WriteGathered(self.emit.run_uri, self.write_plan, self.keys, self.spec)
        return (
            root
            | ShuffleBatches(self.emit_plan, self.emit)
            | "Write" >> beam.ParDo(write).with_input_types(beam.typehints.Any).with_output_types(int)
        )


def write_manifest(run: RunDirectory, spec: TokenizerSpec, seed: int, parts: dict[str, list[PartInfo]]) -> Manifest:
    """Commits ``tokens/tokenizer.json`` and, last of all, ``tokens/manifest.json``."""
    tokenizer = spec.load()
    manifest = Manifest(
        dtype=str(tokenizer.dtype),
        seed=seed,
        tokenizer=tokenizer.info,
        sources={source: SourceInfo.of(infos) for source, infos in sorted(parts.items())},
    )
    storage.write_bytes(run.path("tokens", manifest.tokenizer.file), storage.read_bytes(spec.uri), run=run.uri)
    storage.write_bytes(run.manifest, manifest.to_json().encode(), run=run.uri)
    return manifest
