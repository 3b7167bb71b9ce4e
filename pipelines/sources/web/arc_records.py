"""Cuts an ARC file (the Internet Archive's format before WARC) into records.

A record is one line ``URL IP-address Archive-date Content-type Archive-length`` (version 1; version 2 has ten fields,
the length still last) and then that many bytes (https://archive.org/web/researcher/ArcFileFormat.php).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gristmill.pipelines.sources.reading.base import Failed, failed
from gristmill.pipelines.sources.reading.streams import broken_stream_reason, open_stream
from gristmill.pipelines.sources.reading.window import Window
from gristmill.pipelines.sources.web.warc_records import Extents, open_archive

MAX_LINE_BYTES = 1 << 16

_FIRST = b"filedesc:"
_LINE_END = re.compile(rb"\n")
_HEADER = re.compile(rb"^(?P<uri>\S.*?) (?P<ip>\S+) (?P<date>\d{8,20}) (?P<rest>.*?)\s?(?P<length>-?[0-9a-zA-Z]+)\s*$")
_RECORD_START = re.compile(rb"(?<=\n)(?:https?|ftp|dns|filedesc|warcinfo):[^\r\n]{1,4000} \d{8,20} [^\r\n]{1,400}\n")


@dataclass(frozen=True, slots=True)
class ArcRecord:
    """One record: where it lies, its header line's fields and its bytes."""

    offset: int
    length: int
    uri: str
    date: str
    body: bytes


def is_arc(path: Path) -> bool:
    """Whether a file is an ARC, by its first bytes."""
    stream = open_stream(path)
    try:
        return stream.read(len(_FIRST)) == _FIRST
    except OSError:
        return False
    finally:
        stream.close()


def arc_records(path: Path, name: str, max_record_bytes: int) -> Iterator[ArcRecord | Failed]:
    """The records of an ARC file in order, with a dead letter for each stretch that is not one."""
    stream, extents = open_archive(path, b"http")
    try:
        window = Window(stream, extents.position)
        yield from _records(window, extents, name, max_record_bytes)
        if window.fault is not None:
            yield failed(name, extents.damage, broken_stream_reason(window.fault), window.fault)
    finally:
        stream.close()


def _records(window: Window, extents: Extents, name: str, max_record_bytes: int) -> Iterator[ArcRecord | Failed]:
    while window.skip_newlines():
        start = window.position
        line = window.block(_LINE_END, MAX_LINE_BYTES)
        if line is None and window.fault is not None:
            return
        header = _HEADER.match(line) if line is not None else None
        length = int(header["length"]) if header and header["length"].isdigit() and len(header["length"]) < 16 else -1
        offset, _ = extents.extent(start, -1)
        if header is None or length < 0:
            shown = (line or window.peek(80))[:80]
            yield failed(name, offset, "bad-arc-header", f"no address, date and length in {shown!r}")
            window.drop(0 if line is not None else 1)
            _resync(window, line)
            continue
        uri = header["uri"].decode("utf-8", "replace")
        if length > max_record_bytes:
            if window.drop(length) == length:
                detail = f"the record has {length} bytes, more than max_record_bytes = {max_record_bytes}"
                yield failed(uri, offset, "record-too-large", detail)
            elif window.fault is None:
                yield failed(uri, offset, "truncated-record", f"the header says {length} bytes, the file ends before")
            continue
        body = window.take(length)
        if len(body) < length:
            if window.fault is None:
                yield failed(uri, offset, "truncated-record", f"the header says {length} bytes, {len(body)} are there")
            return
        window.skip_newlines()
        offset, stored = extents.extent(start, window.position)
        yield ArcRecord(offset, stored, uri, header["date"].decode("ascii"), body)


def _resync(window: Window, line: bytes | None) -> None:
    """Goes to the next line that looks like a record header."""
    if line is not None:
        window.put_back(b"\n")
    window.seek_line(_RECORD_START, MAX_LINE_BYTES)
