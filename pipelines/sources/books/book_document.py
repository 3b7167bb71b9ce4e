"""What ``epub`` and ``text`` share: a file that is one book becomes a document."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from gristmill.documents import Document, normalize_text
from gristmill.pipelines.sources.reading.base import Item, Skipped, SourceOptions, storable
from gristmill.pipelines.sources.web.web_document import choose_license

MAX_TITLE_CHARS = 1000


@dataclass(frozen=True, slots=True)
class BookFile:
    """One file and what to call its document.

    Attributes:
        name: the shard's name, which is the document's address.
        size_bytes: of the file, as it lies there.
        record_key: identity within the shard.
    """

    name: str
    size_bytes: int
    record_key: str


def book_document(
    file: BookFile,
    text: str,
    *,
    title: str | None,
    published: dt.datetime | None,
    stated_license: str | None,
    meta: dict[str, object],
    options: SourceOptions,
) -> Item:
    """The document of a book, or that it has no text.

    Args:
        file: where it lies.
        text: normalised and stripped.
        title: as the book states it.
        published: as the book states it.
        stated_license: the book's own.
        meta: what else is known.
        options: of the source, for the licence of a book that states none.
    """
    if not text:
        return Skipped("no-text")
    license_name, evidence = choose_license(stated_license, options)
    return Document(
        record_key=file.record_key,
        uri=storable(file.name),
        offset=0,
        length=file.size_bytes,
        text=text,
        title=normalize_text(title)[:MAX_TITLE_CHARS] if title else None,
        published=published,
        date_evidence="declared" if published else "none",
        license=license_name,
        license_evidence=evidence,
        meta=meta,
    )
