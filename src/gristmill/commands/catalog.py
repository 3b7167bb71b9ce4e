"""`gristmill rules`, `sources` and `config`: what there is to configure."""

from __future__ import annotations

import itertools
import json
from typing import Any

import click
from pydantic import BaseModel
from rich.table import Table

from gristmill.commands.summary import plain_table, show, wide_console
from gristmill.config.config import Config, load_config
from gristmill.filters.rules.configured import configured_rules
from gristmill.filters.rules.plugins import plugin_rule_sets
from gristmill.filters.rules.rules import RULE_SETS, resolve
from gristmill.filters.rules.sets.rule_types import RuleUse
from gristmill.plugins import entry_points
from gristmill.reports.checks.rule_counts import read_rule_counts, rule_warnings
from gristmill.reports.explain.explain import condition
from gristmill.reports.recorded import recorded_run

_COUNTS = ("judged", "failed", "share", "first", "only")


@click.command("rules")
@click.argument("run", metavar="[RUN]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def rules_command(run: str | None, as_json: bool) -> None:
    """List every rule set, variant, rule, threshold and source; with RUN, how often each rule in force fired.

    With RUN, of the documents that a rule judges: how many fail it by itself (failed; their share), how many fail no
    rule before it (first), and how many fail no other rule (only).

    \b
    gristmill rules
    gristmill rules runs/quickstart
    """
    rows, warnings = _fired(run) if run else (_all_rules(), [])
    if as_json:
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    console = wide_console()
    if run:
        show(console, _rule_table("Rules in force", rows, ("rule", *_COUNTS, "keeps")))
        for warning in warnings:
            console.print(f"[yellow]note[/yellow] {warning}", highlight=False, soft_wrap=True)
        return
    # A table for each variant: its rules mostly share one source, which would squeeze the columns of one long table.
    for key, rules in itertools.groupby(rows, key=lambda row: (row["rule_set"], row["variant"])):
        listed = list(rules)
        show(console, _rule_table(" ".join(key), listed, ("rule", "signal", "keeps", "for")))
        for source in dict.fromkeys(row["source"] for row in listed):
            console.print(f"  source: {source}", highlight=False)


def _rule_table(title: str, rows: list[dict[str, Any]], names: tuple[str, ...]) -> Table:
    table = plain_table(title)
    for name in names:
        table.add_column(name, justify="right" if name in _COUNTS else "left")
    table.columns[0].no_wrap = True
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in names))
    return table


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2%}"
    return f"{value:,}" if isinstance(value, int) else ", ".join(value) if isinstance(value, list) else str(value)


def _all_rules() -> list[dict[str, Any]]:
    plugins = plugin_rule_sets(point.name for point in entry_points("rules"))
    rule_sets = RULE_SETS | {name: rule_set for name, (rule_set, _) in plugins.items()}
    return [
        {
            "rule": rule.id,
            "rule_set": name,
            "variant": variant + (" (default)" if variant == rule_set.default else ""),
            "signal": rule.signal,
            "comparison": rule.comparison,
            "threshold": rule.threshold,
            "keeps": condition(rule),
            "for": list(rule.kinds),
            "source": rule.source,
        }
        for name, rule_set in rule_sets.items()
        for variant in rule_set.variants
        for rule in resolve([RuleUse(name, variant)], rule_sets=rule_sets)
    ]


def _fired(run_uri: str) -> tuple[list[dict[str, Any]], list[str]]:
    """What each rule in force came to, and what is worth a warning."""
    recorded = recorded_run(run_uri)
    rules = recorded.rules
    documents, outcomes = read_rule_counts(recorded.run, rules)
    rows = [
        {
            "rule": rule.id,
            **outcomes[rule.id]._asdict(),
            "share": outcomes[rule.id].failed / max(1, outcomes[rule.id].judged),
            "keeps": condition(rule),
            "documents": documents,
            "source": rule.source,
        }
        for rule in rules
    ]
    return rows, rule_warnings(outcomes, recorded.max_rule_share)


@click.command("sources")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def sources_command(as_json: bool) -> None:
    """List the kinds of raw input that can be read.

    \b
    gristmill sources
    """
    from gristmill.pipelines.sources.table import SOURCES, source_kind  # noqa: PLC0415  brings the HTML parsers

    plugins = [source_kind(point.name)[0] for point in entry_points("sources")]
    rows = [
        {
            "kind": source.name,
            "documents": source.document_kind,
            "files": list(source.suffixes),
            "summary": source.summary,
        }
        for source in (*SOURCES.values(), *plugins)
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    table = plain_table("Source kinds")
    for name in ("kind", "documents", "files", "summary"):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    show(wide_console(), table)


@click.command("config")
@click.argument("config_path", metavar="[CONFIG]", required=False)
@click.option("--check", is_flag=True, help="Only say whether CONFIG is valid; reads no input.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.option("--markdown", is_flag=True, help="Print every key as the Markdown table of docs/configuration.md.")
def config_command(
    config_path: str | None,
    check: bool,
    as_json: bool,
    markdown: bool,
) -> None:
    """Print CONFIG with every default filled in; without CONFIG, every key there is.

    \b
    gristmill config
    gristmill config examples/quickstart.toml --check
    """
    if markdown:
        click.echo(markdown_keys(), nl=False)
        return
    if config_path is None:
        _print_keys(as_json=as_json)
        return
    config = load_config(config_path)
    configured_rules(config.rules, config.language, config.classifier, complete=False)
    if check:
        click.echo(f"{config_path}: valid, config hash {config.digest()}")
    else:
        click.echo(json.dumps(config.to_json(), indent=1, ensure_ascii=False))


def config_keys(model: type[BaseModel] = Config, prefix: str = "") -> list[dict[str, str]]:
    """Every key of the configuration with its default and meaning, in the order of the file."""
    from gristmill.config.config_errors import model_of  # noqa: PLC0415

    rows = []
    for name, field in model.model_fields.items():
        inner = model_of(field.annotation)
        key = f"{prefix}{name}"
        if inner is not None and not field.description:
            rows += config_keys(inner, f"{key}.")
            continue
        default = "required" if field.is_required() else _default(field.get_default(call_default_factory=True))
        rows.append({"key": key, "default": default, "meaning": field.description or ""})
        if inner is not None:
            rows += config_keys(inner, f"{key}.")
    return rows


def markdown_keys() -> str:
    """``docs/configuration.md``: every key, its default and its meaning."""
    lines = [
        "# Configuration",
        "",
        "One TOML file says what a run does; `gristmill config CONFIG` prints it with every default filled in. Unknown",
        "keys are errors. Paths are relative to the current directory. Sizes are numbers of bytes or text such as",
        "`256 MB` (powers of 1000) and `1 GiB` (powers of 1024). `[[source]]` may be repeated.",
        "",
        "This page is printed by `gristmill config --markdown`; a test holds it to the code.",
        "",
        "| key | default | meaning |",
        "|---|---|---|",
    ]
    for row in config_keys():
        meaning = row["meaning"].replace("|", "\\|")
        lines.append(f"| `{row['key']}` | `{row['default']}` | {meaning} |")
    return "\n".join(lines) + "\n"


def _default(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, BaseModel):
        return json.dumps(value.model_dump(mode="json"))
    return json.dumps(value)


def _print_keys(*, as_json: bool) -> None:
    rows = config_keys()
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    table = plain_table("Configuration keys")
    for name in ("key", "default", "meaning"):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row.values())
    show(wide_console(), table)
