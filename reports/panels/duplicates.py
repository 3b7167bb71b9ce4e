"""Duplicates: the sizes of their clusters and how similar a removed copy is to the document kept in its place."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.reports.counts.batch import Batch, sum_by
from gristmill.reports.counts.counts import Tally
from gristmill.reports.page.page import Cell, Chart, Column, Section, Table, share
from gristmill.reports.page.panel import Measured, Panel
from gristmill.reports.page.run_facts import DedupFact, RunFacts
from gristmill.reports.page.wording import count, part_of
from gristmill.reports.panels.duplicate_search import found_tables, search_tables

BINS = 20
"""Similarities are counted in this many equal bins from 0 to 1; a similarity of exactly 1 has a bin of its own."""

KEPT = {
    "longest": "the longest text (keep = longest)",
    "earliest": "the one of the earliest date (keep = earliest)",
    "best_quality": "the one of the highest quality signal (keep = best_quality)",
    "source_order": "the one of the source named first in the configuration (keep = source_order)",
}
"""The rule that chose which copy stays, in words; ties go to the longest text, then to the smallest doc_id."""

_SIZE_CLASSES = ((2, 2), (3, 3), (4, 4), (5, 9), (10, 99), (100, 999), (1000, None))


def count_clusters(batch: Batch) -> pa.Table:
    """Documents by source, verdict and size of their cluster, for clusters of at least two."""
    size = batch.ledger.column("cluster_size")
    in_cluster = pc.greater_equal(size, 2)
    name = pc.if_else(in_cluster, pc.cast(size, pa.string()), pa.scalar(None, pa.string()))
    return batch.grouped({"source": batch.source, "verdict": batch.verdict, "cluster_size": name}, sizes=False)


def count_similarities(batch: Batch) -> pa.Table:
    """Duplicates by source and bin of their similarity to the kept document, as a two-digit string."""
    found = pc.equal(batch.verdict, "duplicate").to_numpy(zero_copy_only=False)
    similarity = pc.fill_null(batch.ledger.column("similarity"), float("nan")).to_numpy(zero_copy_only=False)
    rows = pa.array(np.flatnonzero(found & ~np.isnan(similarity)))
    bins = np.minimum((similarity[rows.to_numpy()].astype(np.float64) * BINS + 1e-6).astype(np.int64), BINS)
    names = pa.array([f"{b:02d}" for b in range(BINS + 1)]).take(pa.array(bins))
    return sum_by({"source": batch.source.take(rows), "bin": names}, {"documents": batch.ones.take(rows)})


CLUSTER_TALLY = Tally("clusters", ("source", "verdict", "cluster_size"), ("documents",), count_clusters)
SIMILARITY_TALLY = Tally("similarities", ("source", "bin"), ("documents",), count_similarities)


def _cluster_rows(measured: Measured) -> list[list[Cell]]:
    kept: dict[int, int] = {}
    dropped: dict[int, int] = {}
    for key, amounts in measured["clusters"].select():
        side = kept if key["verdict"] == "kept" else dropped
        side[int(key["cluster_size"])] = side.get(int(key["cluster_size"]), 0) + amounts["documents"]
    rows: list[list[Cell]] = []
    for low, high in _SIZE_CLASSES:
        sizes = [size for size in sorted(set(kept) | set(dropped)) if size >= low and (high is None or size <= high)]
        if sizes:
            label = str(low) if low == high else f"{count(low)} or more" if high is None else f"{low} to {high}"
            kept_here, dropped_here = sum(kept.get(s, 0) for s in sizes), sum(dropped.get(s, 0) for s in sizes)
            rows.append([label, kept_here + dropped_here, kept_here, dropped_here, max(sizes)])
    return rows


def _similarity_rows(measured: Measured) -> list[list[Cell]]:
    sums = measured["similarities"].by("bin")
    total = sum(amounts[0] for amounts in sums.values())
    rows: list[list[Cell]] = []
    if sums:
        for number in range(int(min(sums)), BINS + 1):
            found = sums.get(f"{number:02d}", (0,))[0]
            label = "1.00" if number == BINS else f"{number / BINS:.2f} to {(number + 1) / BINS:.2f}"
            rows.append([label, found, share(found, total)])
    return rows


def _source_rows(measured: Measured) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for source, amounts in measured["verdicts"].by("source").items():
        found = measured["verdicts"].total(source=source, verdict="duplicate")
        removed = measured["verdicts"].total(source=source, verdict="removed")[0]
        passed = amounts[0] - removed
        rows.append([source, amounts[0], passed, found[0], share(found[0], passed), found[1]])
    return rows


def build_duplicates(measured: Measured, run: RunFacts) -> Section:
    """The section from the counts and the search's own figures."""
    duplicates = measured["verdicts"].total(verdict="duplicate")[0]
    read = measured["verdicts"].total()[0]
    tables = (
        Table(
            "by_source",
            "Duplicates by source",
            "Share: of the documents of that source that passed every rule, those dropped because another document "
            "with the same or nearly the same text was kept. Which copy is kept follows a fixed order, so a source may "
            "lose copies to another.",
            (
                Column("source", "Source", "name"),
                Column("read", "Read", "count"),
                Column("passed", "Passed the rules", "count"),
                Column("duplicate", "Duplicate", "count"),
                Column("duplicate_share", "Share of passed", "share"),
                Column("duplicate_bytes", "Text dropped", "bytes"),
            ),
            _source_rows(measured),
        ),
        Table(
            "clusters",
            "Documents by size of their cluster",
            "A cluster is a document and the copies found for it. Counts are of documents in clusters of two or more.",
            (
                Column("size", "Documents in the cluster", "name"),
                Column("documents", "Documents", "count"),
                Column("kept", "Kept", "count"),
                Column("dropped", "Not kept", "count"),
                Column("largest", "Largest cluster", "count"),
            ),
            _cluster_rows(measured),
            charts=(Chart("bars", "Documents in clusters of each size", ("size",), ("documents",)),),
        ),
        Table(
            "similarity",
            "Duplicates by similarity to the kept document",
            "Similarity is the Jaccard index of the two texts' word sequences, computed on the texts themselves. Each "
            "bin holds its lower bound. Shares are of the duplicates with a known similarity.",
            (
                Column("similarity", "Similarity", "name"),
                Column("documents", "Duplicates", "count"),
                Column("share", "Share", "share"),
            ),
            _similarity_rows(measured),
            charts=(
                Chart(
                    "columns", "Duplicates by similarity to the kept document", ("similarity",), ("documents",), rows=21
                ),
            ),
        ),
        *_search_tables(run.dedup),
    )
    lead = f"{part_of(duplicates, read, 'documents read')} were dropped as copies of a kept document."
    if run.dedup is not None and run.dedup.keep:
        lead += f" Of several copies {KEPT.get(run.dedup.keep, run.dedup.keep)} stays."
    return Section("duplicates", "Duplicates", lead, tables)


def _search_tables(fact: DedupFact | None) -> tuple[Table, ...]:
    if fact is None or fact.candidates is None:
        return ()
    return (*search_tables(fact), *found_tables(fact))


DUPLICATES = Panel("duplicates", (CLUSTER_TALLY, SIMILARITY_TALLY), build_duplicates)
