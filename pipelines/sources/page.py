"""A web page: from bytes to text, title, date, licence and language, parsing the HTML once.

Text is Resiliparse's main content (Bevendorff et al., https://resiliparse.chatnoir.eu) or, on request, trafilatura's.
Everything else is read from the same tree with one selector.
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
from gristmill.pipelines.sources.dates import parse_iso_date
from gristmill.pipelines.sources.decoding import Decoded, declared_in_html, decode
from gristmill.pipelines.sources.licenses import license_from_url

MAX_TITLE_CHARS = 1000

_METADATA = "meta,html[lang],link[rel~=license],a[rel~=license],time[datetime],script[type='application/ld+json']"
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
        found = _metadata(tree)
        text = _trafilatura(decoded.text) if extractor == "trafilatura" else _main_content(tree)
    except (ValueError, RuntimeError, RecursionError) as error:
        raise PageError(str(error)) from error
    return Page(text=text, decoded=decoded, **found)


def _main_content(tree: HTMLTree) -> str:
    text: str = extract_plain_text(tree, preserve_formatting=True, main_content=True, alt_texts=False)
    return text


def _trafilatura(html: str) -> str:
    import trafilatura  # noqa: PLC0415 - optional, and slow to import

    # Its `deduplicate` remembers earlier pages of the same process: the text would depend on the order of pages.
    return trafilatura.extract(html, deduplicate=False, include_comments=False) or ""


def check_extractor(extractor: str) -> None:
    """Raises ``MissingExtraError`` if the extractor's package is not installed."""
    if extractor == "trafilatura" and importlib.util.find_spec("trafilatura") is None:
        raise MissingExtraError(extractor, "trafilatura", "extractor = 'trafilatura'")


def _metadata(tree: HTMLTree) -> dict[str, Any]:
    """Title, date, licence and language of a parsed page."""
    dates: dict[str, str] = {}
    license_id = language = og_title = None
    for node in _root(tree).query_selector_all(_METADATA):
        tag = node.tag
        if tag == "meta":
            key = (node.getattr("property") or node.getattr("name") or node.getattr("itemprop") or "").lower()
            if key in _DATE_NAMES:
                dates.setdefault(key, node.getattr("content") or "")
            elif key == "og:title":
                og_title = og_title or node.getattr("content")
        elif tag == "html":
            language = node.getattr("lang") or None
        elif tag == "script":
            match = _JSON_LD_DATE.search(node.text or "")
            if match is not None:
                dates.setdefault("json-ld", match[1])
        elif tag == "time":
            stated = node.getattr("itemprop") == "datePublished" or node.hasattr("pubdate")
            dates.setdefault("time-stated" if stated else "time", node.getattr("datetime") or "")
        elif license_id is None:
            license_id = license_from_url(node.getattr("href") or "")
    return {
        "title": _clean(tree.title or og_title),
        "published": _first_date(dates),
        "license": license_id,
        "language": language[:35].strip() if language else None,
    }


def _root(tree: HTMLTree) -> Any:
    return tree.document


def _first_date(dates: dict[str, str]) -> dt.datetime | None:
    for name in ("article:published_time", "json-ld", "time-stated", *_DATE_NAMES, "time"):
        value = parse_iso_date(dates[name]) if name in dates else None
        if value is not None:
            return value
    return None


def _clean(title: str | None) -> str | None:
    if not title:
        return None
    return _SPACE.sub(" ", title).strip()[:MAX_TITLE_CHARS] or None
