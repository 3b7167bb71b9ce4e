"""Rows of ``errors/``: what could not be processed, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import pyarrow as pa

from gristmill import storage
from gristmill.documents import ERROR_SCHEMA
from gristmill.pipelines.engine.plan import Task
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter


class DeadLetter(TypedDict):
    """One record that could not be processed; ``error`` is a short stable reason, ``detail`` what was wrong."""

    uri: str
    offset: int
    error: str
    detail: str


def write_dead_letters(run: RunDirectory, stage: str, task: Task, letters: Sequence[DeadLetter]) -> None:
    """Replaces the dead letters of one shard and stage; no file where there are none.

    Called before the shard's own output is committed, so that a committed output always has its dead letters beside it.
    """
    uri = run.errors(stage, task.raw)
    if not letters:
        storage.delete(uri)
        return
    fixed = {"stage": stage, "source": task.raw.source, "shard": task.raw.shard}
    batch = pa.RecordBatch.from_pylist([{**fixed, **letter} for letter in letters], schema=ERROR_SCHEMA)
    with storage.committing(uri, run=run.uri) as path, ShardWriter(path, ERROR_SCHEMA, task.key) as writer:
        writer.write(batch)
        writer.finish({"errors": len(letters)})
