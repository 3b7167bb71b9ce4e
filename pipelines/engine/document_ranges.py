"""Files sorted by document number, read by range: a worker opens only the row groups that hold its own documents."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from gristmill import storage


def read_range(uri: str, first: int, last: int) -> pa.Table:
    """Rows with ``first <= document < last`` of a file sorted by document number; other row groups are not read."""
    with storage.open_read(uri) as stream, pq.ParquetFile(stream, pre_buffer=False) as file:
        column = file.schema_arrow.get_field_index("document")
        wanted = []
        for group in range(file.num_row_groups):
            bounds = file.metadata.row_group(group).column(column).statistics
            if file.metadata.row_group(group).num_rows and bounds.max >= first and bounds.min < last:
                wanted.append(group)
        table = file.read_row_groups(wanted, use_threads=False)
    numbers = table.column("document").to_numpy()
    return table.filter(pa.array((numbers >= first) & (numbers < last)))
