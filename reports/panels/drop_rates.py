"""How often documents of each kind and language were removed by a rule, with intervals."""

from __future__ import annotations

import pyarrow as pa

from gristmill.reports.counts.batch import Batch
from gristmill.reports.counts.counts import Tally
from gristmill.reports.counts.intervals import wilson
from gristmill.reports.page.page import Cell, Chart, Column, Section, Table, insufficient, interval, share
from gristmill.reports.page.panel import Measured, Panel, run_totals
from gristmill.reports.page.run_facts import RunFacts
from gristmill.reports.page.wording import count, counted, percent
from gristmill.reports.panels.coverage import SIZES

MIN_DOCUMENTS = 30
"""Under this many documents a group gets counts, but no rate: none removed of 30 still allows a true rate of 11 %."""


def count_languages(batch: Batch) -> pa.Table:
    """Documents, bytes and tokens by language, kind and verdict."""
    return batch.grouped({"language": batch.language, "kind": batch.kind, "verdict": batch.verdict})


LANGUAGE_TALLY = Tally("languages", ("language", "kind", "verdict"), SIZES, count_languages)

_RATE = (
    Column("read", "Read", "count"),
    Column("removed", "Removed by a rule", "count"),
    Column("removed_share", "Share removed", "share"),
    Column("removed_interval", "95 % interval", "share_interval"),
    Column("duplicate", "Duplicate", "count"),
    Column("kept", "Kept", "count"),
)


def _rates(measured: Measured, *names: str) -> list[list[Cell]]:
    groups: dict[tuple[str, ...], dict[str, int]] = {}
    counts = measured["languages"]
    for key, amounts in counts.select():
        group = groups.setdefault(tuple(key[name] for name in names), {})
        group[key["verdict"]] = group.get(key["verdict"], 0) + amounts["documents"]
    rows: list[list[Cell]] = []
    for group_name, verdicts in sorted(groups.items(), key=lambda item: (-sum(item[1].values()), item[0])):
        read, removed = sum(verdicts.values()), verdicts.get("removed", 0)
        rate: list[Cell] = [share(removed, read), interval(wilson(removed, read))]
        if read < MIN_DOCUMENTS:
            rate = [insufficient(counted(read, "document"))] * 2
        rows.append([*group_name, read, removed, *rate, verdicts.get("duplicate", 0), verdicts.get("kept", 0)])
    return rows


def build_drop_rates(measured: Measured, _run: RunFacts) -> Section:
    """The section from the counts."""
    read = run_totals(measured)[0]
    removed = measured["verdicts"].total(verdict="removed")[0]
    kinds = _rates(measured, "kind")
    about = (
        "Share removed: of the documents read in that row, those that failed at least one rule (a language rule, where "
        f"one is in force, is among the rules). Rows of fewer than {MIN_DOCUMENTS} documents get no rate."
    )
    language, kind = Column("language", "Language", "name"), Column("kind", "Kind", "name")
    chart = "Share of documents read that a rule removed, by "
    tables = (
        Table(
            "by_kind",
            "Removal by kind",
            about,
            (kind, *_RATE),
            kinds,
            charts=(Chart("bars", chart + "kind", ("kind",), ("removed_share",), "removed_interval"),),
        ),
        Table(
            "by_language",
            "Removal by language",
            about,
            (language, *_RATE),
            _rates(measured, "language"),
            charts=(Chart("bars", chart + "language", ("language",), ("removed_share",), "removed_interval", 12),),
        ),
        Table(
            "by_language_and_kind",
            "Removal by language and kind",
            about,
            (language, kind, *_RATE),
            _rates(measured, "language", "kind"),
        ),
    )
    rates = "; ".join(
        f"{count(int(str(row[2])))} of {count(int(str(row[1])))} {row[0]} documents read"
        + (f" ({percent(row[3])})" if isinstance(row[3], float) else "")
        for row in kinds
    )
    lead = (
        f"Rules removed {count(removed)} of {counted(read, 'document')} read: {rates}."
        if kinds
        else "Nothing was read."
    )
    notes = (
        (
            "The language is what the identifier said, also where it was wrong; rules written for English prose remove "
            "more of other languages and of code by construction."
        ),
        (
            "The intervals treat documents as independent. Pages of one site tend to share their fate, so the true "
            "uncertainty is larger than shown."
        ),
    )
    return Section("drop_rates", "Removal by language and kind", lead, tables, notes)


DROP_RATES = Panel("drop_rates", (LANGUAGE_TALLY,), build_drop_rates)
