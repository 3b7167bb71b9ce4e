"""`gristmill sweep`: what other thresholds of one rule would keep."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.table import Table

from gristmill.commands.summary import plain_table, show, wide_console
from gristmill.errors import ConfigError
from gristmill.filters.rules.sets.rule_types import ResolvedRule
from gristmill.reports.recorded import recorded_run
from gristmill.reports.sweep.sweep import Judged, default_thresholds, read_judged, sweep
from gristmill.reports.sweep.sweep_page import sweep_page
from gristmill.reports.sweep.swept_rule import find_rule

_BAR_CELLS = 24


@click.command("sweep")
@click.argument("run", metavar="RUN")
@click.argument("rule", metavar="RULE")
@click.option("--values", help="Thresholds, with commas between them.")
@click.option("--from", "first", type=float, help="Lowest threshold of an even grid.")
@click.option("--to", "last", type=float, help="Highest threshold of an even grid.")
@click.option("--steps", type=click.IntRange(min=2), default=11, show_default=True, help="Thresholds in an even grid.")
@click.option("--by", type=click.Choice(["source", "language"]), help="Count each source or language by itself.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.option("--html", "html_path", type=click.Path(dir_okay=False), help="Write a page with charts here too.")
def sweep_command(
    run: str,
    rule: str,
    values: str | None,
    first: float | None,
    last: float | None,
    steps: int,
    by: str | None,
    as_json: bool,
    html_path: str | None,
) -> None:
    """What RUN would keep at other thresholds of RULE, from its stored signals.

    Kept by this rule alone, and by all rules together with every other rule as it is. A rule that is not in force can
    be swept as well: `rule_set.rule` or `rule_set@variant.rule`.

    \b
    gristmill sweep runs/quickstart gopher_quality.min_words
    gristmill sweep runs/quickstart gopher_quality.min_words --values 20,50,100 --by source
    gristmill sweep runs/quickstart c4@paper.min_sentences --from 0 --to 10 --html sweep.html
    """
    recorded = recorded_run(run)
    directory = recorded.run
    swept, used = find_rule(rule, recorded.rules)
    judged = read_judged(directory, swept, in_force=used, by=by or "")
    grid = _grid(values, first, last, steps, swept, judged)
    groups = {name: _rows(one, swept, grid) for name, one in judged.items()}
    about = {
        "run": directory.uri,
        "rule": swept.id,
        "in_force": used,
        "signal": swept.signal,
        "comparison": swept.comparison,
        "threshold": swept.threshold,
        "by": by,
        "groups": groups,
    }
    mark = "in force" if used else "its own"
    state = "in force at" if used else "not in force; its own threshold is"
    title = f"{swept.id} ({swept.signal}), {state} {_number(swept):g}"
    if html_path is not None:
        sentence = "Documents kept at other thresholds, before duplicates are removed; every other rule is as it is."
        Path(html_path).write_text(sweep_page(title, sentence, groups, mark=mark), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(about, indent=1, ensure_ascii=False))
        return
    console = wide_console()
    for name, rows in groups.items():
        show(console, _table(title if by is None else f"{title}: {name}", rows))


def _number(rule: ResolvedRule) -> float:
    return rule.threshold if not isinstance(rule.threshold, tuple) else 0.0


def _grid(
    values: str | None,
    first: float | None,
    last: float | None,
    steps: int,
    rule: ResolvedRule,
    judged: dict[str, Judged],
) -> list[float]:
    """The thresholds to count at, ascending; the one in force is always among them."""
    if values is not None and (first is not None or last is not None):
        message = "give --values, or --from and --to, not both"
        raise ConfigError(message)
    if (first is None) != (last is None):
        message = "give both --from and --to (and --steps), or --values"
        raise ConfigError(message)
    if values is not None:
        found = [_parsed(part) for part in values.split(",") if part.strip()]
    elif first is not None and last is not None:
        found = [float(value) for value in np.linspace(first, last, steps)]
    else:
        every = [one.values for one in judged.values()]
        found = default_thresholds(np.concatenate(every) if every else np.zeros(0), _number(rule))
    return sorted({*found, _number(rule)})


def _parsed(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        message = f"--values wants numbers with commas between them, such as 20,50,100; got {text.strip()!r}"
        raise ConfigError(message) from error


def _rows(judged: Judged, rule: ResolvedRule, grid: Sequence[float]) -> list[dict[str, Any]]:
    documents = max(1, judged.documents)
    return [
        {
            "threshold": point.threshold,
            "current": point.threshold == _number(rule),
            "documents": judged.documents,
            "alone": point.alone,
            "alone_share": point.alone / documents,
            "together": point.together,
            "together_share": point.together / documents,
        }
        for point in sweep(judged, rule.comparison, grid)
    ]


def _table(title: str, rows: list[dict[str, Any]]) -> Table:
    table = plain_table(title)
    for name in ("threshold", "this rule alone keeps", "share", "all rules keep", "share", ""):
        table.add_column(name, justify="left" if not name else "right", no_wrap=True)
    for row in rows:
        bar = "\u2588" * round(_BAR_CELLS * row["together_share"])
        table.add_row(
            f"{row['threshold']:g}",
            f"{row['alone']:,}",
            f"{row['alone_share']:.2%}",
            f"{row['together']:,}",
            f"{row['together_share']:.2%}",
            f"{bar} < threshold" if row["current"] else bar,
            style="bold" if row["current"] else "",
        )
    return table
