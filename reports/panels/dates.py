"""Coverage by year of publication and by where the date was found."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from gristmill.documents import DATE_EVIDENCE
from gristmill.reports.counts.batch import UNKNOWN, Batch, named
from gristmill.reports.counts.counts import Counts, Tally
from gristmill.reports.page.page import Cell, Chart, Column, Section, Table, share
from gristmill.reports.page.panel import Measured, Panel, run_totals
from gristmill.reports.page.run_facts import RunFacts
from gristmill.reports.page.wording import part_of
from gristmill.reports.panels.coverage import SIZES, coverage_table

MAX_COLUMNS = 40
"""Years are drawn one by one up to this span, by decade beyond it, by century beyond ten times it."""


def count_dates(batch: Batch) -> pa.Table:
    """Documents, bytes and tokens by year, evidence of the date and verdict."""
    year = pc.cast(pc.year(batch.documents.column("published")), pa.string())
    return batch.grouped(
        {
            "year": pc.fill_null(year, UNKNOWN),
            "evidence": named(batch.documents.column("date_evidence")),
            "verdict": batch.verdict,
        }
    )


DATE_TALLY = Tally("dates", ("year", "evidence", "verdict"), SIZES, count_dates)


def _kept_by_year(counts: Counts) -> dict[int, int]:
    """Documents kept by year, from dates that say when the text was published (not when it was fetched)."""
    years: dict[int, int] = {}
    for key, amounts in counts.select(verdict="kept"):
        if key["year"] != UNKNOWN and key["evidence"] != "crawl":
            years[int(key["year"])] = years.get(int(key["year"]), 0) + amounts["documents"]
    return years


def _quantile(years: dict[int, int], fraction: float) -> int:
    """The first year up to which at least ``fraction`` of the documents lie."""
    wanted, seen = fraction * sum(years.values()), 0
    for year in sorted(years):
        seen += years[year]
        if seen >= wanted:
            return year
    return max(years)


def _timeline(years: dict[int, int]) -> Table:
    span = max(years) - min(years) + 1 if years else 0
    step = 1 if span <= MAX_COLUMNS else 10 if span <= 10 * MAX_COLUMNS else 100
    total = sum(years.values())
    bins: dict[int, int] = {}
    for year, documents in years.items():
        bins[year // step * step] = bins.get(year // step * step, 0) + documents
    starts = range(min(bins), max(bins) + 1, step) if bins else range(0)
    rows: list[list[Cell]] = [
        [
            str(start) if step == 1 else f"{start} to {start + step - 1}",
            bins.get(start, 0),
            share(bins.get(start, 0), total),
        ]
        for start in starts
    ]
    name = {1: "year", 10: "decade", 100: "century"}[step]
    return Table(
        "timeline",
        f"Documents kept by {name} of publication",
        f"Counts documents kept whose date was declared, found in their HTML or sent by the server: "
        f"{part_of(total, total, 'such documents')}. Dates of the crawl alone are left out.",
        (
            Column("period", name.capitalize(), "name"),
            Column("documents", "Documents kept", "count"),
            Column("share", "Share", "share"),
        ),
        rows,
        charts=(Chart("columns", f"Documents kept by {name} of publication", ("period",), ("documents",), rows=1000),),
    )


def build_dates(measured: Measured, _run: RunFacts) -> Section:
    """The section from the counts."""
    _, kept, _, tokens = run_totals(measured)
    counts = measured["dates"]
    years = _kept_by_year(counts)
    dated = sum(years.values())
    tables = (
        _timeline(years),
        coverage_table(
            counts,
            tokens,
            key="by_evidence",
            title="Coverage by evidence of the date",
            names={"evidence": Column("evidence", "Evidence", "name")},
        ),
        coverage_table(
            counts,
            tokens,
            key="by_year",
            title="Coverage by year and evidence of the date",
            names={"year": Column("year", "Year", "name"), "evidence": Column("evidence", "Evidence", "name")},
            by_size=False,
        ),
    )
    lead = f"{part_of(dated, kept, 'documents kept')} have a date of publication."
    if years:
        lead += (
            f" Half of them were published by {_quantile(years, 0.5)}, 95 % by {_quantile(years, 0.95)}; "
            f"the earliest year is {min(years)}, the latest {max(years)}."
        )
    notes = (
        (
            f"Evidence, strongest first ({', '.join(DATE_EVIDENCE)}): the document's own metadata; its HTML; HTTP "
            "headers; the day of the crawl, which only bounds the date from above; nothing."
        ),
        "A page may hold text older than its date. The latest year is therefore not a knowledge cutoff.",
    )
    return Section("dates", "Dates of publication", lead, tables, notes)


DATES = Panel("dates", (DATE_TALLY,), build_dates)
