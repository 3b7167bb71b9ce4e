"""Real evaluation sets planted in real books, where the shared data lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from gristmill.filters.contamination.words import words_of
from tests.places import ROOT, SHARED

pytestmark = pytest.mark.skipif(not (SHARED / "eval").is_dir(), reason="needs ../shared/data/eval")


def test_planted_items_of_real_sets_are_found_and_books_are_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.filters.decontamination import DISGUISES, evaluation_sets, measured, recall

    from gristmill.filters.contamination.decontamination import Decontamination
    from gristmill.filters.contamination.index import Search

    books = [path.read_text(encoding="utf-8") for path in sorted((SHARED / "books" / "text").rglob("eng*.txt"))]
    books += [path.read_text(encoding="utf-8") for path in sorted((SHARED / "books" / "text" / "eng").glob("*.txt"))]
    assert books
    chosen = [files for files in evaluation_sets(tmp_path) if files.name in {"arc_easy", "copa", "piqa"}]
    extra = Decontamination(Search(tuple(chosen)))
    assert measured(extra, books) == [[]] * len(books)
    for files in chosen:
        assert next(one for one in extra.counts() if one.name == files.name).unsearchable == 0
        shares = recall(extra, files, books, 25)
        assert {kind: shares[kind][1] for kind in DISGUISES} == dict.fromkeys(DISGUISES, 1.0)  # type: ignore[index]


def test_the_shortest_items_of_real_sets_are_found_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.filters.decontamination import DISGUISES, evaluation_sets, measured, planted_text

    from gristmill.filters.contamination.decontamination import Decontamination
    from gristmill.filters.contamination.evaluation_items import read_items
    from gristmill.filters.contamination.index import Search

    chosen = [files for files in evaluation_sets(tmp_path) if files.name in {"arc_easy", "copa", "piqa", "blimp"}]
    extra = Decontamination(Search(tuple(chosen)))
    items = [item for files in chosen for item in read_items(files)]
    short = [item for item in items if 5 <= len(words_of(planted_text(item))) < 8]
    short = [item for item in short if not item.name.startswith("blimp")] + short[-300:]
    assert "arc_easy:1457" in {item.name for item in short}
    for disguise in DISGUISES.values():
        evidence = measured(extra, [f"One.\n\n{disguise(planted_text(item))}\n\nTwo." for item in short])
        missed = [
            item.name for item, rows in zip(short, evidence, strict=True)
            if item.name not in {str(row["item"]).rpartition(" (")[0] for row in rows}
        ]  # fmt: skip
        assert missed == []
