"""Coverage by one property of a document: how much was read, how much of it was kept.

The tables for language, licence, domain, date and the rest have the same columns, made here.
"""

from __future__ import annotations

from collections.abc import Mapping

from gristmill.reports.counts.counts import Counts, Key
from gristmill.reports.page.page import Cell, Chart, Column, Table, share

SIZES = ("documents", "bytes", "tokens")
"""Value columns of a coverage tally."""

AMOUNT_COLUMNS = (
    Column("read", "Documents read", "count"),
    Column("kept", "Documents kept", "count"),
    Column("kept_share", "Share kept", "share"),
    Column("read_bytes", "Text read", "bytes"),
    Column("kept_bytes", "Text kept", "bytes"),
    Column("tokens", "Tokens", "count"),
    Column("token_share", "Share of all tokens", "share"),
)

READ_AND_KEPT = (
    "Read: every document extracted. Kept: documents with the verdict kept; text in UTF-8 bytes, tokens of kept "
    "documents only. Share kept: of the documents read in that row. Share of all tokens: of the tokens of the run."
)


def sizes_by(counts: Counts, *names: str) -> dict[Key, tuple[list[int], list[int]]]:
    """(read, kept) sums of documents, bytes and tokens for each combination of the key columns ``names``."""
    place = counts.keys.index("verdict")
    places = [counts.keys.index(name) for name in names]
    sums: dict[Key, tuple[list[int], list[int]]] = {}
    for key, amounts in counts.rows.items():
        read, kept = sums.setdefault(tuple(key[index] for index in places), ([0, 0, 0], [0, 0, 0]))
        for index, amount in enumerate(amounts):
            read[index] += amount
            if key[place] == "kept":
                kept[index] += amount
    return {key: sums[key] for key in sorted(sums)}


def amount_cells(read: list[int], kept: list[int], run_tokens: int) -> list[Cell]:
    """The cells under :data:`AMOUNT_COLUMNS` for one row."""
    return [
        read[0],
        kept[0],
        share(kept[0], read[0]),
        read[1],
        kept[1],
        kept[2],
        share(kept[2], run_tokens),
    ]


def coverage_table(
    counts: Counts,
    run_tokens: int,
    *,
    key: str,
    title: str,
    names: Mapping[str, Column],
    about: str = READ_AND_KEPT,
    by_size: bool = True,
    charts: tuple[Chart, ...] = (),
) -> Table:
    """A table of :data:`AMOUNT_COLUMNS` for each combination of the key columns in ``names``.

    Args:
        counts: a tally whose values are :data:`SIZES` and whose keys hold ``verdict``.
        run_tokens: tokens of the whole run, the denominator of the last column.
        key: the table's id.
        title: its caption.
        names: key column to page column, in order.
        about: denominators in words.
        by_size: most documents read first; else in the order of the names.
        charts: drawings of its columns.
    """
    sums = sizes_by(counts, *names)
    order = sorted(sums, key=lambda name: (-sums[name][0][0], name)) if by_size else list(sums)
    rows = [[*name, *amount_cells(*sums[name], run_tokens)] for name in order]
    return Table(key, title, about, (*names.values(), *AMOUNT_COLUMNS), rows, charts=charts)
