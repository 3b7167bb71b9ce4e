"""What `[dedup]` can be told about equality and about which copy stays, through the command line."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from tests.pipelines.command import gristmill
from tests.pipelines.corpus import english
from tests.pipelines.small_run import configuration, json_lines, ledger_of, source

SOURCES = source("second", "second.jsonl") + source("first", "first.jsonl")
LANGUAGE = '[language]\nkeep = ["en"]\nmin_score = 0.3\n'


def write(folder: Path) -> None:
    """The same 12 texts in two sources, in `first` one word longer, with other digits and accents; and a short text."""
    rng = random.Random(3)
    texts = [f"Café {i}: {english(rng, 120)} On day {i} it rained." for i in range(12)]
    rows = [{"url": f"https://a.example/{i}", "text": text} for i, text in enumerate(texts)]
    copies = [
        {"url": f"https://b.example/{i}", "text": text.replace("é", "e").replace(f" {i}", f" {900 + i}") + " Again"}
        for i, text in enumerate(texts)
    ]
    rows += [{"url": "https://a.example/short", "text": "Good morning everyone"}]
    (folder / "second.jsonl").write_text(json_lines(rows))
    (folder / "first.jsonl").write_text(json_lines(copies))


def configure(folder: Path, name: str, dedup: str) -> str:
    (folder / f"{name}.toml").write_text(configuration(name, SOURCES, LANGUAGE, f"[dedup]\n{dedup}\n"))
    return f"{name}.toml"


def run(folder: Path, name: str, dedup: str) -> dict[str, dict[str, Any]]:
    """The ledger by address."""
    gristmill("run", configure(folder, name, dedup), folder=folder)
    return ledger_of(folder / name)


def test_the_named_setting_and_the_order_of_sources_decide(tmp_path: Path) -> None:
    write(tmp_path)
    ledger = run(tmp_path, "named", 'near = "fineweb"\nkeep = "source_order"')
    gone = {uri for uri, row in ledger.items() if row["verdict"] == "duplicate"}
    report = json.loads((tmp_path / "named" / "report" / "run.json").read_text())

    assert gone == {f"https://b.example/{i}" for i in range(12)}
    assert all(row["similarity"] > 0.95 for row in ledger.values() if row["verdict"] == "duplicate")
    assert ledger["https://a.example/short"]["verdict"] == "kept"
    assert report["dedup"]["shorter_than_shingle"] == 1
    assert report["dedup"]["keep"] == "source_order"


def test_the_copy_of_best_quality_stays(tmp_path: Path) -> None:
    write(tmp_path)
    near = '{ setting = "slimpajama", normalization = "datatrove", min_jaccard = 0.6 }'
    ledger = run(tmp_path, "best", f'near = {near}\nkeep = "best_quality"\nquality_signal = "word_count"')
    gone = {uri for uri, row in ledger.items() if row["verdict"] == "duplicate"}

    assert gone == {f"https://a.example/{i}" for i in range(12)}


def test_a_quality_signal_that_nothing_measures_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    write(tmp_path)
    for signal, hint in (("word_cont", "did you mean 'word_count'"), ("language", "unknown signal 'language'")):
        config = configure(tmp_path, "bad", f'keep = "best_quality"\nquality_signal = "{signal}"')
        done = gristmill("run", config, folder=tmp_path, code=2)
        assert hint in done.stderr
    assert not (tmp_path / "bad").exists()


def test_bands_prints_the_curve_of_a_setting_and_of_a_target(tmp_path: Path) -> None:
    curve = json.loads(gristmill("bands", "--setting", "fineweb", "--json", folder=tmp_path).stdout)
    chosen = gristmill("bands", "--similarity", "0.8", "--recall", "0.95", folder=tmp_path).stdout
    refused = gristmill("bands", "--setting", "finweb", folder=tmp_path, code=2).stderr

    assert (curve["bands"], curve["rows"], curve["probability"]["0.80"]) == (14, 8, 0.923548)
    assert "near = { bands = 13, rows = 7 }" in chosen
    assert "did you mean 'fineweb'" in refused
    assert gristmill("bands", "--recall", "0.9", folder=tmp_path, code=2).stderr
