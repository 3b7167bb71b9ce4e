"""Decide: thresholds applied to stored signals; a cheap pass over numbers that never reads a text."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill import storage
from gristmill.documents import EVIDENCE_TYPE, LEDGER_SCHEMA
from gristmill.filters.rules.decide import decide
from gristmill.filters.rules.outcomes import Outcome, count_outcomes
from gristmill.filters.rules.sets.rule_types import ResolvedRule
from gristmill.pipelines.engine.plan import Task
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter, read_groups

_COLUMNS = ("doc_id", "failed_rules", "evidence", "language", "language_score")

SCHEMA = pa.schema([LEDGER_SCHEMA.field(name) for name in _COLUMNS])
"""One row per document: every failing rule, in rule order, and the evidence that extras found."""


def decide_tasks(
    run: RunDirectory, kinds: Mapping[str, str], rules: Sequence[ResolvedRule], upstream: Sequence[Task]
) -> list[Task]:
    """One task per shard of ``signals/``; ``kinds`` is the kind of document of each source."""
    settings = [
        [
            rule.id, rule.signal, rule.comparison, rule.threshold, rule.kinds, rule.languages, rule.by_language,
            rule.not_measured, *([list(rule.plugin)] if rule.plugin else []),
        ]
        for rule in rules
    ]  # fmt: skip
    return [
        dataclasses.replace(
            task,
            uri=run.shard("decisions", task.raw),
            key=stage_key("decide", [settings, kinds[task.raw.source]], [task.key]),
            name=kinds[task.raw.source],
        )
        for task in upstream
    ]


@dataclasses.dataclass(frozen=True)
class Decide:
    """The work of one shard."""

    run_uri: str
    rules: tuple[ResolvedRule, ...]
    step: str = "decide"

    def __call__(self, task: Task) -> None:
        """Writes ``decisions/`` for one shard of signals."""
        run = RunDirectory(self.run_uri)
        rows, passed = 0, 0
        sums = np.zeros((len(self.rules), len(Outcome._fields)), np.int64)
        with (
            storage.local_copy(run.shard("signals", task.raw)) as signals,
            storage.committing(task.uri, run=run.uri) as path,
            ShardWriter(path, SCHEMA, task.key) as writer,
        ):
            for group in read_groups(signals):
                kinds = pa.array([task.name]).take(pa.nulls(group.num_rows, pa.int32()).fill_null(0))
                rules = decide(group, kinds, self.rules).column("failed_rules")
                language = [group.column("language"), group.column("language_score")]
                columns = [group.column("doc_id"), rules, joined_evidence(group), *language]
                writer.write(pa.RecordBatch.from_arrays(columns, names=SCHEMA.names))
                rows += group.num_rows
                passed += pc.sum(pc.equal(pc.list_value_length(rules), 0)).as_py() or 0
                if self.rules:
                    sums += np.array(count_outcomes(rules, kinds, group.column("language"), self.rules))
            outcomes = {rule.id: Outcome(*amounts) for rule, amounts in zip(self.rules, sums.tolist(), strict=True)}
            failed = {name: outcome.failed for name, outcome in outcomes.items() if outcome.failed}
            writer.finish({"documents": rows, "passed": passed, "failed": failed, "outcomes": outcomes})


def joined_evidence(signals: pa.RecordBatch) -> pa.Array:
    """All evidence columns of a batch of signals as one, in the order of the columns.

    >>> joined_evidence(pa.RecordBatch.from_pydict({"word_count": [1, 2]})).to_pylist()
    [[], []]
    """
    found = [column for column in signals.columns if column.type.equals(EVIDENCE_TYPE)]
    if len(found) == 1:
        return found[0]
    rows = [
        [entry for entries in row for entry in entries] for row in zip(*(c.to_pylist() for c in found), strict=True)
    ]
    return pa.array(rows or [[]] * signals.num_rows, EVIDENCE_TYPE)
