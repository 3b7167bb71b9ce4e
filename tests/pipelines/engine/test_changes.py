"""What a change of the configuration or of the input redoes, counted from ``run.json``; and what it refuses."""

import gzip
import json
import shutil
from pathlib import Path

import pytest

from tests.pipelines.command import contents, gristmill, stamps
from tests.pipelines.corpus import make_corpus, write_config

STEPS = ("extract", "annotate", "decide", "fingerprint", "join", "resolve", "encode", "gather", "report")


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run that no test touches."""
    folder = tmp_path_factory.mktemp("once")
    make_corpus(folder, seed=3, documents=120, shards=4)
    gristmill("run", "run.toml", "--quiet", folder=folder)
    return folder


@pytest.fixture
def finished(once: Path, tmp_path: Path) -> Path:
    """A copy of the finished run, with the modification times of its raw input."""
    shutil.copytree(once, tmp_path / "copy")
    return tmp_path / "copy"


def made(folder: Path) -> dict[str, int]:
    """Outputs that the last command made, by step."""
    state = json.loads((folder / "run" / "run.json").read_text())
    return {step: state["stages"][step]["made"] for step in STEPS}


def edit(folder: Path, old: str, new: str) -> None:
    config = folder / "run.toml"
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new))


def test_running_again_makes_nothing_and_touches_nothing(finished: Path) -> None:
    before = stamps(finished / "run")
    gristmill("run", "run.toml", "--quiet", folder=finished)
    assert set(made(finished).values()) == {0}
    assert stamps(finished / "run") == before


def test_a_changed_threshold_redoes_decide_and_what_follows_and_nothing_before(finished: Path) -> None:
    before = stamps(finished / "run", ("documents", "signals"))
    edit(finished, 'use = ["gopher_quality"]', 'use = [{ name = "gopher_quality", thresholds = { min_words = 120 } }]')
    gristmill("run", "run.toml", "--quiet", folder=finished)
    counts = made(finished)
    assert counts["extract"] == counts["annotate"] == 0
    assert all(counts[step] > 0 for step in STEPS[2:])
    assert stamps(finished / "run", ("documents", "signals")) == before
    fresh = finished / "fresh"
    write_config(finished, "fresh")
    config = finished / "fresh.toml"
    config.write_text((finished / "run.toml").read_text().replace('output = "run"', 'output = "fresh"'))
    gristmill("run", "fresh.toml", "--quiet", folder=finished)
    assert contents(finished / "run") == contents(fresh)


def test_a_changed_part_size_gathers_again_and_decides_nothing_again(finished: Path) -> None:
    edit(finished, 'part_bytes = "20 kB"', 'part_bytes = "1 MB"')
    gristmill("run", "run.toml", "--quiet", folder=finished)
    counts = made(finished)
    assert [counts[step] for step in STEPS[:6]] == [0] * 6
    assert counts["gather"] == 2
    assert sorted(path.name for path in (finished / "run" / "tokens" / "web").iterdir()) == ["part-00000.arrow"]


def test_a_new_raw_file_is_extracted_alone(finished: Path) -> None:
    row = {
        "url": "https://new.example/1",
        "text": "The new miller followed the river, and the people of the town. " * 30,
    }
    (finished / "raw" / "web-900.jsonl.gz").write_bytes(gzip.compress(json.dumps(row).encode(), mtime=0))
    gristmill("run", "run.toml", "--quiet", folder=finished)
    counts = made(finished)
    assert counts["extract"] == counts["annotate"] == counts["decide"] == counts["fingerprint"] == 1


def test_a_removed_raw_file_leaves_nothing_behind(finished: Path) -> None:
    victim = min((finished / "raw").glob("books-*"))
    victim.unlink()
    gristmill("run", "run.toml", "--quiet", folder=finished)
    left = [name for name in stamps(finished / "run") if victim.name in name]
    assert left == []
    assert made(finished)["extract"] == 0


def test_a_changed_raw_file_is_read_again_and_a_touched_one_is_not(finished: Path) -> None:
    one, other = sorted((finished / "raw").glob("books-*"))[:2]
    one.touch()
    lines = other.read_text().splitlines(keepends=True)
    other.write_text("".join(lines[1:]))
    gristmill("run", "run.toml", "--quiet", folder=finished)
    assert made(finished)["extract"] == 1


def test_a_run_directory_of_another_configuration_is_refused_until_it_is_replaced(finished: Path) -> None:
    edit(finished, "seed = 17", "seed = 18")
    refused = gristmill("run", "run.toml", "--quiet", folder=finished, code=4)
    assert "made with run.seed 17, this one has 18" in refused.stderr
    assert "--replace" in refused.stderr
    gristmill("run", "run.toml", "--quiet", "--replace", folder=finished)
    assert made(finished)["extract"] == 0
    gristmill("verify", "run", folder=finished)


def test_a_folder_that_is_no_run_is_not_written_to(tmp_path: Path) -> None:
    make_corpus(tmp_path, seed=3, documents=20, shards=2)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("do not touch")
    refused = gristmill("run", "run.toml", "--quiet", folder=tmp_path, code=4)
    assert "thesis.txt" in refused.stderr
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.txt"]


def test_a_pattern_without_a_file_and_an_unknown_rule_stop_before_anything_is_written(tmp_path: Path) -> None:
    make_corpus(tmp_path, seed=3, documents=20, shards=2)
    edit(tmp_path, "raw/books-*.jsonl", "raw/bosks-*.jsonl")
    refused = gristmill("run", "run.toml", folder=tmp_path, code=7)
    assert "raw/bosks-*.jsonl' matched no file" in refused.stderr
    edit(tmp_path, "raw/bosks-*.jsonl", "raw/books-*.jsonl")
    edit(tmp_path, '"gopher_quality"', '"gopher_qualty"')
    assert "did you mean 'gopher_quality'?" in gristmill("run", "run.toml", folder=tmp_path, code=2).stderr
    assert not (tmp_path / "run").exists()


def test_rules_that_keep_nothing_fail_the_run_and_say_so(finished: Path) -> None:
    edit(finished, 'keep = ["en"]', 'keep = ["ja"]')
    edit(finished, "train = { vocab_size = 600 }", 'path = "run/tokens/tokenizer.json"')
    assert "no document is kept" in gristmill("run", "run.toml", "--quiet", folder=finished, code=7).stderr
    assert not (finished / "run" / "tokens" / "manifest.json").exists()
