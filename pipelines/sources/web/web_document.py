"""A stored HTTP response becomes a document or a counted skip. Shared by WARC and ARC, the end of it by WET too."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from gristmill.documents import Document, normalize_text
from gristmill.pipelines.sources.reading.base import Item, Skipped, SourceOptions, failed, storable
from gristmill.pipelines.sources.reading.dates import parse_http_date
from gristmill.pipelines.sources.reading.decoding import decode, is_binary
from gristmill.pipelines.sources.reading.licenses import license_from_link
from gristmill.pipelines.sources.web.http_message import HttpMessageError, HttpResponse, parse_response, response_body
from gristmill.pipelines.sources.web.page import PageError, read_page
from gristmill.pipelines.sources.web.page_limits import refusal

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml"})
_HTML_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<title", b"<p>", b"<div", b"<h1")


@dataclass(frozen=True, slots=True)
class Fetched:
    """One stored response, or text that was extracted from one, and where it lies.

    Attributes:
        record_key: identity within the shard.
        uri: the page's address.
        offset: byte offset of the record in the shard.
        length: bytes of the record in the shard.
        content: the response as stored: status line, headers, body; of WET, the text.
        crawled: when it was fetched.
    """

    record_key: str
    uri: str
    offset: int
    length: int
    content: bytes
    crawled: dt.datetime | None


def fetched_document(fetched: Fetched, options: SourceOptions) -> Item:
    """The document of one stored HTTP response, or why there is none."""
    try:
        response = parse_response(fetched.content)
        if response.status != 200:
            return Skipped(f"status-{response.status}" if response.status else "status-unknown")
        kind = _media_kind(response)
        if kind is None:
            return Skipped("not-html")
        body = response_body(response, options.max_record_bytes)
    except HttpMessageError as error:
        return failed(fetched.uri, fetched.offset, error.reason, error)
    if kind == "sniff":
        if not body.lstrip()[:20].lower().startswith(_HTML_STARTS):
            return Skipped("no-content-type")
        kind = "html"
    if not body:
        return Skipped("no-text")
    return (_html if kind == "html" else _plain)(fetched, response, body, options)


def _media_kind(response: HttpResponse) -> str | None:
    if response.content_type is None:
        return "sniff"
    if response.content_type in HTML_TYPES:
        return "html"
    return "plain" if response.content_type == "text/plain" else None


def _html(fetched: Fetched, response: HttpResponse, body: bytes, options: SourceOptions) -> Item:
    refused = refusal(body)
    if refused is not None:
        return failed(fetched.uri, fetched.offset, *refused)
    try:
        page = read_page(body, extractor=options.extractor, charset=response.charset, config=options.encoding)
    except PageError as error:
        return failed(fetched.uri, fetched.offset, "html-not-parsed", error)
    published = choose_date(page.published, response.last_modified, fetched.crawled)
    meta: dict[str, object] = {
        **crawl_date(fetched.crawled),
        "content_type": response.content_type or "text/html",
        "charset": page.decoded.encoding,
        "charset_evidence": page.decoded.evidence,
        "status": response.status,
    }
    if page.decoded.replaced:
        meta["replaced_characters"] = page.decoded.replaced
    if page.language:
        meta["html_lang"] = storable(page.language)
    stated = page.license or license_from_link(response.link)
    _add_language(meta, response)
    return web_document(fetched, page.text, page.title, published, stated, meta, options)


def _plain(fetched: Fetched, response: HttpResponse, body: bytes, options: SourceOptions) -> Item:
    decoded = decode(body, config=options.encoding, http=response.charset)
    if is_binary(decoded.text):
        return Skipped("binary")
    published = choose_date(None, response.last_modified, fetched.crawled)
    meta: dict[str, object] = {
        **crawl_date(fetched.crawled),
        "content_type": response.content_type,
        "charset": decoded.encoding,
        "charset_evidence": decoded.evidence,
        "status": response.status,
    }
    _add_language(meta, response)
    return web_document(fetched, decoded.text, None, published, None, meta, options)


def _add_language(meta: dict[str, object], response: HttpResponse) -> None:
    if response.language:
        meta["content_language"] = storable(response.language)[:100]


def choose_date(
    stated: dt.datetime | None, last_modified: str | None, crawled: dt.datetime | None
) -> tuple[dt.datetime | None, str]:
    """The best-founded publication date and its evidence. A date after the crawl is not one.

    >>> crawled = dt.datetime(2020, 5, 1, tzinfo=dt.UTC)
    >>> choose_date(dt.datetime(2031, 1, 1, tzinfo=dt.UTC), None, crawled)
    (datetime.datetime(2020, 5, 1, 0, 0, tzinfo=datetime.timezone.utc), 'crawl')
    """
    latest = crawled + dt.timedelta(days=1) if crawled is not None else None
    modified = parse_http_date(last_modified) if last_modified else None
    for value, evidence in ((stated, "html"), (modified, "http"), (crawled, "crawl")):
        if value is not None and (latest is None or value <= latest):
            return value, evidence
    return None, "none"


def crawl_date(crawled: dt.datetime | None) -> dict[str, object]:
    """The entry ``crawled`` of ``meta``, if it is known: `gristmill.dedup` tells the newest copy by it.

    >>> crawl_date(dt.datetime(2020, 5, 1, tzinfo=dt.UTC))
    {'crawled': '2020-05-01T00:00:00Z'}
    """
    return {} if crawled is None else {"crawled": crawled.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}


def choose_license(stated: str | None, options: SourceOptions, evidence: str = "document") -> tuple[str | None, str]:
    """The document's own licence if it has one, else the configuration's for the source.

    >>> choose_license(None, SourceOptions(license="CC0-1.0"))
    ('CC0-1.0', 'source')
    """
    if stated:
        return stated, evidence
    return (options.license, "source") if options.license else (None, "none")


def web_document(
    fetched: Fetched,
    text: str,
    title: str | None,
    published: tuple[dt.datetime | None, str],
    stated_license: str | None,
    meta: dict[str, object],
    options: SourceOptions,
) -> Item:
    """The document of a record of a web archive, or that it has no text.

    Args:
        fetched: where the record lies.
        text: as it was extracted.
        title: as the page states it.
        published: of `choose_date`.
        stated_license: the page's own.
        meta: what else is known.
        options: of the source.
    """
    text = normalize_text(text).strip()
    if not text:
        return Skipped("no-text")
    license_name, license_evidence = choose_license(stated_license, options)
    return Document(
        record_key=fetched.record_key,
        uri=storable(fetched.uri),
        offset=fetched.offset,
        length=fetched.length,
        text=text,
        title=normalize_text(title) if title else None,
        published=published[0],
        date_evidence=published[1],
        license=license_name,
        license_evidence=license_evidence,
        meta=meta,
    )
