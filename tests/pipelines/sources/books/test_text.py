"""Plain text and HTML books; Project Gutenberg's wrapping."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import ConfigError
from gristmill.pipelines.sources.books.gutenberg import strip_gutenberg
from gristmill.pipelines.sources.reading.base import Failed, Item, Skipped, SourceOptions
from gristmill.pipelines.sources.table import check, read

Read = Callable[..., list[Item]]
Outcome = Callable[[list[Item]], dict[str, int]]


def one(items: list[Item]) -> Any:
    (only,) = items
    assert isinstance(only, dict), only
    return only


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932", "euc_jp"])
def test_japanese_in_every_usual_encoding(encoding: str, read_bytes: Read) -> None:
    text = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n" * 20
    assert one(read_bytes("text", text.encode(encoding)))["text"] == text.strip()


def test_a_configured_encoding_wins(read_bytes: Read) -> None:
    assert one(read_bytes("text", "été".encode("cp437"), options=SourceOptions(encoding="utf-8")))["text"] != "été"
    options = SourceOptions(encoding="windows-1251")
    assert one(read_bytes("text", "Привет".encode("cp1251"), options=options))["text"] == "Привет"


def test_an_unknown_encoding_is_refused_before_the_run(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x")
    with pytest.raises(ConfigError, match="utf-99"):
        check("text", path, SourceOptions(encoding="utf-99"))


def test_line_ends_and_packing(read_bytes: Read) -> None:
    assert one(read_bytes("text", b"a\r\nb\rc\n"))["text"] == "a\nb\nc"
    assert one(read_bytes("text", gzip.compress(b"packed")))["text"] == "packed"


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", "!empty-file"),
        (b" \n\t", "no-text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10, "binary"),
        (bytes(range(256)) * 10, "binary"),
        (b"PK\x03\x04 and so on", "binary"),
        (gzip.compress(b"cut short" * 100, mtime=0)[:-9], "!truncated-compression"),
        (gzip.compress(b"0" * 50_000_000, mtime=0), "!record-too-large"),
        (b"<html>" + b"<div>" * 10_000, "!html-not-parsed"),
    ],
)
def test_what_is_no_text(data: bytes, wanted: str, read_bytes: Read, outcome: Outcome) -> None:
    assert outcome(read_bytes("text", data)) == {wanted: 1}


NEW = """The Project Gutenberg EBook of Tales, by A. Writer

Title: Tales and
       other things
Author: A. Writer
Release Date: June 25, 2008 [EBook #11]
Language: Dutch

*** START OF THIS PROJECT GUTENBERG EBOOK TALES ***

Produced by Some Body and the
Online Team

CHAPTER I

It was. It mentions Project Gutenberg once.

End of Project Gutenberg's Tales, by A. Writer

*** END OF THIS PROJECT GUTENBERG EBOOK TALES ***

*** START: FULL LICENSE ***
"""
OLD = """**The Project Gutenberg Etext of Old Tales, by A. Writer**
June, 1994  [Etext #99]
***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START***
Why is this here?
*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*

Chapter 1

It was.

End of the Project Gutenberg Etext of Old Tales
"""


def test_the_header_and_licence_of_project_gutenberg_are_removed_and_noted(read_bytes: Read) -> None:
    document = one(read_bytes("text", NEW.encode()))
    assert document["text"] == "CHAPTER I\n\nIt was. It mentions Project Gutenberg once."
    assert document["title"] == "Tales and other things"
    assert document["meta"]["author"] == "A. Writer"
    assert document["meta"]["language"] == "Dutch"
    assert document["published"].date().isoformat() == "2008-06-25"
    noted = document["meta"]["gutenberg"]
    assert noted["ebook"] == 11
    assert noted["header_chars"] + len(document["text"]) + noted["footer_chars"] == len(NEW)


def test_the_small_print_of_the_nineties_is_removed() -> None:
    book = strip_gutenberg(OLD)
    assert book is not None
    assert (book.body, book.number, book.title) == ("Chapter 1\n\nIt was.", 99, "Old Tales")


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_any_body_survives_between_the_marks(body: str) -> None:
    clean = body.replace("\r", "").strip()
    text = f"Title: T\n*** START OF THE PROJECT GUTENBERG EBOOK T ***\n\n{clean}\n\n*** END OF THE PROJECT GUTENBERG EBOOK T ***\n"
    book = strip_gutenberg(text)
    assert book is not None
    if "***" not in clean and not clean.lower().startswith(("produced", "transcribed", "scanned", "prepared")):
        assert book.body == clean


def test_other_texts_are_left_alone(read_bytes: Read) -> None:
    text = "A story.\n\nEnd of Project Gutenberg's story it is not."
    document = one(read_bytes("text", text.encode()))
    assert document["text"] == text
    assert "gutenberg" not in document["meta"]


def test_every_shared_gutenberg_file_loses_its_wrapping(shared: Path) -> None:
    checked = 0
    for path in sorted((shared / "books" / "gutenberg_raw").glob("*/*")):
        document = one(list(read("text", path, path.name, SourceOptions())))
        if path.name == "pandp09.txt":  # a directory listing that somebody committed under a book's name
            assert "gutenberg" not in document["meta"]
            continue
        text = document["text"]
        assert "gutenberg" in document["meta"], path.name
        assert document["meta"]["gutenberg"]["ebook"] == int(path.parent.name)
        for phrase in ("Small Print", "SMALL PRINT", "FULL LICENSE", "START OF TH", "END OF TH", "gutenberg.org"):
            assert phrase not in text, (path.name, phrase)
        assert "\ufffd" not in text
        checked += 1
    assert checked >= 15


def test_editions_of_one_book_agree_in_their_ends(shared: Path) -> None:
    folder = shared / "books" / "gutenberg_raw"
    for path in sorted((folder / "1342").glob("*")):
        if path.name != "pandp09.txt":
            text = one(list(read("text", path, path.name, SourceOptions())))["text"]
            assert " ".join(text.split()).endswith("the means of uniting them."), path.name
            assert "It is a truth universally acknowledged" in " ".join(text.split())


def test_latin_1_and_utf8_of_one_book_are_one_text(shared: Path) -> None:
    folder = shared / "books" / "gutenberg_raw" / "44157"
    texts = [
        one(list(read("text", folder / name, name, SourceOptions())))["text"] for name in ("44157-8.txt", "44157-0.txt")
    ]
    letters = ["".join(filter(str.isalpha, text.replace("œ", "oe"))) for text in texts]
    assert letters[0][:50_000] == letters[1][:50_000]
    assert "é" in texts[0]


def test_real_shift_jis_is_read(shared: Path) -> None:
    checked = 0
    for path in sorted((shared / "books" / "text" / "jpn").glob("aozora-*")):
        document = one(list(read("text", path, path.name, SourceOptions())))
        assert document["meta"]["charset"] == "cp932"
        assert "replaced_characters" not in document["meta"]
        assert "青空文庫" in document["text"]
        checked += 1
    assert checked > 5


def test_hostile_and_binary_shared_files_raise_nothing(shared: Path) -> None:
    for path in sorted((shared / "edge").iterdir()):
        for kind in ("text", "warc", "wet", "epub", "jsonl", "parquet", "code"):
            items = list(read(kind, path, path.name, SourceOptions()))
            assert items
            assert all(isinstance(item, (dict, Skipped, Failed)) for item in items)
