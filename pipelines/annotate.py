"""Annotate: every signal of every document into ``signals/``; nothing is removed here."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pyarrow as pa

from gristmill import storage
from gristmill.documents import DOCUMENT_SCHEMA
from gristmill.filters.language import model_sha256
from gristmill.filters.signals import SIGNALS_SCHEMA, signals
from gristmill.pipelines.plan import Task
from gristmill.pipelines.stage_keys import stage_key
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter, read_groups

SCHEMA = pa.schema([DOCUMENT_SCHEMA.field("doc_id"), *SIGNALS_SCHEMA])
"""``doc_id`` and all signals, one row per document in the order of ``documents/``."""


def annotate_tasks(run: RunDirectory, upstream: Sequence[Task]) -> list[Task]:
    """One task per shard of ``documents/``."""
    return [
        dataclasses.replace(
            task, uri=run.shard("signals", task.raw), key=stage_key("annotate", model_sha256(), [task.key])
        )
        for task in upstream
    ]


@dataclasses.dataclass(frozen=True)
class Annotate:
    """The work of one shard."""

    run_uri: str
    step: str = "annotate"

    def __call__(self, task: Task) -> None:
        """Writes ``signals/`` for one shard of documents."""
        run = RunDirectory(self.run_uri)
        rows = 0
        with (
            storage.local_copy(run.shard("documents", task.raw)) as documents,
            storage.committing(task.uri, run=run.uri) as path,
            ShardWriter(path, SCHEMA, task.key) as writer,
        ):
            for group in read_groups(documents, ["doc_id", "kind", "text"]):
                found = signals(group.column("text"), kinds=group.column("kind"))
                writer.write(pa.RecordBatch.from_arrays([group.column("doc_id"), *found.columns], schema=SCHEMA))
                rows += group.num_rows
            writer.finish({"documents": rows})
