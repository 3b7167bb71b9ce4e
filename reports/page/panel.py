"""A panel: what one section of the report counts and how it is written from the counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gristmill.reports.counts.counts import Counts, Tally
from gristmill.reports.page.page import Section
from gristmill.reports.page.run_facts import RunFacts

Measured = Mapping[str, Counts]
"""Counts by the name of their tally."""


@dataclass(frozen=True)
class Panel:
    """One section of the report.

    Attributes:
        name: the section's anchor.
        tallies: what it counts in each batch. Panels may share a tally by listing the same object.
        build: the section from the counts of all panels and the facts about the run.
    """

    name: str
    tallies: tuple[Tally, ...]
    build: Callable[[Measured, RunFacts], Section]


def run_totals(measured: Measured) -> tuple[int, int, int, int]:
    """Documents read, documents kept, UTF-8 bytes kept and tokens kept of the whole run."""
    verdicts = measured["verdicts"]
    read = verdicts.total()[0]
    kept, kept_bytes, kept_tokens = verdicts.total(verdict="kept")
    return read, kept, kept_bytes, kept_tokens
