"""The tables at the end of a run, and the same as JSON."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from gristmill.config.units import format_bytes, format_count, format_seconds

STEPS = (
    "extract",
    "edit",
    "lines",
    "repeated_lines",
    "anchors",
    "windows",
    "repeated_passages",
    "annotate",
    "decide",
    "fingerprint",
    "urls",
    "newest",
    "match",
    "select",
    "keys",
    "join",
    "components",
    "resolve",
    "resolve oversized",
    "older",
    "encode",
    "gather",
    "report",
)
"""The steps of a run in the order they are done."""


def wide_console() -> Console:
    """Standard output; where it is no terminal, wide enough that no table is squeezed."""
    console = Console()
    return console if console.is_terminal else Console(width=120)


def plain_table(title: str) -> Table:
    """A table with light rules; :func:`show` prints its title above it."""
    return Table(title=title, box=box.SIMPLE_HEAD)


def show(console: Console, table: Table) -> None:
    """Prints a table with its title on a line of its own, which is never wrapped to the table's width."""
    console.print(f"\n[bold]{table.title}[/bold]", soft_wrap=True, highlight=False)
    table.title = None
    console.print(table)


def summary_json(result: Any, seconds: float) -> dict[str, Any]:
    """Everything the summary shows, for scripts.

    Args:
        result: a :class:`gristmill.pipelines.curate.RunResult`.
        seconds: wall-clock time of the whole command.
    """
    return {
        "run": result.run.uri,
        "seconds": round(seconds, 3),
        "sources": {
            name: {
                "shards": total.shards,
                "raw_bytes": total.raw_bytes,
                "records": total.records,
                "documents": total.documents,
                "skipped": dict(sorted(total.skipped.items())),
                "errors": dict(sorted(total.errors.items())),
                **{verdict: total.verdicts[verdict] for verdict in ("kept", "removed", "duplicate", "error")},
                "tokens": total.tokens,
                "text_bytes": total.text_bytes,
                "failed": dict(sorted(total.failed.items())),
            }
            for name, total in sorted(result.totals.items())
        },
        "urls": result.urls,
        "stages": result.stages,
        "warnings": list(result.warnings),
        "report": result.report,
    }


def print_summary(console: Console, result: Any, seconds: float) -> None:
    """Prints what became of every record, what each rule failed, and how long each step took."""
    for table in (_sources(result), _rules(result), _steps(result, seconds)):
        show(console, table)
    if result.urls:
        older, addresses = format_count(result.urls["older"]), format_count(result.urls["addresses"])
        text = f"dupl.   {older} of the duplicates are older copies of {addresses} addresses (dedup.url)"
        console.print(text, highlight=False, soft_wrap=True)
    for warning in result.warnings:
        console.print(f"[yellow]note[/yellow] {warning}", highlight=False, soft_wrap=True)
    console.print(f"run     {result.run.uri}", highlight=False)
    console.print(f"tokens  {result.run.manifest}", highlight=False)
    console.print(f"report  {result.report}", highlight=False)


def _sources(result: Any) -> Table:
    table = plain_table("What became of every raw record")
    table.add_column("source")
    columns = ("input", "records", "skipped", "errors", "docs", "kept", "removed", "dupl.", "tokens")
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    sums: Counter[str] = Counter()
    for name, total in sorted(result.totals.items()):
        row = _row(total)
        sums.update(row)
        table.add_row(name, *_shown(row))
    if len(result.totals) > 1:
        table.add_section()
        table.add_row("all", *_shown(sums))
    return table


def _row(total: Any) -> dict[str, int]:
    return {
        "input": total.raw_bytes,
        "records": total.records,
        "skipped": total.skipped.total(),
        "errors": total.errors.total(),
        "documents": total.documents,
        "kept": total.verdicts["kept"],
        "removed": total.verdicts["removed"],
        "duplicate": total.verdicts["duplicate"],
        "tokens": total.tokens,
    }


def _shown(row: dict[str, int] | Counter[str]) -> list[str]:
    return [format_bytes(row["input"]), *(format_count(value) for name, value in row.items() if name != "input")]


def _rules(result: Any) -> Table:
    table = plain_table("Documents failing each rule (one document can fail several)")
    table.add_column("rule", no_wrap=True)
    table.add_column("failed", justify="right")
    table.add_column("of which")
    for rule in result.rules:
        counts = {name: total.failed[rule.id] for name, total in sorted(result.totals.items()) if total.failed[rule.id]}
        if counts:
            shown = ", ".join(f"{name} {format_count(count)}" for name, count in counts.items())
            table.add_row(rule.id, format_count(sum(counts.values())), shown)
    return table


def _steps(result: Any, seconds: float) -> Table:
    documents = sum(total.documents for total in result.totals.values())
    raw_bytes = sum(total.raw_bytes for total in result.totals.values())
    table = plain_table("Steps")
    for name in ("step", "outputs", "made", "up to date", "time", "documents/s"):
        table.add_column(name, justify="left" if name == "step" else "right")
    for step in (name for name in STEPS if name in result.stages):
        entry = result.stages[step]
        # A rate is shown only for a step that did all of its work in this command.
        whole = entry["made"] == entry["outputs"] and entry["seconds"]
        rate = f"{documents / entry['seconds']:,.0f}" if whole else ""
        counts = [format_count(entry[name]) for name in ("outputs", "made", "reused")]
        table.add_row(step, *counts, format_seconds(entry["seconds"]), rate)
    table.add_section()
    table.add_row("all", "", "", "", format_seconds(seconds), f"{documents / max(seconds, 1e-9):,.0f}")
    rate = format_bytes(raw_bytes / max(seconds, 1e-9))
    table.caption = f"{format_bytes(raw_bytes)} of raw input, {rate}/s in all"
    table.caption_justify = "left"
    return table
