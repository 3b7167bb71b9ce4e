"""Real evaluation sets planted in real books, where the shared data lie."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(not (SHARED / "eval").is_dir(), reason="needs ../shared/data/eval")


def test_planted_items_of_real_sets_are_found_and_books_are_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.decontamination import DISGUISES, evaluation_sets, measured, recall

    from gristmill.filters.contamination.decontamination import Decontamination
    from gristmill.filters.contamination.index import Search

    books = [path.read_text(encoding="utf-8") for path in sorted((SHARED / "books" / "text").rglob("eng*.txt"))]
    books += [path.read_text(encoding="utf-8") for path in sorted((SHARED / "books" / "text" / "eng").glob("*.txt"))]
    assert books
    chosen = [files for files in evaluation_sets(tmp_path) if files.name in {"arc_easy", "copa", "piqa"}]
    extra = Decontamination(Search(tuple(chosen)))
    assert measured(extra, books) == [[]] * len(books)
    for files in chosen:
        shares = recall(extra, files, books, 25)
        assert {kind: shares[kind][1] for kind in DISGUISES} == dict.fromkeys(DISGUISES, 1.0)  # type: ignore[index]
