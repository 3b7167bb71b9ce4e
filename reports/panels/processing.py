"""What could not be read, what was left out by design, how the tokens were made, and how long the stages took."""

from __future__ import annotations

from collections.abc import Mapping

from gristmill.reports.page.page import Cell, Column, Section, Table, share
from gristmill.reports.page.panel import Measured, Panel
from gristmill.reports.page.run_facts import RunFacts
from gristmill.reports.page.wording import count, counted

_RECORDS = Column("records", "Records", "count")


def _reasons(
    key: str,
    title: str,
    about: str,
    first: Column,
    reasons: Mapping[str, Mapping[str, int]],
    counted_column: Column = _RECORDS,
    each: str = "such record",
) -> Table:
    total = sum(sum(by_reason.values()) for by_reason in reasons.values())
    rows: list[list[Cell]] = [
        [name, reason, number, share(number, total)]
        for name in sorted(reasons)
        for reason, number in sorted(reasons[name].items(), key=lambda item: (-item[1], item[0]))
    ]
    columns = (
        first,
        Column("reason", "Reason", "corpus"),
        counted_column,
        Column("share", "Share", "share"),
    )
    return Table(key, title, f"{about} Shares are of {counted(total, each)}.", columns, rows)


def build_processing(_measured: Measured, run: RunFacts) -> Section:
    """The section from the facts about the run."""
    errors = sum(sum(by_reason.values()) for by_reason in run.errors.values())
    skipped = sum(sum(by_reason.values()) for by_reason in run.skipped.values())
    tables = [
        _reasons(
            "errors",
            "Dead letters by stage and reason",
            "Records that a stage could not process; each is a row under errors/ in the run directory.",
            Column("stage", "Stage", "name"),
            run.errors,
        ),
        _reasons(
            "skipped",
            "Records left out by design, by source and reason",
            "Raw records that are no documents, such as revisits and images.",
            Column("source", "Source", "name"),
            run.skipped,
        ),
    ]
    if run.cuts:
        tables.append(
            _reasons(
                "cuts",
                "What edits cut out of texts, by edit and reason",
                "Passages of the documents read; `gristmill explain` shows those of one document.",
                Column("edit", "Edit", "name"),
                run.cuts,
                Column("passages", "Passages", "count"),
                "such passage",
            )
        )
    if run.tokenizer:
        facts: list[list[Cell]] = [
            [name, "unknown" if value is None else str(value)] for name, value in sorted(run.tokenizer.items())
        ]
        columns = (Column("fact", "Fact", "name"), Column("value", "Value", "corpus"))
        tables.append(Table("tokenizer", "The tokenizer", "As the tokenize stage stated it.", columns, facts))
    if run.stages:
        timings: list[list[Cell]] = [[stage.stage, stage.documents, stage.seconds] for stage in run.stages]
        tables.append(
            Table(
                "stages",
                "The stages in the order they ran",
                "Wall-clock seconds of this run; they differ from run to run.",
                (
                    Column("stage", "Stage", "name"),
                    Column("documents", "Documents", "count"),
                    Column("seconds", "Seconds", "seconds"),
                ),
                timings,
            )
        )
    lead = (
        f"Records that could not be processed, each listed with its reason: {count(errors)}. "
        f"Records left out by design: {count(skipped)}."
    )
    return Section("processing", "Errors and processing", lead, tuple(tables))


PROCESSING = Panel("processing", (), build_processing)
