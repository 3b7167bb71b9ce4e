"""Editions of the same books: real near-duplicates of hundreds of kilobytes, with their similarity by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.dedup.planted import Planted
from benchmarks.dedup.recall import deduplicate

from gristmill.dedup.signatures.shingles import hashes
from tests.places import SHARED

PAIRS = SHARED / "neardup" / "book_editions" / "pairs_jaccard5w.tsv"


def text_of(name: str) -> str | None:
    """A raw text of Project Gutenberg by its name in the list of pairs; None for what is none, as HTML."""
    number, _, file = name.removeprefix("pg").partition("-")
    path = SHARED / "books" / "gutenberg_raw" / number / file
    if not name.startswith("pg") or path.suffix != ".txt" or not path.exists():
        return None
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


@pytest.fixture(scope="module")
def editions() -> tuple[dict[str, str], dict[tuple[str, str], float]]:
    if not PAIRS.exists():
        pytest.skip("shared/data/neardup/book_editions is not beside the repository")
    rows = [line.split("\t") for line in PAIRS.read_text(encoding="utf-8").splitlines()[1:]]
    texts = {name: text for row in rows for name in row[:2] if (text := text_of(name)) is not None}
    return texts, {(a, b): float(j) for a, b, j, *_ in rows if a in texts and b in texts}


def test_similarities_of_editions_are_those_of_brute_force(
    editions: tuple[dict[str, str], dict[tuple[str, str], float]],
) -> None:
    texts, pairs = editions
    sets = {name: set(hashes(text).tolist()) for name, text in texts.items()}

    assert len(pairs) > 20
    for (a, b), wanted in pairs.items():
        assert len(sets[a] & sets[b]) / len(sets[a] | sets[b]) == pytest.approx(wanted, abs=0.002), (a, b)


def test_each_book_is_left_once_where_its_editions_are_similar_enough(
    editions: tuple[dict[str, str], dict[tuple[str, str], float]],
) -> None:
    texts, pairs = editions
    names = list(texts)
    fate = deduplicate([Planted(texts[name]) for name in names]).resolution

    for place in np.flatnonzero(~fate.kept).tolist():
        a, b = names[place], names[fate.duplicate_of[place]]
        assert pairs.get((a, b), pairs.get((b, a), 0.0)) >= 0.79
    for (a, b), wanted in pairs.items():
        if wanted >= 0.9:
            assert not (fate.kept[names.index(a)] and fate.kept[names.index(b)]), (a, b)
