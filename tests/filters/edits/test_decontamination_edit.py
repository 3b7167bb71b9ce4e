from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa

from gristmill.filters.contamination.decontamination import Decontamination
from gristmill.filters.contamination.evaluation_items import find_files
from gristmill.filters.contamination.index import Search
from gristmill.filters.edits.cuts import apply
from gristmill.filters.edits.decontamination import CutEvaluationItems

_ITEM = "the quiet miller of the hill grinds rye and wheat by the light of the moon"


def _edit(folder: Path, variant: str) -> CutEvaluationItems:
    (folder / "quiz.jsonl").write_text(json.dumps({"q": _ITEM}) + "\n")
    return CutEvaluationItems.of(variant, Decontamination(Search((find_files("quiz", [str(folder / "quiz.jsonl")]),))))


def _edited(edit: CutEvaluationItems, texts: list[str]) -> list[str]:
    column = pa.array(texts, pa.large_string())
    done: list[str] = apply(column, edit.find(pa.RecordBatch.from_pydict({"text": column}))).to_pylist()
    return done


def test_the_passage_is_cut_and_nothing_else(tmp_path: Path) -> None:
    texts = ["Nothing.", f"Über: {_ITEM.upper()}! Après. {_ITEM}. Fin.", "", _ITEM]
    assert _edited(_edit(tmp_path, "passage"), texts) == ["Nothing.", "Über: ! Après. . Fin.", "", ""]


def test_the_window_takes_whole_characters_up_to_the_ends_of_the_text(tmp_path: Path) -> None:
    edit = _edit(tmp_path, "gpt3")
    near = "é" * 210
    assert _edited(edit, [f"{near} {_ITEM} {near}", f"é {_ITEM} é"]) == ["é" * 11 + "é" * 11, ""]
    assert _edited(edit, [f"{near} {_ITEM} {near} {_ITEM} {near}"]) == ["é" * 11 + "é" * 11]
