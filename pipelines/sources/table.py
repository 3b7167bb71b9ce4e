"""The one list of source kinds. A new kind is one new module and one line here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gristmill.errors import InputError
from gristmill.pipelines.sources.books.epub import read_epub
from gristmill.pipelines.sources.books.text import check_text, read_text
from gristmill.pipelines.sources.plugin_sources import check_first, plugin_kind, read_checked
from gristmill.pipelines.sources.reading.base import Item, SourceOptions, failed
from gristmill.pipelines.sources.rows.jsonl import check_jsonl, read_jsonl
from gristmill.pipelines.sources.rows.parquet import check_parquet, read_parquet
from gristmill.pipelines.sources.source_code.code_files import check_code, read_code
from gristmill.pipelines.sources.source_kind import SourceKind
from gristmill.pipelines.sources.web.warc import check_warc, read_warc
from gristmill.pipelines.sources.web.wet import read_wet
from gristmill.plugins import Plugin

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


def source_kind(name: str) -> tuple[SourceKind, Plugin | None]:
    """The kind of a name, and the plugin that brings it, if it is not one of this package.

    Args:
        name: of this package, of an entry point of the group ``gristmill.sources``, or ``module:attribute``.

    Raises:
        PluginError: there is none; the message names the nearest.

    >>> source_kind("warc")[0].document_kind
    'web'
    """
    return (SOURCES[name], None) if name in SOURCES else plugin_kind(name, tuple(SOURCES))


def read(kind: str, path: Path, name: str, options: SourceOptions, plugin: Plugin | None = None) -> Iterator[Item]:
    """Reads one raw shard: one item per raw record, in file order, whatever the file holds.

    Args:
        kind: name of the source kind.
        path: the shard as a local file, or a directory for ``code``.
        name: the shard's uri relative to its source's root.
        options: how to read it.
        plugin: what reads it, where that is not this package.

    Raises:
        ConfigError: an extractor that is not installed.
        PluginError: a plugin's reader failed.
        InputError: there is no file at ``path``. Nothing that is *in* a file raises.
    """
    if not path.exists():
        message = f"{name}: wanted a local file at {path}, found none; was it moved since the inputs were listed?"
        raise InputError(message)
    if path.is_dir() and kind != "code":
        yield failed(name, 0, "is-a-directory", f"source kind {kind!r} reads files")
        return
    items = SOURCES[kind].read(path, name, options) if plugin is None else read_checked(plugin, path, name, options)
    empty = True
    for item in items:
        empty = False
        yield item
    if empty:
        yield failed(name, 0, "empty-file", "the file holds no record at all")


def check(kind: str, path: Path, options: SourceOptions, plugin: Plugin | None = None) -> None:
    """Looks at one shard before the run.

    Raises:
        ConfigError: the configuration asks for a field that the file does not have, or for a package that is missing.
        PluginError: a plugin's own check failed.
    """
    if plugin is not None:
        check_first(plugin, path, options)
        return
    checker = SOURCES[kind].check
    if checker is not None and path.exists():
        checker(path, options)
