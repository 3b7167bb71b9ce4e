"""What ``jsonl`` and ``parquet`` share: a row of named fields becomes a document, by the configured names."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

from gristmill.documents import Document, normalize_text
from gristmill.pipelines.sources.reading.base import Item, Skipped, SourceOptions, failed, storable
from gristmill.pipelines.sources.reading.dates import parse_iso_date
from gristmill.pipelines.sources.web.web_document import choose_license

FIELDS = ("text", "id", "uri", "title", "published", "license")
"""The roles a field can have. A role without a configured name is looked up under its own name, and ``uri`` also under
``url``."""


MAX_META_CHARS = 1000


def field_name(role: str, options: SourceOptions) -> str:
    """The field that has a role; dots step into nested records.

    >>> field_name("text", SourceOptions(fields={"text": "content"}))
    'content'
    """
    return options.fields.get(role, role)


def lookup(row: Mapping[str, Any], name: str) -> Any:
    """The value of a field, ``None`` if it is absent.

    A name with dots that is not itself a field steps into nested records.

    >>> lookup({"a.b": 1}, "a.b"), lookup({"a": {"b": 2}}, "a.b"), lookup({"a": 3}, "a.b")
    (1, 2, None)
    """
    if name in row or "." not in name:
        return row.get(name)
    value: Any = row
    for part in name.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def row_item(
    row: Mapping[str, Any], *, ordinal: int, offset: int, length: int, name: str, options: SourceOptions
) -> Item:
    """The document of one row, or why there is none.

    Args:
        row: the fields.
        ordinal: number of the row in the shard, from 0; the key where the row has no ``id``.
        offset: where the row lies, for the document and for dead letters.
        length: bytes of the row, -1 where there is no such notion.
        name: the shard's name.
        options: which field is what.
    """
    values = {role: lookup(row, field_name(role, options)) for role in FIELDS}
    if values["uri"] is None and "uri" not in options.fields:
        values["uri"] = row.get("url")
    identity = values["id"]
    key = f"{ordinal}:{identity}" if isinstance(identity, str | int) and identity != "" else str(ordinal)
    uri = values["uri"] if isinstance(values["uri"], str) and values["uri"] else f"{name}#{key}"
    text = values["text"]
    wanted = field_name("text", options)
    if text is None:
        detail = f"no field {wanted!r}; the record has: {', '.join(map(str, list(row)[:20]))}"
        return failed(uri, offset, "missing-text-field", detail)
    if not isinstance(text, str):
        return failed(uri, offset, "text-not-a-string", f"field {wanted!r} is a {type(text).__name__}")
    text = normalize_text(text).strip()
    if not text:
        return Skipped("no-text")
    published = _date(values["published"])
    stated = values["license"] if isinstance(values["license"], str) else None
    license_name, license_evidence = choose_license(storable(stated.strip()) if stated else None, options)
    used = {field_name(role, options).partition(".")[0] for role in FIELDS} | {"url"}
    meta = {
        storable(str(name)): storable(value) if isinstance(value, str) else value
        for name, value in row.items()
        if name not in used and _fits_meta(value)
    }
    return Document(
        record_key=storable(key),
        uri=storable(uri),
        offset=offset,
        length=length,
        text=text,
        title=normalize_text(values["title"]) if isinstance(values["title"], str) and values["title"] else None,
        published=published,
        date_evidence="declared" if published else "none",
        license=license_name,
        license_evidence=license_evidence,
        meta=meta,
    )


def _fits_meta(value: object) -> bool:
    """Short scalars that JSON can hold."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, str | int) and len(str(value)) <= MAX_META_CHARS


def _date(value: object) -> dt.datetime | None:
    if isinstance(value, dt.datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        try:
            return aware.astimezone(dt.UTC).replace(microsecond=0)
        except OverflowError:  # the first or last day of the calendar in another zone
            return None
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    return parse_iso_date(value) if isinstance(value, str) else None
