"""Edit: what ``edit.use`` takes out of texts, into ``edits/``. Texts are not written again: a cut is a range of bytes.

A run without edits has no such step and no such folder.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from gristmill import storage
from gristmill.documents import DOCUMENT_SCHEMA
from gristmill.filters.counts.measure import Signal, signal_field
from gristmill.filters.edits.cuts import CUTS_TYPE, to_column
from gristmill.filters.edits.edit_types import EDIT_COLUMNS, PlannedEdit
from gristmill.filters.edits.sequence import edit_signals, run_edits
from gristmill.pipelines.engine.plan import Task
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter, read_counts, read_groups

FOLDER = "edits"


def edited_signals(edits: Sequence[PlannedEdit]) -> tuple[Signal, ...]:
    """The signals of all edits, in the order of their columns."""
    return tuple(signal for planned in edits for signal in edit_signals(planned.edit.name))


def edits_schema(edits: Sequence[PlannedEdit]) -> pa.Schema:
    """``doc_id``, the cuts, and the signals of each edit; one row per document in the order of ``documents/``."""
    signals = [signal_field(signal) for signal in edited_signals(edits)]
    return pa.schema([DOCUMENT_SCHEMA.field("doc_id"), pa.field("cuts", CUTS_TYPE, nullable=False), *signals])


def edit_tasks(run: RunDirectory, edits: Sequence[PlannedEdit], upstream: Sequence[Task]) -> list[Task]:
    """One task per shard of ``documents/``; the tasks themselves if there is nothing to edit."""
    if not edits:
        return list(upstream)
    settings = [[planned.edit.key(), planned.kinds] for planned in edits]
    return [
        dataclasses.replace(
            task, uri=run.shard(FOLDER, task.raw), key=stage_key("edit", settings, [task.key]), cuts=FOLDER
        )
        for task in upstream
    ]


def cut_counts(run: RunDirectory, tasks: Sequence[Task]) -> dict[str, dict[str, int]]:
    """Passages cut by edit and reason, from the counts of the files of cuts in force; empty without edits."""
    totals: dict[str, Counter[str]] = {}
    for counts in read_counts([run.shard(task.cuts, task.raw) for task in tasks if task.cuts]):
        for name, reasons in counts["cuts"].items():
            totals.setdefault(name, Counter()).update(reasons)
    return {name: dict(sorted(reasons.items())) for name, reasons in totals.items()}


@dataclasses.dataclass(frozen=True)
class EditShard:
    """The work of one shard."""

    run_uri: str
    edits: tuple[PlannedEdit, ...]
    step: str = "edit"

    def __call__(self, task: Task) -> None:
        """Writes ``edits/`` for one shard of documents."""
        run = RunDirectory(self.run_uri)
        rows, edited, text_bytes = 0, 0, 0
        cuts: dict[str, Counter[str]] = {planned.edit.name: Counter() for planned in self.edits}
        schema = edits_schema(self.edits)
        with (
            storage.local_copy(run.shard("documents", task.raw)) as documents,
            storage.committing(task.uri, run=run.uri) as path,
            ShardWriter(path, schema, task.key) as writer,
        ):
            for group in read_groups(documents, list(EDIT_COLUMNS)):
                found = run_edits(group, self.edits)
                column = to_column(found.cuts)
                writer.write(
                    pa.RecordBatch.from_arrays([group.column("doc_id"), column, *found.signals], schema=schema)
                )
                rows += group.num_rows
                edited += pc.sum(pc.greater(pc.list_value_length(column), 0)).as_py() or 0
                text_bytes += pc.sum(pc.binary_length(found.texts)).as_py() or 0
                for name, reasons in found.counts.items():
                    cuts[name].update(reasons)
            counted = {name: dict(sorted(reasons.items())) for name, reasons in cuts.items()}
            writer.finish({"documents": rows, "edited": edited, "text_bytes": text_bytes, "cuts": counted})
