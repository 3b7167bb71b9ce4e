"""Web archives: what becomes a document, what every kind of damage becomes, and that no record is lost."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gristmill.pipelines.sources.reading.base import Failed, Item, Skipped, SourceOptions
from gristmill.pipelines.sources.table import read

Read = Callable[..., list[Item]]
Outcome = Callable[[list[Item]], dict[str, int]]
PAGE = b"<html lang=en><title>T</title><body><p>Some words to read here.</p></body></html>"


def http(body: bytes = PAGE, *headers: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    fields = headers or (b"Content-Type: text/html; charset=utf-8",)
    return b"\r\n".join([status, *fields, b"", body])


def record(
    number: int,
    block: bytes | None = None,
    *,
    kind: bytes = b"response",
    length: int | bytes | None = None,
    newline: bytes = b"\r\n",
    extra: tuple[bytes, ...] = (),
) -> bytes:
    block = http() if block is None else block
    declared = len(block) if length is None else length
    lines = [
        b"WARC/1.0",
        b"WARC-Type: " + kind,
        b"WARC-Record-ID: <urn:uuid:%d>" % number,
        b"WARC-Target-URI: http://example.org/%d" % number,
        b"WARC-Date: 2021-05-04T03:02:01Z",
        b"Content-Type: application/http; msgtype=response",
        b"Content-Length: %s" % (declared if isinstance(declared, bytes) else str(declared).encode()),
        *extra,
        b"",
        b"",
    ]
    return newline.join(lines) + block + newline * 2


def documents(items: list[Item]) -> list[Any]:
    return [item for item in items if isinstance(item, dict)]


A, B, C = record(1), record(2), record(3)
Z = [gzip.compress(part) for part in (A, B, C)]


def corrupted(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


DAMAGE: dict[str, tuple[bytes, dict[str, int]]] = {
    "whole": (A + B + C, {"document": 3}),
    "leading newlines": (b"\r\n\n" + A, {"document": 1}),
    "bare line feeds": (record(1, newline=b"\n") + record(2, newline=b"\n"), {"document": 2}),
    "rubbish between": (A + b"rubbish\nWARC/ is not here\n" + B, {"!not-a-warc-record": 1, "document": 2}),
    "rubbish at the end": (A + B + b"rubbish\n", {"!not-a-warc-record": 1, "document": 2}),
    "rubbish alone": (b"rubbish", {"!not-a-warc-record": 1}),
    "length too short": (record(1, length=40) + B, {"!bad-content-length": 1, "document": 1}),
    "length too long": (record(1, length=len(http()) + 30) + B + C, {"!bad-content-length": 1, "document": 2}),
    "length far too long": (record(1, length=1 << 24) + B + C, {"!truncated-record": 1, "document": 2}),
    "length beyond all bounds": (A + record(2, length=1 << 60) + C, {"!bad-content-length": 1, "document": 2}),
    "length negative": (record(1, length=-5) + B, {"!bad-content-length": 1, "document": 1}),
    "length no number": (record(1, length=b"many") + B, {"!bad-content-length": 1, "document": 1}),
    "no length": (A.replace(b"Content-Length", b"Content-Size") + B, {"!bad-content-length": 1, "document": 1}),
    "cut in a block": ((A + B)[:-30], {"!truncated-record": 1, "document": 1}),
    "cut in a header": (A + B[:60], {"!truncated-record": 1, "document": 1}),
    "header without end": (
        A + b"WARC/1.0\r\n" + b"X: y\r\n" * 20_000 + B,
        {"!record-header-too-large": 1, "document": 2},
    ),
    "empty": (b"", {"!empty-file": 1}),
    "only newlines": (b"\r\n\r\n", {"!empty-file": 1}),
    "gzip members": (b"".join(Z), {"document": 3}),
    "gzip as a whole": (gzip.compress(A + B + C), {"document": 3}),
    "gzip cut": (b"".join(Z)[:-40], {"!truncated-compression": 1, "document": 2}),
    "gzip as a whole cut": (gzip.compress(A + B + C)[:-12], {"!truncated-compression": 1, "document": 2}),
    "gzip member damaged": (Z[0] + corrupted(Z[1], 60) + Z[2], {"!corrupt-compression": 1, "document": 2}),
    "gzip checksum wrong": (Z[0] + corrupted(Z[1], len(Z[1]) - 6) + Z[2], {"!corrupt-compression": 1, "document": 2}),
    "gzip rubbish between": (Z[0] + b"no gzip" + Z[1], {"!corrupt-compression": 1, "document": 2}),
    "gzip padded": (Z[0] + Z[1] + b"\x00" * 512, {"document": 2}),
    "gzip of nothing": (gzip.compress(b""), {"!empty-file": 1}),
    "zstd": (b"".join(zstandard.compress(part) for part in (A, B, C)), {"document": 3}),
    "zstd cut": (zstandard.compress(A + B + C)[:-5], {"!truncated-compression": 1}),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_becomes_dead_letters_and_the_rest_is_read(name: str, read_bytes: Read, outcome: Outcome) -> None:
    data, wanted = DAMAGE[name]
    got = outcome(read_bytes("warc", data))
    if name == "gzip as a whole cut":
        # How much of the last block of deflate can be decoded is zlib's affair; that something is missing must be said.
        assert got.get("!truncated-compression") == 1
    elif name == "zstd cut":
        assert got.pop("!truncated-compression") == 1
    else:
        assert got == wanted


RESPONSES: dict[str, tuple[bytes, str]] = {
    "not found": (http(status=b"HTTP/1.1 404 Not Found"), "status-404"),
    "redirect": (http(status=b"HTTP/1.1 302 Found"), "status-302"),
    "status without number": (http(status=b"HTTP/1.1 OK"), "status-unknown"),
    "image": (http(b"\x89PNG", b"Content-Type: image/png"), "not-html"),
    "plain text": (http(b"Just text.", b"Content-Type: text/plain"), "document"),
    "binary as plain text": (http(b"\x00\x01" * 500, b"Content-Type: text/plain"), "binary"),
    "no content type, HTML": (http(PAGE, b"Server: x"), "document"),
    "no content type, other": (http(b"{}", b"Server: x"), "no-content-type"),
    "nothing to read": (http(b"<html><script>x</script></html>"), "no-text"),
    "empty body": (http(b""), "no-text"),
    "no blank line": (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n<p>Hello", "!http-headers-unterminated"),
    "no status line": (PAGE, "!bad-http-status-line"),
    "empty block": (b"", "!bad-http-status-line"),
    "chunked": (http(b"%x\r\n%s\r\n0\r\n\r\n" % (len(PAGE), PAGE), b"Content-Type: text/html", b"Transfer-Encoding: chunked"), "document"),
    "chunked with extensions": (http(b"%x;a=b\r\n%s\r\n0\r\nT: 1\r\n\r\n" % (len(PAGE), PAGE), b"Content-Type: text/html", b"Transfer-Encoding: chunked"), "document"),
    "chunked but joined": (http(PAGE, b"Content-Type: text/html", b"Transfer-Encoding: chunked"), "document"),
    "chunk past the end": (http(b"5\r\nhello\r\nffff\r\nx", b"Content-Type: text/html", b"Transfer-Encoding: chunked"), "!bad-chunked-encoding"),
    "chunk size rubbish": (http(b"5\r\nhello\r\nzz\r\n", b"Content-Type: text/html", b"Transfer-Encoding: chunked"), "!bad-chunked-encoding"),
    "gzip": (http(gzip.compress(PAGE), b"Content-Type: text/html", b"Content-Encoding: gzip"), "document"),
    "x-gzip, chunked": (http(b"%x\r\n%s\r\n0\r\n\r\n" % (len(gzip.compress(PAGE)), gzip.compress(PAGE)), b"Content-Type: text/html", b"Content-Encoding: x-gzip", b"Transfer-Encoding: chunked"), "document"),
    "gzip but unpacked": (http(PAGE, b"Content-Type: text/html", b"Content-Encoding: gzip"), "document"),
    "gzip cut": (http(gzip.compress(PAGE * 9)[:-20], b"Content-Type: text/html", b"Content-Encoding: gzip"), "!truncated-content-encoding"),
    "deflate": (http(zlib.compress(PAGE), b"Content-Type: text/html", b"Content-Encoding: deflate"), "document"),
    "deflate without header": (http(zlib.compress(PAGE, wbits=-15), b"Content-Type: text/html", b"Content-Encoding: deflate"), "document"),
    "zstd": (http(zstandard.compress(PAGE), b"Content-Type: text/html", b"Content-Encoding: zstd"), "document"),
    "brotli damaged": (http(b"\x8b\xff\xff\xff", b"Content-Type: text/html", b"Content-Encoding: br"), "!bad-content-encoding"),
    "brotli but unpacked": (http(PAGE, b"Content-Type: text/html", b"Content-Encoding: br"), "document"),
    "unknown coding": (http(PAGE, b"Content-Type: text/html", b"Content-Encoding: lzma"), "!unknown-content-encoding"),
    "gzip bomb": (http(gzip.compress(b"<p>" * 30_000_000, 1), b"Content-Type: text/html", b"Content-Encoding: gzip"), "!record-too-large"),
    "30 MB of HTML": (http(b"<p>Words and words.</p>\n" * 1_250_000), "!html-too-large"),
    "nested without end": (http(b"<div>" * 100_000 + b"x"), "!html-too-deep"),
    "attributes without end": (http(b"<a " + b" ".join(b"a%d=1" % n for n in range(60_000)) + b">x"), "!html-too-many-attributes"),
}  # fmt: skip


@pytest.mark.parametrize("name", RESPONSES)
def test_each_response_gets_its_due(name: str, read_bytes: Read, outcome: Outcome) -> None:
    block, wanted = RESPONSES[name]
    assert outcome(read_bytes("warc", record(1, block) + B)) == dict(
        sorted({"document": 1, wanted: 1}.items()) if wanted != "document" else {"document": 2}
    )


def test_brotli_is_unpacked(read_bytes: Read) -> None:
    from fastwarc.stream_io import BrotliWriter

    packed = bytearray()

    class Sink:
        def write(self, data: bytes) -> int:
            packed.extend(data)
            return len(data)

        def flush(self) -> None: ...
        def close(self) -> None: ...

    with BrotliWriter(Sink()) as writer:
        writer.write(PAGE)
    block = http(bytes(packed), b"Content-Type: text/html", b"Content-Encoding: br")
    assert documents(read_bytes("warc", record(1, block)))[0]["text"] == "Some words to read here."


def test_records_that_are_no_responses_are_counted_by_type(read_bytes: Read, outcome: Outcome) -> None:
    kinds = (b"warcinfo", b"request", b"revisit", b"metadata", b"resource", b"conversion", b"continuation", b"brandnew")
    got = outcome(read_bytes("warc", b"".join(record(n, kind=kind) for n, kind in enumerate(kinds))))
    assert got == dict.fromkeys(sorted([*(kind.decode() for kind in kinds[:-1]), "unknown-record-type"]), 1)


def test_a_document_carries_its_origin(read_bytes: Read) -> None:
    data = gzip.compress(A) + gzip.compress(B)
    first, second = documents(read_bytes("warc", data))
    assert first["record_key"] == "<urn:uuid:1>"
    assert first["uri"] == "http://example.org/1"
    assert (first["offset"], first["length"]) == (0, len(gzip.compress(A)))
    assert second["offset"] == first["length"]
    assert second["offset"] + second["length"] == len(data)
    assert first["title"] == "T"
    assert first["published"].isoformat() == "2021-05-04T03:02:01+00:00"
    assert first["date_evidence"] == "crawl"
    assert first["meta"] == {
        "crawled": "2021-05-04T03:02:01Z",
        "content_type": "text/html",
        "charset": "utf-8",
        "charset_evidence": "http",
        "status": 200,
        "html_lang": "en",
    }


def test_a_licence_in_the_link_header_is_the_pages_own_unless_the_page_names_one(read_bytes: Read) -> None:
    link = b'Link: </a.css>; rel=preload, <https://creativecommons.org/licenses/by/4.0/>; rel="license"'
    stated = PAGE.replace(
        b"</body>", b'<a rel=license href="https://creativecommons.org/licenses/by-sa/3.0/">x</a></body>'
    )
    data = record(1, http(PAGE, b"Content-Type: text/html", link)) + record(
        2, http(stated, b"Content-Type: text/html", link)
    )
    found = documents(read_bytes("warc", data))
    assert [(one["license"], one["license_evidence"]) for one in found] == [
        ("CC-BY-4.0", "document"),
        ("CC-BY-SA-3.0", "document"),
    ]


def test_a_repeated_record_id_still_gives_distinct_keys(read_bytes: Read) -> None:
    keys = [document["record_key"] for document in documents(read_bytes("warc", A + A + B + A))]
    assert len(set(keys)) == 4
    assert keys[:3:2] == ["<urn:uuid:1>", "<urn:uuid:2>"]


def test_a_record_beyond_the_bound_is_refused_without_being_held(read_bytes: Read, outcome: Outcome) -> None:
    options = SourceOptions(max_record_bytes=1000)
    items = read_bytes("warc", record(1, http(b"x" * 5000)) + B, options=options)
    assert outcome(items) == {"!record-too-large": 1, "document": 1}


def test_nul_bytes_and_lone_surrogates_do_not_reach_the_text(read_bytes: Read) -> None:
    body = b"<title>\x00T\xed\xa0\x80</title><p>one\x00two \xed\xa0\x80 &#xD800; &#0; three four five</p>"
    document = documents(read_bytes("warc", record(1, http(body))))[0]
    document["text"].encode("utf-8")
    document["title"].encode("utf-8")
    assert "\x00" not in document["text"] + document["title"]


def test_offsets_lead_back_to_the_record(read_bytes: Read, tmp_path: Path) -> None:
    data = A + B + C
    for document in documents(read_bytes("warc", data)):
        piece = data[document["offset"] : document["offset"] + document["length"]]
        assert piece.startswith(b"WARC/1.0")
        assert document["uri"].encode() in piece


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6),
    st.integers(0, 10_000),
    st.sampled_from(["plain", "gzip", "zstd"]),
)
def test_whatever_is_damaged_nothing_raises_and_something_is_said(
    tmp_path: Path, flips: list[tuple[int, int]], cut: int, packing: str
) -> None:
    packers: dict[str, Callable[[bytes], bytes]] = {"plain": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}
    pack = packers[packing]
    data = bytearray(b"".join(pack(part) for part in (A, B, C)))
    for position, value in flips:
        data[position % len(data)] = value
    del data[len(data) - cut % len(data) :]
    path = tmp_path / "damaged.warc"
    path.write_bytes(bytes(data))
    items = list(read("warc", path, "damaged.warc", SourceOptions()))
    assert items
    assert sum(isinstance(item, dict) for item in items) <= 3


def raw_record_count(path: Path) -> int:
    """An independent count: lines that are a WARC version, in the bytes that can be unpacked. No other code of ours."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        parts = []
        while data:
            decoder = zlib.decompressobj(31)
            try:
                parts.append(decoder.decompress(data))
            except zlib.error:
                break
            data = decoder.unused_data
        data = b"".join(parts)
    elif data[:4] == b"\x04\x22\x4d\x18":
        import pyarrow as pa

        data = pa.CompressedInputStream(pa.BufferReader(data), "lz4").read()
    return len(re.findall(rb"(?m)^WARC/[01]\.\d+[ \t]*\r?$", data))


def test_every_record_of_every_shared_archive_is_accounted_for(shared: Path) -> None:
    files = sorted(path for path in (shared / "web" / "warc").glob("*/*") if "arc" in path.name)
    assert len(files) > 60
    for path in files:
        items = list(read("warc", path, path.name, SourceOptions()))
        wanted = raw_record_count(path)
        if wanted:
            assert len(items) == wanted, path.name
        else:
            assert items, path.name  # ARC files, and a gzipped list of paths


def test_the_archives_of_the_arc_format_are_read(shared: Path, outcome: Outcome) -> None:
    folder = shared / "web" / "warc" / "warcio"
    for name in ("example.arc", "example.arc.gz"):
        items = list(read("warc", folder / name, name, SourceOptions()))
        assert outcome(items) == {"document": 1, "filedesc": 1}
        document = documents(items)[0]
        assert document["uri"] == "http://example.com/"
        assert document["title"] == "Example Domain"
        assert document["date_evidence"] == "http"
    broken = list(read("warc", folder / "bad.arc", "bad.arc", SourceOptions()))
    assert len(broken) == 4
    assert all(isinstance(item, Failed) for item in broken)


def test_known_broken_archives_end_in_dead_letters(shared: Path, outcome: Outcome) -> None:
    folder = shared / "web" / "warc"
    wanted = {
        "resiliparse/clipped.warc.gz": {"!truncated-compression": 1},
        "warcat/bad_http_chunked_content.warc": {"!bad-chunked-encoding": 1},
        "warcio/example-trunc.warc": {"!bad-content-length": 1, "request": 1, "warcinfo": 2},
        "ipwb/5mementos.warc": {"document": 7, "warcinfo": 1},
        "commoncrawl-whirlwind/CC-MAIN-2024-22.warc.paths.gz": {"!not-a-warc-record": 1},
    }
    for name, counts in wanted.items():
        assert outcome(list(read("warc", folder / name, name, SourceOptions()))) == counts, name


def test_one_page_as_plain_gzip_and_lz4_gives_the_same_documents(shared: Path) -> None:
    folder = shared / "web" / "warc" / "resiliparse"
    texts = [
        [document["text"] for document in documents(list(read("warc", folder / name, name, SourceOptions())))]
        for name in ("warcfile.warc", "warcfile.warc.gz", "warcfile.warc.lz4")
    ]
    assert len(texts[0]) == 16
    assert texts[0] == texts[1] == texts[2]


def test_extracted_text_of_a_crawler_is_kept_line_by_line(read_bytes: Read, outcome: Outcome) -> None:
    body = "First line.\nWARC/1.0\nContent-Length: 5\n\nWARC-Type: response\nlast línea.".encode()
    data = record(1, body, kind=b"conversion").replace(b"application/http; msgtype=response", b"text/plain")
    items = read_bytes("wet", record(0, kind=b"warcinfo") + data + record(2, b"", kind=b"conversion"))
    assert outcome(items) == {"document": 1, "not-text": 1, "warcinfo": 1}
    assert documents(items)[0]["text"] == body.decode()


def test_the_shared_wet_file_gives_its_page(shared: Path) -> None:
    path = shared / "web" / "warc" / "commoncrawl-whirlwind" / "whirlwind.warc.wet.gz"
    items = list(read("wet", path, path.name, SourceOptions()))
    assert isinstance(items[0], Skipped)
    assert documents(items)[0]["uri"] == "https://an.wikipedia.org/wiki/Escopete"
    assert documents(items)[0]["meta"]["identified_languages"] == "spa"
