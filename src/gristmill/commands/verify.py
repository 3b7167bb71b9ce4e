"""`gristmill verify`: does the run directory hold what it says it holds?"""

from __future__ import annotations

import json

import click

from gristmill.commands.summary import plain_table, show, wide_console
from gristmill.errors import IntegrityError
from gristmill.reports.checks.verify import verify


@click.command("verify")
@click.argument("run", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
def verify_command(run: str, as_json: bool) -> None:
    """Check RUN: schemas, counts, row order, duplicates' targets, checksums, tokenizer, every token id.

    Reads everything once. Exits with 8 when a check fails.

    \b
    gristmill verify runs/quickstart
    """
    checks = verify(run)
    if as_json:
        click.echo(json.dumps([check.to_json() for check in checks], indent=1))
    else:
        table = plain_table(f"Checks of {run}")
        for name in ("check", "looked at", "result"):
            table.add_column(name, overflow="fold")
        for check in checks:
            result = "[green]holds[/green]" if not check.faults else "[red]" + "\n".join(check.faults[:5]) + "[/red]"
            table.add_row(check.name, check.looked_at, result)
        show(wide_console(), table)
    faults = [fault for check in checks for fault in check.faults]
    if faults:
        msg = f"{len(faults)} faults in {run}; the first: {faults[0]}"
        raise IntegrityError(msg)
