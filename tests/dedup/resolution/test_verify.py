from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.resolution.verify import jaccard_pairs
from gristmill.dedup.signatures.shingles import shingle_sets
from tests.places import SHARED

SETS = st.lists(st.frozensets(st.integers(0, 12) | st.integers(2**63, 2**64 - 1), max_size=15), min_size=1, max_size=6)


@settings(max_examples=200)
@given(SETS)
def test_jaccard_is_that_of_set_arithmetic(sets: list[frozenset[int]]) -> None:
    offsets = np.concatenate([[0], np.cumsum([len(each) for each in sets])])
    values = np.array([value for each in sets for value in sorted(each)], np.uint64)
    left, right = (axis.ravel() for axis in np.meshgrid(np.arange(len(sets)), np.arange(len(sets))))
    expected = [len(sets[i] & sets[j]) / max(1, len(sets[i] | sets[j])) for i, j in zip(left, right, strict=True)]

    assert jaccard_pairs(offsets, values, left, right).tolist() == expected


def test_two_empty_sets_are_not_similar() -> None:
    nothing = np.zeros(0, np.uint64)

    assert jaccard_pairs(np.zeros(3, np.int64), nothing, np.array([0]), np.array([1])).tolist() == [0.0]
    assert jaccard_pairs(np.zeros(1, np.int64), nothing, np.zeros(0, np.int64), np.zeros(0, np.int64)).tolist() == []


@pytest.mark.parametrize("pair", [(0, 2), (-1, 0)])
def test_a_pair_outside_the_sets_is_refused(pair: tuple[int, int]) -> None:
    with pytest.raises(IndexError, match=r"sets 0\.\.1"):
        jaccard_pairs(np.zeros(3, np.int64), np.zeros(0, np.uint64), np.array([pair[0]]), np.array([pair[1]]))


def test_real_pairs_have_their_brute_force_similarity(
    licences: dict[str, str], licence_pairs: dict[tuple[str, str], float]
) -> None:
    place = {name: i for i, name in enumerate(licences)}
    sets = shingle_sets(pa.array(list(licences.values())))
    left, right = (np.array([place[pair[side]] for pair in licence_pairs]) for side in (0, 1))
    found = jaccard_pairs(sets.offsets.to_numpy(), sets.values.to_numpy(), left, right)
    wrong = {pair for pair, j in zip(licence_pairs, found, strict=True) if abs(j - licence_pairs[pair]) > 1e-6}

    assert wrong == set()


def decoded(path: Path) -> str:
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def test_book_editions_have_their_brute_force_similarity() -> None:
    table = SHARED / "neardup" / "book_editions" / "pairs_jaccard5w.tsv"
    if not table.exists():
        pytest.skip("shared/data/neardup/book_editions is not beside the repository")
    books = {f"pg{path.parent.name}-{path.name}": path for path in (SHARED / "books" / "gutenberg_raw").glob("*/*.txt")}
    lines = [line.split("\t") for line in table.read_text().splitlines()[1:]]
    pairs = {(a, b): float(j) for a, b, j, *_ in lines if a in books and b in books}
    place = {name: i for i, name in enumerate(books)}
    sets = shingle_sets(pa.array([decoded(path) for path in books.values()], pa.large_string()))
    left, right = (np.array([place[pair[side]] for pair in pairs]) for side in (0, 1))
    found = jaccard_pairs(sets.offsets.to_numpy(), sets.values.to_numpy(), left, right)

    assert len(pairs) == 47
    assert {pair for pair, j in zip(pairs, found, strict=True) if abs(j - pairs[pair]) > 1e-4} == set()
