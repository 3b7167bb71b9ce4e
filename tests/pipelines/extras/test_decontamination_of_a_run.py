"""Decontamination through the command line: planted items are removed or cut, and told by item and words."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pyarrow.parquet as pq

from tests.pipelines.command import gristmill
from tests.pipelines.corpus import english

_CONFIG = """\
[run]
output = "@NAME@"

[[source]]
name = "web"
kind = "jsonl"
document_kind = "web"
paths = ["raw.jsonl"]
fields = { text = "text", uri = "url" }

[decontamination]
sets = [{ name = "quiz", paths = ["quiz.jsonl.gz"], fields = ["question", "choices"], id = "id" }]

[edit]
use = @EDITS@

[rules]
use = ["decontamination"]

[dedup]
exact = false
near = false

[tokenizer]
train = { vocab_size = 300 }
"""


def _quiz(folder: Path) -> str:
    rng = random.Random(3)
    letters = "bdfgklmnprst"
    words = ["".join(rng.choice(letters) + rng.choice("aeiou") for _ in range(3)) for _ in range(20)]
    question = "Why did " + " ".join(words) + "?"
    items = [
        {"id": "q-17", "question": question, "choices": ["yes", "no"]},
        {"id": "q-18", "question": "Who?"},
        {"id": "q-19", "question": "What do millers grind?", "choices": ["Rye.", "Stones and sand, by night."]},
    ]
    data = "".join(json.dumps(item) + "\n" for item in items).encode()
    (folder / "quiz.jsonl.gz").write_bytes(gzip.compress(data))
    return question


def _configure(folder: Path, name: str, edits: str = "[]") -> str:
    (folder / f"{name}.toml").write_text(_CONFIG.replace("@NAME@", name).replace("@EDITS@", edits))
    return f"{name}.toml"


def test_a_run_removes_cuts_and_explains_contaminated_documents(tmp_path: Path) -> None:
    question = _quiz(tmp_path)
    rng = random.Random(9)
    texts = [english(rng, 150) for _ in range(6)]
    planted = question.upper().replace(" ", "\n")
    texts[4] += "\n\n" + planted + "\n\nThe end."
    rows = [json.dumps({"url": f"https://x.example/{i}", "text": text}) for i, text in enumerate(texts)]
    (tmp_path / "raw.jsonl").write_text("\n".join(rows) + "\n")

    done = gristmill("run", _configure(tmp_path, "removed"), "--json", folder=tmp_path)
    summary = json.loads(done.stdout)
    assert summary["sources"]["web"]["failed"] == {"decontamination.max_ngrams": 1}
    assert any("1 of 3 items cannot be looked for" in warning for warning in summary["warnings"])
    assert "evaluation set quiz" in done.stderr
    told = gristmill("explain", "removed", "https://x.example/4", folder=tmp_path).stdout
    assert "decontamination.max_ngrams" in told
    assert "quiz:q-17 (22 of 24 words)" in " ".join(told.split())
    assert question.split()[5].upper() in told
    ledger = pq.read_table(tmp_path / "removed" / "ledger").to_pylist()
    assert [len(row["evidence"]) for row in ledger] == [0, 0, 0, 0, 1, 0]

    gristmill("run", _configure(tmp_path, "cut", '["decontamination"]'), "--quiet", folder=tmp_path)
    ledger = pq.read_table(tmp_path / "cut" / "ledger").to_pylist()
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
    rows = [json.dumps({"url": f"https://x.example/{i}", "text": text}) for i, text in enumerate(texts)]
    (tmp_path / "raw.jsonl").write_text("\n".join(rows) + "\n")
    config = tmp_path / _configure(tmp_path, "short")
    gristmill("run", "short.toml", "--quiet", folder=tmp_path)
    ledger = pq.read_table(tmp_path / "short" / "ledger").to_pylist()
    assert [[row["item"] for row in document["evidence"]] for document in ledger] == [
        [], ["quiz:q-19 (5 of 10 words)"], [], [],
    ]  # fmt: skip
    assert ledger[1]["evidence"][0]["found"] == "WHAT DO MILLERS GRIND rye"

    config.write_text(config.read_text().replace("[edit]", "min_bounded_words = 8\n\n[edit]"))
    gristmill("run", "short.toml", "--quiet", folder=tmp_path)
    ledger = pq.read_table(tmp_path / "short" / "ledger").to_pylist()
    assert [document["evidence"] for document in ledger] == [[]] * 4


def test_a_wrong_set_stops_the_run_before_it_writes(tmp_path: Path) -> None:
    _quiz(tmp_path)
    (tmp_path / "raw.jsonl").write_text('{"url": "u", "text": "one"}\n')
    config = tmp_path / _configure(tmp_path, "run")
    config.write_text(config.read_text().replace('"question", "choices"', '"qestion"'))
    done = gristmill("run", "run.toml", folder=tmp_path, code=2)
    assert "unknown field 'qestion'; did you mean 'question'" in " ".join(done.stderr.split())
    assert not (tmp_path / "run").exists()
    config.write_text(
        _CONFIG.split("[decontamination]", maxsplit=1)[0].replace("@NAME@", "run")
        + '[edit]\nuse = ["decontamination"]\n'
    )
    with config.open("a") as stream:
        stream.write("[tokenizer]\ntrain = { vocab_size = 300 }\n")
    done = gristmill("run", "run.toml", folder=tmp_path, code=2)
    assert "add [decontamination]" in " ".join(done.stderr.split())
