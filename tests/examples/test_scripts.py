"""The scripts that make the example's data: the same bytes every time, and formats that other readers accept."""

from __future__ import annotations

import datetime as dt
import doctest
import gzip
import http.client
import importlib
import importlib.metadata
import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator

from tests.places import ROOT

TRAINED_WITH = {"resiliparse": "2.0.1", "tokenizers": "0.23.3"}
DAY = dt.datetime(2025, 6, 1, 8, 0, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def from_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


def script(name: str) -> Any:
    return importlib.import_module(f"examples.{name}")


@pytest.mark.parametrize("name", ["novels", "train_tokenizer"])
def test_docstring_examples_hold(name: str) -> None:
    result = doctest.testmod(script(name))
    assert result.attempted > 0
    assert result.failed == 0


class Wire:
    """A socket that answers with fixed bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: Any) -> io.BytesIO:
        return io.BytesIO(self._data)


@pytest.mark.parametrize("transfer", ["", "chunked", "gzip"])
def test_the_standard_http_client_reads_every_transfer(transfer: str) -> None:
    warc = script("warc")
    body = b"<html>" + b"0123456789" * 2000 + b"</html>"
    page = warc.Page("https://example.org/", body, "text/html", DAY, "https://example.org/licence", transfer=transfer)
    reply = http.client.HTTPResponse(Wire(warc.http_response(page, DAY)))  # type: ignore[arg-type]
    reply.begin()
    payload = reply.read()
    assert reply.status == 200
    assert reply.headers["Last-Modified"] == "Sun, 01 Jun 2025 08:00:00 GMT"
    assert reply.headers["Link"] == '<https://example.org/licence>; rel="license"'
    assert (gzip.decompress(payload) if transfer == "gzip" else payload) == body


def one_archive(cut: int = 0) -> bytes:
    warc = script("warc")
    archive = warc.Archive("a.warc.gz", DAY, "for a test")
    page = warc.Page("https://example.org/a?b", b"<p>body</p>", "text/html", DAY)
    archive.request(page)
    record_id = archive.response(page)
    archive.metadata(page, record_id, {"fetchTimeMs": "7"})
    archive.revisit(page, record_id)
    data: bytes = archive.to_bytes(cut)
    return data


def test_a_warc_file_has_the_same_bytes_twice_and_valid_digests() -> None:
    assert one_archive() == one_archive()
    records = list(ArchiveIterator(io.BytesIO(one_archive()), parse_http=False))
    types = [record.headers["WARC-Type"] for record in records]
    assert types == ["warcinfo", "request", "response", "metadata", "revisit"]
    assert all(record.verify_block_digest() for record in ArchiveIterator(io.BytesIO(one_archive()), parse_http=False))
    assert len({record.headers["WARC-Record-ID"] for record in records}) == 5
    assert records[4].headers["WARC-Refers-To"] == records[2].headers["WARC-Record-ID"]


def test_a_warc_file_can_lose_its_end() -> None:
    assert one_archive(cut=20) == one_archive()[:-20]


@pytest.mark.parametrize("version", ["2.0", "3.0"])
def test_an_epub_has_the_same_bytes_twice_and_escapes_text(version: str, tmp_path: Path) -> None:
    epub = script("epub")
    chapter = epub.Chapter("Chapter 1 & 2", ("a < b", "an _italic_ word"))
    book = epub.Book("T & U", "A. Writer", "en", "public domain", "1811", "here", (chapter,), version)
    epub.write_epub(tmp_path / "a.epub", book)
    epub.write_epub(tmp_path / "b.epub", book)
    assert (tmp_path / "a.epub").read_bytes() == (tmp_path / "b.epub").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.epub") as archive:
        page = archive.read("OEBPS/chapter001.xhtml").decode()
        names = archive.namelist()
    assert "<h1>Chapter 1 &amp; 2</h1>\n<p>a &lt; b</p>\n<p>an <em>italic</em> word</p>" in page
    assert names[0] == "mimetype"
    assert ("OEBPS/toc.ncx" in names) == (version == "2.0")


def r_integer(value: int) -> bytes:
    return struct.pack(">i", value)


def r_string(text: str) -> bytes:
    return r_integer(9) + r_integer(len(text)) + text.encode()


def r_strings(*texts: str) -> bytes:
    return r_integer(16) + r_integer(len(texts)) + b"".join(map(r_string, texts))


def r_named_list(items: dict[str, bytes]) -> bytes:
    names = r_integer(0x402) + r_integer(1) + r_string("names") + r_strings(*items) + r_integer(0xFE)
    return r_integer(19 | 1 << 9) + r_integer(len(items)) + b"".join(items.values()) + names


R_HEAD = b"X\n" + r_integer(2) + r_integer(0) + r_integer(0)


def write_r_database(base: Path, value: bytes) -> None:
    stored = r_integer(len(value)) + zlib.compress(value)
    place = r_integer(13) + r_integer(2) + r_integer(0) + r_integer(len(stored))
    index = R_HEAD + r_named_list({"variables": r_named_list({"novel": place})})
    base.with_suffix(".rdx").write_bytes(gzip.compress(index))
    base.with_suffix(".rdb").write_bytes(stored)


def test_r_vectors_are_read(tmp_path: Path) -> None:
    write_r_database(tmp_path / "Rdata", R_HEAD + r_strings("one", "", "three"))
    assert script("rdata").read_vectors(tmp_path / "Rdata") == {"novel": ["one", "", "three"]}


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (b"RDX3", ValueError, "XDR"),
        ((R_HEAD + r_strings("one"))[:-2], ValueError, "ends at byte"),
        (R_HEAD + r_integer(14), ValueError, "R type 14"),
        (R_HEAD + r_string("alone"), TypeError, "not a vector"),
    ],
)
def test_other_r_values_are_refused(value: bytes, error: type[Exception], message: str, tmp_path: Path) -> None:
    write_r_database(tmp_path / "Rdata", value)
    with pytest.raises(error, match=message):
        script("rdata").read_vectors(tmp_path / "Rdata")


def test_a_download_with_other_bytes_is_refused(tmp_path: Path) -> None:
    downloads = script("downloads")
    origin = downloads.Origin("x", "url", "https://example.org/x", "x", "0" * 64, "MIT", "nobody")
    (tmp_path / "x").write_bytes(b"other")
    with pytest.raises(ValueError, match="wanted sha256 000"):
        downloads.fetch(origin, tmp_path)


def test_the_committed_tokenizer_is_the_one_the_script_trains() -> None:
    installed = {name: importlib.metadata.version(name) for name in TRAINED_WITH}
    if installed != TRAINED_WITH:
        pytest.skip(f"tokenizer.json was trained with {TRAINED_WITH}, here are {installed}")
    trainer = script("train_tokenizer")
    trained = trainer.train(trainer.example_texts()).to_str(pretty=False) + "\n"
    assert trained == (ROOT / "examples/tokenizer.json").read_text(encoding="utf-8")
