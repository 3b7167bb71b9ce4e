"""Parquet files of a run: written in row groups of bounded size, with a stage key and counts in their own metadata.

The row groups of ``signals/``, ``decisions/`` and ``ledger/`` mirror those of ``documents/``: group *i* of each holds
the same documents, so a stage reads them side by side with one group in memory.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from gristmill import storage
from gristmill.config.config import canonical_json
from gristmill.errors import IntegrityError

KEY = b"gristmill.stage_key"
COUNTS = b"gristmill.counts"

GROUP_TEXT_BYTES = 8 << 20
"""Text in one row group of ``documents/``: what a kernel sees at a time."""

GROUP_ROWS = 1 << 16
"""Documents in one row group, for corpora of very short documents."""


class ShardWriter:
    """A Parquet file being written, one row group per batch, with its stage key and counts in the footer.

    Args:
        path: scratch path of the file.
        schema: its schema.
        stage_key: what the file was made from; a later run compares it.
        random: columns of hashes: written as they are, since looking for repeats in them and compressing them takes
            longer than the rest and makes nothing smaller.
    """

    def __init__(self, path: Path, schema: pa.Schema, stage_key: str, random: Sequence[str] = ()) -> None:
        self._writer = pq.ParquetWriter(path, schema, **encoding(schema, random))
        self._schema = schema
        self._key = stage_key

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def write(self, batch: pa.RecordBatch) -> None:
        """Adds one row group."""
        table = pa.Table.from_batches([batch]).cast(self._schema)
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))

    def finish(self, counts: Mapping[str, Any]) -> None:
        """Stores the counts that reconcile the shard; call once, before the block ends."""
        self._writer.add_key_value_metadata({KEY.decode(): self._key, COUNTS.decode(): canonical_json(counts).decode()})


def encoding(schema: pa.Schema, random: Sequence[str]) -> dict[str, Any]:
    """How the columns of a file are encoded, as arguments of ``pq.ParquetWriter``.

    >>> encoding(pa.schema([("n", pa.int64()), ("hashes", pa.list_(pa.uint32()))]), ["hashes"])["compression"]
    {'n': 'zstd', 'hashes.list.element': 'none'}
    """
    if not random:
        return {"compression": "zstd", "compression_level": 3}
    sink = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), sink)
    columns = pq.ParquetFile(sink.getvalue()).schema
    ordinary = {
        column.path: column.path.partition(".")[0] not in random
        for column in (columns.column(number) for number in range(len(columns)))
    }
    return {
        "compression": {path: "zstd" if plain else "none" for path, plain in ordinary.items()},
        "compression_level": {path: 3 for path, plain in ordinary.items() if plain},
        "use_dictionary": [path for path, plain in ordinary.items() if plain],
    }


def read_footer(uri: str) -> tuple[str, dict[str, Any]] | None:
    """Stage key and counts of a committed file; None when it is absent or has none.

    Raises:
        IntegrityError: it is there and is no whole Parquet file; a step commits none such.
    """
    try:
        with storage.open_read(uri) as stream:
            metadata = pq.read_metadata(stream).metadata or {}
    except FileNotFoundError:
        return None
    except pa.ArrowInvalid as error:
        msg = f"{uri} is damaged: {error} Delete it and run the configuration again, which makes it anew"
        raise IntegrityError(msg) from error
    if KEY not in metadata:
        return None
    return metadata[KEY].decode(), json.loads(metadata.get(COUNTS, b"{}"))


def read_table(uri: str, columns: Sequence[str] | None = None) -> pa.Table:
    """A whole file of a run, local or remote, read by the calling thread alone.

    Arrow's own threads would read the Python stream too; one that still holds it while the interpreter ends aborts the
    process after its work is done.
    """
    with storage.open_read(uri) as stream, pq.ParquetFile(stream, pre_buffer=False) as file:
        return file.read(columns=columns, use_threads=False)


def read_groups(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """One record batch per row group, in order."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield one_batch(file.read_row_group(group, columns=columns, use_threads=False))


def one_batch(table: pa.Table) -> pa.RecordBatch:
    """A table as a single record batch.

    >>> one_batch(pa.table({"a": pa.chunked_array([[1], [2]])})).num_rows
    2
    """
    batches = table.unify_dictionaries().combine_chunks().to_batches()
    if not batches:
        return pa.RecordBatch.from_pylist([], schema=table.schema)
    return batches[0]


def read_counts(uris: Sequence[str]) -> list[dict[str, Any]]:
    """The counts in the footers of committed files, in the order given."""
    with ThreadPoolExecutor(max_workers=io_threads()) as pool:
        footers = list(pool.map(read_footer, uris))
    return [footer[1] if footer else {} for footer in footers]


def io_threads() -> int:
    """Threads for waiting on many small reads."""
    return min(32, 4 * (os.cpu_count() or 1))
