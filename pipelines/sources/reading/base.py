"""What every source kind shares: the three things a raw record can become, and the options that say how to read it.

A reader is a plain generator ``read(path, name, options)`` over one local raw shard. It yields exactly one item per raw
record, so that ``records = documents + skipped + failed`` holds by counting, and it never raises for anything it finds
in the file: a record that cannot be read is a :class:`Failed`, and an archive that breaks in the middle gives what came
before the break and then one :class:`Failed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from gristmill.documents import Document

MAX_DETAIL_CHARS = 500
"""How much of an exception's message a dead letter keeps."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A raw record that was read and counted but is not a document.

    Attributes:
        reason: a short stable word such as ``revisit``, ``not-html``, ``status-404``, ``no-text`` or ``binary``.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A raw record that should have been a document and could not be read: a dead letter.

    Attributes:
        uri: the record's own address where known, else the shard's name.
        offset: byte offset (or line or row number, as the kind documents) in the shard, -1 where unknown.
        error: a short stable reason such as ``truncated-archive``; group by it.
        detail: what exactly was wrong and where.
    """

    uri: str
    offset: int
    error: str
    detail: str


class UnreadableError(ValueError):
    """Something inside a raw record must not or cannot be read: the record becomes a dead letter.

    Args:
        detail: what was wrong.
        reason: a short stable word for the dead letter.
    """

    def __init__(self, detail: str, *, reason: str) -> None:
        super().__init__(detail)
        self.reason = reason


Item = Document | Skipped | Failed
"""What one raw record becomes."""

Read = Callable[[Path, str, "SourceOptions"], Iterator[Item]]
"""A reader of one kind: local path, name of the shard relative to its source's root, options."""

Check = Callable[[Path, "SourceOptions"], None]
"""Looks at one shard before the run and raises ``ConfigError`` for what the configuration got wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceOptions:
    """How to read the shards of one source. The defaults suit every kind.

    Attributes:
        extractor: what turns HTML into text: ``resiliparse`` or ``trafilatura``.
        license: SPDX expression that the configuration states for the whole source; a document's own wins.
        fields: for ``jsonl`` and ``parquet``: which field holds ``text``, ``id``, ``uri``, ``title``, ``published`` and
            ``license``. Names that are absent keep their own name; ``text`` must exist, the others may be missing.
        encoding: the encoding of ``text`` and ``code`` files when it is known; ``None`` detects it file by file.
        max_record_bytes: a larger raw record, page, line or file becomes a dead letter instead of being held in memory.
        max_archive_bytes: an archive (or compressed text shard) that unpacks to more is cut there, with a dead letter.
        max_archive_ratio: an archive member that unpacks to more than this many times its packed size is refused,
            once it exceeds one megabyte.
        max_members: an archive with more members is cut there, with a dead letter.
        options: what ``options`` of the source says, for the reader of a plugin.
    """

    extractor: Literal["resiliparse", "trafilatura"] = "resiliparse"
    license: str | None = None
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    encoding: str | None = None
    max_record_bytes: int = 32 << 20
    max_archive_bytes: int = 64 << 30
    max_archive_ratio: int = 200
    max_members: int = 1_000_000
    options: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


def failed(uri: str, offset: int, error: str, detail: object) -> Failed:
    """A dead letter with a detail of bounded length and without lone surrogates, whatever the exception said.

    >>> failed("a.warc", 3, "bad-header", ValueError("x" * 10_000)).detail[-4:]
    'xxx…'
    """
    text = f"{type(detail).__name__}: {detail}" if isinstance(detail, BaseException) else str(detail)
    if len(text) > MAX_DETAIL_CHARS:
        text = text[: MAX_DETAIL_CHARS - 1] + "…"
    return Failed(uri=storable(uri), offset=offset, error=error, detail=storable(text))


def storable(text: str) -> str:
    r"""``text`` fit for an Arrow string: lone surrogates become ``\ufffd`` and NUL bytes go.

    >>> storable("a\udcffb\x00")
    'a\ufffdb'
    """
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
