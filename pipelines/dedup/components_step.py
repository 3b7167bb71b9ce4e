"""Between join and resolve: which candidates belong together, and who fetches them.

Candidate edges are small (two int64 each, one star per bucket). Where they fit in the memory that the configuration
gives, the driver solves them with scipy; else they stay in files. On one machine these are contracted one range of
documents after the other (:mod:`gristmill.pipelines.dedup.component_ranges`), elsewhere Beam solves them in rounds
(:mod:`gristmill.pipelines.dedup.star_rounds`). All give the same bytes: one file, sorted by document number, from which
each worker reads its own range.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gristmill import storage
from gristmill.dedup.components.components import connected_components
from gristmill.pipelines.dedup.component_ranges import components_by_ranges
from gristmill.pipelines.dedup.key_files import joins_on_files
from gristmill.pipelines.dedup.star_rounds import (
    COMPONENT_SCHEMA,
    STEP,
    components_on_files,
    read_labels,
    rounds_folder,
)
from gristmill.pipelines.engine.plan import Task
from gristmill.pipelines.engine.session import Session
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter, one_batch, read_counts, read_footer, read_groups, read_table

SCIPY_BYTES_PER_PAIR = 120
"""Peak memory of `gristmill.dedup.components.components.connected_components` for each edge, reading them included."""

_GROUP_ROWS = 1 << 20


def components_uri(run: RunDirectory) -> str:
    """The file of candidate documents and their components."""
    return run.path("dedup", "components.parquet")


def fits_in_memory(pairs: int, memory_bytes: int) -> bool:
    """Whether the driver may solve so many candidate pairs by itself.

    >>> fits_in_memory(30_000_000, 4_000_000_000), fits_in_memory(50_000_000, 4_000_000_000)
    (True, False)
    """
    return pairs * SCIPY_BYTES_PER_PAIR <= memory_bytes


def group_candidates(session: Session, edges: Sequence[Task], key: str, documents: int) -> None:
    """Writes the component of every candidate document, unless the committed file has this key already.

    Args:
        session: the run in progress.
        edges: the files of candidate pairs.
        key: their key.
        documents: of the corpus; document numbers are below it.
    """
    uri = components_uri(session.run)
    footer = read_footer(uri)
    if footer is not None and footer[0] == key:
        return
    session.state["stages"].pop(STEP, None)
    sizes = [int(counts["pairs"]) for counts in read_counts([task.uri for task in edges])]
    pairs = sum(sizes)
    if fits_in_memory(pairs, session.budget.memory_bytes):
        write_components(session.run, _solved(edges), key, pairs)
        return
    filled = [task for task, size in zip(edges, sizes, strict=True) if size]
    if joins_on_files(session.run, session.execution):
        rows = components_by_ranges(session, filled, key, documents)
    else:
        rows = read_labels(components_on_files(session, filled, key, documents, pairs))
    write_components(session.run, rows, key, pairs)
    storage.delete_tree(rounds_folder(session))


def _solved(edges: Sequence[Task]) -> Iterator[pa.RecordBatch]:
    tables = [read_table(task.uri) for task in edges]
    a, b = (np.concatenate([table.column(name).to_numpy() for table in tables]) for name in ("a", "b"))
    del tables
    yield _batch(*connected_components(a, b))


def _batch(nodes: np.ndarray, labels: np.ndarray) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(nodes), pa.array(labels)], schema=COMPONENT_SCHEMA)


def write_components(run: RunDirectory, rows: Iterable[pa.RecordBatch], key: str, pairs: int) -> None:
    """Commits documents and components in row groups of one size, so that the bytes do not show how they were found.

    Args:
        run: the run directory.
        rows: of ``COMPONENT_SCHEMA``, in the order of document numbers.
        key: of the candidate pairs.
        pairs: how many there were.
    """
    counts = {"documents": 0, "components": 0, "edges": pairs}
    with (
        storage.committing(components_uri(run), run=run.uri) as path,
        ShardWriter(path, COMPONENT_SCHEMA, key) as writer,
    ):
        for batch in regrouped(rows, _GROUP_ROWS):
            writer.write(batch)
            counts["documents"] += batch.num_rows
            counts["components"] += int((batch.column(0).to_numpy() == batch.column(1).to_numpy()).sum())
        writer.finish(counts)


def regrouped(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of ``rows``, and a last one of what is left.

    >>> batches = [pa.record_batch({"n": [1]}), pa.record_batch({"n": [2, 3, 4]})]
    >>> [batch.num_rows for batch in regrouped(batches, 2)]
    [2, 2]
    """
    waiting: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        waiting.append(batch)
        size += batch.num_rows
        if size < rows:
            continue
        together = one_batch(pa.Table.from_batches(waiting))
        whole = size // rows * rows
        for first in range(0, whole, rows):
            yield together.slice(first, rows)
        waiting = [together.slice(whole)]
        size -= whole
    if size:
        yield one_batch(pa.Table.from_batches(waiting))


def shards_with_candidates(run: RunDirectory, fingerprinted: Sequence[Task]) -> list[int]:
    """Indexes of the tasks whose shard holds at least one candidate document."""
    firsts = np.array([task.first for task in fingerprinted], np.int64)
    found: set[int] = set()
    with storage.local_copy(components_uri(run)) as path:
        for numbers in _column(path, "document"):
            found.update(np.unique(np.searchsorted(firsts, numbers, side="right") - 1).tolist())
    return sorted(found)


def _column(path: Path, name: str) -> Iterator[np.ndarray]:
    for group in read_groups(path, [name]):
        yield group.column(0).to_numpy()


def group_ends(uri: str) -> list[int]:
    """The last document number of each row group of a file sorted by document number; of empty ones none."""
    with storage.open_read(uri) as stream, pq.ParquetFile(stream, pre_buffer=False) as file:
        column = file.schema_arrow.get_field_index("document")
        groups = [file.metadata.row_group(group) for group in range(file.num_row_groups)]
        return [group.column(column).statistics.max for group in groups if group.num_rows]
