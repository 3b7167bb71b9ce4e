"""Encodings: the right one is found for real texts, and no bytes raise."""

# ruff: noqa: RUF001 - the texts are in the writing systems under test

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import ConfigError
from gristmill.pipelines.sources.reading.decoding import check_encoding, codec_name, declared_in_html, decode

LABELS = [
    "utf-8",
    "iso-8859-1",
    "windows-1252",
    "shift_jis",
    "euc-jp",
    "gb2312",
    "big5",
    "euc-kr",
    "koi8-r",
    "utf-16le",
    "x",
    "",
]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(LABELS), st.sampled_from(LABELS))
def test_no_bytes_and_no_labels_raise(data: bytes, http: str, meta: str) -> None:
    decoded = decode(data, http=http, meta=meta)
    assert decoded.replaced <= decoded.text.count("\ufffd")
    decoded.text.encode("utf-8", "surrogatepass")


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200))
def test_utf8_comes_back_unchanged_whatever_the_server_says(text: str) -> None:
    data = text.encode()
    few = sum(ord(character) > 127 for character in text) < 4
    for label in [None] if few else [None, "iso-8859-1", "shift_jis"]:
        expected = text.removeprefix("\ufeff")
        assert decode(data, http=label).text == expected


@settings(max_examples=100, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200),
    st.sampled_from(["utf-16", "utf-8-sig", "utf-32"]),
)
def test_a_byte_order_mark_decides(text: str, encoding: str) -> None:
    decoded = decode(text.encode(encoding), http="koi8-r", meta="big5")
    assert (decoded.text, decoded.evidence) == (text, "bom")


@pytest.mark.parametrize(
    ("encoding", "label", "text"),
    [
        ("cp932", "Shift_JIS", "吾輩は猫である。名前はまだ無い。髙﨑①"),
        ("euc_jp", "EUC-JP", "吾輩は猫である。名前はまだ無い。"),
        ("iso2022_jp", "ISO-2022-JP", "吾輩は猫である。"),
        ("gb18030", "gb2312", "道可道，非常道。名可名，非常名。"),
        ("cp1251", "windows-1251", "Все счастливые семьи похожи друг на друга"),
        ("koi8_r", "koi8-r", "Все счастливые семьи похожи друг на друга"),
        ("cp1252", "iso-8859-1", "Un texte “français”, où l’on écrit déjà"),
        ("cp949", "euc-kr", "나의 살던 고향은 꽃피는 산골"),
        ("utf-16-le", "utf-16", "Some plain English text in two bytes each"),
    ],
)
def test_declared_encodings_are_believed_as_browsers_do(encoding: str, label: str, text: str) -> None:
    assert decode(text.encode(encoding), http=label).text == text
    assert decode(text.encode(encoding), config=label).text == text


def test_a_wrongly_declared_encoding_is_not_believed() -> None:
    japanese = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 5
    assert decode(japanese.encode(), http="iso-8859-1").text == japanese
    assert decode(japanese.encode("cp932"), http="utf-8").text == japanese


def test_two_characters_of_chinese_are_not_taken_for_utf8_when_declared() -> None:
    assert decode("联通".encode("gbk"), http="gb2312").text == "联通"


def test_utf16_without_mark_is_seen_by_its_shape() -> None:
    text = "No byte order mark here, just Latin letters."
    assert decode(text.encode("utf-16-le")).text == text
    assert decode(text.encode("utf-16-be")).encoding == "utf-16-be"


def test_mostly_utf8_stays_utf8() -> None:
    data = "déjà vu, très naïf, où ça ? ".encode() * 20 + b"\xff" + "été".encode()
    decoded = decode(data)
    assert (decoded.encoding, decoded.replaced) == ("utf-8", 1)


@pytest.mark.parametrize(
    ("page", "label"),
    [
        (b"<meta charset=euc-jp>", "euc-jp"),
        (b'<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=Shift_JIS">', "Shift_JIS"),
        (b'<?xml version="1.0" encoding="ISO-8859-2"?><html>', "ISO-8859-2"),
        (b"<p>charset=none", None),
    ],
)
def test_the_page_itself_may_declare(page: bytes, label: str | None) -> None:
    assert declared_in_html(page) == label


def test_an_unknown_encoding_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="utf-9"):
        check_encoding("utf-9")
    assert codec_name("utf-9") is None


def test_every_shared_book_decodes_to_the_known_number_of_characters(shared: Path) -> None:
    """The list of books was made by another program, which knew each encoding."""
    checked = 0
    for line in (shared / "books" / "books.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        path = shared / row["path"].removeprefix("share/")
        if not path.is_file() or "encoding" not in row:
            continue
        decoded = decode(path.read_bytes())
        assert decoded.replaced == 0, path.name
        encoding = row["encoding"].split()[0].rpartition("/")[2]
        assert decoded.text == path.read_bytes().decode(encoding).removeprefix("\ufeff"), (path.name, decoded.encoding)
        checked += 1
    assert checked > 50
