"""`dedup.url`: older copies of one address, from the command line to the ledger, `explain`, report and a changed option."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from gristmill.pipelines.dedup.url_step import OLDER_SCHEMA, settled
from tests.pipelines.command import gristmill, stamps
from tests.pipelines.corpus import english
from tests.pipelines.small_run import configuration, json_lines, rows_of, source

CONFIG = configuration(
    "run",
    source("crawl", "crawl-*.jsonl", fields=', published = "date"'),
    source("shelf", "shelf.jsonl", kind="book"),
    '[rules]\nuse = ["gopher_quality"]\n[dedup]\nurl = true\npartition_bytes = "150 B"\n',
)

A_NEW, A_OLD, A_OLDEST = "https://www.a.example/page?utm_source=x", "http://A.example/page/", "http://a.example/page#x"
B_NEW, B_OLD = "http://b.example/copy", "http://b.example/copy/"
C_NEW, C_OLD = "http://c.example", "https://c.example/"
D_SHORT, D_OLD = "http://d.example/x", "http://d.example/x/"
SHELF = "http://a.example/page"


def make(folder: Path) -> None:
    """Page a was crawled three times; the newest b is a copy of the newest a; the newest d fails a rule."""
    rng = random.Random(5)
    a, other, c = (english(rng, 120) for _ in range(3))
    crawled = {"crawled": "2024-05-02T00:00:00Z"}
    shards: list[list[dict[str, Any]]] = [
        [
            {"url": A_OLDEST, "date": "2025-01-01", "crawled": "2023-05-01T00:00:00Z", "text": english(rng, 120)},
            {"url": A_NEW, "date": "2019-01-01", "crawled": "2024-05-01T00:00:00Z", "text": a},
            {"url": B_OLD, "text": other},
            {"url": "crawl-0.jsonl#3", "text": english(rng, 120)},
        ],
        [
            {"url": A_OLD, "date": "2024-04-01", "text": english(rng, 120)},
            {"url": B_NEW, **crawled, "text": a.upper()[:40] + a[40:] + " The end."},
            {"url": C_OLD, "date": "2020-01-01", "text": c},
            {"url": C_NEW, "date": "2020-01-02", "text": c + " It goes on."},
            {"url": D_SHORT, **crawled, "text": "Too short for the rules."},
            {"url": D_OLD, "text": english(rng, 120)},
            {"url": "crawl-0.jsonl#4", "text": english(rng, 120)},
        ],
    ]
    for number, rows in enumerate(shards):
        (folder / f"crawl-{number}.jsonl").write_text(json_lines(rows))
    (folder / "shelf.jsonl").write_text(json_lines([{"url": SHELF, "text": english(rng, 150)}]))
    (folder / "run.toml").write_text(CONFIG)


def ledger(folder: Path) -> dict[str, dict[str, Any]]:
    rows = rows_of(folder / "run", "ledger")
    return {f"{row['uri']}" if row["source"] == "crawl" else "shelf": row for row in rows}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("urls")
    make(folder)
    return folder, gristmill("run", "run.toml", "--json", folder=folder).stdout


def test_older_copies_name_a_kept_document(ran: tuple[Path, str]) -> None:
    folder, summary = ran
    rows = ledger(folder)
    by_id = {row["doc_id"]: row for row in rows.values()}
    gone = {uri: row for uri, row in rows.items() if row["verdict"] == "duplicate"}
    named = {uri: by_id[row["duplicate_of"]]["uri"] for uri, row in gone.items()}
    (stays,) = {A_NEW, B_NEW} - set(gone)

    assert named == {A_OLD: stays, A_OLDEST: stays, B_OLD: stays, C_OLD: C_NEW, ({A_NEW, B_NEW} - {stays}).pop(): stays}
    older = {uri for uri, row in gone.items() if row["similarity_evidence"] == "url"}
    assert older == {A_OLD, A_OLDEST, B_OLD, C_OLD}
    assert all(rows[uri]["similarity"] is None and rows[uri]["cluster_size"] == 1 for uri in older)
    assert all(by_id[row["duplicate_of"]]["verdict"] == "kept" for row in gone.values())
    assert rows[D_SHORT]["verdict"] == "removed"
    assert rows[D_OLD]["verdict"] == rows["shelf"]["verdict"] == "kept"
    assert len(list((folder / "run" / "dedup" / "urls").iterdir())) > 2
    assert json.loads(summary)["urls"] == {"pages": 8, "addresses": 3, "older": 4}
    gristmill("verify", "run", folder=folder)


def test_explain_and_report_tell_them_apart(ran: tuple[Path, str]) -> None:
    folder, _ = ran
    told = gristmill("explain", "run", C_OLD, folder=folder).stdout
    chained = gristmill("explain", "run", B_OLD, folder=folder).stdout
    facts = json.loads((folder / "run" / "report" / "run.json").read_text())["dedup"]

    assert "older copy of the address c.example, of which the newest stays" in " ".join(told.split())
    assert "older copy of the address b.example/copy" in " ".join(chained.split())
    assert facts["urls"]["older"] == 4
    assert facts["duplicates"] == 1
    assert "Older copies of these, dropped for the newest" in (folder / "run" / "report" / "report.html").read_text()


def test_the_option_reruns_the_dedup_stage_only(ran: tuple[Path, str]) -> None:
    folder, _ = ran
    before = stamps(folder / "run", ("documents", "signals", "decisions", "dedup/fingerprints"))
    (folder / "run.toml").write_text(CONFIG.replace("url = true\n", ""))
    gristmill("run", "run.toml", "--quiet", folder=folder)

    assert stamps(folder / "run", ("documents", "signals", "decisions", "dedup/fingerprints")) == before
    assert {row["similarity_evidence"] for row in ledger(folder).values()} <= {None, "exact", "verified"}
    assert ledger(folder)[A_OLD]["verdict"] == "kept"
    for left in ("urls", "newest", "older"):
        assert not any(path.is_file() for path in (folder / "run" / "dedup" / left).rglob("*"))


def test_the_fate_of_the_newest_is_that_of_its_older_copies() -> None:
    ids = [bytes([number] * 16) for number in range(10)]
    rows = [(0, 7, 7), (1, 5, 5), (2, 5, 5), (3, 9, 9)]
    older = pa.RecordBatch.from_pylist(
        [{"document": d, "doc_id": ids[d], "newest": n, "newest_id": ids[i]} for d, n, i in rows], OLDER_SCHEMA
    )
    fate = pa.schema([("document", pa.int64()), ("duplicate_of", pa.binary(16)), ("duplicate_run", pa.string())])
    clusters = pa.RecordBatch.from_pylist(
        [
            {"document": 4, "duplicate_of": ids[6]},
            {"document": 5, "duplicate_of": ids[6]},
            {"document": 7, "duplicate_of": None},
        ],
        fate,
    )
    known = pa.RecordBatch.from_pylist([{"document": 9, "duplicate_of": b"o" * 16, "duplicate_run": "may"}], fate)
    found = settled(older, [clusters, known]).to_pylist()

    assert [row["duplicate_of"] for row in found] == [ids[7], ids[6], ids[6], b"o" * 16]
    assert [row["duplicate_run"] for row in found] == [None, None, None, "may"]
    assert {row["similarity_evidence"] for row in found} == {"url"}
