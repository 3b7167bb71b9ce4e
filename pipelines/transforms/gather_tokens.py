"""The gather of token shards, as one step of somebody's own pipeline."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import PCollection

from gristmill import storage
from gristmill.errors import ConfigError
from gristmill.pipelines.engine.coders import KeyedBatch
from gristmill.pipelines.engine.shardwise import split
from gristmill.tokenize.manifest import PartInfo
from gristmill.tokenize.order import part_of, rank_range, ranks
from gristmill.tokenize.shards import ENCODED_SCHEMA, merge_sorted, write_encoded, write_part


class GatherTokens(beam.PTransform):
    """Writes encoded documents as token shards in a global order that depends on ids and seed alone.

    The parts are those of a run: Arrow IPC files of one row per document, ordered by ``xxh3(seed, doc_id)``, with the
    same bytes whatever the number of workers or the order of the input. `gristmill.tokenize.shards` reads them, and so
    do pyarrow, DuckDB, Polars and ``datasets``.

    Args:
        folder: where the parts go, local, ``s3://`` or ``gs://``.
        parts: how many; one worker's memory holds one (`gristmill.tokenize.order.plan_parts` divides a size).
        seed: of the order.
        dtype: of the token ids, ``uint16`` or ``uint32``.

    Input: `PCollection[pa.RecordBatch]` with ``tokens`` (list of integers that ends with the end-of-text id),
    ``doc_id`` (16 bytes) and ``text_bytes`` (int32).

    Output: `PCollection[PartInfo]`: rows, tokens, bytes and sha256 of each part that has a document.

    Raises:
        ConfigError: no part, or ids of another type.

    >>> folder = tempfile.mkdtemp()
    >>> ids = pa.array([bytes([n]) * 16 for n in range(4)], pa.binary(16))
    >>> tokens = pa.array([[n, n, 0] for n in range(4)], pa.list_(pa.uint16()))
    >>> columns = {"tokens": tokens, "doc_id": ids, "text_bytes": pa.array([5] * 4, pa.int32())}
    >>> with beam.Pipeline("FnApiRunner") as pipeline:
    ...     rows = pipeline | beam.Create([pa.RecordBatch.from_pydict(columns)])
    ...     made = rows | GatherTokens(folder, parts=1, seed=17)
    ...     _ = made | beam.Map(lambda part: print(part.path, part.rows, part.tokens))
    part-00000.arrow 4 12
    """

    def __init__(self, folder: str, *, parts: int, seed: int, dtype: str = "uint16") -> None:
        super().__init__()
        if parts < 1 or dtype not in ("uint16", "uint32"):
            message = f"wanted at least 1 part and ids of uint16 or uint32, got parts={parts} and dtype={dtype!r}"
            raise ConfigError(message)
        self._write = _WritePart(folder, parts, dtype)
        self._emit = _EmitRows(parts, seed, dtype)

    def expand(self, encoded: PCollection[pa.RecordBatch]) -> PCollection[PartInfo]:
        """Rows to their part, then each part sorted and written."""
        return (
            encoded
            | "Rows" >> beam.ParDo(self._emit).with_output_types(KeyedBatch)
            | "Group" >> beam.GroupByKey()
            | "Write" >> beam.ParDo(self._write).with_output_types(PartInfo)
        )


@dataclasses.dataclass
class _EmitRows(beam.DoFn):
    """The rows of a batch, split by part."""

    parts: int
    seed: int
    dtype: str

    def process(self, element: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yields one batch per part."""
        schema = ENCODED_SCHEMA(pa.type_for_alias(self.dtype))
        rank = ranks(self.seed, element.column("doc_id"))
        columns = [element.column(name).cast(schema.field(name).type) for name in ("tokens", "doc_id", "text_bytes")]
        rows = pa.RecordBatch.from_arrays([*columns, pa.array(rank)], schema=schema)
        yield from split(rows, part_of(rank, self.parts), range(self.parts))


@dataclasses.dataclass
class _WritePart(beam.DoFn):
    """Sorts and commits one part."""

    folder: str
    parts: int
    dtype: str

    def process(self, element: tuple[int, Iterable[pa.RecordBatch]]) -> Iterator[PartInfo]:
        """Yields what a manifest needs of it."""
        number, batches = element
        dtype, name = pa.type_for_alias(self.dtype), f"part-{number:05d}.arrow"
        with tempfile.TemporaryDirectory(prefix="gristmill-") as scratch:
            rows = Path(scratch) / "rows.arrow"
            write_encoded(rows, batches, dtype)
            with storage.committing(storage.join(self.folder, name), run=self.folder) as path:
                info = write_part(path, merge_sorted([rows], *rank_range(number, self.parts), dtype), dtype)
        yield dataclasses.replace(info, path=name)
