"""From texts to decisions: all steps together, over real licences and over planted copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest

from gristmill.dedup.candidates.buckets import star_edges
from gristmill.dedup.components.components import connected_components
from gristmill.dedup.resolution.preference import preference
from gristmill.dedup.resolution.resolve import Resolution, resolve
from gristmill.dedup.resolution.verify import jaccard_pairs
from gristmill.dedup.signatures.banding import BandPlan, band_keys
from gristmill.dedup.signatures.exact import exact_hashes, exact_keys
from gristmill.dedup.signatures.minhash import has_signature, signatures
from gristmill.dedup.signatures.shingles import shingle_sets
from tests.places import SHARED

PLAN = BandPlan(14, 8)


@dataclass
class Outcome:
    resolution: Resolution
    met: set[tuple[int, int]]
    sets: pa.LargeListArray

    def similarity(self, left: Sequence[int], right: Sequence[int]) -> np.ndarray:
        offsets, values = self.sets.offsets.to_numpy(), self.sets.values.to_numpy()
        return jaccard_pairs(offsets, values, np.array(left, np.int64), np.array(right, np.int64))


def deduplicate(texts: list[str], min_jaccard: float = 0.8) -> Outcome:
    """The whole of near-deduplication in memory, as the pipeline does it over files."""
    column = pa.array(texts, pa.large_string())
    rows = signatures(column)
    sketched = np.flatnonzero(has_signature(rows))
    keys = band_keys(rows[sketched], PLAN)
    exact = exact_hashes(column)
    everyone = np.arange(len(texts))
    found = star_edges(
        np.concatenate([keys.ravel(), exact_keys(exact)]),
        np.concatenate([np.repeat(sketched, PLAN.bands), everyone]),
        max_bucket=1000,
    )
    nodes, labels = connected_components(found.left, found.right)
    component = everyone.copy()
    component[nodes] = labels
    sets = shingle_sets(column)
    ids = pa.array([f"{i:016d}".encode() for i in everyone], pa.binary(16))
    resolution = resolve(
        component,
        preference(np.array([len(text) for text in texts]), ids),
        sets.offsets.to_numpy(),
        sets.values.to_numpy(),
        exact,
        min_jaccard=min_jaccard,
    )
    same = keys[:, None, :] == keys[None, :, :] if len(texts) < 1500 else np.zeros((0, 0, 1), bool)
    met = {(int(sketched[i]), int(sketched[j])) for i, j in np.argwhere(same.any(axis=2)) if i < j}
    return Outcome(resolution, met, sets)


@pytest.fixture(scope="module")
def outcome(licences: dict[str, str]) -> Outcome:
    return deduplicate(list(licences.values()))


def true_pairs(licences: dict[str, str], licence_pairs: dict[tuple[str, str], float]) -> dict[tuple[int, int], float]:
    place = {name: i for i, name in enumerate(licences)}
    return {(min(place[a], place[b]), max(place[a], place[b])): j for (a, b), j in licence_pairs.items()}


def test_real_pairs_above_nine_tenths_become_candidates(
    outcome: Outcome, licences: dict[str, str], licence_pairs: dict[tuple[str, str], float]
) -> None:
    close = {pair for pair, j in true_pairs(licences, licence_pairs).items() if j >= 0.9}

    assert len(close) > 1000
    assert len(close & outcome.met) / len(close) >= 0.99


def test_real_pairs_above_eight_tenths_become_candidates_as_often_as_theory_says(
    outcome: Outcome, licences: dict[str, str], licence_pairs: dict[tuple[str, str], float]
) -> None:
    close = {pair: j for pair, j in true_pairs(licences, licence_pairs).items() if j >= 0.8}
    expected = np.mean([PLAN.probability(j) for j in close.values()])

    assert len(close.keys() & outcome.met) / len(close) >= expected - 0.01


def test_no_real_document_is_removed_below_the_minimum(
    outcome: Outcome, licences: dict[str, str], licence_pairs: dict[tuple[str, str], float]
) -> None:
    truth = true_pairs(licences, licence_pairs)
    removed = np.flatnonzero(~outcome.resolution.kept)
    texts = list(licences.values())

    assert len(removed) == 410
    for i in removed.tolist():
        j = int(outcome.resolution.duplicate_of[i])
        same = " ".join(texts[i].lower().split()) == " ".join(texts[j].lower().split())
        similarity = 1.0 if same else truth.get((min(i, j), max(i, j)), 0.0)
        assert outcome.resolution.kept[j]
        assert similarity >= 0.8
        assert abs(float(outcome.resolution.similarity[i]) - similarity) < 1e-6


def test_real_documents_left_are_hardly_more_than_brute_force_leaves(
    outcome: Outcome, licences: dict[str, str], licence_pairs: dict[tuple[str, str], float]
) -> None:
    texts = list(licences.values())
    everything = resolve(
        np.zeros(len(texts), np.int64),
        preference(
            np.array([len(text) for text in texts]),
            pa.array([f"{i:016d}".encode() for i in range(len(texts))], pa.binary(16)),
        ),
        outcome.sets.offsets.to_numpy(),
        outcome.sets.values.to_numpy(),
        exact_hashes(pa.array(texts)),
        min_jaccard=0.8,
    )
    kept = np.flatnonzero(everything.kept).tolist()
    missed = int(outcome.resolution.kept.sum()) - len(kept)

    assert not {pair for pair, j in true_pairs(licences, licence_pairs).items() if j >= 0.8 and set(pair) <= set(kept)}
    assert 0 <= missed <= 0.02 * len(kept)


def test_exactly_the_planted_articles_are_found() -> None:
    folder = SHARED / "neardup" / "articles"
    if not folder.exists():
        pytest.skip("shared/data/neardup/articles is not beside the repository")
    rows = [line.split(" ", 1) for line in (folder / "articles_100.train").read_text(encoding="utf-8").splitlines()]
    truth = {frozenset(line.split()) for line in (folder / "articles_100.truth").read_text().splitlines()}
    fate = deduplicate([text for _, text in rows]).resolution
    removed = np.flatnonzero(~fate.kept).tolist()

    assert {frozenset((rows[i][0], rows[fate.duplicate_of[i]][0])) for i in removed} == truth


def planted(rng: np.random.Generator, count: int) -> tuple[list[str], list[int]]:
    """Texts of 300 random words, each followed by an edited copy; the edits of copy ``i`` are ``i % 40`` words."""
    texts = []
    edits = []
    for i in range(count):
        words = [f"w{number}" for number in rng.integers(0, 50_000, 300)]
        copy = words.copy()
        for place in rng.choice(300, i % 40, replace=False).tolist():
            copy[place] = f"edit{place}"
        texts += [" ".join(words), " ".join(copy)]
        edits.append(i % 40)
    return texts, edits


def test_planted_copies_are_found_and_nothing_else_is_removed() -> None:
    texts, edits = planted(np.random.default_rng(4), 600)
    outcome = deduplicate(texts)
    pairs = np.arange(0, len(texts), 2)
    truth = outcome.similarity(pairs.tolist(), (pairs + 1).tolist())
    removed = np.flatnonzero(~outcome.resolution.kept)
    of_pair = np.zeros(len(pairs), bool)
    of_pair[removed // 2] = True

    assert (outcome.resolution.duplicate_of[removed] == removed ^ 1).all()
    assert not of_pair[truth < 0.8].any()
    assert of_pair[truth >= 0.95].all()
    assert of_pair[truth >= 0.8].mean() > 0.95
    assert (truth == 1.0).sum() == edits.count(0)


def test_empty_and_short_documents_are_kept_or_exact_duplicates() -> None:
    outcome = deduplicate(["", "   \n", "too short", "Too  short ", "too short!", "one two three four five"])

    assert outcome.resolution.duplicate_of.tolist() == [1, -1, 3, -1, -1, -1]
