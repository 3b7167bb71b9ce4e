"""Documents by length of their text."""

from __future__ import annotations

import pyarrow as pa

from gristmill.documents import VERDICTS
from gristmill.reports.counts.batch import Batch
from gristmill.reports.counts.counts import Tally
from gristmill.reports.page.page import Cell, Chart, Column, Section, Table, share
from gristmill.reports.page.panel import Measured, Panel, run_totals
from gristmill.reports.page.run_facts import RunFacts
from gristmill.reports.page.wording import byte_size, counted
from gristmill.reports.panels.coverage import SIZES

_BINARY_UNITS = ((30, "GiB"), (20, "MiB"), (10, "KiB"), (0, "bytes"))


def count_lengths(batch: Batch) -> pa.Table:
    """Documents, bytes and tokens by source, length bin and verdict."""
    return batch.grouped({"source": batch.source, "length_bin": batch.length_bin, "verdict": batch.verdict})


LENGTH_TALLY = Tally("lengths", ("source", "length_bin", "verdict"), SIZES, count_lengths)


def bin_label(length_bin: int) -> str:
    """The lengths a bin holds, in binary units because the bins are powers of two.

    >>> bin_label(0), bin_label(9), bin_label(13)
    ('0 to 1 bytes', '512 to 1,023 bytes', '8 to 16 KiB')
    """
    if length_bin == 0:
        return "0 to 1 bytes"
    for shift, unit in _BINARY_UNITS:
        if length_bin >= shift:
            low = 1 << (length_bin - shift)
            return f"{low:,} to {2 * low - 1:,} bytes" if shift == 0 else f"{low:,} to {2 * low:,} {unit}"
    return str(length_bin)


def build_lengths(measured: Measured, _run: RunFacts) -> Section:
    """The section from the counts."""
    read, kept, kept_bytes, tokens = run_totals(measured)
    read_bytes = measured["verdicts"].total()[1]
    groups: dict[int, dict[str, int]] = {}
    for key, amounts in measured["lengths"].select():
        group = groups.setdefault(int(key["length_bin"]), {})
        group[key["verdict"]] = group.get(key["verdict"], 0) + amounts["documents"]
    rows: list[list[Cell]] = []
    for number in range(min(groups), max(groups) + 1) if groups else ():
        verdicts = groups.get(number, {})
        documents = sum(verdicts.values())
        numbers: list[Cell] = [verdicts.get(verdict, 0) for verdict in VERDICTS]
        rows.append(
            [bin_label(number), documents, share(documents, read), *numbers, share(verdicts.get("kept", 0), documents)]
        )
    table = Table(
        "histogram",
        "Documents by length of their text",
        "Length in UTF-8 bytes, in bins that double; a bin holds its lower bound. Share: of all documents read. Share "
        "kept: of the documents read in that bin.",
        (
            Column("length", "Length", "name"),
            Column("read", "Read", "count"),
            Column("share", "Share of read", "share"),
            *(Column(verdict, verdict.capitalize(), "count") for verdict in VERDICTS),
            Column("kept_share", "Share kept", "share"),
        ),
        rows,
        charts=(
            Chart("columns", "Documents read, by length of their text", ("length",), ("read",), rows=64),
            Chart(
                "stacked", "Verdicts as shares of the documents read, by length", ("length",), tuple(VERDICTS), rows=64
            ),
        ),
    )
    lead = (
        f"{counted(read, 'document')} read with {byte_size(read_bytes)} of text, "
        f"{byte_size(read_bytes // max(read, 1))} each on average; those kept have "
        f"{byte_size(kept_bytes // max(kept, 1))} and "
        f"{counted(tokens // max(kept, 1), 'token')} each on average."
    )
    return Section("lengths", "Lengths", lead, (table,))


LENGTHS = Panel("lengths", (LENGTH_TALLY,), build_lengths)
