"""Rows of named fields: JSON lines and Parquet."""

from __future__ import annotations

import bz2
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gristmill.documents import normalize_text
from gristmill.errors import ConfigError
from gristmill.pipelines.sources.reading.base import Failed, Item, Skipped, SourceOptions
from gristmill.pipelines.sources.table import check, read

Read = Callable[..., list[Item]]
Outcome = Callable[[list[Item]], dict[str, int]]
GOOD = b'{"text": "a text", "id": 7, "url": "http://x/", "title": "T", "published": "2020-02-03", "n": 1.5, "deep": {"a": "b"}}\n'


def test_fields_go_where_they_belong(read_bytes: Read) -> None:
    (document,) = read_bytes("jsonl", GOOD)
    assert isinstance(document, dict)
    assert document["record_key"] == "0:7"
    assert document["uri"] == "http://x/"
    assert document["title"] == "T"
    assert document["published"] is not None
    assert document["published"].isoformat() == "2020-02-03T00:00:00+00:00"
    assert document["date_evidence"] == "declared"
    assert document["meta"] == {"n": 1.5}
    assert (document["offset"], document["length"]) == (0, len(GOOD))


def test_configured_names_and_nested_fields(read_bytes: Read) -> None:
    options = SourceOptions(fields={"text": "deep.a", "title": "text"}, license="CC0-1.0")
    (document,) = read_bytes("jsonl", GOOD, options=options)
    assert isinstance(document, dict)
    assert (document["text"], document["title"]) == ("b", "a text")
    assert (document["license"], document["license_evidence"]) == ("CC0-1.0", "source")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (b'{"text": "cut\n', "!bad-json"),
        (b"not json\n", "!bad-json"),
        (b'{"text": NaN}\n', "!bad-json"),
        (b'{"text": "\xff"}\n', "!bad-json"),
        (b"[" * 100_000 + b"\n", "!bad-json"),
        (b'{"text": ' + b"9" * 5000 + b"}\n", "!bad-json"),
        (b"[1, 2]\n", "!not-an-object"),
        (b'"text"\n', "!not-an-object"),
        (b'{"body": "x"}\n', "!missing-text-field"),
        (b'{"text": null}\n', "!missing-text-field"),
        (b'{"text": 5}\n', "!text-not-a-string"),
        (b'{"text": ["a"]}\n', "!text-not-a-string"),
        (b'{"text": "  \\n"}\n', "no-text"),
    ],
)
def test_a_broken_line_costs_that_line_alone(line: bytes, wanted: str, read_bytes: Read, outcome: Outcome) -> None:
    items = read_bytes("jsonl", GOOD + line + b"\n \n" + GOOD)
    assert outcome(items) == {wanted: 1, "document": 2}
    if isinstance(items[1], Failed):
        assert items[1].offset == len(GOOD)
        assert "line 2" in items[1].detail or "field" in items[1].detail


def test_lone_surrogates_and_nul_do_not_reach_the_text(read_bytes: Read) -> None:
    (document,) = read_bytes("jsonl", b'{"text": "a\\u0000b\\ud800c", "id": "\\ud800", "title": "\\udfff"}\n')
    assert isinstance(document, dict)
    assert document["text"] == "ab\ufffdc"
    json.dumps(document["meta"]).encode()
    for value in (document["record_key"], document["uri"], document["title"]):
        assert value is not None
        value.encode("utf-8")


def test_a_line_beyond_the_bound_is_stepped_over(read_bytes: Read, outcome: Outcome) -> None:
    long = b'{"text": "' + b"x" * 5_000_000 + b'"}\n'
    items = read_bytes("jsonl", GOOD + long + GOOD, options=SourceOptions(max_record_bytes=1 << 20))
    assert outcome(items) == {"!record-too-large": 1, "document": 2}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstandard.compress])
def test_compression_is_seen_by_the_bytes_and_a_cut_is_said(
    pack: Callable[[bytes], bytes], read_bytes: Read, outcome: Outcome
) -> None:
    data = pack(GOOD * 3)
    assert outcome(read_bytes("jsonl", data, "a.json")) == {"document": 3}
    assert outcome(read_bytes("jsonl", pack(GOOD) + pack(GOOD))) == {"document": 2}
    cut = outcome(read_bytes("jsonl", data[:-6]))
    assert cut.pop("!truncated-compression") == 1
    assert set(cut) <= {"document"}


def test_the_last_line_needs_no_line_end_and_a_byte_order_mark_is_no_text(read_bytes: Read, outcome: Outcome) -> None:
    assert outcome(read_bytes("jsonl", b"\xef\xbb\xbf" + GOOD + GOOD.rstrip())) == {"document": 2}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=60), max_size=8), st.booleans())
def test_texts_come_back_in_normal_form(tmp_path: Path, texts: list[str], ascii_only: bool) -> None:
    lines = [json.dumps({"text": text}, ensure_ascii=ascii_only) for text in texts]
    path = tmp_path / "x.jsonl"
    path.write_bytes("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
    items = list(read("jsonl", path, "x.jsonl", SourceOptions()))
    if not texts:
        assert isinstance(items[0], Failed)
        return
    assert len(items) == len(texts)
    for text, item in zip(texts, items, strict=True):
        wanted = normalize_text(text).strip()
        if isinstance(item, dict):
            assert item["text"] == wanted
        else:
            assert isinstance(item, Skipped)
            assert not wanted


def test_the_configuration_is_checked_on_the_first_file(tmp_path: Path) -> None:
    lines = tmp_path / "a.jsonl"
    lines.write_bytes(GOOD)
    check("jsonl", lines, SourceOptions())
    with pytest.raises(ConfigError, match=r"'content'.*text, id, url"):
        check("jsonl", lines, SourceOptions(fields={"text": "content"}))
    table = tmp_path / "a.parquet"
    pq.write_table(pa.table({"content": ["x"], "id": [1]}), table)
    with pytest.raises(ConfigError, match=r"(?s)'text'.*content"):
        check("parquet", table, SourceOptions())
    with pytest.raises(ConfigError, match="contents"):
        check("parquet", table, SourceOptions(fields={"text": "contents"}))
    check("parquet", table, SourceOptions(fields={"text": "content"}))


def test_parquet_rows_become_documents(tmp_path: Path, outcome: Outcome) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table(
        {"text": ["one", None, " ", "four"] * 300, "id": [f"k{n}" for n in range(1200)], "score": [0.5] * 1200}
    )
    pq.write_table(table, path, row_group_size=500)
    items = list(read("parquet", path, "a.parquet", SourceOptions()))
    assert outcome(items) == {"!missing-text-field": 300, "document": 600, "no-text": 300}
    last = items[-1]
    assert isinstance(last, dict)
    assert (last["offset"], last["record_key"], last["meta"]) == (1199, "1199:k1199", {"score": 0.5})


def test_times_with_nanoseconds_become_dates(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    when = pa.array([1_600_000_000_123_456_789], pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table({"text": ["x"], "published": when, "ratio": [float("nan")]}), path)
    (item,) = read("parquet", path, "a", SourceOptions())
    assert isinstance(item, dict)
    assert item["published"] is not None
    assert item["published"].isoformat() == "2020-09-13T12:26:40+00:00"
    assert item["meta"] == {}


def test_parquet_nested_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"doc": [{"body": "nested text"}]}), path)
    (item,) = read("parquet", path, "a", SourceOptions(fields={"text": "doc.body"}))
    assert isinstance(item, dict)
    assert item["text"] == "nested text"


def test_damaged_parquet_is_a_dead_letter(tmp_path: Path, outcome: Outcome) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [f"row number {n}" for n in range(5000)]}), path, row_group_size=1000)
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    assert outcome(list(read("parquet", path, "a", SourceOptions()))) == {"!not-parquet": 1}
    start = pq.ParquetFile(pa.BufferReader(whole)).metadata.row_group(2).column(0).data_page_offset
    path.write_bytes(whole[:start] + b"\xff" * 200 + whole[start + 200 :])
    got = outcome(list(read("parquet", path, "a", SourceOptions())))
    assert got["!corrupt-row-group"] == 1
    assert got["document"] >= 4000
    path.write_bytes(whole.replace(b"text", b"t\xfft\xff"))
    assert outcome(list(read("parquet", path, "a", SourceOptions()))) == {"!not-parquet": 1}
    pq.write_table(pa.table({"body": ["x"]}), path)
    assert outcome(list(read("parquet", path, "a", SourceOptions()))) == {"!missing-text-column": 1}


def test_shared_code_sample_is_read_with_its_licences(shared: Path) -> None:
    path = shared / "code" / "code_sample.jsonl"
    options = SourceOptions(fields={"uri": "path", "license": "licence"})
    items = list(read("jsonl", path, "code_sample.jsonl", options))
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert len(items) == len(rows)
    for item, row in zip(items, rows, strict=True):
        assert isinstance(item, dict)
        assert item["text"] == normalize_text(row["text"]).strip()
        assert item["license"] == row["licence"]
        assert item["license_evidence"] == "document"
