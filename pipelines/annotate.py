"""Annotate: every signal of every document into ``signals/``; nothing is removed here."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pyarrow as pa

from gristmill import storage
from gristmill.documents import DOCUMENT_SCHEMA
from gristmill.filters.extras import EXTRA_COLUMNS, Extra
from gristmill.filters.language import model_sha256
from gristmill.filters.measure import signal_field
from gristmill.filters.signals import SIGNALS_SCHEMA, signals
from gristmill.pipelines.plan import Task
from gristmill.pipelines.stage_keys import stage_key
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter, read_groups


def signals_schema(extras: Sequence[Extra]) -> pa.Schema:
    """``doc_id``, all signals of the text, then those of the extras; one row per document in order."""
    more = [signal_field(signal) for extra in extras for signal in extra.signals]
    return pa.schema([DOCUMENT_SCHEMA.field("doc_id"), *SIGNALS_SCHEMA, *more])


def annotate_tasks(run: RunDirectory, extras: Sequence[Extra], upstream: Sequence[Task]) -> list[Task]:
    """One task per shard of ``documents/``."""
    settings = [model_sha256(), [extra.key() for extra in extras]]
    return [
        dataclasses.replace(task, uri=run.shard("signals", task.raw), key=stage_key("annotate", settings, [task.key]))
        for task in upstream
    ]


@dataclasses.dataclass(frozen=True)
class Annotate:
    """The work of one shard."""

    run_uri: str
    extras: tuple[Extra, ...] = ()
    step: str = "annotate"

    def __call__(self, task: Task) -> None:
        """Writes ``signals/`` for one shard of documents."""
        run = RunDirectory(self.run_uri)
        schema = signals_schema(self.extras)
        rows = 0
        with (
            storage.local_copy(run.shard("documents", task.raw)) as documents,
            storage.committing(task.uri, run=run.uri) as path,
            ShardWriter(path, schema, task.key) as writer,
        ):
            for group in read_groups(documents, ["doc_id", *EXTRA_COLUMNS]):
                found = measure(group, self.extras)
                writer.write(pa.RecordBatch.from_arrays([group.column("doc_id"), *found], schema=schema))
                rows += group.num_rows
            writer.finish({"documents": rows})


def measure(documents: pa.RecordBatch, extras: Sequence[Extra]) -> list[pa.Array]:
    """All columns of `signals_schema` but ``doc_id``, for a batch of documents."""
    found = signals(documents.column("text"), kinds=documents.column("kind"))
    columns = list(found.columns)
    if extras:
        given = documents.select(list(EXTRA_COLUMNS))
        for name in ("language", "language_score"):
            given = given.append_column(name, found.column(name))
        for extra in extras:
            columns += extra.measure(given)
    return columns
