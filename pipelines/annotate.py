"""Annotate: every signal of every document into ``signals/``; nothing is removed here."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pyarrow as pa

from gristmill import storage
from gristmill.documents import DOCUMENT_SCHEMA
from gristmill.filters.counts.measure import Signal, signal_field
from gristmill.filters.extras import EXTRA_COLUMNS, Extra
from gristmill.filters.language.language import load_identifier, model_sha256
from gristmill.filters.signals import SIGNALS_SCHEMA, signals
from gristmill.kernels.compiled import wait_for_kernels
from gristmill.pipelines.engine.options import LOCAL_RUNNER
from gristmill.pipelines.engine.plan import Plan, Task
from gristmill.pipelines.engine.session import Session
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.pipelines.engine.texts import open_texts
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter


def signals_schema(extras: Sequence[Extra], edited: Sequence[Signal] = ()) -> pa.Schema:
    """``doc_id``, all signals of the text, then those of the extras and of the edits; one row per document in order."""
    more = [signal_field(signal) for signal in (*(made for extra in extras for made in extra.signals), *edited)]
    return pa.schema([DOCUMENT_SCHEMA.field("doc_id"), *SIGNALS_SCHEMA, *more])


def annotate_tasks(
    run: RunDirectory, extras: Sequence[Extra], upstream: Sequence[Task], language_model: str | None = None
) -> list[Task]:
    """One task per shard of ``documents/`` (or of ``edits/``, where a run has edits)."""
    settings = [model_sha256(language_model), [extra.key() for extra in extras]]
    return [
        dataclasses.replace(task, uri=run.shard("signals", task.raw), key=stage_key("annotate", settings, [task.key]))
        for task in upstream
    ]


def announce_compiling(session: Session, plan: Plan) -> None:
    """Tells the listener that the first shards will take long, if this machine has yet to compile their kernels."""
    here = session.execution.runner == LOCAL_RUNNER
    note = wait_for_kernels("filters/signals.py") if plan.todo and here else None
    if note is not None:
        session.listener.noted(note)


@dataclasses.dataclass(frozen=True)
class Annotate:
    """The work of one shard.

    Attributes:
        run_uri: the run directory.
        extras: what is measured beside the signals of the text.
        edited: the signals of the run's edits, which stand beside their cuts.
    """

    run_uri: str
    extras: tuple[Extra, ...] = ()
    edited: tuple[Signal, ...] = ()
    language_model: str | None = None
    step: str = "annotate"

    def __call__(self, task: Task) -> None:
        """Writes ``signals/`` for one shard of documents."""
        run = RunDirectory(self.run_uri)
        schema = signals_schema(self.extras, self.edited)
        counted = [signal.name for signal in self.edited]
        rows = 0
        with (
            open_texts(run, task) as texts,
            storage.committing(task.uri, run=run.uri) as path,
            ShardWriter(path, schema, task.key) as writer,
        ):
            for group in texts.groups(["doc_id", *EXTRA_COLUMNS], beside=counted):
                made = measure(group, self.extras, self.language_model)
                found = made + [group.column(name) for name in counted]
                writer.write(pa.RecordBatch.from_arrays([group.column("doc_id"), *found], schema=schema))
                rows += group.num_rows
            writer.finish({"documents": rows})


def measure(documents: pa.RecordBatch, extras: Sequence[Extra], language_model: str | None = None) -> list[pa.Array]:
    """All columns of `signals_schema` but ``doc_id``, for a batch of documents."""
    identifier = load_identifier(language_model)
    found = signals(documents.column("text"), kinds=documents.column("kind"), identifier=identifier)
    columns = list(found.columns)
    if extras:
        given = documents.select(list(EXTRA_COLUMNS))
        for name in ("language", "language_score"):
            given = given.append_column(name, found.column(name))
        for extra in extras:
            columns += extra.measure(given)
    return columns
