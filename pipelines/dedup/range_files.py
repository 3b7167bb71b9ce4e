"""Files of pairs of numbers, ordered by ranges of one of them, so that a worker reads only its own range of each file.

They are Arrow IPC files, not compressed, below ``_tmp``. The batches are those of chunks: chunk ``c`` of a file of
``R`` ranges has the batches ``c * R`` to ``c * R + R - 1``, one for each range, some of them empty. So nothing is
searched and nothing but the range is read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Self

import numpy as np
import pyarrow as pa

from gristmill import storage
from gristmill.dedup.components.contraction import Ids, split_by_range

CHUNK_PAIRS = 1 << 21
"""Pairs that are ordered by range at a time: 32 MB."""

PAIR_SCHEMA = pa.schema([pa.field("a", pa.int64(), nullable=False), pa.field("b", pa.int64(), nullable=False)])
"""``b`` is the number that says in which range a pair lies."""

Pairs = tuple[Ids, Ids]


class RangeWriter(contextlib.ExitStack):
    """Commits a file of pairs in the order of their ranges, chunk by chunk.

    Args:
        uri: of the file, on a local disk.
        run_uri: the run directory.
        nodes: numbers in one range.
        ranges: how many there are.
    """

    def __init__(self, uri: str, run_uri: str, nodes: int, ranges: int) -> None:
        super().__init__()
        self._uri, self._run_uri = uri, run_uri
        self._nodes, self._ranges = nodes, ranges
        self._waiting: list[Pairs] = []
        self._size = 0

    def __enter__(self) -> Self:
        path = self.enter_context(storage.committing(self._uri, run=self._run_uri))
        sink = self.enter_context(pa.OSFile(str(path), "wb"))
        self._writer = self.enter_context(pa.ipc.new_file(sink, PAIR_SCHEMA))
        return self

    def add(self, a: Ids, b: Ids) -> None:
        """Adds pairs; they are written when they are a chunk."""
        if len(a):
            self._waiting.append((a, b))
            self._size += len(a)
        if self._size >= CHUNK_PAIRS:
            self.flush()

    def flush(self) -> None:
        """Writes what waits as a chunk of its own; call once after the last pairs."""
        if not self._size:
            return
        a, b = self._waiting[0] if len(self._waiting) == 1 else map(np.concatenate, zip(*self._waiting, strict=True))
        self._waiting, self._size = [], 0
        split = split_by_range(a, b, self._nodes, self._ranges)
        for number in range(self._ranges):
            part = slice(split.bounds[number], split.bounds[number + 1])
            columns = [pa.array(split.a[part]), pa.array(split.b[part])]
            self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=PAIR_SCHEMA))


def read_range(uri: str, number: int, ranges: int) -> Iterator[Pairs]:
    """The pairs of one range, in parts.

    Args:
        uri: a file that :class:`RangeWriter` committed.
        number: the range.
        ranges: as it was written with.
    """
    # Read, not mapped: the pages of a mapping would count as memory of this process.
    with pa.OSFile(uri) as source, pa.ipc.open_file(source) as reader:
        for batch_number in range(number, reader.num_record_batches, ranges):
            batch = reader.get_batch(batch_number)
            if batch.num_rows:
                yield batch.column(0).to_numpy(), batch.column(1).to_numpy()
