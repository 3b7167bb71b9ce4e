"""Decontamination through the command line: planted items are removed or cut, and told by item and words."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.pipelines.command import gristmill
from tests.pipelines.corpus import english
from tests.pipelines.small_run import configuration, json_lines, rows_of, source

_DECONTAMINATION = """\
[decontamination]
sets = [{ name = "quiz", paths = ["quiz.jsonl.gz"], fields = ["question", "choices"], id = "id" }]
"""


def _quiz(folder: Path) -> str:
    rng = random.Random(3)
    letters = "bdfgklmnprst"
    words = ["".join(rng.choice(letters) + rng.choice("aeiou") for _ in range(3)) for _ in range(20)]
    question = "Why did " + " ".join(words) + "?"
    items: list[dict[str, Any]] = [
        {"id": "q-17", "question": question, "choices": ["yes", "no"]},
        {"id": "q-18", "question": "Who?"},
        {"id": "q-19", "question": "What do millers grind?", "choices": ["Rye.", "Stones and sand, by night."]},
    ]
    (folder / "quiz.jsonl.gz").write_bytes(gzip.compress(json_lines(items).encode()))
    return question


def _configure(folder: Path, name: str, edits: str = "[]") -> str:
    settings = (
        f"[edit]\nuse = {edits}\n",
        '[rules]\nuse = ["decontamination"]\n',
        "[dedup]\nexact = false\nnear = false\n",
    )
    config = configuration(name, source("web", "raw.jsonl"), _DECONTAMINATION, *settings)
    (folder / f"{name}.toml").write_text(config)
    return f"{name}.toml"


def test_a_run_removes_cuts_and_explains_contaminated_documents(tmp_path: Path) -> None:
    question = _quiz(tmp_path)
    rng = random.Random(9)
    texts = [english(rng, 150) for _ in range(6)]
    planted = question.upper().replace(" ", "\n")
    texts[4] += "\n\n" + planted + "\n\nThe end."
    rows = [{"url": f"https://x.example/{i}", "text": text} for i, text in enumerate(texts)]
    (tmp_path / "raw.jsonl").write_text(json_lines(rows))

    done = gristmill("run", _configure(tmp_path, "removed"), "--json", folder=tmp_path)
    summary = json.loads(done.stdout)
    assert summary["sources"]["web"]["failed"] == {"decontamination.max_ngrams": 1}
    assert any("1 of 3 items cannot be looked for" in warning for warning in summary["warnings"])
    assert "evaluation set quiz" in done.stderr
    told = gristmill("explain", "removed", "https://x.example/4", folder=tmp_path).stdout
    assert "decontamination.max_ngrams" in told
    assert "quiz:q-17 (22 of 24 words)" in " ".join(told.split())
    assert question.split()[5].upper() in told
    ledger = rows_of(tmp_path / "removed", "ledger")
    assert [len(row["evidence"]) for row in ledger] == [0, 0, 0, 0, 1, 0]

    gristmill("run", _configure(tmp_path, "cut", '["decontamination"]'), "--quiet", folder=tmp_path)
    ledger = rows_of(tmp_path / "cut", "ledger")
    assert [row["verdict"] for row in ledger] == ["kept"] * 6
    cuts = pq.read_table(tmp_path / "cut" / "edits").column("cuts").to_pylist()
    ((cut,),) = [row for row in cuts if row]
    assert (cut["edit"], cut["reason"]) == ("decontamination", "quiz")
    assert texts[4].encode()[cut["start"] : cut["end"]].decode() == planted.rstrip("?")


def test_a_short_item_is_found_where_it_is_a_line_of_its_own(tmp_path: Path) -> None:
    _quiz(tmp_path)
    rng = random.Random(9)
    texts = [english(rng, 150) for _ in range(4)]
    texts[1] += "\n\nWHAT DO MILLERS GRIND rye\n\nThe end."
    texts[2] += "\n\nNobody asked what do millers grind? Rye, of course.\n\nThe end."
    rows = [{"url": f"https://x.example/{i}", "text": text} for i, text in enumerate(texts)]
    (tmp_path / "raw.jsonl").write_text(json_lines(rows))
    config = tmp_path / _configure(tmp_path, "short")
    gristmill("run", "short.toml", "--quiet", folder=tmp_path)
    ledger = rows_of(tmp_path / "short", "ledger")
    assert [[row["item"] for row in document["evidence"]] for document in ledger] == [
        [], ["quiz:q-19 (5 of 10 words)"], [], [],
    ]  # fmt: skip
    assert ledger[1]["evidence"][0]["found"] == "WHAT DO MILLERS GRIND rye"

    config.write_text(config.read_text().replace("[edit]", "min_bounded_words = 8\n\n[edit]"))
    gristmill("run", "short.toml", "--quiet", folder=tmp_path)
    ledger = rows_of(tmp_path / "short", "ledger")
    assert [document["evidence"] for document in ledger] == [[]] * 4


def test_a_wrong_set_stops_the_run_before_it_writes(tmp_path: Path) -> None:
    _quiz(tmp_path)
    (tmp_path / "raw.jsonl").write_text('{"url": "u", "text": "one"}\n')
    config = tmp_path / _configure(tmp_path, "run")
    config.write_text(config.read_text().replace('"question", "choices"', '"qestion"'))
    done = gristmill("run", "run.toml", folder=tmp_path, code=2)
    assert "unknown field 'qestion'; did you mean 'question'" in " ".join(done.stderr.split())
    assert not (tmp_path / "run").exists()
    config.write_text(configuration("run", source("web", "raw.jsonl"), '[edit]\nuse = ["decontamination"]\n'))
    done = gristmill("run", "run.toml", folder=tmp_path, code=2)
    assert "add [decontamination]" in " ".join(done.stderr.split())
