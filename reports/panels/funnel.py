"""What became of every document: read, kept, removed, duplicate, error, by source."""

from __future__ import annotations

import pyarrow as pa

from gristmill.documents import VERDICTS
from gristmill.reports.counts.batch import Batch
from gristmill.reports.counts.counts import Tally
from gristmill.reports.page.page import Cell, Chart, Column, Section, Table, share, share_interval
from gristmill.reports.page.panel import Measured, Panel, run_totals
from gristmill.reports.page.run_facts import RunFacts
from gristmill.reports.page.wording import counted, part_of
from gristmill.reports.panels.coverage import SIZES, coverage_table


def count_verdicts(batch: Batch) -> pa.Table:
    """Documents, bytes and tokens by source, kind and verdict."""
    return batch.grouped({"source": batch.source, "kind": batch.kind, "verdict": batch.verdict})


VERDICT_TALLY = Tally("verdicts", ("source", "kind", "verdict"), SIZES, count_verdicts)

_COLUMNS = (
    Column("source", "Source", "name"),
    Column("kind", "Kind", "name"),
    Column("read", "Read", "count"),
    *(Column(verdict, verdict.capitalize(), "count") for verdict in VERDICTS),
    Column("kept_share", "Share kept", "share"),
    Column("kept_interval", "95 % interval", "share_interval"),
)


def _row(name: str, kind: str, by_verdict: dict[str, int]) -> list[Cell]:
    read = sum(by_verdict.values())
    kept = by_verdict.get("kept", 0)
    numbers: list[Cell] = [by_verdict.get(verdict, 0) for verdict in VERDICTS]
    return [name, kind, read, *numbers, share(kept, read), share_interval(kept, read)]


def build_funnel(measured: Measured, _run: RunFacts) -> Section:
    """The section from the counts."""
    counts = measured["verdicts"]
    sources: dict[tuple[str, str], dict[str, int]] = {}
    everything: dict[str, int] = {}
    for (source, kind, verdict), amounts in sorted(counts.rows.items()):
        row = sources.setdefault((source, kind), {})
        row[verdict] = row.get(verdict, 0) + amounts[0]
        everything[verdict] = everything.get(verdict, 0) + amounts[0]
    read, kept, _, _ = run_totals(measured)
    table = Table(
        "by_source",
        "Documents by source and verdict",
        "Counts of documents. Read = kept + removed + duplicate + error. Removed: at least one rule failed. Duplicate: "
        "passed every rule, and another document with the same or nearly the same text was kept in its place. Share "
        "kept: of the documents read from that source, with Wilson's interval.",
        _COLUMNS,
        [_row(source, kind, by_verdict) for (source, kind), by_verdict in sources.items()],
        _row("all sources", "", everything),
        (Chart("stacked", "Verdicts as shares of the documents read, by source", ("source",), tuple(VERDICTS)),),
    )
    text_table = coverage_table(
        counts,
        run_totals(measured)[3],
        key="sizes",
        title="Documents, text and tokens by source",
        names={"source": Column("source", "Source", "name"), "kind": Column("kind", "Kind", "name")},
    )
    removed, duplicate, error = (
        counted(everything.get(verdict, 0), "document") for verdict in ("removed", "duplicate", "error")
    )
    lead = (
        f"{part_of(kept, read, 'documents read')} were kept; {removed} failed a rule, {duplicate} repeated another, "
        f"and {error} could not be processed after extraction."
    )
    return Section("funnel", "What became of every document", lead, (table, text_table))


FUNNEL = Panel("funnel", (VERDICT_TALLY,), build_funnel)
