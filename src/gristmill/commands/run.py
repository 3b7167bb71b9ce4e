"""`gristmill run`: every stage, with a live bar per stage and a summary at the end."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from gristmill.commands.summary import print_summary, summary_json, wide_console
from gristmill.config.config import load_config
from gristmill.config.units import format_bytes


@click.command(
    "run",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    epilog="Options that are not listed here are passed to Beam.",
)
@click.argument("config_path", metavar="CONFIG", type=click.Path())
@click.option("--runner", default="FnApiRunner", show_default=True, help="Beam runner.")
@click.option("--workers", type=click.IntRange(min=0), help="Local processes; 0 chooses from the size of the input.")
@click.option("--replace", is_flag=True, help="Turn a run over other sources or another seed into this one.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--quiet", is_flag=True, help="No bars and no summary.")
@click.option("--verbose", is_flag=True, help="Print Beam's own log, with tracebacks of failing workers.")
@click.pass_context
def run_command(
    ctx: click.Context,
    config_path: str,
    runner: str,
    workers: int | None,
    replace: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Run or resume CONFIG: raw shards to tokens and a report.

    \b
    gristmill run examples/quickstart.toml
    gristmill run big.toml --workers 16
    gristmill run big.toml --runner DataflowRunner --project P --region R --temp_location gs://B/tmp \\
        --setup_file=./setup.py
    """
    config = load_config(config_path)
    logging.getLogger().setLevel(logging.INFO if verbose else logging.CRITICAL)
    from gristmill.pipelines.curate import curate  # noqa: PLC0415  Beam takes a second to import
    from gristmill.pipelines.engine.options import Execution  # noqa: PLC0415
    from gristmill.pipelines.run_plan.run_plan import resolve_run  # noqa: PLC0415

    execution = Execution(runner, config.run.workers if workers is None else workers, tuple(ctx.args))
    console = Console(stderr=True)
    bars = Bars(console, enabled=not quiet)
    began = time.monotonic()
    with bars:
        result = curate(resolve_run(config, execution), bars, replace=replace)
    seconds = time.monotonic() - began
    if as_json:
        click.echo(json.dumps(summary_json(result, seconds), indent=1))
    elif not quiet:
        print_summary(wide_console(), result, seconds)


class Bars:
    """A bar per step: outputs committed, input behind them per second, time left. Reused work counts as done."""

    def __init__(self, console: Console, *, enabled: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[outputs]:>14}"),
            TextColumn("{task.fields[rate]:>12}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not enabled,
        )
        self._tasks: dict[str, TaskID] = {}
        self._began: dict[str, tuple[float, int]] = {}

    def __enter__(self) -> None:
        self._progress.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._progress.stop()

    def noted(self, note: str) -> None:
        """Prints it above the bars."""
        if not self._progress.disable:
            self._progress.console.print(f"[yellow]note[/yellow] {escape(note)}", highlight=False, soft_wrap=True)

    def started(self, step: str, plan: Any) -> None:
        """Draws the bar."""
        total = sum(task.weight_bytes for task in plan.tasks)
        left = sum(plan.tasks[number].weight_bytes for number in plan.todo)
        shown = f"{plan.reused}/{len(plan.tasks)}"
        self._tasks[step] = self._progress.add_task(
            step, total=max(total, 1), completed=total - left, outputs=shown, rate=""
        )
        self._began[step] = (time.monotonic(), total - left)

    def progressed(self, step: str, outputs: int, weight_bytes: int) -> None:
        """Moves the bar."""
        began, before = self._began[step]
        rate = (weight_bytes - before) / max(1e-9, time.monotonic() - began)
        task = self._tasks[step]
        whole = self._progress.tasks[task].fields["outputs"].partition("/")[2]
        shown = f"{format_bytes(rate)}/s" if rate else ""
        self._progress.update(task, completed=weight_bytes, outputs=f"{outputs}/{whole}", rate=shown)

    def finished(self, step: str, plan: Any, seconds: float) -> None:
        """Fills the bar."""
        task = self._tasks[step]
        made = sum(plan.tasks[number].weight_bytes for number in plan.todo)
        rate = f"{format_bytes(made / max(seconds, 1e-9))}/s" if made else "up to date"
        total = self._progress.tasks[task].total
        count = len(plan.tasks)
        self._progress.update(task, completed=total, outputs=f"{count}/{count}", rate=rate)
        self._progress.stop_task(task)
