"""Pages: text, title, date, licence; and a floor under the quality of the text, against annotated pages."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gristmill.errors import MissingExtraError
from gristmill.pipelines.sources.reading.base import Item, SourceOptions
from gristmill.pipelines.sources.table import check, read
from gristmill.pipelines.sources.web.page import check_extractor, read_page
from gristmill.pipelines.sources.web.page_limits import refusal

BODY = b"<body><p>Words to be read by everyone.</p>"


@pytest.mark.parametrize(
    ("head", "day"),
    [
        (b'<meta property="article:published_time" content="2019-02-03T10:00:00+01:00">', "2019-02-03"),
        (b'<meta name="Date" content="2018-01-02">', "2018-01-02"),
        (b'<meta itemprop="datePublished" content="2017-12-31">', "2017-12-31"),
        (
            b'<script type="application/ld+json">{"@type":"A","datePublished": "2016-05-06T07:08:09Z"}</script>',
            "2016-05-06",
        ),
        (b"</head><body><time datetime=2015-04-03>April</time>", "2015-04-03"),
        (b'</head><body><span itemprop="datePublished" content="2014-03-02">x</span>', "2014-03-02"),
        (b'<meta name=date content="soon"><meta name="dc.date" content="2013-02-01">', "2013-02-01"),
        (b'<meta name="update" content="2013-02-01">', None),
    ],
)
def test_the_date_of_publication(head: bytes, day: str | None) -> None:
    published = read_page(b"<html><head>" + head + BODY).published
    assert (published.date().isoformat() if published else None) == day


@pytest.mark.parametrize(
    ("html", "license_id"),
    [
        (b'<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">', "CC-BY-4.0"),
        (b'<body><a rel="license nofollow" href="//creativecommons.org/licenses/by-sa/3.0/deed.de">', "CC-BY-SA-3.0"),
        (b'<body><a href="https://creativecommons.org/licenses/by/4.0/">a link is no statement</a>', None),
        (b'<body><a rel="license" href="/terms">', None),
    ],
)
def test_the_licence_a_page_links_as_its_own(html: bytes, license_id: str | None) -> None:
    assert read_page(html + BODY).license == license_id


def test_the_title_falls_back_on_open_graph() -> None:
    assert read_page(b'<meta property="og:title" content="  A \n title ">' + BODY).title == "A title"
    assert read_page(b"<title>  First\n one </title>" + BODY).title == "First one"


def test_a_date_after_the_crawl_is_not_believed(read_bytes: Callable[..., list[Item]]) -> None:
    page = b'<html><head><meta name="date" content="2033-01-01"></head>' + BODY
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nLast-Modified: Tue, 02 Jan 2018 03:04:05 GMT\r\n\r\n" + page
    warc = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Date: 2020-01-01T00:00:00Z\r\nContent-Length: %d\r\n\r\n" % len(
        block
    )
    (document,) = read_bytes("warc", warc + block)
    assert isinstance(document, dict)
    assert document["published"] == dt.datetime(2018, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    assert document["date_evidence"] == "http"


def test_scripts_styles_and_comments_are_no_text() -> None:
    page = b"<body><script>alert(1)</script><style>p{}</style><!-- hidden --><p>Seen by readers.</p><noscript>no</noscript>"
    assert read_page(page).text == "Seen by readers."


def test_ordinary_pages_are_not_refused() -> None:
    nested = b"<div>" * 400 + b"x" + b"</div>" * 400
    assert refusal(nested) is None
    assert refusal(b"<div><p>x</p></div>" * 20_000) is None
    assert refusal(b"<p>" + b"word " * 40_000) is None
    assert refusal(b'<img src="data:' + b"A" * 300_000 + b'">') is None


def test_trafilatura_is_an_option_and_keeps_no_memory_of_earlier_pages(shared: Path) -> None:
    pytest.importorskip("trafilatura")
    path = shared / "web" / "warc" / "resiliparse" / "warcfile.warc.gz"
    options = SourceOptions(extractor="trafilatura")
    check("warc", path, options)
    runs = [[item["text"] for item in read("warc", path, "w", options) if isinstance(item, dict)] for _ in range(3)]
    assert len(runs[0]) > 8
    assert runs[0] == runs[1] == runs[2]


def test_a_missing_trafilatura_is_named_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match="trafilatura"):
        check_extractor("trafilatura")
    check_extractor("resiliparse")


def test_annotated_passages_are_kept_and_boilerplate_is_left_out(shared: Path) -> None:
    """Floor, not a benchmark: trafilatura's own evaluation set, passages that must (not) be in the text."""
    folder = shared / "web" / "trafilatura_eval"
    gold: dict[str, dict[str, list[str]]] = {}
    for line in (folder / "gold.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        gold.setdefault(row["warc_uri"], row)
    kept = lost = noise = 0
    for path in (folder / "trafilatura-eval-share-003.warc.gz", folder / "trafilatura-eval-share-002.warc.gz"):
        for item in read("warc", path, path.name, SourceOptions()):
            if isinstance(item, dict) and item["uri"] in gold:
                row = gold[item["uri"]]
                found = [passage in item["text"] for passage in row["with"]]
                kept, lost = kept + sum(found), lost + len(found) - sum(found)
                noise += sum(passage in item["text"] for passage in row["without"])
    recall, precision = kept / (kept + lost), kept / (kept + noise)
    assert kept > 500
    assert recall > 0.90
    assert precision > 0.72
