"""The texts that a run trains on: those of ``documents/`` without what the cuts in force take out of them.

Every stage after ``edit`` reads texts here and nowhere else, so that what is judged, compared and counted is what is
trained on. Which folder of cuts is in force is `Task.cuts`: empty, or a folder of `CUTS_TYPE` files that mirror
``documents/``. A later step that cuts more writes a folder of its own that holds all cuts, the earlier ones included
(`gristmill.filters.edits.compose`), and hands on tasks with that folder.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from gristmill import storage
from gristmill.documents import DOCUMENT_SCHEMA
from gristmill.errors import IntegrityError
from gristmill.filters.edits.cuts import apply, from_column
from gristmill.pipelines.engine.plan import Task
from gristmill.runs import RunDirectory
from gristmill.tables import one_batch, read_counts, read_groups


class Texts:
    """The documents of one shard with their edited texts, from local copies of its files.

    Args:
        documents: the file of ``documents/``.
        cuts: the file of the cuts in force; None if there are none.
    """

    def __init__(self, documents: Path, cuts: Path | None) -> None:
        self._documents, self._cuts = documents, cuts

    def groups(self, columns: Sequence[str] | None = None, *, beside: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
        """One batch per row group of ``documents/``, in order; ``text`` is the edited text.

        Args:
            columns: columns of ``documents/``; all by default.
            beside: columns of the file of cuts to add after them.

        Raises:
            IntegrityError: the cuts do not belong to these documents.
        """
        wanted = list(DOCUMENT_SCHEMA.names if columns is None else columns)
        if self._cuts is None or ("text" not in wanted and not beside):
            yield from read_groups(self._documents, wanted)
            return
        originals = read_groups(self._documents, list(dict.fromkeys(["doc_id", *wanted])))
        for group, cuts in zip(
            originals, read_groups(self._cuts, list(dict.fromkeys(["doc_id", "cuts", *beside]))), strict=True
        ):
            if not cuts.column("doc_id").equals(group.column("doc_id")):
                message = f"{self._cuts}: its documents are not those of {self._documents}; delete it and run again"
                raise IntegrityError(message)
            held = {name: group.column(name) for name in wanted}
            if "text" in wanted:
                held["text"] = apply(group.column("text"), from_column(cuts.column("cuts")))
            fields = [group.schema.field(name) for name in wanted] + [cuts.schema.field(name) for name in beside]
            arrays = [*held.values(), *(cuts.column(name) for name in beside)]
            yield pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))

    def picked(self, rows: npt.NDArray[np.int64]) -> pa.Array:
        """The edited texts of some rows, in their order; without cuts, only the row groups that hold one are read.

        Raises:
            IntegrityError: there is no such row, or the cuts do not belong to these documents.
        """
        wanted, back = np.unique(rows, return_inverse=True)
        with pq.ParquetFile(self._documents) as file:
            groups = range(file.num_row_groups)
            starts = np.cumsum([0, *(file.metadata.row_group(group).num_rows for group in groups)])
            if len(wanted) and not 0 <= int(wanted[0]) <= int(wanted[-1]) < int(starts[-1]):
                message = f"{self._documents}: wanted rows {wanted[0]} to {wanted[-1]}, got {starts[-1]} rows"
                raise IntegrityError(message)
            held = set((np.searchsorted(starts, wanted, side="right") - 1).tolist())
            # Cuts are read group by group beside the documents; without them, a group that holds no row is passed over.
            edited = self.groups(["text"]) if self._cuts else None
            parts = [pa.array([], pa.large_string())]
            for group in groups:
                batch = next(edited) if edited else None
                if group in held:
                    batch = batch or one_batch(file.read_row_group(group, columns=["text"], use_threads=False))
                    mine = wanted[(wanted >= starts[group]) & (wanted < starts[group + 1])]
                    parts.append(batch.column(0).take(pa.array(mine - starts[group])))
        return pa.concat_arrays(parts).take(pa.array(back))


@contextlib.contextmanager
def open_texts(run: RunDirectory, task: Task) -> Iterator[Texts]:
    """The texts of the raw shard of a task, with the cuts that the task says are in force."""
    names = (task.raw.source, f"{task.raw.name}.parquet")
    with open_texts_at(run.path("documents", *names), run.path(task.cuts, *names) if task.cuts else None) as texts:
        yield texts


@contextlib.contextmanager
def open_texts_at(documents: str, cuts: str | None) -> Iterator[Texts]:
    """The texts of a file of documents with the cuts of another."""
    with contextlib.ExitStack() as stack:
        copied = stack.enter_context(storage.local_copy(documents))
        yield Texts(copied, stack.enter_context(storage.local_copy(cuts)) if cuts else None)


def text_bytes(run: RunDirectory, tasks: Sequence[Task]) -> int:
    """UTF-8 bytes of the edited texts of some shards, from the counts of their files."""
    counts = read_counts([run.shard(task.cuts or "documents", task.raw) for task in tasks])
    return sum(int(str(entry["text_bytes"])) for entry in counts)
