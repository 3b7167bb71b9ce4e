"""``wet``: the text that a crawler has already extracted (WARC conversion records, as Common Crawl publishes them).

The text is taken as it is: every line of the body belongs to it, also one that looks like a header.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gristmill.documents import Document, normalize_text
from gristmill.pipelines.sources.reading.base import Failed, Item, Skipped, SourceOptions, failed, storable
from gristmill.pipelines.sources.reading.dates import parse_iso_date
from gristmill.pipelines.sources.reading.decoding import decode
from gristmill.pipelines.sources.reading.record_keys import RecordKeys
from gristmill.pipelines.sources.web.warc import target_uri
from gristmill.pipelines.sources.web.warc_records import RawRecord, warc_records
from gristmill.pipelines.sources.web.web_document import choose_date, choose_license, crawl_date

_TYPES = frozenset({"warcinfo", "request", "response", "resource", "metadata", "revisit", "continuation"})


def read_wet(path: Path, name: str, options: SourceOptions) -> Iterator[Item]:
    """Yields one item per record of a WET file. See :mod:`gristmill.pipelines.sources.reading.base`."""
    keys = RecordKeys()
    for record in warc_records(path, name, options.max_record_bytes):
        if isinstance(record, Failed):
            yield record
        else:
            yield _record_item(record, keys.key(record.headers.get("warc-record-id")), name, options)


def _record_item(record: RawRecord, key: str, name: str, options: SourceOptions) -> Item:
    kind = record.headers.get("warc-type", "").lower()
    if kind != "conversion":
        return Skipped(kind if kind in _TYPES else "unknown-record-type")
    uri = target_uri(record, name)
    if record.too_large:
        detail = f"the record has {record.body_bytes} bytes, more than max_record_bytes = {options.max_record_bytes}"
        return failed(uri, record.offset, "record-too-large", detail)
    content_type = record.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    if content_type != "text/plain":
        return Skipped("not-text")
    decoded = decode(record.body, config=options.encoding)
    text = normalize_text(decoded.text).strip()
    if not text:
        return Skipped("no-text")
    crawled = parse_iso_date(record.headers.get("warc-date", ""))
    published, evidence = choose_date(None, None, crawled)
    license_name, license_evidence = choose_license(None, options)
    meta: dict[str, object] = {**crawl_date(crawled), "content_type": content_type, "charset": decoded.encoding}
    identified = record.headers.get("warc-identified-content-language")
    if identified:
        meta["identified_languages"] = storable(identified)
    return Document(
        record_key=key,
        uri=storable(uri),
        offset=record.offset,
        length=record.length,
        text=text,
        title=None,
        published=published,
        date_evidence=evidence,
        license=license_name,
        license_evidence=license_evidence,
        meta=meta,
    )
