"""The one list of source kinds. A new kind is one new module and one line here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gristmill.documents import Kind
from gristmill.errors import ConfigError, InputError, unknown_name
from gristmill.pipelines.sources.books.epub import read_epub
from gristmill.pipelines.sources.books.text import check_text, read_text
from gristmill.pipelines.sources.reading.base import Check, Item, Read, SourceOptions, failed
from gristmill.pipelines.sources.rows.jsonl import check_jsonl, read_jsonl
from gristmill.pipelines.sources.rows.parquet import check_parquet, read_parquet
from gristmill.pipelines.sources.source_code.code_files import check_code, read_code
from gristmill.pipelines.sources.web.warc import check_warc, read_warc
from gristmill.pipelines.sources.web.wet import read_wet


@dataclass(frozen=True, slots=True)
class SourceKind:
    """One kind of raw shard.

    Attributes:
        name: what the configuration calls it.
        document_kind: what its documents are unless the configuration says otherwise.
        summary: one line for ``gristmill sources``.
        suffixes: the file names it usually has; a hint for people, nothing is refused by its name.
        read: the reader.
        check: looks at one shard before the run, if there is anything to check.
    """

    name: str
    document_kind: Kind
    summary: str
    suffixes: tuple[str, ...]
    read: Read
    check: Check | None = None


_KINDS = (
    SourceKind(
        "warc",
        "web",
        "web archives: HTML and plain-text responses, by Resiliparse or trafilatura",
        (".warc", ".warc.gz", ".warc.zst", ".warc.lz4", ".arc", ".arc.gz"),
        read_warc,
        check_warc,
    ),
    SourceKind(
        "wet",
        "web",
        "text a crawler has extracted: WARC conversion records, as Common Crawl publishes them",
        (".warc.wet.gz", ".wet.gz", ".warc.wet"),
        read_wet,
    ),
    SourceKind("epub", "book", "EPUB 2 and 3 books: one document a book, in reading order", (".epub",), read_epub),
    SourceKind(
        "text",
        "book",
        "plain text or HTML books, one document a file; Project Gutenberg's header and licence removed",
        (".txt", ".text", ".htm", ".html", ".txt.gz"),
        read_text,
        check_text,
    ),
    SourceKind(
        "code",
        "code",
        "source trees and archives: one document a source file",
        (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip", ".whl"),
        read_code,
        check_code,
    ),
    SourceKind(
        "jsonl",
        "web",
        "one JSON object a line; `fields` says which field is what",
        (".jsonl", ".json", ".jsonl.gz", ".json.gz", ".jsonl.zst", ".jsonl.bz2"),
        read_jsonl,
        check_jsonl,
    ),
    SourceKind(
        "parquet",
        "web",
        "one row a document; `fields` says which column is what",
        (".parquet",),
        read_parquet,
        check_parquet,
    ),
)

SOURCES: dict[str, SourceKind] = {kind.name: kind for kind in _KINDS}
"""Every source kind by its name in the configuration."""


def source_kind(name: str) -> SourceKind:
    """The kind of that name.

    Raises:
        ConfigError: there is none; the message names the nearest.

    >>> source_kind("warc").document_kind
    'web'
    """
    if name not in SOURCES:
        raise ConfigError(unknown_name("source kind", name, SOURCES))
    return SOURCES[name]


def read(kind: str, path: Path, name: str, options: SourceOptions) -> Iterator[Item]:
    """Reads one raw shard: one item per raw record, in file order, whatever the file holds.

    Args:
        kind: name of the source kind.
        path: the shard as a local file, or a directory for ``code``.
        name: the shard's uri relative to its source's root.
        options: how to read it.

    Raises:
        ConfigError: unknown kind, or an extractor that is not installed.
        InputError: there is no file at ``path``. Nothing that is *in* a file raises.
    """
    reader = source_kind(kind).read
    if not path.exists():
        message = f"{name}: wanted a local file at {path}, found none; was it moved since the inputs were listed?"
        raise InputError(message)
    if path.is_dir() and kind != "code":
        yield failed(name, 0, "is-a-directory", f"source kind {kind!r} reads files")
        return
    empty = True
    for item in reader(path, name, options):
        empty = False
        yield item
    if empty:
        yield failed(name, 0, "empty-file", "the file holds no record at all")


def check(kind: str, path: Path, options: SourceOptions) -> None:
    """Looks at one shard before the run.

    Raises:
        ConfigError: the configuration asks for a field that the file does not have, or for a package that is missing.
    """
    checker = source_kind(kind).check
    if checker is not None and path.exists():
        checker(path, options)
