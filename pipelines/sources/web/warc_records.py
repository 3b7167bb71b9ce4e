"""Cuts a WARC file into records, so that no byte of it goes unaccounted for.

FastWARC parses records quickly, but its iterator (2.0.1, tried on the cases below) says nothing where a compressed
archive is cut short, swallows an archive with bare line feeds as one record, and in its lenient mode steps over damage
in silence. The cuts are therefore made here, by the grammar of ISO 28500:2017 section 4, and every irregularity is a
:class:`Failed`. After one, reading goes on at the next line that looks like a record's first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gristmill.pipelines.sources.reading.base import Failed, failed
from gristmill.pipelines.sources.reading.streams import ByteStream, broken_stream_reason, file_compression, open_stream
from gristmill.pipelines.sources.reading.window import Window
from gristmill.pipelines.sources.web.gzip_members import GzipMembers

MAX_HEADER_BYTES = 64 << 10
"""A record header longer than this is damage."""

_VERSION = re.compile(rb"WARC/\d\.\d{1,3}[ \t]*\r?\n")
_RECORD_START = re.compile(rb"(?<=\n)WARC/[01]\.\d{1,2}[ \t]*\r?\n")
_FIRST_LINE_BYTES = 20
_HEADER_END = re.compile(rb"\n\r?\n")


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record as stored.

    Attributes:
        offset: byte offset in the file; of the compressed member, for gzip; -1 for other compression.
        length: bytes it takes in the file; -1 if it shares a compressed member with others.
        headers: the record's named fields, names in lower case, the last one winning.
        body: the record's block; empty if ``too_large``.
        body_bytes: the block's length as declared.
        too_large: whether the block was longer than allowed and was not kept.
    """

    offset: int
    length: int
    headers: Mapping[str, str]
    body: bytes
    body_bytes: int
    too_large: bool


class Extents(Protocol):
    """Knows where decompressed bytes lie in the file, and how to get past damage."""

    @property
    def position(self) -> int:
        """Decompressed bytes read so far."""
        ...

    @property
    def damage(self) -> int:
        """Offset in the file of the damage last met, -1 where unknown."""
        ...

    def extent(self, start: int, end: int) -> tuple[int, int]:
        """Offset and length in the file of decompressed bytes, -1 where there is no such notion."""
        ...

    def skip_damage(self) -> bool:
        """Goes on behind the damage; false where that cannot be done."""
        ...


class _NoMembers:
    """Extents of a file without members: bytes lie where they lie, or nobody knows where (``plain=False``)."""

    position = 0
    damage = -1

    def __init__(self, *, plain: bool) -> None:
        self._plain = plain

    def extent(self, start: int, end: int) -> tuple[int, int]:
        return (start, end - start if end >= 0 else -1) if self._plain else (-1, -1)

    def skip_damage(self) -> bool:
        return False


def open_archive(path: Path, wanted: bytes) -> tuple[ByteStream, Extents]:
    """Opens an archive and what locates its records. ``wanted`` is how a record starts, see :class:`GzipMembers`."""
    codec = file_compression(path)
    if codec == "gzip":
        members = GzipMembers(path, wanted)
        return members, members
    return open_stream(path), _NoMembers(plain=codec is None)


def parse_fields(block: bytes) -> dict[str, str]:
    r"""Named fields of a header block: names in lower case, folded lines joined, the last of a name winning.

    >>> parse_fields(b"WARC/1.0\r\nWARC-Type: response\r\nX: a\r\n b\r\nno colon\r\n\r\n")
    {'warc-type': 'response', 'x': 'a b'}
    """
    fields: dict[str, str] = {}
    name = ""
    for line in block.decode("utf-8", "replace").split("\n")[1:]:
        if line[:1] in {" ", "\t"} and name:
            fields[name] = f"{fields[name]} {line.strip()}"
            continue
        key, colon, value = line.partition(":")
        if colon:
            name = key.strip().lower()
            fields[name] = value.strip()
    return fields


def warc_records(path: Path, name: str, max_record_bytes: int) -> Iterator[RawRecord | Failed]:
    """The records of a WARC file in order, with a dead letter for each stretch that is not one.

    Args:
        path: a local file, plain or compressed (gzip, zstd, lz4).
        name: the shard's name, for dead letters.
        max_record_bytes: a record with a longer block is given without it.
    """
    stream, extents = open_archive(path, b"WARC/")
    try:
        while True:
            window = Window(stream, extents.position)
            yield from _records(window, extents, name, max_record_bytes)
            if window.fault is None:
                return
            yield failed(name, extents.damage, broken_stream_reason(window.fault), window.fault)
            if not extents.skip_damage():
                return
    finally:
        stream.close()


def _records(window: Window, extents: Extents, name: str, max_record_bytes: int) -> Iterator[RawRecord | Failed]:
    """The records up to the end of the stream, or to its fault, which the caller reports."""
    while window.skip_newlines():
        start = window.position
        head = window.peek(_FIRST_LINE_BYTES)
        header = window.block(_HEADER_END, MAX_HEADER_BYTES) if _VERSION.match(head) else None
        if header is None:
            if window.fault is not None:
                return
            offset, _ = extents.extent(start, -1)
            if not _VERSION.match(head):
                yield failed(name, offset, "not-a-warc-record", f"expected WARC/1.x, got {head!r}")
            elif window.buffered < MAX_HEADER_BYTES:
                yield failed(name, offset, "truncated-record", "the file ends inside a record header")
            else:
                yield failed(name, offset, "record-header-too-large", f"no blank line within {MAX_HEADER_BYTES} bytes")
            window.drop(1)
            window.seek_line(_RECORD_START, _FIRST_LINE_BYTES)
            continue
        fields = parse_fields(header)
        record = _block(window, fields, start, extents, name, max_record_bytes)
        if record is None:
            return
        yield record
        if isinstance(record, Failed):
            window.seek_line(_RECORD_START, _FIRST_LINE_BYTES)


def _block(
    window: Window, fields: Mapping[str, str], start: int, extents: Extents, name: str, max_record_bytes: int
) -> RawRecord | Failed | None:
    """The rest of a record after its header; ``None`` if the stream broke inside it.

    After a :class:`Failed` the window stands where the search for the next record has to begin.
    """
    uri = fields.get("warc-target-uri", name)
    declared = fields.get("content-length", "")
    if not (declared.isascii() and declared.isdigit() and len(declared) < 18):
        offset, _ = extents.extent(start, -1)
        return failed(uri, offset, "bad-content-length", f"Content-Length is {declared[:40]!r}")
    length = int(declared)
    too_large = length > max_record_bytes
    body = b"" if too_large else window.take(length)
    got = window.drop(length) if too_large else len(body)
    if got < length:
        if window.fault is not None:
            return None
        offset, _ = extents.extent(start, -1)
        window.put_back(body)
        return failed(uri, offset, "truncated-record", f"Content-Length is {length}, the file has {got} more bytes")
    end = window.position
    more = window.skip_newlines()
    gap = window.position - end
    if more and gap < 2 and window.fault is None and not _VERSION.match(window.peek(_FIRST_LINE_BYTES)):
        offset, _ = extents.extent(start, -1)
        window.put_back(body + b"\n" * gap)
        return failed(uri, offset, "bad-content-length", f"Content-Length is {length}, no record follows there")
    offset, stored = extents.extent(start, window.position)
    return RawRecord(offset, stored, fields, body, length, too_large)
