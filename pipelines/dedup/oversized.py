"""Oversized components: candidates whose shingle sets would not fit in one worker, resolved a block at a time.

Their sets are not shuffled. One worker reads the shards that hold them, keeps the sets in a scratch file on its disk,
and compares block with block (:mod:`gristmill.dedup.resolution.blocks`), by the same rules and with the same result as
in memory.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill.config.dedup_config import DedupSection
from gristmill.dedup.resolution.blocks import resolve_in_blocks
from gristmill.dedup.resolution.verify import jaccard_pairs
from gristmill.pipelines.dedup.cluster_counts import Compared
from gristmill.pipelines.dedup.components_step import components_uri
from gristmill.pipelines.dedup.resolve import CANDIDATE_SCHEMA, EmitCandidates, commit_resolved, ranks
from gristmill.pipelines.engine.document_ranges import read_range
from gristmill.pipelines.engine.plan import Task, load_plan
from gristmill.runs import RunDirectory
from gristmill.tables import read_table

Bytes = TypeVar("Bytes", int, npt.NDArray[np.int64])

SHINGLE_BYTES = 8

TEXT_BYTES_PER_SHINGLE = {"word": 5, "character": 1}
"""Rather too few: English has six bytes a word, and scripts without spaces three for each character, a word to us."""


def shingle_bytes(text_bytes: Bytes, dedup: DedupSection) -> Bytes:
    """What the shingle sets of so much text take in memory, about; also for an array of sizes.

    >>> shingle_bytes(5_000, DedupSection())
    8000
    """
    if not dedup.near:
        return text_bytes * 0
    return text_bytes * SHINGLE_BYTES // TEXT_BYTES_PER_SHINGLE[dedup.near.unit]


def component_text_bytes(run: RunDirectory, holding: Sequence[Task]) -> tuple[np.ndarray, np.ndarray]:
    """The text of every component, from the fingerprints of the shards that hold candidates.

    Memory: 16 bytes per component.

    Returns:
        component labels (int64, ascending) and bytes of text (int64).
    """
    labels, sizes = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for task in holding:
        printed = read_table(task.uri, ["row", "text_bytes"])
        rows, own = (printed.column(name).to_numpy() for name in ("row", "text_bytes"))
        if not len(rows):
            continue
        members = read_range(components_uri(run), task.first, task.first + int(rows[-1]) + 1)
        place = np.searchsorted(rows, members.column("document").to_numpy() - task.first)
        labels, inverse = np.unique(
            np.concatenate([labels, members.column("component").to_numpy()]), return_inverse=True
        )
        weights = np.concatenate([sizes, own[place]])
        sizes = np.bincount(inverse, weights=weights, minlength=len(labels)).astype(np.int64)
    return labels, sizes


@dataclasses.dataclass(frozen=True)
class ResolveOversized:
    """The work of one oversized component.

    Attributes:
        run_uri: the run directory.
        emit: reads candidates; which ones is set here.
        readers: uri of the plan of the shards that hold candidates.
    """

    run_uri: str
    emit: EmitCandidates
    readers: str
    step: str = "resolve"

    def __call__(self, task: Task) -> None:
        """Gathers the candidates in a scratch file, resolves them, and commits the clusters."""
        emit = dataclasses.replace(self.emit, wanted=(task.number,))
        with tempfile.TemporaryDirectory(prefix="gristmill-resolve-") as folder:
            path = Path(folder) / "candidates.arrow"
            with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, CANDIDATE_SCHEMA) as writer:
                for reader in load_plan(self.readers):
                    for _, batch in emit(reader):
                        writer.write_batch(batch)
            with pa.memory_map(str(path)) as source:
                commit_resolved(self.run_uri, task, *resolve_file(source, emit.dedup), emit.starts)


def resolve_file(source: pa.NativeFile, dedup: DedupSection) -> tuple[pa.RecordBatch, Compared]:
    """Resolves the candidates of one component that lie in a mapped Arrow file, in the order of document numbers.

    Returns:
        The candidates without their shingles, and what was found of them.
    """
    reader = pa.ipc.open_file(source)
    batches = [reader.get_batch(number) for number in range(reader.num_record_batches)]
    light = pa.Table.from_batches([batch.drop_columns(["shingles"]) for batch in batches]).combine_chunks()
    (documents,) = light.to_batches()
    sets = MappedSets([batch.column("shingles") for batch in batches])
    order = ranks(documents, dedup)
    block = max(1, dedup.partition_bytes // (2 * SHINGLE_BYTES))
    result = resolve_in_blocks(
        order,
        documents.column("exact"),
        sets.sizes,
        sets.load,
        min_jaccard=dedup.near.min_jaccard if dedup.near else 1.0,
        block_shingles=block,
    )
    return documents, Compared(result, sets.likeness(int(np.argmin(order)), block))


def group_bytes(
    run: RunDirectory, dedup: DedupSection, holding: Sequence[Task], text_bytes: int
) -> tuple[int, tuple[int, ...]]:
    """Shingles of all components that are grouped, and the components that are too large for that.

    Args:
        run: the run directory.
        dedup: the ``[dedup]`` section.
        holding: fingerprints of the shards that hold candidates.
        text_bytes: of all documents of these shards. Where even that fits in one group, nothing need be read.
    """
    if shingle_bytes(text_bytes, dedup) <= dedup.partition_bytes:
        return shingle_bytes(text_bytes, dedup), ()
    labels, sizes = component_text_bytes(run, holding)
    large = shingle_bytes(sizes, dedup) > dedup.partition_bytes
    return shingle_bytes(int(sizes[~large].sum()), dedup), tuple(labels[large].tolist())


class MappedSets:
    """Shingle sets in several mapped columns, read a few at a time."""

    def __init__(self, columns: Sequence[pa.LargeListArray]) -> None:
        self._columns = columns
        self._starts = np.cumsum([0, *(len(column) for column in columns)])[:-1]
        parts = [np.diff(column.offsets.to_numpy()) for column in columns]
        self.sizes = np.concatenate([np.zeros(0, np.int64), *parts])

    def load(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Offsets and values of the sets of some rows, in their order, in memory of their own."""
        where = np.searchsorted(self._starts, rows, side="right") - 1
        order = np.argsort(where, kind="stable")
        found = []
        for number in np.unique(where).tolist():
            own = order[where[order] == number]
            found.append(self._columns[number].take(pa.array(rows[own] - self._starts[number])))
        back = np.empty(len(rows), np.int64)
        back[order] = np.arange(len(rows))
        sets = pa.concat_arrays(found).take(pa.array(back)) if found else self._columns[0].slice(0, 0)
        return sets.offsets.to_numpy(), sets.values.to_numpy()

    def likeness(self, best: int, block_shingles: int) -> np.ndarray:
        """True Jaccard similarity of every set with set ``best``, some blocks at a time; NaN for ``best`` itself."""
        out = np.full(len(self.sizes), np.nan)
        for rows in self._blocks(block_shingles):
            offsets, values = self.load(np.concatenate([[best], rows]))
            right = np.arange(1, len(rows) + 1)
            out[rows] = jaccard_pairs(offsets, values, np.zeros(len(rows), np.int64), right)
        out[best] = np.nan
        return out

    def _blocks(self, block_shingles: int) -> Iterator[np.ndarray]:
        number = np.cumsum(self.sizes) // max(1, block_shingles)
        yield from np.split(np.arange(len(self.sizes)), np.flatnonzero(np.diff(number)) + 1)
