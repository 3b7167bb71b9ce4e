"""Coverage of web documents by registrable domain, and how concentrated it is."""

from __future__ import annotations

import math

import pyarrow as pa

from gristmill.reports.counts.batch import Batch
from gristmill.reports.counts.counts import Tally
from gristmill.reports.page.page import DECIMALS, Cell, Chart, Column, Section, Table, share
from gristmill.reports.page.panel import Measured, Panel, run_totals
from gristmill.reports.page.run_facts import RunFacts
from gristmill.reports.page.wording import counted, part_of
from gristmill.reports.panels.coverage import AMOUNT_COLUMNS, READ_AND_KEPT, SIZES, amount_cells, sizes_by
from gristmill.web_domains import suffix_list_version


def count_domains(batch: Batch) -> pa.Table:
    """Documents, bytes and tokens of web documents by registrable domain and verdict."""
    return batch.grouped({"domain": batch.domain, "verdict": batch.verdict})


DOMAIN_TALLY = Tally("domains", ("domain", "verdict"), SIZES, count_domains)
"""Counted exactly: one row per domain and verdict, however many there are; tables are cut when the report is written.
About 150 bytes of memory a domain, so ten million domains take 1.5 GB where they are merged."""


def effective_number(sizes: list[int]) -> float | None:
    """Hill number of order 1: how many equally large domains would be as diverse (exponential of the entropy).

    >>> effective_number([5, 5, 5, 5])
    4.0
    """
    total = sum(sizes)
    if total == 0:
        return None
    entropy = -sum(size / total * math.log(size / total) for size in sorted(sizes) if size)
    return round(math.exp(entropy), DECIMALS)


def _top_share(sizes: list[int], fraction: float) -> float | None:
    """Share of the sum that the largest ``fraction`` of the sizes hold (at least one of them)."""
    ordered = sorted(sizes, reverse=True)
    return share(sum(ordered[: max(1, math.ceil(fraction * len(ordered)))]), sum(ordered)) if ordered else None


def _concentration(kept: dict[str, list[int]]) -> Table:
    rows: list[list[Cell]] = []
    for label, place in (("documents kept", 0), ("tokens kept", 2)):
        sizes = [amounts[place] for amounts in kept.values() if amounts[place]]
        rows.append([label, len(sizes), effective_number(sizes), _top_share(sizes, 0.01), _top_share(sizes, 0.1)])
    return Table(
        "concentration",
        "How concentrated the web documents are",
        "Effective number: how many equally large domains would be as diverse (exponential of the Shannon entropy). "
        "Top 1 % and 10 %: share held by the largest 1 % and 10 % of the domains, at least one.",
        (
            Column("measure", "Measured in", "name"),
            Column("domains", "Domains", "count"),
            Column("effective", "Effective number", "number"),
            Column("top_1", "Held by the top 1 %", "share"),
            Column("top_10", "Held by the top 10 %", "share"),
        ),
        rows,
    )


def build_domains(measured: Measured, _run: RunFacts) -> Section:
    """The section from the counts."""
    tokens = run_totals(measured)[3]
    sums = {key[0]: amounts for key, amounts in sizes_by(measured["domains"], "domain").items()}
    read, kept = (sum(amounts[side][0] for amounts in sums.values()) for side in (0, 1))
    removed = {key["domain"]: amounts["documents"] for key, amounts in measured["domains"].select(verdict="removed")}
    domain = Column("domain", "Domain", "corpus")
    kept_order = sorted(sums, key=lambda name: (-sums[name][1][0], -sums[name][0][0], name))
    removed_order = sorted(removed, key=lambda name: (-removed[name], name))
    all_removed = sum(removed.values())
    tables = (
        Table(
            "top_kept",
            "Domains with the most documents kept",
            READ_AND_KEPT,
            (domain, *AMOUNT_COLUMNS),
            [[name, *amount_cells(*sums[name], tokens)] for name in kept_order],
            charts=(Chart("bars", "Documents kept, by domain", ("domain",), ("kept",), rows=15),),
        ),
        Table(
            "top_removed",
            "Domains with the most documents removed by a rule",
            "Share of removed: of all web documents that a rule removed. Share of the domain: of the documents read "
            "from that domain, those that a rule removed.",
            (
                domain,
                Column("read", "Documents read", "count"),
                Column("removed", "Removed by a rule", "count"),
                Column("share_of_removed", "Share of removed", "share"),
                Column("share_of_domain", "Share of the domain", "share"),
            ),
            [
                [
                    name,
                    sums[name][0][0],
                    removed[name],
                    share(removed[name], all_removed),
                    share(removed[name], sums[name][0][0]),
                ]
                for name in removed_order
            ],
        ),
        _concentration({name: amounts[1] for name, amounts in sums.items()}),
    )
    lead = (
        f"{counted(len(sums), 'registrable domain')} among the web documents read; "
        f"{part_of(kept, read, 'web documents read')} were kept, from "
        f"{counted(sum(1 for amounts in sums.values() if amounts[1][0]), 'domain')}."
        if sums
        else "No web document was read."
    )
    notes = (
        (
            f"A domain is the name that somebody registered, by the {suffix_list_version()}, private section included: "
            "two sites of a hosting platform are two domains."
        ),
        "Every domain is counted exactly; only the tables are cut.",
    )
    return Section("domains", "Web domains", lead, tables, notes)


DOMAINS = Panel("domains", (DOMAIN_TALLY,), build_domains)
