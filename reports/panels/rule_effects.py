"""What each rule removed: how many documents failed it, and how many failed it and nothing else."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from gristmill.reports.counts.batch import Batch, sum_by
from gristmill.reports.counts.counts import Tally
from gristmill.reports.page.page import Cell, Chart, Column, Section, Table, share, share_interval
from gristmill.reports.page.panel import Measured, Panel, run_totals
from gristmill.reports.page.run_facts import RunFacts
from gristmill.reports.page.wording import count, counted, listing, percent

LARGE_SHARE = 0.2
"""A rule that fails more than this share of the documents of a source is named in the section's lead."""


def count_failures(batch: Batch) -> pa.Table:
    """Documents by source and failed rule: all of them, and those with no other failed rule."""
    failed = batch.ledger.column("failed_rules")
    rows = pc.list_parent_indices(failed)
    alone = pc.cast(pc.equal(pc.list_value_length(failed), 1), pa.int64())
    keys = {"source": batch.source.take(rows), "rule": pc.cast(pc.list_flatten(failed), pa.string())}
    return sum_by(keys, {"failed": batch.ones.take(rows), "alone": alone.take(rows)})


def count_cause_numbers(batch: Batch) -> pa.Table:
    """Documents by source and number of failed rules."""
    causes = pc.cast(pc.list_value_length(batch.ledger.column("failed_rules")), pa.string())
    return batch.grouped({"source": batch.source, "failed_rules": causes}, sizes=False)


RULE_TALLY = Tally("rules", ("source", "rule"), ("failed", "alone"), count_failures)
CAUSE_TALLY = Tally("failed_rule_numbers", ("source", "failed_rules"), ("documents",), count_cause_numbers)

_EFFECT = (
    Column("failed", "Failed it", "count"),
    Column("failed_share", "Share", "share"),
    Column("failed_interval", "95 % interval", "share_interval"),
    Column("alone", "Failed only it", "count"),
    Column("alone_share", "Share", "share"),
)


def _effect(failed: int, alone: int, read: int) -> list[Cell]:
    return [failed, share(failed, read), share_interval(failed, read), alone, share(alone, read)]


def _rule_rows(measured: Measured, run: RunFacts) -> list[list[Cell]]:
    read = run_totals(measured)[0]
    sums = measured["rules"].by("rule")
    facts = {rule.id: rule for rule in run.rules}
    rows: list[list[Cell]] = []
    for name in sorted(set(sums) | set(facts), key=lambda rule: (-sums.get(rule, (0, 0))[0], rule)):
        failed, alone = sums.get(name, (0, 0))
        fact = facts.get(name)
        threshold = "" if fact is None or fact.threshold is None else str(fact.threshold)
        rows.append([name, threshold, "" if fact is None else fact.source, *_effect(failed, alone, read)])
    return rows


def _rule_table(rows: list[list[Cell]], read: int) -> Table:
    return Table(
        "rules",
        "Documents that failed each rule",
        f"A document may fail several rules. Shares are of all {count(read)} documents read. Failed only it: documents "
        "that this rule alone removed; without the rule they would have passed.",
        (
            Column("rule", "Rule", "name"),
            Column("threshold", "Threshold", "name"),
            Column("from", "From", "text"),
            *_EFFECT,
        ),
        rows,
        charts=(
            Chart(
                "bars",
                "Share of documents read that failed each rule",
                ("rule",),
                ("failed_share",),
                "failed_interval",
            ),
        ),
    )


def _source_table(measured: Measured) -> Table:
    read_of = measured["verdicts"].by("source")
    rows: list[list[Cell]] = []
    order = sorted(measured["rules"].rows.items(), key=lambda item: (item[0][0], -item[1][0], item[0][1]))
    for (source, rule), (failed, alone) in order:
        rows.append([source, rule, read_of[source][0], *_effect(failed, alone, read_of[source][0])])
    return Table(
        "by_source",
        "Documents that failed each rule, by source",
        "Shares are of the documents read from that source.",
        (Column("source", "Source", "name"), Column("rule", "Rule", "name"), Column("read", "Read", "count"), *_EFFECT),
        rows,
    )


def _notes(measured: Measured, run: RunFacts) -> tuple[str, ...]:
    """Names the rules that never fired and those that failed a large share of a source."""
    if run.rules:
        fired = measured["rules"].by("rule")
        silent = [rule.id for rule in run.rules if rule.id not in fired]
        first = f"{counted(len(silent), 'rule')} never fired: {listing(silent, 40)}." if silent else "Every rule fired."
    else:
        first = "The run named no list of rules, so a rule that never fired cannot be told here."
    read_of = measured["verdicts"].by("source")
    large = [
        f"{rule} failed {percent(failed / read_of[source][0])} of {source}"
        for (source, rule), (failed, _) in sorted(measured["rules"].rows.items())
        if failed > LARGE_SHARE * read_of[source][0]
    ]
    if large:
        return first, f"Over {percent(LARGE_SHARE)} of a source failed one rule: {'; '.join(large)}."
    return first, f"No rule failed more than {percent(LARGE_SHARE)} of the documents of a source."


def build_rule_effects(measured: Measured, run: RunFacts) -> Section:
    """The section from the counts and the rules in force."""
    read = run_totals(measured)[0]
    rows = _rule_rows(measured, run)
    removed = measured["verdicts"].total(verdict="removed")[0]
    lead = f"{counted(removed, 'document')} of {count(read)} read failed at least one rule."
    if rows and rows[0][3]:
        lead += f" The rule that most documents failed is {rows[0][0]}, with {count(int(str(rows[0][3])))}."
    tables = (_rule_table(rows, read), _source_table(measured), _causes(measured, read))
    return Section("rules", "What each rule removed", lead, tables, _notes(measured, run))


def _causes(measured: Measured, read: int) -> Table:
    sums = measured["failed_rule_numbers"].by("failed_rules")
    rows: list[list[Cell]] = [
        [int(number), amounts[0], share(amounts[0], read)]
        for number, amounts in sorted(sums.items(), key=lambda item: int(item[0]))
    ]
    return Table(
        "causes",
        "Documents by number of rules they failed",
        f"Shares are of all {count(read)} documents read.",
        (
            Column("failed_rules", "Rules failed", "count"),
            Column("documents", "Documents", "count"),
            Column("share", "Share", "share"),
        ),
        rows,
    )


RULE_EFFECTS = Panel("rules", (RULE_TALLY, CAUSE_TALLY), build_rule_effects)
