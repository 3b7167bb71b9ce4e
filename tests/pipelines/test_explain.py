"""`explain` tells the story of every kind of outcome; `verify` finds what was tampered with."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from tests.pipelines.command import gristmill
from tests.pipelines.corpus import make_corpus


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explained")
    make_corpus(folder, seed=7, documents=120, shards=2)
    with gzip.open(folder / "raw" / "web-000.jsonl.gz", "ab") as stream:
        stream.write(b'{"url": "https://web.example/broken", "text": \n')
    config = folder / "run.toml"
    config.write_text(config.read_text().replace("[run]", "[run]\nmax_error_fraction = 0.05"))
    gristmill("run", "run.toml", "--quiet", folder=folder)
    return folder


def ledger(folder: Path, verdict: str) -> dict[str, Any]:
    rows = ds.dataset(folder / "run" / "ledger").to_table().to_pylist()
    return next(row for row in rows if row["verdict"] == verdict)


def story(folder: Path, name: str) -> dict[str, Any]:
    told = json.loads(gristmill("explain", "run", name, "--json", folder=folder).stdout)
    return next(one for one in told if one["uri"].endswith(name) or one["facts"].get("doc_id") == name)


def test_a_kept_document_names_its_part_and_passes_every_rule(folder: Path) -> None:
    row = ledger(folder, "kept")
    told = story(folder, row["doc_id"].hex())
    assert told["verdict"] == "kept"
    assert f"{row['tokens']:,} in tokens/{row['source']}/part-" in told["facts"]["tokens"]
    assert all(rule["passed"] is not False for rule in told["rules"])
    assert any(rule["rule"] == "gopher_quality.min_words" for rule in told["rules"])


def test_a_removed_document_shows_each_failing_rule_with_its_value_and_threshold(folder: Path) -> None:
    row = ledger(folder, "removed")
    told = story(folder, row["uri"])
    assert told["verdict"] == "removed"
    assert [rule["rule"] for rule in told["rules"] if rule["passed"] is False] == row["failed_rules"]
    assert any(row["failed_rules"][0] in sentence and "kept would be" in sentence for sentence in told["sentences"])


def test_a_duplicate_names_the_kept_document_and_their_similarity(folder: Path) -> None:
    row = ledger(folder, "duplicate")
    told = story(folder, row["doc_id"].hex())
    rows = ds.dataset(folder / "run" / "ledger").to_table().to_pylist()
    kept = next(other for other in rows if other["doc_id"] == row["duplicate_of"])
    assert kept["verdict"] == "kept"
    assert kept["uri"] in told["sentences"][0]
    assert f"{row['similarity']:.3f}" in told["sentences"][1]
    difference = told["difference"]
    assert bool(difference["passages"]) == (row["similarity"] < 1)
    shown = gristmill("explain", "run", row["doc_id"].hex(), folder=folder).stdout
    assert "differing passages" in shown or "Word for word" in shown


def test_a_record_that_failed_says_where_and_why(folder: Path) -> None:
    letters = ds.dataset(folder / "run" / "errors").to_table().to_pylist()
    assert len(letters) == 1
    told = story(folder, letters[0]["uri"])
    assert told["verdict"] == "error"
    assert letters[0]["error"] in told["sentences"][0]
    shown = gristmill("explain", "run", letters[0]["uri"], folder=folder).stdout
    assert "Failed in extract" in shown


def test_a_name_that_is_not_in_the_run_is_an_error_with_its_likely_reason(folder: Path) -> None:
    assert "skipped by design" in gristmill("explain", "run", "no/such/page", folder=folder, code=3).stderr


def test_the_counts_of_the_summary_add_up(folder: Path) -> None:
    summary = json.loads(gristmill("run", "run.toml", "--json", folder=folder).stdout)
    for source in summary["sources"].values():
        failed, skipped = sum(source["errors"].values()), sum(source["skipped"].values())
        assert source["records"] == source["documents"] + failed + skipped
        assert source["documents"] == sum(source[name] for name in ("kept", "removed", "duplicate", "error"))
    fired = json.loads(gristmill("rules", "run", "--json", folder=folder).stdout)
    totals = {row["rule"]: row["failed"] for row in fired}
    assert all(
        totals[rule] == sum(source["failed"].get(rule, 0) for source in summary["sources"].values()) for rule in totals
    )
    assert all(row["only"] <= row["failed"] for row in fired)


def test_verify_holds_on_a_finished_run_and_names_a_flipped_byte(folder: Path) -> None:
    gristmill("verify", "run", folder=folder)
    part = next((folder / "run" / "tokens").glob("*/part-*.arrow"))
    good = part.read_bytes()
    part.write_bytes(good[:-200] + bytes([good[-200] ^ 1]) + good[-199:])
    refused = gristmill("verify", "run", folder=folder, code=8)
    assert part.name in refused.stderr
    part.write_bytes(good)


def test_verify_names_a_ledger_that_lost_a_row(folder: Path) -> None:
    path = next((folder / "run" / "ledger").rglob("*.parquet"))
    good = path.read_bytes()
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)
    refused = gristmill("verify", "run", folder=folder, code=8)
    assert path.name in refused.stdout + refused.stderr
    path.write_bytes(good)


def test_too_many_dead_letters_fail_the_run_after_everything_is_committed(folder: Path) -> None:
    config = folder / "strict.toml"
    config.write_text(
        (folder / "run.toml").read_text().replace("max_error_fraction = 0.05", "max_error_fraction = 0.0")
    )
    refused = gristmill("run", "strict.toml", "--quiet", folder=folder, code=6)
    assert "1 of 121 raw records could not be processed" in refused.stderr
    assert (folder / "run" / "report" / "report.html").exists()
