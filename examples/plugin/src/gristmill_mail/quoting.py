"""The signal ``quoted_line_fraction``: how much of a text is quoted from somebody else."""

from __future__ import annotations

import dataclasses

import pyarrow as pa
import pyarrow.compute as pc

from gristmill.filters.counts.measure import FRACTION, Signal

QUOTED_LINE_FRACTION = Signal(
    name="quoted_line_fraction",
    dtype="float64",
    unit="fraction",
    range=FRACTION,
    definition="lines that begin with the mark of a quotation, of all lines that are not blank; 0 without lines",
    source="RFC 3676, section 4.5",
)


@dataclasses.dataclass(frozen=True)
class Quoting:
    """Measures it. A frozen dataclass: what the configuration says travels to every worker, and nothing else.

    Attributes:
        mark: what a quoted line begins with.
    """

    mark: str = ">"

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The columns that :meth:`measure` makes."""
        return (QUOTED_LINE_FRACTION,)

    def key(self) -> object:
        """What the column depends on. Gristmill adds the package, its version and its sources."""
        return [self.mark]

    def measure(self, documents: pa.RecordBatch) -> list[pa.Array]:
        """One value for each row of a batch; `gristmill.filters.extras.EXTRA_COLUMNS` can be read."""
        lines = pc.split_pattern(documents.column("text"), "\n")
        rows = pc.list_parent_indices(lines)
        flat = pc.utf8_trim_whitespace(pc.list_flatten(lines))
        written = pc.not_equal(flat, "")
        quoted = pc.and_(written, pc.starts_with(flat, self.mark))
        table = pa.table({"row": rows, "written": written.cast("int64"), "quoted": quoted.cast("int64")})
        sums = table.group_by("row", use_threads=False).aggregate([("written", "sum"), ("quoted", "sum")])
        fractions = [0.0] * documents.num_rows
        for row, written_lines, quoted_lines in zip(*(column.to_pylist() for column in sums.columns), strict=True):
            fractions[row] = quoted_lines / written_lines if written_lines else 0.0
        return [pa.array(fractions, pa.float64())]
