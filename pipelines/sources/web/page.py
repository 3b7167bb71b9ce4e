"""A web page: from bytes to text, title, date, licence and language, parsing the HTML once.

Text is Resiliparse's main content (Bevendorff et al., https://resiliparse.chatnoir.eu) or, on request, trafilatura's.
Everything else is read from the same tree.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import re
from dataclasses import dataclass
from typing import Any

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from gristmill.errors import MissingExtraError
from gristmill.pipelines.sources.reading.dates import parse_iso_date
from gristmill.pipelines.sources.reading.decoding import Decoded, declared_in_html, decode
from gristmill.pipelines.sources.reading.licenses import license_from_url

MAX_TITLE_CHARS = 1000
MAX_HEAD_ELEMENTS = 2000
MAX_HEAD_CHARS = 1 << 18

_DATE_NAMES = (
    "article:published_time",
    "datepublished",
    "og:published_time",
    "dc.date.issued",
    "dcterms.issued",
    "citation_publication_date",
    "parsely-pub-date",
    "sailthru.date",
    "pubdate",
    "publishdate",
    "publish-date",
    "publication_date",
    "dc.date",
    "dcterms.date",
    "dcterms.created",
    "dc.date.created",
    "date",
)
_STATED_NAME = "article:published_time"
_STATED = f"meta[property='{_STATED_NAME}']"
_MENTION = re.compile(rf"""["'=](license|{"|".join(map(re.escape, _DATE_NAMES))})["'\s/>]""")
_JSON_LD_DATE = re.compile(r'"datePublished"\s*:\s*"([^"\\]{4,40})"')
_SPACE = re.compile(r"\s+")


class PageError(ValueError):
    """A page whose HTML or text could not be produced by the libraries."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page holds.

    Attributes:
        text: the main content, empty if there is none.
        title: the ``<title>``, else the Open Graph title.
        published: the publication date that the page states.
        license: SPDX identifier of the licence that the page links as its own.
        language: the ``lang`` attribute of the root element.
        decoded: how the bytes were decoded.
    """

    text: str
    title: str | None
    published: dt.datetime | None
    license: str | None
    language: str | None
    decoded: Decoded


def read_page(
    data: bytes, *, extractor: str = "resiliparse", charset: str | None = None, config: str | None = None
) -> Page:
    """Reads one HTML or XHTML page.

    Args:
        data: the page.
        extractor: ``resiliparse`` or ``trafilatura``.
        charset: the encoding label of the transport.
        config: an encoding label that overrides all others.

    Raises:
        PageError: a library gave up on the page.

    >>> page = read_page(b"<html lang=en><title>T</title><body><p>Hello.<script>x</script></p></body></html>")
    >>> page.text, page.title, page.language
    ('Hello.', 'T', 'en')
    """
    decoded = decode(data, config=config, http=charset, meta=declared_in_html(data))
    try:
        tree = HTMLTree.parse(decoded.text)
        found = _metadata(tree, decoded.text)
        text = _trafilatura(decoded.text) if extractor == "trafilatura" else _main_content(tree)
    except (ValueError, RuntimeError, RecursionError) as error:
        raise PageError(str(error)) from error
    return Page(text=text, decoded=decoded, **found)


def _main_content(tree: HTMLTree) -> str:
    text: str = extract_plain_text(tree, preserve_formatting=True, main_content=True, alt_texts=False, comments=False)
    return text


def _trafilatura(html: str) -> str:
    import trafilatura  # noqa: PLC0415 - optional, and slow to import

    # Its `deduplicate` remembers earlier pages of the same process: the text would depend on the order of pages.
    return trafilatura.extract(html, deduplicate=False, include_comments=False) or ""


def check_extractor(extractor: str) -> None:
    """Raises ``MissingExtraError`` if the extractor's package is not installed."""
    if extractor == "trafilatura" and importlib.util.find_spec("trafilatura") is None:
        raise MissingExtraError(extractor, "trafilatura", "extractor = 'trafilatura'")


def _metadata(tree: HTMLTree, html: str) -> dict[str, Any]:
    """Title, date, licence and language of a parsed page.

    Iterating over the result of a selector costs its length squared (Resiliparse 2.0.1), so the head is walked from
    sibling to sibling, and of the body only first matches are taken, if the source mentions such a thing at all.
    """
    head: Any = tree.head
    dates: dict[str, str] = {}
    license_id = og_title = language = None
    mentioned = _mentioned(html)
    stated = head.query_selector(_STATED) if head is not None and _STATED_NAME in mentioned else None
    if stated is not None:
        dates[_STATED_NAME] = stated.getattr("content") or ""
        mentioned = mentioned & {"license"}
    if tree.title is None or mentioned:
        in_head, license_id, og_title = _head_metadata(head)
        dates = {**in_head, **dates}
    root: Any = tree.document
    if license_id is None and "license" in html:
        link = root.query_selector("a[rel~=license]")
        license_id = license_from_url(link.getattr("href") or "") if link is not None else None
    _dates_in_body(root, html, dates)
    if head is not None and head.parent is not None:
        language = head.parent.getattr("lang")
    return {
        "title": _clean(tree.title or og_title),
        "published": _first_date(dates),
        "license": license_id,
        "language": language[:35].strip() if language else None,
    }


def _mentioned(html: str) -> set[str]:
    """The names in the source of the head that are worth looking for; walking the head costs more than asking."""
    end = html.find("</head>")
    head = html[: end if end >= 0 else MAX_HEAD_CHARS].lower()
    return set(_MENTION.findall(head))


def _head_metadata(head: Any) -> tuple[dict[str, str], str | None, str | None]:
    """Dates by the name of their ``<meta>``, the licence of ``<link rel=license>``, the Open Graph title."""
    dates: dict[str, str] = {}
    license_id = og_title = None
    node = head.first_element_child if head is not None else None
    for _ in range(MAX_HEAD_ELEMENTS):
        if node is None:
            break
        tag = node.tag
        if tag == "meta":
            key = (node.getattr("property") or node.getattr("name") or node.getattr("itemprop") or "").lower()
            if key in _DATE_NAMES:
                dates.setdefault(key, node.getattr("content") or "")
            elif key == "og:title":
                og_title = og_title or node.getattr("content")
        elif tag == "link" and "license" in (node.getattr("rel") or "").lower().split():
            license_id = license_id or license_from_url(node.getattr("href") or "")
        node = node.next_element_sibling
    return dates, license_id, og_title


def _dates_in_body(root: Any, html: str, dates: dict[str, str]) -> None:
    in_script = _JSON_LD_DATE.search(html)
    if in_script is not None:
        dates["json-ld"] = in_script[1]
    elif "datePublished" in html:
        stated = root.query_selector("[itemprop=datePublished]")
        if stated is not None:
            dates["stated"] = stated.getattr("content") or stated.getattr("datetime") or ""
    if not dates and "<time" in html:
        node = root.query_selector("time[datetime]")
        if node is not None:
            dates["time"] = node.getattr("datetime") or ""


def _first_date(dates: dict[str, str]) -> dt.datetime | None:
    for name in ("article:published_time", "json-ld", "stated", *_DATE_NAMES, "time"):
        value = parse_iso_date(dates[name]) if name in dates else None
        if value is not None:
            return value
    return None


def _clean(title: str | None) -> str | None:
    if not title:
        return None
    return _SPACE.sub(" ", title).strip()[:MAX_TITLE_CHARS] or None
