"""`gristmill plan`: what a run will hold, need and cost, from a sample, before anything is written."""

from __future__ import annotations

import dataclasses
import json
import logging
import math
from typing import Any

import click
from rich.console import Console

from gristmill.commands.run import Bars
from gristmill.commands.summary import plain_table, show, wide_console
from gristmill.config.config import load_config
from gristmill.config.units import format_bytes, format_count, format_seconds, parse_bytes


@click.command("plan")
@click.argument("config_path", metavar="CONFIG", type=click.Path())
@click.option("--sample", default="64 MB", show_default=True, help="Raw bytes to read, divided among the sources.")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Cores the run would have.")
@click.option("--dollars-per-core-hour", type=click.FloatRange(min=0), default=0.05, show_default=True, help="Price.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@click.option("--quiet", is_flag=True, help="No bars.")
def plan_command(
    config_path: str, sample: str, workers: int, dollars_per_core_hour: float, as_json: bool, quiet: bool
) -> None:
    """Read a sample of CONFIG's inputs and say what the whole run will hold, need and cost.

    The sample goes through the real stages in a temporary directory; the run's own output is not touched.

    \b
    gristmill plan examples/quickstart.toml
    gristmill plan big.toml --sample "2 GB" --workers 1000 --dollars-per-core-hour 0.04
    """
    config = load_config(config_path)
    try:
        sample_bytes = parse_bytes(sample)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--sample") from error
    logging.getLogger().setLevel(logging.CRITICAL)
    from gristmill.pipelines.planning.forecast import Machines  # noqa: PLC0415  Beam takes a second to import
    from gristmill.pipelines.planning.planning import forecast_run  # noqa: PLC0415
    from gristmill.pipelines.run_plan.run_plan import resolve_run  # noqa: PLC0415

    bars = Bars(Console(stderr=True), enabled=not (quiet or as_json))
    machines = Machines(workers, dollars_per_core_hour)
    with bars:
        plan = forecast_run(resolve_run(config), sample_bytes=sample_bytes, machines=machines, listener=bars)
    if as_json:
        click.echo(json.dumps(_jsonable(dataclasses.asdict(plan)), indent=1))
        return
    print_plan(plan, machines)


def print_plan(plan: Any, machines: Any) -> None:
    """Prints what each source holds, what each step costs, and what the workers need."""
    console = wide_console()
    table = plain_table("What the run will hold (± one standard error)")
    for name in ("source", "input", "shards read", "documents", "text", "kept", "tokens"):
        table.add_column(name, justify="left" if name == "source" else "right")
    for name, amounts in plan.amounts.items():
        table.add_row(name, format_bytes(plan.raw_bytes[name]), _read(plan, name), *_row(amounts))
    if len(plan.amounts) > 1:
        totals = {name: plan.total(name) for name in ("documents", "text_bytes", "kept", "tokens")}
        table.add_section()
        table.add_row("all", format_bytes(sum(plan.raw_bytes.values())), "", *_row(totals))
    show(console, table)
    steps = plain_table(f"What each step will take on {_cores(machines)}")
    steps.add_column("step")
    steps.add_column("time", justify="right")
    for name, seconds in plan.seconds.items():
        steps.add_row(name, _time(seconds))
    show(console, steps)
    least, most = plan.duplicates.least, plan.duplicates.most
    facts = {
        "duplicates": f"{format_count(round(least))} to {format_count(round(most))} documents (copies within a shard "
        "to copies anywhere: a sample cannot tell)",
        "candidate join": f"{format_bytes(plan.join_bytes)} of keys in {_many(plan.join_partitions, 'partition')}",
        "token shuffle": _bytes(plan.token_bytes),
        "memory": f"{format_bytes(plan.worker_bytes)} a worker at most",
        "time": f"{_time(plan.wall)} on {_cores(machines)}",
        "money": f"{plan.dollars.value:.2f} dollars at {machines.dollars_per_core_hour:g} a core hour",
        "sample": f"{format_bytes(plan.sampled_bytes)} of {format_bytes(sum(plan.raw_bytes.values()))}",
    }
    for name, value in facts.items():
        console.print(f"{name:<15} {value}", highlight=False)


def _cores(machines: Any) -> str:
    return _many(machines.workers, "core")


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' if count != 1 else ''}"


def _read(plan: Any, name: str) -> str:
    return f"{plan.sampled[name]:,} of {plan.shards[name]:,}"


def _row(amounts: Any) -> list[str]:
    counts = [_count(amounts[name]) for name in ("documents", "kept", "tokens")]
    return [counts[0], _bytes(amounts["text_bytes"]), *counts[1:]]


def _error(error: float, text: str) -> str:
    return " ± ?" if math.isnan(error) else f" ± {text}" if error else ""


def _count(estimate: Any) -> str:
    return format_count(round(estimate.value)) + _error(
        estimate.error, "" if math.isnan(estimate.error) else format_count(round(estimate.error))
    )


def _bytes(estimate: Any) -> str:
    return format_bytes(estimate.value) + _error(estimate.error, format_bytes(estimate.error))


def _time(estimate: Any) -> str:
    return format_seconds(estimate.value) + _error(
        estimate.error, "" if math.isnan(estimate.error) else format_seconds(estimate.error)
    )


def _jsonable(value: Any) -> Any:
    """The same with NaN as null, which JSON lacks."""
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
