"""``parquet``: one row per document, read in batches of a row group."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gristmill.errors import ConfigError, unknown_name
from gristmill.pipelines.sources.reading.base import Item, SourceOptions, failed
from gristmill.pipelines.sources.rows.mapped_record import field_name, row_item

BATCH_ROWS = 256
_SIMPLE = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)


def read_parquet(path: Path, name: str, options: SourceOptions) -> Iterator[Item]:
    """Yields one item per row; a document's offset is its row number. See `reading.base`."""
    try:
        file = pq.ParquetFile(path)
        names = file.schema_arrow.names
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        yield failed(name, 0, "not-parquet", error)
        return
    with file:
        wanted = field_name("text", options)
        if wanted.partition(".")[0] not in names:
            detail = f"no column {wanted!r}; the file has: {', '.join(names)}"
            yield failed(name, 0, "missing-text-column", detail)
            return
        columns = _columns(file.schema_arrow, options)
        row = 0
        for group in range(file.num_row_groups):
            try:
                for batch in file.iter_batches(BATCH_ROWS, row_groups=[group], columns=columns):
                    for values in whole_seconds(batch).to_pylist():
                        yield row_item(values, ordinal=row, offset=row, length=-1, name=name, options=options)
                        row += 1
            except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
                end = sum(file.metadata.row_group(index).num_rows for index in range(group + 1))
                yield failed(name, row, "corrupt-row-group", f"rows {row} to {end - 1} of row group {group}: {error}")
                row = end


def whole_seconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Times in whole seconds: Python's own hold no nanoseconds, and a document's date has none."""
    for index, column in enumerate(batch.schema):
        if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
            seconds = batch.column(index).cast(pa.timestamp("s", column.type.tz), safe=False)
            batch = batch.set_column(index, column.name, seconds)
    return batch


def _columns(schema: pa.Schema, options: SourceOptions) -> list[str]:
    """The columns to read: those with a role, and simple ones for ``meta``."""
    roles = {
        field_name(role, options).partition(".")[0] for role in ("text", "id", "uri", "title", "published", "license")
    }
    roles.add("url")
    return [field.name for field in schema if field.name in roles or any(is_type(field.type) for is_type in _SIMPLE)]


def check_parquet(path: Path, options: SourceOptions) -> None:
    """Raises ``ConfigError`` naming the columns that exist if a configured one does not."""
    try:
        names = pq.read_schema(path).names
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        return
    for role, field in {"text": field_name("text", options), **options.fields}.items():
        if field.partition(".")[0] not in names:
            message = f"{path.name}: {unknown_name(f'column for {role}', field, names)}; set it under `fields`"
            raise ConfigError(message)
