"""Coverage by licence and by where the licence was found."""

from __future__ import annotations

import pyarrow as pa

from gristmill.documents import LICENSE_EVIDENCE
from gristmill.reports.counts.batch import Batch, named
from gristmill.reports.counts.counts import Tally
from gristmill.reports.page.page import Chart, Column, Section
from gristmill.reports.page.panel import Measured, Panel, run_totals
from gristmill.reports.page.run_facts import RunFacts
from gristmill.reports.page.wording import part_of
from gristmill.reports.panels.coverage import SIZES, coverage_table


def count_licenses(batch: Batch) -> pa.Table:
    """Documents, bytes and tokens by licence, its evidence and verdict."""
    columns = batch.documents
    return batch.grouped(
        {
            "license": named(columns.column("license")),
            "evidence": named(columns.column("license_evidence")),
            "verdict": batch.verdict,
        }
    )


LICENSE_TALLY = Tally("licenses", ("license", "evidence", "verdict"), SIZES, count_licenses)


def build_licenses(measured: Measured, _run: RunFacts) -> Section:
    """The section from the counts."""
    _, kept, _, tokens = run_totals(measured)
    counts = measured["licenses"]
    none = counts.total(evidence="none", verdict="kept")
    evidence = Column("evidence", "Evidence", "name")
    tables = (
        coverage_table(
            counts,
            tokens,
            key="by_evidence",
            title="Coverage by evidence of the licence",
            names={"evidence": evidence},
            charts=(
                Chart("bars", "Share of the run's tokens by evidence of the licence", ("evidence",), ("token_share",)),
            ),
        ),
        coverage_table(
            counts,
            tokens,
            key="by_license",
            title="Coverage by licence",
            names={"license": Column("license", "Licence (SPDX)", "corpus"), "evidence": evidence},
        ),
    )
    lead = f"{part_of(kept - none[0], kept, 'documents kept')} have a licence with some evidence."
    if tokens:
        lead += f" Of the tokens, {part_of(tokens - none[2], tokens, 'tokens')} do."
    notes = (
        (
            f"Evidence, strongest first ({', '.join(LICENSE_EVIDENCE)}): the document itself states it; a licence file "
            "or tag beside it was detected; the configuration states it for the whole source; nothing is known."
        ),
        "A licence found is not a right verified: pages quote licences that they do not stand under.",
    )
    return Section("licenses", "Licences", lead, tables, notes)


LICENSES = Panel("licenses", (LICENSE_TALLY,), build_licenses)
