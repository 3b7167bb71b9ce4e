"""``wet``: the text that a crawler has already extracted (WARC conversion records, as Common Crawl publishes them).

The text is taken as it is: every line of the body belongs to it, also one that looks like a header.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gristmill.pipelines.sources.reading.base import Item, Skipped, SourceOptions, storable
from gristmill.pipelines.sources.reading.dates import parse_iso_date
from gristmill.pipelines.sources.reading.decoding import decode
from gristmill.pipelines.sources.web.record_items import record_items, too_large
from gristmill.pipelines.sources.web.warc_records import RawRecord
from gristmill.pipelines.sources.web.web_document import Fetched, choose_date, crawl_date, web_document


def read_wet(path: Path, name: str, options: SourceOptions) -> Iterator[Item]:
    """Yields one item per record of a WET file. See :mod:`gristmill.pipelines.sources.reading.base`."""
    yield from record_items(path, name, options, wanted="conversion", read=_record_item)


def _record_item(record: RawRecord, key: str, uri: str, options: SourceOptions) -> Item:
    if record.too_large:
        return too_large(record, uri, options)
    content_type = record.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    if content_type != "text/plain":
        return Skipped("not-text")
    crawled = parse_iso_date(record.headers.get("warc-date", ""))
    fetched = Fetched(key, uri, record.offset, record.length, record.body, crawled)
    decoded = decode(record.body, config=options.encoding)
    meta: dict[str, object] = {**crawl_date(crawled), "content_type": content_type, "charset": decoded.encoding}
    identified = record.headers.get("warc-identified-content-language")
    if identified:
        meta["identified_languages"] = storable(identified)
    return web_document(fetched, decoded.text, None, choose_date(None, None, crawled), None, meta, options)
