"""Third person pronouns in English documents, kept and removed."""

from __future__ import annotations

from gristmill.reports.counts.english import AXIS_TALLY, ENGLISH_TALLY, TERM_TALLY, WHAT_IS_COUNTED
from gristmill.reports.counts.lexicon import english_terms
from gristmill.reports.page.page import Cell, Chart, Column, Section, Table, share, share_interval
from gristmill.reports.page.panel import Measured, Panel
from gristmill.reports.page.run_facts import RunFacts
from gristmill.reports.page.wording import count, counted, part_of


def _documents_with(axis: str, measured: Measured, verdict: str) -> list[Cell]:
    documents, words = measured["english"].total(verdict=verdict)
    found, occurrences = measured["english_axes"].total(axis=axis, verdict=verdict)
    per_million = round(1e6 * occurrences / words, 1) if words else None
    return [documents, found, share(found, documents), share_interval(found, documents), occurrences, per_million]


def _sets(measured: Measured) -> Table:
    lexicon = english_terms()
    rows: list[list[Cell]] = []
    for axis, role, _ in lexicon.axes:
        if role == "pronoun":
            forms = ", ".join(term.name for term in lexicon.terms if term.axis == axis)
            rows.extend(
                [axis, forms, verdict, *_documents_with(axis, measured, verdict)] for verdict in ("kept", "removed")
            )
    return Table(
        "sets",
        "English documents with each set of pronouns",
        "Share with: of the English documents of that verdict, those with at least one of the pronouns, with Wilson's "
        "interval. Per million words: occurrences, of all words of the same documents.",
        (
            Column("set", "Set", "name"),
            Column("forms", "Pronouns", "text"),
            Column("verdict", "Verdict", "name"),
            Column("documents", "English documents", "count"),
            Column("with", "With any of them", "count"),
            Column("with_share", "Share with", "share"),
            Column("with_interval", "95 % interval", "share_interval"),
            Column("occurrences", "Occurrences", "count"),
            Column("per_million", "Per million words", "number"),
        ),
        rows,
        charts=(
            Chart(
                "bars",
                "Share of English documents with each set of pronouns",
                ("set", "verdict"),
                ("with_share",),
                "with_interval",
            ),
        ),
    )


def _single(measured: Measured) -> Table:
    rows: list[list[Cell]] = []
    kept_all = measured["english"].total(verdict="kept")[0]
    removed_all = measured["english"].total(verdict="removed")[0]
    for term in english_terms().of_role("pronoun"):
        kept = measured["english_terms"].total(term=term.name, verdict="kept")
        removed = measured["english_terms"].total(term=term.name, verdict="removed")
        rows.append(
            [
                term.name,
                kept[0],
                share(kept[0], kept_all),
                kept[1],
                removed[0],
                share(removed[0], removed_all),
                removed[1],
            ]
        )
    return Table(
        "pronouns",
        "English documents with each pronoun",
        f"Shares are of {count(kept_all)} English documents kept, and of {count(removed_all)} removed by a rule.",
        (
            Column("pronoun", "Pronoun", "name"),
            Column("kept", "Kept documents with it", "count"),
            Column("kept_share", "Share", "share"),
            Column("kept_occurrences", "Occurrences", "count"),
            Column("removed", "Removed documents with it", "count"),
            Column("removed_share", "Share", "share"),
            Column("removed_occurrences", "Occurrences", "count"),
        ),
        rows,
    )


def build_pronouns(measured: Measured, _run: RunFacts) -> Section:
    """The section from the counts."""
    kept, words = measured["english"].total(verdict="kept")
    she = measured["english_axes"].total(axis="she", verdict="kept")[0]
    he = measured["english_axes"].total(axis="he", verdict="kept")[0]
    lead = (
        f"She, her, hers or herself occurs in {part_of(she, kept, 'English documents kept')}; he, him, his or himself "
        f"in {part_of(he, kept, 'English documents kept')}. These documents have {counted(words, 'word')}."
    )
    notes = (
        WHAT_IS_COUNTED,
        (
            "Both sets may occur in one document. A pronoun says how a text speaks, not who wrote it or whom it is "
            "about; they, them and their mostly stand for several persons or for things."
        ),
        "Duplicates and errors are in neither row.",
    )
    return Section("pronouns", "Pronouns", lead, (_sets(measured), _single(measured)), notes)


PRONOUNS = Panel("pronouns", (ENGLISH_TALLY, TERM_TALLY, AXIS_TALLY), build_pronouns)
