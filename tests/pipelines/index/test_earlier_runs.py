"""A run against an index of earlier ones, through the command line: copies name their originals, forgetting undoes it."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.command import gristmill
from tests.pipelines.corpus import edited, english
from tests.pipelines.small_run import configuration, json_lines, ledger_of, source

LANGUAGE = '[language]\nkeep = ["en"]\nmin_score = 0.3\n'


def shard(folder: Path, name: str, texts: list[str]) -> None:
    rows = [{"url": f"https://{name}.example/{i}", "text": text} for i, text in enumerate(texts)]
    (folder / f"{name}.jsonl").write_text(json_lines(rows))


def run(folder: Path, name: str, dedup: str = "", code: int = 0) -> dict[str, dict[str, Any]]:
    """The ledger by address, or what the command said if it should fail."""
    config = configuration(name, source("web", f"{name}.jsonl"), LANGUAGE, f"[dedup]\n{dedup}\n")
    (folder / f"{name}.toml").write_text(config)
    done = gristmill("run", f"{name}.toml", "--quiet", folder=folder, code=code)
    if code:
        return {"stderr": {"text": done.stderr}}
    return ledger_of(folder / name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A first run of 20 documents and its index; a second corpus of 6 exact, 4 near and 2 nearly equal copies, 8 new."""
    folder = tmp_path_factory.mktemp("earlier")
    rng = random.Random(11)
    first = [english(rng, 250) for _ in range(20)]
    second = [text.replace(" ", "  ") for text in first[:6]] + [edited(rng, text) for text in first[6:10]]
    second += [text + " Again" for text in first[10:12]]
    shard(folder, "first", first)
    shard(folder, "second", second + [english(rng, 250) for _ in range(8)])
    run(folder, "first")
    gristmill("index", "build", "first", "--output", "idx", folder=folder)
    return folder


def test_duplicates_name_documents_of_the_first_run_and_forgetting_one_brings_its_copy_back(folder: Path) -> None:
    originals = {row["doc_id"]: uri for uri, row in ledger_of(folder / "first").items()}
    ledger = run(folder, "second", 'index = ["idx"]')
    gone = {uri: row for uri, row in ledger.items() if row["verdict"] == "duplicate"}

    assert {uri: originals[row["duplicate_of"]] for uri, row in gone.items()} == {
        f"https://second.example/{i}": f"https://first.example/{i}" for i in range(12)
    }
    assert {row["duplicate_run"] for row in gone.values()} == {"first"}
    assert [gone[f"https://second.example/{i}"]["similarity_evidence"] for i in range(12)] == ["exact"] * 6 + [
        "verified"
    ] * 6
    assert all(0.8 <= row["similarity"] <= 1.0 and row["cluster_size"] == 2 for row in gone.values())
    gristmill("verify", "second", folder=folder)

    told = gristmill("explain", "second", "https://second.example/7", folder=folder).stdout
    assert "https://first.example/7" in told
    assert "earlier run 'first'" in told
    assert "true Jaccard similarity" in told
    matches = gristmill("index", "query", "idx", "second.toml", "--json", folder=folder).stdout.splitlines()
    assert {json.loads(line)["uri"] for line in matches} == gone.keys()

    victim = gone["https://second.example/7"]["duplicate_of"].hex()
    gristmill("index", "forget", "idx", victim, folder=folder)
    again = run(folder, "second", 'index = ["idx"]')
    assert again["https://second.example/7"]["verdict"] == "kept"
    assert {uri for uri, row in again.items() if row["verdict"] == "duplicate"} == gone.keys() - {
        "https://second.example/7"
    }
    gristmill("index", "verify", "idx", folder=folder)

    # What it kept is added; a run is not compared with itself, so nothing of it is made again.
    gristmill("index", "add", "idx", "second", folder=folder)
    assert run(folder, "second", 'index = ["idx"]') == again
    info = json.loads(gristmill("index", "info", "idx", "--json", folder=folder).stdout)
    assert (info["documents"], info["forgotten"], [entry["name"] for entry in info["runs"]]) == (
        19 + 9, 1, ["first", "second"],
    )  # fmt: skip


def test_without_the_old_text_only_near_certain_estimates_count(folder: Path, tmp_path: Path) -> None:
    for name in ("first.jsonl", "second.jsonl", "first.toml"):
        shutil.copy(folder / name, tmp_path / name)
    shutil.copytree(folder / "first", tmp_path / "first")
    gristmill("index", "build", "first", "--output", "idx", "--name", "2024", folder=tmp_path)
    shutil.rmtree(tmp_path / "first")
    ledger = run(tmp_path, "second", 'index = ["idx"]')
    evidence = {uri: row["similarity_evidence"] for uri, row in ledger.items() if row["verdict"] == "duplicate"}

    assert evidence == {f"https://second.example/{i}": "exact" if i < 6 else "estimated" for i in (*range(6), 10, 11)}
    assert all(row["similarity"] >= 108 / 112 for uri, row in ledger.items() if uri in evidence)
    assert {row["duplicate_run"] for row in ledger.values()} == {"2024", None}


def test_indexes_that_do_not_fit_are_refused_with_the_cure(folder: Path, tmp_path: Path) -> None:
    for name in ("second.jsonl", "second.toml"):
        shutil.copy(folder / name, tmp_path / name)
    shutil.copytree(folder / "idx", tmp_path / "idx")
    shutil.copytree(folder / "first", tmp_path / "first")

    assert "it has no index.json" in run(tmp_path, "second", 'index = ["nowhere"]', 4)["stderr"]["text"]
    other = run(tmp_path, "second", 'index = ["idx"]\nnear = { bands = 20, rows = 8 }', 4)["stderr"]["text"]
    assert "bands: 14, not 20" in other
    assert "build an index of its own" in other
    assert not (tmp_path / "second").exists()
    again = gristmill("index", "add", "idx", "first", "--name", "again", folder=tmp_path, code=3).stderr
    assert "are in the index idx already" in again
    assert "from the run 'first'" in again
    assert "has a run named 'first'" in gristmill("index", "add", "idx", "first", folder=tmp_path, code=2).stderr
    built = gristmill("index", "build", "first", "--output", "idx", folder=tmp_path, code=4)
    assert "is an index already" in built.stderr
    assert "not in the index" in gristmill("index", "forget", "idx", "0" * 32, folder=tmp_path, code=3).stderr
    keys = next((tmp_path / "idx" / "segments").rglob("keys.arrow"))
    keys.write_bytes(keys.read_bytes()[:-100])
    assert "wanted" in run(tmp_path, "second", 'index = ["idx"]', 8)["stderr"]["text"]
