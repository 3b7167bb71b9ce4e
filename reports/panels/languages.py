"""Coverage by language, and by programming language for source code."""

from __future__ import annotations

import pyarrow as pa

from gristmill.reports.counts.batch import UNKNOWN, Batch
from gristmill.reports.counts.counts import Tally
from gristmill.reports.page.page import Chart, Column, Section
from gristmill.reports.page.panel import Measured, Panel, run_totals
from gristmill.reports.page.run_facts import RunFacts
from gristmill.reports.page.wording import counted, part_of
from gristmill.reports.panels.coverage import SIZES, coverage_table
from gristmill.reports.panels.drop_rates import LANGUAGE_TALLY


def count_programming_languages(batch: Batch) -> pa.Table:
    """Documents, bytes and tokens of source code by programming language and verdict."""
    return batch.grouped({"language": batch.programming_language, "verdict": batch.verdict})


PROGRAMMING_TALLY = Tally("programming_languages", ("language", "verdict"), SIZES, count_programming_languages)


def build_languages(measured: Measured, _run: RunFacts) -> Section:
    """The section from the counts."""
    _, kept, _, tokens = run_totals(measured)
    by_language = measured["languages"].by("language", verdict="kept")
    table = coverage_table(
        measured["languages"],
        tokens,
        key="languages",
        title="Coverage by language",
        names={"language": Column("language", "Language", "name")},
        charts=(Chart("bars", "Share of the run's tokens by language", ("language",), ("token_share",), rows=12),),
    )
    code_table = coverage_table(
        measured["programming_languages"],
        tokens,
        key="programming_languages",
        title="Coverage by programming language",
        names={"language": Column("language", "Programming language", "corpus")},
        charts=(
            Chart(
                "bars", "Share of the run's tokens by programming language", ("language",), ("token_share",), rows=12
            ),
        ),
    )
    lead = f"{counted(len(by_language), 'language')} among the documents kept."
    if by_language:
        largest = max(by_language, key=lambda name: (by_language[name][0], name))
        lead += f" The most frequent is {largest}: {part_of(by_language[largest][0], kept, 'documents kept')}."
    notes = (
        (
            "Natural languages are what the language identifier said of each document, code included: a document has "
            f"one language here even where it mixes several. {UNKNOWN}: the identifier gave none."
        ),
        "Programming languages are taken from file names; natural language codes for source code mean little.",
    )
    return Section("languages", "Languages", lead, (table, code_table), notes)


LANGUAGES = Panel("languages", (LANGUAGE_TALLY, PROGRAMMING_TALLY), build_languages)
