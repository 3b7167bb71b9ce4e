"""What is counted while candidates are compared, for the report: how similar they are, and whose copies."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill.dedup.resolution.resolve import Resolution
from gristmill.dedup.resolution.verify import jaccard_pairs
from gristmill.pipelines.engine.plan import Task

LIKENESS_BINS = 20
"""Similarities are counted in this many equal bins from 0 to 1; exactly 1 has a bin of its own."""

SourceStarts = tuple[tuple[int, str], ...]
"""The number of the first document of each source, ascending, and its name."""


@dataclasses.dataclass(frozen=True)
class Compared:
    """What the comparison of candidates came to.

    Attributes:
        result: the fate of each.
        likeness: float64, true Jaccard similarity of each with the best document of its component by the order of
            preference; NaN for that document itself. This is what a tool acts on that keeps one of a component and
            verifies nothing.
    """

    result: Resolution
    likeness: npt.NDArray[np.float64]


def source_starts(tasks: Sequence[Task]) -> SourceStarts:
    """Where each source begins in the order of the corpus."""
    found: list[tuple[int, str]] = []
    for task in tasks:
        if not found or found[-1][1] != task.raw.source:
            found.append((task.first, task.raw.source))
    return tuple(found)


def likeness_to_best(
    component: npt.NDArray[np.int64],
    order: npt.NDArray[np.int64],
    offsets: npt.NDArray[np.int64],
    values: npt.NDArray[np.uint64],
) -> npt.NDArray[np.float64]:
    """True Jaccard similarity of each set with the first in ``order`` of its component; NaN for that one.

    >>> offsets, values = np.array([0, 2, 4]), np.array([1, 2, 2, 3], np.uint64)
    >>> likeness_to_best(np.array([7, 7]), np.array([1, 0]), offsets, values).round(2)
    array([0.33,  nan])
    """
    ranked = np.lexsort((order, component))
    first = np.ones(len(ranked), bool)
    first[1:] = component[ranked[1:]] != component[ranked[:-1]]
    best = np.empty(len(ranked), np.int64)
    best[ranked] = ranked[first][np.cumsum(first) - 1]
    every = np.arange(len(ranked))
    likeness = jaccard_pairs(offsets, values, every, best)
    return np.where(best == every, np.nan, likeness)


def counted(documents: pa.RecordBatch, compared: Compared, starts: SourceStarts) -> dict[str, object]:
    """The counts that a file of clusters carries.

    Args:
        documents: columns ``document`` and ``component``.
        compared: of the same documents.
        starts: see :data:`SourceStarts`; empty where sources are not known.
    """
    kept_row = compared.result.duplicate_of
    duplicate = np.flatnonzero(kept_row >= 0)
    likeness = np.where(compared.result.similarity == 1.0, 1.0, compared.likeness)  # exact copies may have no shingles
    likeness = likeness[~np.isnan(compared.likeness)]
    bins = np.minimum((likeness * LIKENESS_BINS + 1e-9).astype(np.int64), LIKENESS_BINS)
    return {
        "candidates": documents.num_rows,
        "components": len(np.unique(documents.column("component").to_numpy())),
        "compared": compared.result.compared,
        "duplicates": len(duplicate),
        "likeness_histogram": np.bincount(bins, minlength=LIKENESS_BINS + 1).tolist(),
        "by_source": _by_source(documents.column("document").to_numpy(), duplicate, kept_row[duplicate], starts),
    }


def _by_source(
    numbers: npt.NDArray[np.int64],
    duplicate: npt.NDArray[np.int64],
    kept: npt.NDArray[np.int64],
    starts: SourceStarts,
) -> list[list[object]]:
    """How many documents of one source duplicate a kept document of another: [source, source of the kept, count]."""
    if not starts or not len(duplicate):
        return []
    firsts = np.array([first for first, _ in starts], np.int64)
    mine, theirs = (np.searchsorted(firsts, numbers[rows], side="right") - 1 for rows in (duplicate, kept))
    pairs, counts = np.unique(mine * len(starts) + theirs, return_counts=True)
    return [
        [starts[pair // len(starts)][1], starts[pair % len(starts)][1], count]
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True)
    ]


def added(counts: Sequence[dict[str, object]]) -> dict[str, object]:
    """The counts of several files as one: of the histogram and of the pairs of sources.

    >>> one = {"likeness_histogram": [0, 2], "by_source": [["web", "books", 3]]}
    >>> added([one, one])
    {'likeness_histogram': [0, 4], 'by_source': [['web', 'books', 6]]}
    """
    histogram = [0] * (LIKENESS_BINS + 1)
    pairs: dict[tuple[str, str], int] = {}
    histograms = [found for count in counts if isinstance(found := count["likeness_histogram"], list)]
    if histograms:
        histogram = [sum(column) for column in zip(*histograms, strict=True)]
    for count in counts:
        rows = count["by_source"]
        assert isinstance(rows, list)
        for source, kept, number in rows:
            pairs[source, kept] = pairs.get((source, kept), 0) + int(number)
    return {
        "likeness_histogram": histogram,
        "by_source": [[source, kept, number] for (source, kept), number in sorted(pairs.items())],
    }
