"""Repeated lines and passages, from the command line to the tokens."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.repeats.repeats import repeated_lines
from tests.pipelines.command import contents, gristmill
from tests.pipelines.small_run import configuration, json_lines, source, trained_texts

BOILERPLATE = "Subscribe to the letter of the mill for news of the river"
PASSAGE = " ".join(f"passage{n}" for n in range(60))


def words(rng: random.Random, count: int) -> str:
    return " ".join(f"w{rng.randrange(10**6)}" for _ in range(count))


def make(folder: Path, *, edits: str = "", size: str = "256 MB") -> dict[str, list[str]]:
    """Twelve documents in three shards: each with a line of its own, a repeated line, and in some the long passage."""
    rng = random.Random(8)
    (folder / "raw").mkdir(exist_ok=True)
    lines: dict[str, list[str]] = {}
    for shard in range(3):
        rows = []
        for number in range(4):
            url = f"https://site.example/{shard}/{number}"
            lines[url] = [f"{words(rng, 30)}.", BOILERPLATE.upper() if number % 2 else BOILERPLATE]
            lines[url].append(f"{words(rng, 5)} {PASSAGE} {words(rng, 5)}." if number == 1 else f"{words(rng, 12)}.")
            rows.append({"url": url, "text": "\n".join(lines[url])})
        (folder / "raw" / f"{shard}.jsonl").write_text(json_lines(rows))
    snippets = [{"url": f"{number}.c", "text": f"{words(rng, 20)}\n{BOILERPLATE}\n}}"} for number in range(4)]
    (folder / "snippets.jsonl").write_text(json_lines(snippets))
    lines |= {row["url"]: row["text"].split("\n") for row in snippets}
    settings = f'[edit]\nuse = [{edits}]\n[dedup]\nnear = false\npartition_bytes = "{size}"\n'
    settings += "lines = { min_documents = 3 }\nsubstring = { min_tokens = 50 }\n"
    sources = source("web", "raw/*.jsonl"), source("snippets", "snippets.jsonl", kind="code")
    (folder / "run.toml").write_text(configuration("run", *sources, settings))
    return lines


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]]]:
    folder = tmp_path_factory.mktemp("repeats")
    lines = make(folder)
    gristmill("run", "run.toml", "--quiet", folder=folder)
    return folder, lines


def test_a_repeated_line_stays_in_the_first_document_and_a_passage_in_its_first(
    ran: tuple[Path, dict[str, list[str]]],
) -> None:
    folder, lines = ran
    found = trained_texts(folder / "run")
    assert set(found) == set(lines)
    first = True
    passage = True
    for url, (own, boilerplate, last) in lines.items():
        wanted = [own, boilerplate, last] if first or url.endswith(".c") else [own, last]
        text = "\n".join(wanted)
        if PASSAGE in text and not passage:
            text = text.replace(PASSAGE, "")
        passage = passage and PASSAGE not in text
        first = False
        assert found[url] == text


def test_explain_shows_the_cut_line_and_signals_count_it(ran: tuple[Path, dict[str, list[str]]]) -> None:
    folder, _ = ran
    story = json.loads(gristmill("explain", "run", "site.example/2/1", "--json", "--signals", folder=folder).stdout)[0]
    assert story["signals"]["repeated_lines_cut_line_count"] == 1
    assert story["signals"]["repeated_passages_cut_count"] == 1
    shown = gristmill("explain", "run", "site.example/2/1", folder=folder).stdout
    assert "repeated_lines" in shown
    assert "SUBSCRIBE TO THE LETTER" in shown
    assert "repeated_passages" in shown


def test_the_report_lists_the_cut_lines_by_their_text(ran: tuple[Path, dict[str, list[str]]]) -> None:
    folder, lines = ran
    facts = json.loads((folder / "run" / "report" / "run.json").read_text())["dedup"]["repeated_lines"]
    kept = next(iter(lines))
    line = {"text": BOILERPLATE, "cut": 11, "copies": 12, "documents": 12, "kept": kept}
    assert facts == {"repeats": 1, "cut": 11, "lines": [line]}
    page = (folder / "run" / "report" / "report.html").read_text()
    assert "Lines cut most often" in page
    assert BOILERPLATE in page


def test_partitions_change_nothing(ran: tuple[Path, dict[str, list[str]]], tmp_path: Path) -> None:
    folder, _ = ran
    make(tmp_path, size="1 kB")
    gristmill("run", "run.toml", "--quiet", folder=tmp_path)
    assert len(list((tmp_path / "run" / "dedup" / "lines").iterdir())) > 3
    assert contents(tmp_path / "run") == contents(folder / "run")
    told = "dedup/frequent_lines.json"
    assert (tmp_path / "run" / told).read_bytes() == (folder / "run" / told).read_bytes()


def test_repeats_are_found_in_what_earlier_edits_left(tmp_path: Path) -> None:
    make(tmp_path, edits='"c4_lines@paper"')
    gristmill("run", "run.toml", "--quiet", folder=tmp_path)
    for url, text in trained_texts(tmp_path / "run").items():
        kept = url.endswith(".c")  # both edits are of web pages; in those C4 cuts what has no end mark
        assert (BOILERPLATE.lower() in text.lower()) == kept, url
    tables = [pq.read_table(path) for path in (tmp_path / "run" / "signals").rglob("*.parquet")]
    assert sum(sum(table.column("c4_lines_cut_line_count").to_pylist()) for table in tables) == 12
    assert sum(sum(table.column("repeated_lines_cut_line_count").to_pylist()) for table in tables) == 0
    assert sum(sum(table.column("repeated_passages_cut_count").to_pylist()) for table in tables) == 2


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=40), st.integers(2, 4))
def test_the_choice_of_lines_is_that_of_its_definition(rows: list[tuple[int, int]], least: int) -> None:
    keys, documents = (np.array(column) for column in zip(*rows, strict=True)) if rows else ([], [])
    found = repeated_lines(np.array(keys, np.uint64), np.array(documents, np.int64), least)
    holders = {key: {d for k, d in rows if k == key} for key, _ in rows}
    wanted = [len(holders[key]) >= least and document != min(holders[key]) for key, document in rows]
    assert found.copies.tolist() == wanted
    assert found.repeats == sum(len(held) >= least for held in holders.values())
    for line, row in zip(found.frequent, found.rows, strict=True):
        same = [number for number, (key, _) in enumerate(rows) if key == rows[row][0]]
        cut = sum(bool(found.copies[number]) for number in same)
        assert line == {"copies": len(same), "documents": len(holders[rows[row][0]]), "cut": cut}
        assert not found.copies[row]
    order = [(-line["cut"], row) for line, row in zip(found.frequent, found.rows, strict=True)]
    assert order == sorted(order)
