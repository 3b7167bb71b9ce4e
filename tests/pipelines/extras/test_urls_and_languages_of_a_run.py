"""URL lists, per-language thresholds and the script check, from a configuration to the ledger and `explain`."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from tests.pipelines.command import gristmill
from tests.pipelines.corpus import make_corpus


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("listed")
    make_corpus(folder, seed=5, documents=80, shards=2)
    for name, text in (("hosts.txt", "0.0.0.0 WEB3.Example\n"), ("strings.txt", "no-such-string\n")):
        (folder / name).write_text(text)
    config = (folder / "run.toml").read_text()
    rules = '\n[url]\ndomains = ["hosts.txt"]\nsubstrings = ["strings.txt"]\n'
    (folder / "run.toml").write_text(config.replace("use = [", 'use = ["url", ') + rules)
    return folder


def test_a_listed_host_removes_its_pages_and_the_ledger_says_by_which_list(folder: Path) -> None:
    gristmill("run", "run.toml", "--quiet", folder=folder)
    rows = ds.dataset(folder / "run" / "ledger").to_table().to_pylist()
    listed = [row for row in rows if row["uri"].startswith("https://web3.example/")]
    assert listed
    for row in rows:
        assert ("url.max_listed_domains" in row["failed_rules"]) == (row in listed)
        found = [(entry["item"], entry["found"], entry["context"]) for entry in row["evidence"]]
        assert found == ([("hosts.txt", "web3.example", row["uri"])] if row in listed else [])
    [story] = json.loads(gristmill("explain", "run", listed[0]["uri"], "--json", folder=folder).stdout)
    assert any("'web3.example' is in hosts.txt, 'https://web3.example/" in line for line in story["sentences"])


def test_the_rules_are_listed_with_thresholds_and_sources() -> None:
    rows = json.loads(gristmill("rules", "--json", folder=Path.cwd()).stdout)
    found = {row["rule"]: row for row in rows if row["rule_set"] in {"url", "language"}}
    assert found["url.max_soft_words"]["threshold"] == 1
    assert found["language.min_script_share"]["threshold"] == 0.5
    assert all("arXiv" in row["source"] for row in found.values())
