"""The memory that the dedup stage is given does not change what it finds, and bad input loses nothing."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from benchmarks.dedup.near_dedup_ours import bench_section, bench_session, prepare, tasks

from gristmill.pipelines.dedup.choices import DedupChoices
from gristmill.pipelines.dedup.facts import dedup_facts
from gristmill.pipelines.dedup.stage import number_documents, run_dedup
from gristmill.pipelines.engine.session import Session
from gristmill.reports.measure import Measures
from gristmill.reports.page.run_facts import run_facts
from gristmill.reports.panels.duplicates import build_duplicates
from gristmill.runs import RunDirectory
from tests.pipelines.corpus import edited, english
from tests.pipelines.small_run import json_lines

COPIES = 60
SHARDS = 3


def texts() -> list[str]:
    """What is hard: a chain of edits, one template, equal texts, empty and short ones, one shingle repeated."""
    rng = random.Random(3)
    words = english(rng, 500).split(" ")
    chain = [" ".join(words[4 * at : 4 * at + 200]) for at in range(60)]
    template = english(rng, 220)
    pages = [f"{template} {' '.join(english(rng, 60).split()[:40])}" for _ in range(40)]
    same = english(rng, 150)
    short = ["", " ", "four words are few", "four words are few", "Four words  are few"]
    copies = [edited(rng, page) for page in (*chain[::7], *pages[:5])]
    return [*chain, *pages, *[same] * COPIES, *["same words " * 40] * 3, *copies, *short]


def deduplicated(folder: Path, found: list[str], name: str, **dedup: Any) -> tuple[Session, dict[str, Any]]:
    """The dedup stage over some texts, dealt to shards; the session and the facts for the report."""
    raw = folder / "raw"
    if not raw.exists():
        raw.mkdir()
        for shard in range(SHARDS):
            rows = [{"id": f"{at:05d}", "text": text} for at, text in enumerate(found) if at % SHARDS == shard]
            (raw / f"part-{shard}.jsonl").write_text(json_lines(rows))
    run = RunDirectory(str(folder / name))
    prepare(raw, run)
    memory = dedup.pop("memory", "4 GB")
    session = bench_session(run, 1, memory, max_bucket=50, **dedup)
    section = bench_section(memory, max_bucket=50, **dedup)
    decided = number_documents(tasks(run))
    run_dedup(session, DedupChoices(section), decided)
    return session, dedup_facts(run, section, decided)


Runs = dict[str, tuple[Session, dict[str, Any]]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("partitions")
    little = {"partition_bytes": "12 kB", "memory": "40 kB"}
    return {
        "ample": deduplicated(folder, texts(), "ample"),
        "little": deduplicated(folder, texts(), "little", **little),
    }


def resolved(session: Session) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(session.run.path("dedup", "resolved.parquet")).to_pylist()
    return rows


def test_little_memory_finds_the_same(runs: Runs) -> None:
    ample, little = runs["ample"][0], runs["little"][0]

    assert resolved(little) == resolved(ample)
    assert {"components", "resolve oversized"} <= set(little.state["stages"])
    assert not {"components", "resolve oversized"} & set(ample.state["stages"])
    assert len(list(Path(little.run.path("dedup", "edges")).iterdir())) > 3
    mine, other = (Path(session.run.path("dedup", "components.parquet")) for session in (little, ample))
    assert pq.read_table(mine).equals(pq.read_table(other))
    assert not Path(little.run.path("_tmp", "keys")).exists()


def test_the_shuffle_and_the_files_of_keys_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: dict[str, Any] = {"partition_bytes": "24 kB", "memory": "100 kB"}
    on_files, _ = deduplicated(tmp_path, texts(), "files", **settings)
    monkeypatch.setattr("gristmill.pipelines.dedup.stage.joins_on_files", lambda *_: False)
    shuffled, _ = deduplicated(tmp_path, texts(), "shuffled", **settings)

    assert "keys" in on_files.state["stages"]
    assert "keys" not in shuffled.state["stages"]
    for folder in ("edges", "local_edges"):
        mine, other = (
            {path.name: path.read_bytes() for path in Path(session.run.path("dedup", folder)).rglob("*.parquet")}
            for session in (on_files, shuffled)
        )
        assert mine == other
        assert len(mine) >= 3


def test_every_duplicate_names_a_kept_document_at_least_as_similar_as_the_minimum(runs: Runs) -> None:
    rows = resolved(runs["ample"][0])
    kept = {row["doc_id"] for row in rows if row["duplicate_of"] is None}
    gone = [row for row in rows if row["duplicate_of"] is not None]

    assert len({row["document"] for row in rows}) == len(rows)
    assert all(row["duplicate_of"] in kept and row["similarity"] >= 0.8 for row in gone)
    assert max(row["cluster_size"] for row in rows) == COPIES


def test_facts_name_hot_buckets_and_the_largest_clusters(runs: Runs) -> None:
    ample, little = (found[1] for found in runs.values())

    assert ample["hot_buckets_total"] == little["hot_buckets_total"] > 0
    assert ample["hot_buckets"][0]["size"] == COPIES
    assert all(uri.startswith("https://bench.example/") for uri in ample["hot_buckets"][0]["examples"])
    assert ample["largest_clusters"][0]["size"] == COPIES
    assert len(ample["largest_clusters"][0]["members"]) == 5
    for name in ("largest_clusters", "likeness_histogram", "by_source", "duplicates", "candidates"):
        assert ample[name] == little[name], name
    histogram = ample["likeness_histogram"]
    assert histogram[20] >= COPIES - 1
    assert sum(histogram[:16]) > 20, "the chain and the template: candidates that are no duplicates of the best one"


def test_the_panel_shows_them(runs: Runs) -> None:
    facts = run_facts({"name": "run", "dedup": runs["ample"][1]})
    section = build_duplicates(Measures().counts, facts)
    tables = {table.key: table for table in section.tables}

    assert "longest" in section.lead
    assert {"likeness", "largest_clusters", "hot_buckets", "source_by_source"} <= set(tables)
    assert tables["hot_buckets"].rows[0][0] == COPIES
    assert len(tables["likeness"].rows) == 21
    assert tables["source_by_source"].rows[0][:2] == ["web", "web"]


def test_a_hundred_thousand_equal_texts_leave_one(tmp_path: Path) -> None:
    session, facts = deduplicated(tmp_path, ["the same seven words in every document"] * 100_000, "run")
    rows = pq.read_table(session.run.path("dedup", "resolved.parquet"))

    assert rows.num_rows == 100_000
    assert rows.column("duplicate_of").null_count == 1
    assert facts["largest_clusters"][0]["size"] == 100_000
    assert facts["hot_buckets"][0]["size"] == 100_000
