"""Extract: raw shards to ``documents/``, every raw record accounted for.

``records = documents + errors + skipped`` holds in the footer of each output; skipped records (redirects, images,
revisits) are counted by reason, errors are rows in ``errors/extract``.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gristmill import storage
from gristmill.config.config import Config, SourceSection
from gristmill.documents import DOCUMENT_SCHEMA
from gristmill.inputs import RawShard
from gristmill.pipelines.engine.batching import DocumentBatches
from gristmill.pipelines.engine.dead_letters import DeadLetter, write_dead_letters
from gristmill.pipelines.engine.plan import Task
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.pipelines.sources.reading.base import Failed, Skipped, SourceOptions
from gristmill.pipelines.sources.table import SOURCES, read
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter


def document_kind(source: SourceSection) -> str:
    """``web``, ``book`` or ``code``: as configured, else what the reader usually holds."""
    return source.document_kind or SOURCES[source.kind].document_kind


def source_options(source: SourceSection) -> SourceOptions:
    """The reader's options for a configured source."""
    return SourceOptions(
        extractor=source.extractor,
        license=source.license,
        fields=source.fields,
        encoding=source.encoding,
        max_record_bytes=source.max_record_bytes,
    )


def extract_tasks(run: RunDirectory, config: Config, shards: Sequence[RawShard]) -> list[Task]:
    """One task per raw shard."""
    sources = {source.name: source for source in config.source}
    tasks = []
    for shard in shards:
        source = sources[shard.source]
        settings: dict[str, Any] = source.model_dump(mode="json", exclude={"paths", "root"})
        settings["document_kind"] = document_kind(source)
        key = stage_key("extract", settings, [shard.shard, shard.checksum])
        tasks.append(Task(run.shard("documents", shard), key, shard, shard.bytes))
    return tasks


@dataclasses.dataclass(frozen=True)
class Extract:
    """The work of one shard: read, normalise, write."""

    run_uri: str
    sources: tuple[SourceSection, ...]
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

    def _read(self, source: SourceSection, shard: RawShard, raw: Path, path: Path, key: str) -> list[DeadLetter]:
        documents = DocumentBatches(source.name, document_kind(source), shard.shard)
        letters: list[DeadLetter] = []
        skipped: Counter[str] = Counter()
        rows = 0
        with ShardWriter(path, DOCUMENT_SCHEMA, key) as writer:
            for item in read(source.kind, raw, shard.shard, source_options(source)):
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
