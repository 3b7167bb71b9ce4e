"""Measured recall beside theory on planted copies, and what stays beside brute force; on texts that are always there."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from benchmarks.dedup.planted import Planted, documents, split
from benchmarks.dedup.recall import PLAN, Found, by_similarity, deduplicate
from benchmarks.dedup.recall_chart import recall_chart

from gristmill.dedup.resolution.preference import preference
from gristmill.dedup.resolution.resolve import resolve
from gristmill.dedup.signatures.exact import exact_hashes
from gristmill.dedup.signatures.shingles import shingle_sets
from tests.places import ROOT

BOOKS = ROOT / "examples" / "data" / "books"
COUNT = 4000


@pytest.fixture(scope="module")
def corpus() -> list[Planted]:
    pool = split([path.read_text(encoding="utf-8", errors="replace") for path in sorted(BOOKS.glob("*.txt"))])
    assert len(pool) > 500
    return list(documents(COUNT, 11, pool))


@pytest.fixture(scope="module")
def found(corpus: list[Planted]) -> Found:
    return deduplicate(corpus)


def test_copies_become_candidates_as_often_as_theory_says_at_every_similarity(found: Found) -> None:
    rows = by_similarity(found)

    assert len(rows) >= 10
    for row in rows:
        spread = np.sqrt(row["theory"] * (1 - row["theory"]) / row["pairs"])
        assert abs(row["recall"] - row["theory"]) < 4 * spread + 0.02, row


def test_recall_of_close_copies_is_that_of_the_plan(found: Found) -> None:
    close, closer = found.similarity >= 0.8, found.similarity >= 0.9
    theory = np.mean([PLAN.probability(s) for s in found.similarity[close].tolist()])

    assert closer.sum() > 200
    assert found.met[closer].mean() >= 0.99
    assert found.met[close].mean() >= theory - 0.01


def test_nothing_is_removed_below_the_minimum(found: Found) -> None:
    assert len(found.truth) > 200
    assert (found.truth >= 0.8).all()


def test_hardly_more_stays_than_when_all_pairs_are_compared(corpus: list[Planted], found: Found) -> None:
    texts = pa.array([document.text for document in corpus], pa.large_string())
    sets = shingle_sets(texts)
    ids = pa.array([number.to_bytes(16, "big") for number in range(COUNT)], pa.binary(16))
    everything = resolve(
        np.zeros(COUNT, np.int64),
        preference(np.array([len(document.text) for document in corpus]), ids),
        sets.offsets.to_numpy(),
        sets.values.to_numpy(),
        exact_hashes(texts),
        min_jaccard=0.8,
    )
    fewest, kept = int(everything.kept.sum()), int(found.resolution.kept.sum())

    assert fewest <= kept <= fewest * 1.005


def test_the_chart_holds_every_step(found: Found) -> None:
    rows = by_similarity(found)
    drawn = recall_chart(rows, PLAN, 0.8)

    assert drawn.count("<circle") == len(rows)
    assert drawn.startswith("<svg")
