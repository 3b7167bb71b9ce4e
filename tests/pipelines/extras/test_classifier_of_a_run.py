"""A classifier from the command line into a run: trained, scored, judged by its own threshold, explained."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from tests.filters.classifier.separable import BAD, GOOD, sentences
from tests.pipelines.command import gristmill
from tests.pipelines.small_run import json_lines

pytest.importorskip("fasttext", reason="fastText, which trains, is not installed: the extra `classifier` brings it")
SIZE = ("--dim", "8", "--buckets", "5000", "--epochs", "10", "--learning-rate", "0.5")


def lines_of(texts: list[str]) -> bytes:
    return json_lines({"text": text} for text in texts).encode()


def write_inputs(folder: Path) -> None:
    good, bad, pool = sentences(GOOD, 120, 1), sentences(BAD, 120, 2), sentences(GOOD, 10, 3) + sentences(BAD, 30, 4)
    (folder / "good-1.jsonl.gz").write_bytes(gzip.compress(lines_of(good[:60])))
    (folder / "good-2.jsonl.zst").write_bytes(zstandard.compress(lines_of(good[60:])))
    (folder / "bad-1.txt").write_text("\n".join(bad[:60]))
    pq.write_table(pa.table({"text": bad[60:]}), folder / "bad-2.parquet")
    (folder / "pool.jsonl").write_bytes(lines_of(pool))


def test_a_classifier_is_trained_scored_and_judges_a_run(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    names = ("--positive", "good-*.jsonl*", "--negative", "bad-1.txt", "--negative", "bad-2.parquet")
    train = ("classifier", "train", *names, "--output", "model/quality.bin", *SIZE, "--keep-share", "0.25")
    shown = gristmill(*train, "--on", "pool.jsonl", folder=tmp_path).stdout
    assert "AUC 1.0000" in shown
    assert "Thresholds by kept share" in shown
    card = json.loads((tmp_path / "model" / "quality.bin.json").read_text())
    assert [entry["documents"] for entry in card["inputs"]["negative"]] == [60, 60]
    assert card["keep_share"] == 0.25
    assert str(tmp_path) not in json.dumps(card)
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["quality.bin", "quality.bin.json"]

    report = json.loads(
        gristmill("classifier", "score", "model/quality.bin", "pool.jsonl", "--json", folder=tmp_path).stdout
    )
    assert (report["documents"], report["kept"]) == (40, 10)
    each = gristmill(
        "classifier", "score", "model/quality.bin", "pool.jsonl", "--each", "--json", folder=tmp_path
    ).stdout
    assert len(each.splitlines()) == 40

    config = {"run": 'output = "run"', "classifier": 'path = "model/quality.bin"', "rules": 'use = ["classifier"]'}
    config |= {"tokenizer": "train = { vocab_size = 300 }", "dedup": "near = false"}
    source = '[[source]]\nname = "pool"\nkind = "jsonl"\npaths = ["pool.jsonl"]\n'
    text = source + "".join(f"[{name}]\n{body}\n" for name, body in config.items())
    (tmp_path / "run.toml").write_text(text)
    summary = json.loads(gristmill("run", "run.toml", "--json", folder=tmp_path).stdout)
    assert summary["sources"]["pool"]["failed"] == {"classifier.min_score": 30}
    state = json.loads((tmp_path / "run" / "run.json").read_text())
    assert state["config"]["classifier"]["threshold"] == card["threshold"]

    # Everything later works from the run alone, without the model's files.
    (tmp_path / "model").rename(tmp_path / "moved")
    story = gristmill("explain", "run", "pool.jsonl#39", folder=tmp_path).stdout
    assert "classifier.min_score: classifier_score is" in story
    rules = json.loads(gristmill("rules", "run", "--json", folder=tmp_path).stdout)
    assert [row["failed"] for row in rules] == [30]


def test_a_run_without_a_card_is_told_what_is_missing(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    train = ("classifier", "train", "--positive", "good-*", "--negative", "bad-*", "--output", "q.bin", *SIZE)
    gristmill(*train, "--json", folder=tmp_path)
    (tmp_path / "q.bin.json").unlink()
    text = '[[source]]\nname = "pool"\nkind = "jsonl"\npaths = ["pool.jsonl"]\n[run]\noutput = "run"\n'
    text += '[tokenizer]\ntrain = { vocab_size = 300 }\n[rules]\nuse = ["classifier"]\n[classifier]\npath = "q.bin"\n'
    (tmp_path / "run.toml").write_text(text)
    assert "its labels are negative, positive" in gristmill("run", "run.toml", folder=tmp_path, code=2).stderr
    (tmp_path / "run.toml").write_text(text + 'label = "positive"\n')
    assert "classifier.min_score has no threshold" in gristmill("run", "run.toml", folder=tmp_path, code=2).stderr
    assert not (tmp_path / "run").exists()


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    (tmp_path / "broken.jsonl").write_text('{"text": "a"}\n{"title": "b"}\n')
    train = ("classifier", "train", "--negative", "bad-1.txt", "--output", "q.bin", *SIZE, "--positive")
    assert "missing-text-field" in gristmill(*train, "broken.jsonl", folder=tmp_path, code=3).stderr
    assert "matched no file" in gristmill(*train, "absent*.jsonl", folder=tmp_path, code=7).stderr
    assert "belong together" in gristmill(*train, "bad-1.txt", "--keep-share", "0.1", folder=tmp_path, code=2).stderr
    assert not (tmp_path / "q.bin").exists()
