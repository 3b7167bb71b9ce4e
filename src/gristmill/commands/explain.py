"""`gristmill explain`: one document's whole story, or that of a record that could not be processed."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from gristmill.commands.summary import plain_table, show, wide_console
from gristmill.config.units import format_count
from gristmill.reports.explain.explain import Story, explain
from gristmill.reports.explain.passages import Difference

MOST_CUTS = 20
"""Cuts printed of one document."""


@click.command("explain")
@click.argument("run", metavar="RUN")
@click.argument("document", metavar="DOC_ID_OR_URI")
@click.option("--json", "as_json", is_flag=True, help="Print the story as JSON.")
@click.option("--signals", "all_signals", is_flag=True, help="Show every signal, not only those that a rule judges.")
def explain_command(run: str, document: str, as_json: bool, all_signals: bool) -> None:
    """Why DOC_ID_OR_URI was kept, removed, found a duplicate, or failed.

    A document is named by its id in hex, by its uri, or by the end of its uri.

    \b
    gristmill explain runs/quickstart https://example.org/page.html
    gristmill explain runs/quickstart 314ce46f12c9ac86accf49b21684c05b
    """
    stories = explain(run, document)
    if as_json:
        click.echo(json.dumps([story.to_json() for story in stories], indent=1, ensure_ascii=False))
        return
    console = wide_console()
    for story in stories:
        print_story(console, story, all_signals=all_signals)


def print_story(console: Console, story: Story, *, all_signals: bool = False) -> None:
    """Prints one story: where it came from, the verdict, every rule with its signal, duplicates, tokens."""
    console.rule(f"[bold]{story.verdict}[/bold]  {story.uri}", align="left")
    for line in story.sentences:
        console.print(f"  {line}", highlight=False, markup=False)
    facts = Table(show_header=False, box=None, padding=(0, 2))
    for name, value in story.facts.items():
        facts.add_row(name, str(value))
    console.print(facts)
    if story.cuts:
        show(console, _cuts(story.cuts))
    if story.rules:
        show(console, _rules(story.rules))
    if story.difference is not None:
        _print_difference(console, story.difference)
    if all_signals and story.signals:
        table = plain_table("all signals")
        table.add_column("signal")
        table.add_column("value", justify="right")
        for name, value in story.signals.items():
            table.add_row(name, _number(value))
        show(console, table)


def _cuts(cuts: list[dict[str, Any]]) -> Table:
    hidden = len(cuts) - MOST_CUTS
    table = plain_table(
        "what edits cut" + (f" (the first {MOST_CUTS}; --json has {hidden} more)" if hidden > 0 else "")
    )
    for name in ("edit", "reason", "bytes", "characters", "passage"):
        table.add_column(name, justify="right" if name == "characters" else "left")
    for cut in cuts[:MOST_CUTS]:
        passage = repr(cut["passage"]) + (f" became {cut['replacement']!r}" if cut["replacement"] else "")
        where = f"{cut['start']}-{cut['end']}"
        table.add_row(cut["edit"], cut["reason"], where, format_count(cut["characters"]), escape(passage))
    return table


def _print_difference(console: Console, difference: Difference) -> None:
    """Where the text differs from that of the kept document, word by word."""
    if not difference.passages:
        console.print("  Word for word, the two texts are the same.", highlight=False)
        return
    more = "" if difference.complete else ", the first of more"
    sizes = f"{difference.first_words:,} words kept, {difference.second_words:,} here"
    table = plain_table(f"differing passages{more} ({sizes})")
    for name in ("word", "after", "kept document", "this document"):
        table.add_column(name, justify="right" if name == "word" else "left", overflow="fold")
    for passage in difference.passages:
        cells = (Text(part or "-") for part in (passage.before, passage.first, passage.second))
        table.add_row(f"{passage.word:,}", *cells)
    show(console, table)


def _rules(rules: list[dict[str, Any]]) -> Table:
    table = plain_table("rules in force")
    for name in ("rule", "signal", "value", "keeps", ""):
        table.add_column(name, justify="right" if name == "value" else "left")
    for rule in rules:
        outcome = {True: "passed", False: "[red]failed[/red]", None: "[dim]not for this document[/dim]"}[rule["passed"]]
        table.add_row(rule["rule"], rule["signal"], _number(rule["value"]), rule["keeps"], outcome)
    return table


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return format_count(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)
