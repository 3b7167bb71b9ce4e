"""The page: self-contained, escaped, well-formed, accessible, not too large."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from gristmill.reports.figures import figures
from gristmill.reports.measure import Measures
from gristmill.reports.page.render import render
from gristmill.reports.page.svg import nice_top


class Page(HTMLParser):
    """Collects what the tests ask about and checks that every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.texts: list[str] = []
        self.faults: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


RUN: dict[str, object] = {"name": "quickstart", "config_hash": "9f3c", "seed": 17, "rules": [{"id": "language"}]}


@pytest.fixture(scope="module")
def html(measures: Measures) -> str:
    return render(figures(measures, run=RUN))


def test_every_element_is_closed_and_every_anchor_leads_somewhere(html: str) -> None:
    page = Page(html)
    assert page.faults == []
    assert page.open == []
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value for tag, name, value in page.attributes if (tag, name) == ("a", "href")} <= {f"#{i}" for i in ids}


def test_the_page_needs_nothing_from_anywhere(html: str) -> None:
    page = Page(html)
    assert not {"script", "link", "img", "iframe", "object", "embed", "form", "video", "base"} & set(page.tags)
    assert "url(" not in html
    assert "@import" not in html
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name in ("src", "srcset", "style")]
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert ("meta", "content", policy) in page.attributes


HOSTILE = (
    "</script><script>alert(1)</script>",
    "\"' onmouseover=alert(1) x='",
    "<img src=http://evil.example/x.png>",
    "</style><style>@import 'http://evil.example'</style>",
    "</title></svg><svg onload=alert(1)>",
    "\u202eevil\u2066\u0000\u001b[31m\u2028",
    "{{ 7 * 7 }}{% include 'x' %}",
    "a" * 5000,
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(make_pair: Callable[[int, int], Any], text: str) -> None:
    measures = Measures()
    measures.add(*make_pair(300, 1))
    for name, key in (
        ("domains", (text, "kept")),
        ("domains", (text, "removed")),
        ("programming_languages", (text, "kept")),
        ("licenses", (text, text, "kept")),
        ("languages", (text, "web", "kept")),
        ("verdicts", (text, "web", "kept")),
    ):
        measures.counts[name].add_row(key, (9000, 9000, 9000))
    measures.counts["rules"].add_row((text, text), (500, 400))
    run = {
        "name": text,
        "config_hash": text,
        "rules": [{"id": text, "source": text, "threshold": text}],
        "warnings": [text],
        "errors": {text: {text: 3}},
        "skipped": {text: {text: 3}},
        "tokenizer": {text: text},
        "stages": [{"stage": text}],
    }
    page = Page(render(figures(measures, run=run)))
    clean = Page(render(figures(Measures(), run={"name": "x"})))
    assert page.faults == []
    assert page.open == []
    assert set(page.tags) <= {*clean.tags, "svg", "title", "desc", "text", "line", "rect", "circle", "bdi", "ul", "li"} | {
        "h2", "h3", "table", "caption", "thead", "tbody", "tfoot", "tr", "td", "details", "summary", "figure",
    }  # fmt: skip
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name in ("src", "style")]
    shown = "".join(page.texts)
    assert not [c for c in shown if c != "\n" and not c.isprintable()]
    assert "49" not in [part.strip() for part in page.texts]


def test_text_from_the_corpus_is_isolated_and_cut(measures: Measures) -> None:
    fresh = Measures()
    fresh.merge(measures)
    fresh.counts["domains"].add_row(("\u05d0" * 300, "kept"), (99999, 1, 1))
    html = render(figures(fresh, run=RUN))
    aleph = "\u05d0"
    assert f'<bdi dir="auto">{aleph * 119}\u2026</bdi>' in html
    assert aleph * 120 not in html


def test_tables_have_captions_and_headers_and_charts_have_words(html: str) -> None:
    page = Page(html)
    assert page.tags["table"] == page.tags["caption"] > 20
    headers = [value for tag, name, value in page.attributes if (tag, name) == ("th", "scope")]
    assert len(headers) == page.tags["th"]
    assert page.tags["svg"] > 10
    assert html.count('<svg role="img"') == page.tags["svg"] == page.tags["desc"]
    assert page.tags["h1"] == page.tags["main"] == 1
    assert ("html", "lang", "en") in page.attributes
    assert re.search(r'<a class="skip" href="#main">', html)


def test_numbers_carry_separators_units_and_denominators(html: str) -> None:
    text = " ".join("".join(Page(html).texts).split())
    assert "6,000" in text
    assert re.search(r"[\d,]+ \(\d+\.\d %\) of 6,000 documents read were kept", text)
    assert re.search(r"\d+\.\d MB", text)
    assert "insufficient data" in text
    assert not re.search(r"\b(nan|inf|None|Undefined)\b", text)


def test_the_page_stays_small_with_many_domains(measures: Measures) -> None:
    large = Measures()
    large.merge(measures)
    for number in range(20_000):
        large.counts["domains"].add_row((f"site{number}.example", "kept"), (number + 1, 10, 10))
    report = figures(large, run=RUN)
    html = render(report)
    assert len(html.encode()) < 2_000_000
    assert "The first 50 of 20,0" in html
    table = next(t for s in report["sections"] for t in s["tables"] if t["id"] == "top_kept")  # type: ignore[attr-defined]
    assert (len(table["rows"]), table["rows_total"] > 20_000) == (1000, True)


@pytest.mark.parametrize(("value", "top"), [(1, 1), (1.01, 2), (0.2, 0.2), (0.21, 0.5), (999, 1000), (3e-7, 5e-7)])
def test_axes_end_on_round_numbers(value: float, top: float) -> None:
    assert nice_top(value) == pytest.approx(top)
