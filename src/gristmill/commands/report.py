"""`gristmill report`: the page of a run, made again from what the run measured."""

from __future__ import annotations

import logging

import click

from gristmill import storage
from gristmill.reports.panels.plugins import find_panels
from gristmill.reports.recorded import recorded_run


@click.command("report")
@click.argument("run", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="Print report.json instead of the page's path.")
def report_command(run: str, as_json: bool) -> None:
    """Write RUN/report/report.json and report.html again, from RUN/report/measures.json.

    \b
    gristmill report runs/quickstart
    """
    logging.getLogger().setLevel(logging.CRITICAL)
    from gristmill.pipelines.report_stage import write_report  # noqa: PLC0415  Beam takes a second to import

    recorded = recorded_run(run)
    directory = recorded.run
    page = write_report(directory, find_panels(recorded.panels))
    if as_json:
        click.echo(storage.read_bytes(directory.path("report", "report.json")).decode())
    else:
        click.echo(page)
