"""Books: reading order, titles, rights; and files that only pretend to be books."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gristmill.pipelines.sources.reading.base import Failed, Item, SourceOptions
from gristmill.pipelines.sources.reading.safe_xml import XmlError, parse_xml
from gristmill.pipelines.sources.table import read

Read = Callable[..., list[Item]]
Outcome = Callable[[list[Item]], dict[str, int]]

CONTAINER = b'<container xmlns="u"><rootfiles><rootfile full-path="OPS/p.opf"/></rootfiles></container>'
METADATA = (
    '<metadata xmlns:dc="d"><dc:title>The Book</dc:title><dc:creator>A. Author</dc:creator><dc:creator>B. Other</dc:creator>'
    "<dc:language>de</dc:language><dc:rights>Public domain in the USA.</dc:rights><dc:date>1897-05-01</dc:date></metadata>"
)


def chapter(title: str, text: str) -> bytes:
    page = (
        '<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head><title/>'
        f'<script src="a.js"/><style>p {{}}</style></head><body><nav>menu</nav><h1>{title}</h1><p><a id="x"/>{text}</p>'
        "<script>alert(1)</script></body></html>"
    )
    return page.encode()


def package(manifest: str, spine: str, *, metadata: str = METADATA, version: str = "3.0", toc: str = "") -> bytes:
    return (
        f'<package xmlns="http://www.idpf.org/2007/opf" version="{version}">{metadata}'
        f"<manifest>{manifest}</manifest><spine{toc}>{spine}</spine></package>"
    ).encode()


def item(name: str, href: str, kind: str = "application/xhtml+xml", properties: str = "") -> str:
    return f'<item id="{name}" href="{href}" media-type="{kind}" properties="{properties}"/>'


def book(**changes: bytes | None) -> bytes:
    """A book of two chapters whose files are in the other order; ``None`` leaves a member out."""
    manifest = item("two", "b.xhtml") + item("one", "text/a%20a.xhtml") + item("nav", "nav.xhtml", properties="nav")
    members: dict[str, bytes | None] = {
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OPS/b.xhtml": chapter("Second", "Zweiter Text."),
        "OPS/text/a a.xhtml": chapter("First", "Erster Text."),
        "OPS/nav.xhtml": b'<html xmlns:e="e"><nav e:type="toc"><a href="text/a%20a.xhtml">First</a><a href="b.xhtml#t">The second one</a></nav></html>',
        "OPS/p.opf": package(manifest, '<itemref idref="nav"/><itemref idref="one"/><itemref idref="two"/>'),
        **changes,
    }
    return zipped({name: data for name, data in members.items() if data is not None})


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def one(items: list[Item]) -> Any:
    (only,) = items
    assert isinstance(only, dict), only
    return only


def test_chapters_come_in_spine_order_without_scripts_and_navigation(read_bytes: Read) -> None:
    document = one(read_bytes("epub", book(), "shelf/book.epub"))
    assert document["text"] == "First\n\nErster Text.\n\nThe second one\n\nSecond\n\nZweiter Text."
    assert document["meta"]["chapters"] == [{"title": "First", "start": 0}, {"title": "The second one", "start": 21}]
    for entry in document["meta"]["chapters"]:
        assert document["text"][entry["start"] :].startswith(entry["title"])


def test_what_the_package_says_is_taken_over(read_bytes: Read) -> None:
    document = one(read_bytes("epub", book(), "shelf/book.epub"))
    assert document["title"] == "The Book"
    assert document["meta"]["author"] == "A. Author; B. Other"
    assert document["meta"]["language"] == "de"
    assert (document["license"], document["license_evidence"]) == ("LicenseRef-public-domain", "document")
    assert document["published"].isoformat() == "1897-05-01T00:00:00+00:00"
    assert document["date_evidence"] == "declared"
    assert document["uri"] == "shelf/book.epub"


def test_epub_2_takes_titles_from_the_ncx(read_bytes: Read) -> None:
    ncx = (
        b'<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://www.daisy.org/z3986/2005/ncx-2005-1.dtd"><ncx><navMap>'
        b'<navPoint><navLabel><text>Chapter I.</text></navLabel><content src="b.xhtml"/></navPoint></navMap></ncx>'
    )
    manifest = item("two", "b.xhtml") + item("toc", "toc.ncx", "application/x-dtbncx+xml")
    changes = {
        "OPS/toc.ncx": ncx,
        "OPS/p.opf": package(manifest, '<itemref idref="two"/>', version="2.0", toc=' toc="toc"'),
    }
    document = one(read_bytes("epub", book(**changes)))
    assert document["text"].startswith("Chapter I.\n\nSecond")
    assert document["meta"]["format"] == "epub2"


BILLION = b'<!DOCTYPE p [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]><package><metadata/><spine/>&b;</package>'
EXTERNAL = b'<!DOCTYPE p [<!ENTITY a SYSTEM "file:///etc/passwd">]><package><metadata/><spine/>&a;</package>'
ENCRYPTION = b'<encryption><CipherReference URI="OPS/b.xhtml"/></encryption>'

BROKEN: dict[str, tuple[bytes, str]] = {
    "no zip": (b"plainly not a zip file", "!bad-zip"),
    "empty": (b"", "!empty-file"),
    "cut": (book()[:-40], "!bad-zip"),
    "no package": (book(**{"OPS/p.opf": None, "META-INF/container.xml": None}), "!epub-without-opf"),
    "container names nothing": (book(**{"OPS/p.opf": None}), "!epub-without-opf"),
    "package is no XML": (book(**{"OPS/p.opf": b"<package"}), "!bad-epub-xml"),
    "package without spine": (book(**{"OPS/p.opf": b"<package/>"}), "!bad-epub-xml"),
    "entities": (book(**{"OPS/p.opf": BILLION}), "!bad-epub-xml"),
    "external entities": (book(**{"OPS/p.opf": EXTERNAL}), "!bad-epub-xml"),
    "deep package": (book(**{"OPS/p.opf": b"<a>" * 100_000}), "!bad-epub-xml"),
    "encrypted": (book(**{"META-INF/encryption.xml": ENCRYPTION}), "!encrypted-epub"),
    "no text": (book(**{"OPS/b.xhtml": b"<html/>", "OPS/text/a a.xhtml": b""}), "no-text"),
    "bomb": (book(**{"OPS/b.xhtml": b"<p>" + b"0" * 30_000_000}), "!archive-bomb"),
    "no container, one package": (book(**{"META-INF/container.xml": None}), "document"),
    "chapter missing": (book(**{"OPS/b.xhtml": None}), "document"),
    "fonts obfuscated": (book(**{"META-INF/encryption.xml": ENCRYPTION.replace(b"b.xhtml", b"f.otf")}), "document"),
    "contents no XML": (book(**{"OPS/nav.xhtml": b"<html><nav>"}), "document"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_books_are_one_dead_letter_each(name: str, read_bytes: Read, outcome: Outcome) -> None:
    data, wanted = BROKEN[name]
    assert outcome(read_bytes("epub", data)) == {wanted: 1}


def test_many_members_that_together_are_too_much(read_bytes: Read, outcome: Outcome) -> None:
    text = b"<p>" + b" ".join(b"%d" % n for n in range(100_000))
    manifest = "".join(item(f"c{n}", f"c{n}.xhtml") for n in range(20))
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(20))
    members = {f"OPS/c{n}.xhtml": text for n in range(20)} | {"OPS/p.opf": package(manifest, spine)}
    got = read_bytes("epub", book(**members), options=SourceOptions(max_record_bytes=4 << 20))
    assert outcome(got) == {"!record-too-large": 1}


def test_a_missing_chapter_is_noted(read_bytes: Read) -> None:
    assert one(read_bytes("epub", book(**{"OPS/b.xhtml": None})))["meta"]["missing_spine_items"] == 1


def test_xml_without_entities_is_read_and_with_them_refused() -> None:
    assert parse_xml("<a><b>ä&amp;&#228;</b></a>".encode()).all_text() == "ä&ä"
    with pytest.raises(XmlError):
        parse_xml(BILLION)


def test_shared_books_give_title_language_and_text(shared: Path) -> None:
    rows = [json.loads(line) for line in (shared / "books" / "epubs.jsonl").read_text("utf-8").splitlines()]
    checked = 0
    for row in rows:
        path = shared / row["path"].removeprefix("share/")
        if not path.is_file():
            continue
        document = one(list(read("epub", path, path.name, SourceOptions())))
        assert len(document["text"]) > 100, path.name
        assert document["title"], path.name
        if row.get("lang"):
            assert document["meta"]["language"] == row["lang"], path.name
        assert document["meta"]["format"] == f"epub{str(row['epub_version'])[0]}", path.name
        for entry in document["meta"]["chapters"]:
            start = entry["start"]
            assert start == 0 or document["text"][start - 2 : start] == "\n\n"
        checked += 1
    assert checked > 10


def test_known_sentences_of_shared_books(shared: Path) -> None:
    folder = shared / "books" / "epub"
    moby = one(list(read("epub", folder / "idpf-moby-dick.epub", "m", SourceOptions())))
    assert "Call me Ishmael." in moby["text"]
    assert moby["text"].index("Call me Ishmael.") < moby["text"].index("only found another orphan.")
    assert moby["license"] == "CC-BY-SA-3.0"
    assert len(moby["meta"]["chapters"]) > 130
    waste = one(list(read("epub", folder / "idpf-wasteland.epub", "w", SourceOptions())))
    assert "April is the cruellest month" in waste["text"]


def test_a_dead_letter_names_the_book(read_bytes: Read) -> None:
    (letter,) = read_bytes("epub", BROKEN["entities"][0], "shelf/bad.epub")
    assert isinstance(letter, Failed)
    assert letter.uri == "shelf/bad.epub"
    assert "entity" in letter.detail
