"""What a section of the report is made of: text, tables and charts drawn from the tables.

A table's cells are plain JSON values; the column says what they mean. A chart names columns of the table it belongs to
and holds no number of its own, so a chart and its table cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

from gristmill.reports.counts.intervals import Estimate, wilson

ColumnKind = Literal[
    "name",  # written by Gristmill or the configuration
    "corpus",  # taken from the corpus: hostile until escaped
    "text",  # a sentence
    "count",  # an integer
    "bytes",  # an integer of UTF-8 bytes
    "seconds",  # a float
    "number",  # a float without unit
    "share",  # a float from 0 to 1, shown in per cent
    "share_interval",  # [low, high], both shares
    "ratio",  # a positive float
    "ratio_interval",  # [low, high], both ratios
]

ChartKind = Literal["bars", "stacked", "columns", "forest"]

DECIMALS = 6
"""Digits after the point to which every float of report.json is rounded."""

MAX_ROWS = 1000
"""Rows of a table kept in report.json; ``rows_total`` says how many there were."""

Cell = str | int | float | None | list[float] | dict[str, str]


def insufficient(why: str) -> dict[str, str]:
    """The cell that stands where the data do not carry a figure; ``why`` is shown to the reader.

    >>> insufficient("12 documents")
    {'empty': 'insufficient data', 'why': '12 documents'}
    """
    return {"empty": "insufficient data", "why": why}


def share(part: int, whole: int) -> float | None:
    """``part / whole``, rounded; None where there is nothing to divide by.

    >>> share(1, 3), share(0, 0)
    (0.333333, None)
    """
    return round(part / whole, DECIMALS) if whole else None


def interval(estimate: Estimate) -> list[float]:
    """The interval of an estimate as a cell."""
    return [round(estimate.low, DECIMALS), round(estimate.high, DECIMALS)]


def share_interval(part: int, whole: int) -> list[float] | None:
    """Wilson's interval around `share`; None where there is nothing to divide by.

    >>> share_interval(1, 2), share_interval(0, 0)
    ([0.094531, 0.905469], None)
    """
    return interval(wilson(part, whole)) if whole else None


@dataclass(frozen=True)
class Column:
    """One column: its key, its heading with the unit, and what its cells are."""

    key: str
    label: str
    kind: ColumnKind


@dataclass(frozen=True)
class Chart:
    """A drawing of some columns of a table.

    Attributes:
        kind: ``bars``: one bar a row; ``stacked``: one bar of several parts a row; ``columns``: a histogram in row
            order; ``forest``: a ratio and its interval on a log axis.
        title: what is shown, in words.
        labels: keys of the columns that name a row, joined by commas.
        values: keys of the columns drawn.
        interval: key of an interval column drawn as a whisker, or None.
        rows: how many rows, from the first, are drawn.
    """

    kind: ChartKind
    title: str
    labels: tuple[str, ...]
    values: tuple[str, ...]
    interval: str | None = None
    rows: int = 20


@dataclass(frozen=True)
class Table:
    """Rows under columns, with the denominators in words.

    Attributes:
        key: unique within its section.
        title: the caption.
        about: what the figures count and what shares are shares of.
        rows: cells in column order, first rows first.
        total: a last row that sums up, or None.
    """

    key: str
    title: str
    about: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Cell]]
    total: Sequence[Cell] | None = None
    charts: tuple[Chart, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """JSON-able form, cut after :data:`MAX_ROWS` rows."""
        return {
            "id": self.key,
            "title": self.title,
            "about": self.about,
            "columns": [asdict(column) for column in self.columns],
            "rows": [list(row) for row in self.rows[:MAX_ROWS]],
            "rows_total": len(self.rows),
            "total": None if self.total is None else list(self.total),
            "charts": [
                {**asdict(chart), "labels": list(chart.labels), "values": list(chart.values)} for chart in self.charts
            ],
        }


@dataclass(frozen=True)
class Section:
    """One section of the page.

    Attributes:
        key: its anchor.
        title: its heading.
        lead: what it says, in a sentence or two with the main figures.
        tables: its tables.
        notes: how to read it, and what it cannot say.
    """

    key: str
    title: str
    lead: str
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, object]:
        """JSON-able form."""
        return {
            "id": self.key,
            "title": self.title,
            "lead": self.lead,
            "tables": [table.to_dict() for table in self.tables],
            "notes": list(self.notes),
        }
