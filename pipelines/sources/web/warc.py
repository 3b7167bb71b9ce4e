"""``warc``: web archives (ISO 28500), and the older ARC format where a file turns out to be one.

Every response with status 200 whose content is HTML or plain text becomes a document. Everything else is counted by its
reason: ``request``, ``revisit``, ``metadata``, ``status-404``, ``not-html`` and so on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gristmill.pipelines.sources.reading.base import Failed, Item, Skipped, SourceOptions
from gristmill.pipelines.sources.reading.dates import parse_iso_date
from gristmill.pipelines.sources.reading.record_keys import RecordKeys
from gristmill.pipelines.sources.web.arc_records import arc_records, is_arc
from gristmill.pipelines.sources.web.page import check_extractor
from gristmill.pipelines.sources.web.record_items import record_items, too_large
from gristmill.pipelines.sources.web.warc_records import RawRecord
from gristmill.pipelines.sources.web.web_document import Fetched, fetched_document


def read_warc(path: Path, name: str, options: SourceOptions) -> Iterator[Item]:
    """Yields one item per record of a WARC or ARC file. See :mod:`gristmill.pipelines.sources.reading.base`."""
    if is_arc(path):
        yield from _read_arc(path, name, options)
    else:
        yield from record_items(path, name, options, wanted="response", read=_record_item)


def _record_item(record: RawRecord, key: str, uri: str, options: SourceOptions) -> Item:
    if not record.headers.get("content-type", "application/http").lower().startswith("application/http"):
        return Skipped("not-http")
    if record.too_large:
        return too_large(record, uri, options)
    crawled = parse_iso_date(record.headers.get("warc-date", ""))
    item = fetched_document(Fetched(key, uri, record.offset, record.length, record.body, crawled), options)
    if isinstance(item, dict) and "warc-truncated" in record.headers:
        item["meta"] = {**item["meta"], "truncated": record.headers["warc-truncated"]}
    return item


def _read_arc(path: Path, name: str, options: SourceOptions) -> Iterator[Item]:
    keys = RecordKeys()
    for record in arc_records(path, name, options.max_record_bytes):
        if isinstance(record, Failed):
            yield record
        elif record.uri.startswith("filedesc:"):
            keys.key(None)
            yield Skipped("filedesc")
        elif not record.uri.startswith(("http:", "https:")):
            keys.key(None)
            yield Skipped("not-http")
        else:
            crawled = parse_iso_date(record.date)
            fetched = Fetched(keys.key(None), record.uri, record.offset, record.length, record.body, crawled)
            yield fetched_document(fetched, options)


def check_warc(path: Path, options: SourceOptions) -> None:  # noqa: ARG001 - the checks of all kinds have one shape
    """Raises ``MissingExtraError`` if the extractor's package is not installed."""
    check_extractor(options.extractor)
