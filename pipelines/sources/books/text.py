"""``text``: one document a file. Plain text in any encoding, or a whole book as HTML; plain or compressed.

Project Gutenberg's header and licence are removed and noted in ``meta``. Of an HTML file all text is taken: a book has
no boilerplate around its main content.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gristmill.documents import normalize_text
from gristmill.pipelines.sources.books.book_document import BookFile, book_document
from gristmill.pipelines.sources.books.epub_text import read_content
from gristmill.pipelines.sources.books.gutenberg import strip_gutenberg
from gristmill.pipelines.sources.reading.base import Item, Skipped, SourceOptions, failed
from gristmill.pipelines.sources.reading.decoding import check_encoding, decode, is_binary
from gristmill.pipelines.sources.reading.streams import READ_BYTES, broken_stream_reason, open_stream
from gristmill.pipelines.sources.web.page import PageError

_HTML_STARTS = ("<!doctype html", "<html", "<?xml")
_BINARY_STARTS = (b"PK\x03\x04", b"%PDF", b"\x89PNG", b"\x7fELF", b"\xfd7zXZ", b"7z\xbc\xaf", b"\xff\xd8\xff", b"GIF8")


@dataclass(frozen=True, slots=True)
class _Raw:
    text: str
    title: str | None
    meta: dict[str, object]


def read_text(path: Path, name: str, options: SourceOptions) -> Iterator[Item]:
    """Yields the one item of a file. See :mod:`gristmill.pipelines.sources.reading.base`."""
    try:
        data = _read(path, options.max_record_bytes)
    except OSError as error:
        yield failed(name, 0, broken_stream_reason(error), error)
        return
    if not data:
        return
    if len(data) > options.max_record_bytes:
        yield failed(name, 0, "record-too-large", f"more than max_record_bytes = {options.max_record_bytes} bytes")
    elif data.startswith(_BINARY_STARTS):
        yield Skipped("binary")
    else:
        yield _item(data, path.stat().st_size, name, options)


def _read(path: Path, max_bytes: int) -> bytes:
    """Up to one byte more than allowed."""
    stream = open_stream(path)
    parts: list[bytes] = []
    left = max_bytes + 1
    try:
        while left > 0 and (part := stream.read(min(left, READ_BYTES))):
            parts.append(part)
            left -= len(part)
    finally:
        stream.close()
    return b"".join(parts)


def _item(data: bytes, size_bytes: int, name: str, options: SourceOptions) -> Item:
    try:
        raw = _html(data, options) if _is_html(data) else _plain(data, options)
    except PageError as error:
        return failed(name, 0, "html-not-parsed", error)
    if is_binary(raw.text):
        return Skipped("binary")
    text, meta = normalize_text(raw.text), raw.meta
    book = strip_gutenberg(text)
    title, published = raw.title, None
    if book is not None:
        text = book.body
        title = book.title or title
        published = book.released
        meta["gutenberg"] = {
            "ebook": book.number,
            "header_chars": book.header_chars,
            "footer_chars": book.footer_chars,
        }
        for key, value in (("author", book.author), ("language", book.language)):
            if value:
                meta[key] = value[:500]
    return book_document(
        BookFile(name, size_bytes, "file"),
        text.strip(),
        title=title,
        published=published,
        stated_license=None,
        meta=meta,
        options=options,
    )


def _is_html(data: bytes) -> bool:
    start = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().decode("latin-1").lower()
    return start.startswith(_HTML_STARTS) and b"<html" in data[:4096].lower()


def _plain(data: bytes, options: SourceOptions) -> _Raw:
    decoded = decode(data, config=options.encoding)
    meta: dict[str, object] = {"charset": decoded.encoding, "charset_evidence": decoded.evidence}
    if decoded.replaced:
        meta["replaced_characters"] = decoded.replaced
    return _Raw(decoded.text, None, meta)


def _html(data: bytes, options: SourceOptions) -> _Raw:
    content = read_content(data, config=options.encoding)
    meta: dict[str, object] = {
        "content_type": "text/html",
        "charset": content.decoded.encoding,
        "charset_evidence": content.decoded.evidence,
    }
    return _Raw(content.text, content.title, meta)


def check_text(path: Path, options: SourceOptions) -> None:  # noqa: ARG001 - the checks of all kinds have one shape
    """Raises ``ConfigError`` for an encoding that is not known."""
    check_encoding(options.encoding)
