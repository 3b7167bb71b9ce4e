"""What WARC and WET files share: records of one type become items, and all others are counted by their type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from gristmill.pipelines.sources.reading.base import Failed, Item, Skipped, SourceOptions, failed
from gristmill.pipelines.sources.reading.record_keys import RecordKeys
from gristmill.pipelines.sources.web.warc_records import RawRecord, warc_records

_TYPES = frozenset({"warcinfo", "request", "response", "resource", "metadata", "revisit", "conversion", "continuation"})

ReadRecord = Callable[[RawRecord, str, str, SourceOptions], Item]
"""Makes an item of a record, given its key, the address it is about and the options."""


def record_items(path: Path, name: str, options: SourceOptions, *, wanted: str, read: ReadRecord) -> Iterator[Item]:
    """Yields one item per record of a WARC file.

    Args:
        path: the file.
        name: the shard's name, the address of records that state none.
        options: how to read the source.
        wanted: the ``WARC-Type`` of the records to read; others are skipped, by their type where ISO 28500 knows it.
        read: makes the item of a wanted record.
    """
    keys = RecordKeys()
    for record in warc_records(path, name, options.max_record_bytes):
        if isinstance(record, Failed):
            yield record
            continue
        key = keys.key(record.headers.get("warc-record-id"))
        kind = record.headers.get("warc-type", "").lower()
        if kind == wanted:
            yield read(record, key, _target_uri(record, name), options)
        else:
            yield Skipped(kind if kind in _TYPES else "unknown-record-type")


def _target_uri(record: RawRecord, name: str) -> str:
    """The address a record is about; ``wget`` once wrote it in angle brackets. The shard's name where there is none."""
    return record.headers.get("warc-target-uri", "").strip("<> ") or name


def too_large(record: RawRecord, uri: str, options: SourceOptions) -> Failed:
    """The dead letter of a record whose body was not kept."""
    detail = f"the record has {record.body_bytes} bytes, more than max_record_bytes = {options.max_record_bytes}"
    return failed(uri, record.offset, "record-too-large", detail)
