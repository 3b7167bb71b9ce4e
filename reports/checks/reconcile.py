"""Reconciliation: records read = documents + errors + skipped, and documents = kept + removed + duplicate + error.

Checked for every shard from the footers of the committed files; one mismatch fails the run.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any

from gristmill import storage
from gristmill.documents import VERDICTS
from gristmill.errors import ErrorBudgetError, ReconciliationError
from gristmill.inputs import RawShard
from gristmill.runs import RunDirectory
from gristmill.tables import read_counts
from gristmill.tokenize.manifest import Manifest


@dataclasses.dataclass
class Totals:
    """What became of every raw record of a run, or of one source of it.

    Attributes:
        shards, raw_bytes: raw input.
        records: raw records read; ``documents + errors + skipped``.
        verdicts: documents by verdict.
        failed: documents that failed each rule; one document can fail several.
        passed: documents that failed no rule.
        tokens: in kept documents.
    """

    shards: int = 0
    raw_bytes: int = 0
    text_bytes: int = 0
    records: int = 0
    documents: int = 0
    tokens: int = 0
    passed: int = 0
    errors: Counter[str] = dataclasses.field(default_factory=Counter)
    skipped: Counter[str] = dataclasses.field(default_factory=Counter)
    verdicts: Counter[str] = dataclasses.field(default_factory=Counter)
    failed: Counter[str] = dataclasses.field(default_factory=Counter)
    mismatches: list[str] = dataclasses.field(default_factory=list)

    def add(self, extracted: dict[str, Any], decided: dict[str, Any], ledger: dict[str, Any]) -> None:
        """Adds one shard's counts."""
        self.shards += 1
        for name in ("raw_bytes", "text_bytes", "records", "documents"):
            setattr(self, name, getattr(self, name) + extracted[name])
        self.errors.update(extracted["errors"])
        self.skipped.update(extracted["skipped"])
        self.failed.update(decided["failed"])
        self.passed += decided["passed"]
        self.tokens += ledger["tokens"]
        self.verdicts.update({verdict: ledger[verdict] for verdict in VERDICTS})
        if ledger.get("tokenizer_mismatch"):
            self.mismatches.append(ledger["tokenizer_mismatch"])


def read_totals(run: RunDirectory, shards: Sequence[RawShard]) -> dict[str, Totals]:
    """Totals by source, checked shard by shard.

    Raises:
        ReconciliationError: a shard's counts do not add up, or a stage has another number of documents.
    """
    folders = [
        read_counts([run.shard(folder, shard) for shard in shards])
        for folder in ("documents", "signals", "decisions", "ledger")
    ]
    totals: dict[str, Totals] = {}
    for shard, extracted, signals, decided, ledger in zip(shards, *folders, strict=True):
        _check(shard, dict(extracted), dict(signals), dict(decided), dict(ledger))
        totals.setdefault(shard.source, Totals()).add(dict(extracted), dict(decided), dict(ledger))
    return totals


def _check(
    shard: RawShard,
    extracted: dict[str, Any],
    signals: dict[str, Any],
    decided: dict[str, Any],
    ledger: dict[str, Any],
) -> None:
    where = f"{shard.source}/{shard.shard}"
    for folder, counts in (("documents", extracted), ("signals", signals), ("decisions", decided), ("ledger", ledger)):
        if "documents" not in counts:
            msg = f"{where} has no {folder}/ output; run the same command again"
            raise ReconciliationError(msg)
        if counts["documents"] != extracted["documents"]:
            msg = (
                f"{where}: {folder}/ holds {counts['documents']} documents, documents/ holds {extracted['documents']}; "
                f"delete its {folder}/ file and run again"
            )
            raise ReconciliationError(msg)
    accounted = extracted["documents"] + sum(extracted["errors"].values()) + sum(extracted["skipped"].values())
    if extracted["records"] != accounted:
        msg = f"{where}: {extracted['records']} records read, {accounted} accounted for (documents + errors + skipped)"
        raise ReconciliationError(msg)
    judged = sum(ledger[verdict] for verdict in VERDICTS)
    if judged != ledger["documents"]:
        msg = f"{where}: {ledger['documents']} documents, {judged} verdicts"
        raise ReconciliationError(msg)


def check_manifest_totals(run: RunDirectory, totals: dict[str, Totals]) -> Manifest:
    """The manifest, if it holds exactly the kept documents and tokens of every source.

    Raises:
        ReconciliationError: it does not.
    """
    manifest = Manifest.from_json(storage.read_bytes(run.manifest), run.manifest)
    for source, total in sorted(totals.items()):
        part = manifest.sources.get(source)
        held = (part.rows, part.tokens) if part else (0, 0)
        wanted = (total.verdicts["kept"], total.tokens)
        if held != wanted:
            msg = (
                f"source {source!r}: the ledger keeps {wanted[0]} documents with {wanted[1]} tokens, "
                f"tokens/manifest.json holds {held[0]} with {held[1]}"
            )
            raise ReconciliationError(msg)
    return manifest


def check_error_budget(totals: dict[str, Totals], max_error_fraction: float) -> None:
    """Fails a run with too many dead letters.

    Raises:
        ErrorBudgetError: their share of all raw records is above the budget; the message names the commonest reasons.
    """
    errors: Counter[str] = Counter()
    records = 0
    for total in totals.values():
        errors.update(total.errors)
        records += total.records
    if errors.total() > max_error_fraction * records:
        common = ", ".join(f"{reason} ({count})" for reason, count in errors.most_common(5))
        msg = (
            f"{errors.total()} of {records} raw records could not be processed, more than run.max_error_fraction = "
            f"{max_error_fraction} allows: {common}. Read errors/extract/, then mend the input or raise the fraction; "
            "everything else of the run is committed"
        )
        raise ErrorBudgetError(msg)
