"""Extract: raw shards to ``documents/``, every raw record accounted for.

``records = documents + errors + skipped`` holds in the footer of each output; skipped records (redirects, images,
revisits) are counted by reason, errors are rows in ``errors/extract``.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from gristmill import storage
from gristmill.documents import DOCUMENT_SCHEMA
from gristmill.inputs import RawShard
from gristmill.pipelines.engine.batching import DocumentBatches
from gristmill.pipelines.engine.dead_letters import DeadLetter, write_dead_letters
from gristmill.pipelines.engine.plan import Task
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.pipelines.sources.planned import PlannedSource
from gristmill.pipelines.sources.reading.base import Failed, Skipped
from gristmill.pipelines.sources.table import read
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter


def extract_tasks(run: RunDirectory, sources: Sequence[PlannedSource], shards: Sequence[RawShard]) -> list[Task]:
    """One task per raw shard."""
    settings = {source.name: dict(source.settings) for source in sources}
    tasks = []
    for shard in shards:
        key = stage_key("extract", settings[shard.source], [shard.shard, shard.checksum])
        tasks.append(Task(run.shard("documents", shard), key, shard, shard.bytes))
    return tasks


@dataclasses.dataclass(frozen=True)
class Extract:
    """The work of one shard: read, normalise, write."""

    run_uri: str
    sources: tuple[PlannedSource, ...]
    step: str = "extract"

    def __call__(self, task: Task) -> None:
        """Writes ``documents/`` and ``errors/extract/`` for one raw shard."""
        run, shard = RunDirectory(self.run_uri), task.raw
        source = next(source for source in self.sources if source.name == shard.source)
        with (
            storage.local_copy(shard.uri) as raw,
            storage.committing(task.uri, run=run.uri) as path,
        ):
            letters = self._read(source, shard, raw, path, task.key)
            write_dead_letters(run, "extract", task, letters)

    def _read(self, source: PlannedSource, shard: RawShard, raw: Path, path: Path, key: str) -> list[DeadLetter]:
        documents = DocumentBatches(source.name, source.document_kind, shard.shard)
        letters: list[DeadLetter] = []
        skipped: Counter[str] = Counter()
        rows = 0
        with ShardWriter(path, DOCUMENT_SCHEMA, key) as writer:
            for item in read(source.kind, raw, shard.shard, source.options, source.plugin):
                if isinstance(item, Skipped):
                    skipped[item.reason] += 1
                elif isinstance(item, Failed):
                    letters.append(DeadLetter(uri=item.uri, offset=item.offset, error=item.error, detail=item.detail))
                else:
                    rows += 1
                    if (batch := documents.add(item)) is not None:
                        writer.write(batch)
            if (batch := documents.flush()) is not None:
                writer.write(batch)
            errors = Counter(letter["error"] for letter in letters)
            writer.finish(
                {
                    "records": rows + len(letters) + skipped.total(),
                    "documents": rows,
                    "text_bytes": documents.text_bytes,
                    "raw_bytes": shard.bytes,
                    "errors": dict(errors),
                    "skipped": dict(skipped),
                }
            )
        return letters
