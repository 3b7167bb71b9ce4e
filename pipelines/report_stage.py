"""The report stage on the driver: measures through Beam, then figures and the page."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import apache_beam as beam

from gristmill import storage
from gristmill.filters.rules.sets.rule_types import ResolvedRule
from gristmill.pipelines.engine.plan import Plan, Task, every_task, store_plan
from gristmill.pipelines.engine.session import Session
from gristmill.pipelines.measure import Measure, measure_task, measured_key, read_measures
from gristmill.plugins import Plugin
from gristmill.reports.checks.reconcile import Totals
from gristmill.reports.checks.rule_counts import read_rule_counts, rule_warnings
from gristmill.reports.explain.explain import condition
from gristmill.reports.figures import figures, to_json
from gristmill.reports.measure import Measures
from gristmill.reports.page.render import render
from gristmill.reports.panels.plugins import panels_with
from gristmill.runs import RunDirectory
from gristmill.tokenize.manifest import Manifest


@dataclasses.dataclass(frozen=True)
class ReportChoices:
    """The part of a run's plan that the report needs beside the rules.

    Attributes:
        max_rule_share: share of the documents it judges above which a rule is named as a warning.
        notes: sentences on the run's settings that its user must see.
        plugins: panels of other packages.
    """

    max_rule_share: float
    notes: tuple[str, ...] = ()
    plugins: tuple[Plugin, ...] = ()


def run_report(session: Session, choices: ReportChoices, ledger: Sequence[Task], facts: dict[str, Any]) -> str:
    """Measures the run if that is not done, and writes ``report.json`` and ``report.html``.

    Returns:
        The uri of the page.
    """
    run = session.run
    task = measure_task(run, ledger, choices.plugins)
    plan = Plan("report", (task,), () if measured_key(run) == task.key else (0,))
    if plan.todo:
        storage.delete(task.uri)

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | Measure(store_plan(run, every_task("report-read", ledger)), run.uri, task.key, choices.plugins)

    session.execute(plan, build)
    storage.write_bytes(run.path("report", "run.json"), _pretty(facts), run=run.uri)
    return write_report(run, choices.plugins)


def write_report(run: RunDirectory, plugins: tuple[Plugin, ...]) -> str:
    """Figures and page from what the run measured; the `gristmill report` command calls this alone.

    Args:
        run: the run directory.
        plugins: its panels of other packages.

    Returns:
        The uri of the page.
    """
    panels = panels_with(plugins)
    known = read_measures(run, plugins)
    facts = json.loads(storage.read_bytes(run.path("report", "run.json")))
    shown = figures(known or Measures(panels), run=facts, panels=panels)
    storage.write_bytes(run.path("report", "report.json"), to_json(shown).encode(), run=run.uri)
    page = run.path("report", "report.html")
    storage.write_bytes(page, render(shown).encode(), run=run.uri)
    return page


def report_facts(
    session: Session,
    rules: Sequence[ResolvedRule],
    choices: ReportChoices,
    totals: dict[str, Totals],
    manifest: Manifest,
    dedup: dict[str, Any],
) -> dict[str, Any]:
    """What the page says of the run beside the counts. No clock and no path, so that equal runs give equal pages."""
    _, outcomes = read_rule_counts(session.run, rules)
    fired = rule_warnings(outcomes, choices.max_rule_share)
    errors: dict[str, int] = {}
    for total in totals.values():
        for reason, count in total.errors.items():
            errors[reason] = errors.get(reason, 0) + count
    return {
        "name": session.run.uri.rsplit("/", 1)[-1],
        "config_hash": session.state["config_hash"],
        "code_version": session.state["gristmill"],
        "seed": session.state["seed"],
        "rules": [{"id": rule.id, "source": rule.source, "threshold": condition(rule)} for rule in rules],
        "errors": {"extract": dict(sorted(errors.items()))} if errors else {},
        "skipped": {name: dict(sorted(total.skipped.items())) for name, total in totals.items() if total.skipped},
        "tokenizer": {
            "sha256": manifest.tokenizer.sha256,
            "vocabulary": manifest.tokenizer.vocab_size,
            "end of text": manifest.tokenizer.eot_token,
            "dtype": manifest.dtype,
        },
        "warnings": [*fired, *warnings(totals), *choices.notes],
        "dedup": dedup,
    }


def warnings(totals: dict[str, Totals]) -> list[str]:
    """Sentences that a reader of the run must see: sources with nothing left, tokenizers that disagree."""
    out = []
    for source, total in sorted(totals.items()):
        if not total.verdicts["kept"]:
            out.append(
                f"source {source!r} has no kept document ({total.documents:,} documents, {total.records:,} records)"
            )
        out.extend(f"source {source!r}: {mismatch}" for mismatch in sorted(set(total.mismatches)))
    return out


def _pretty(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
