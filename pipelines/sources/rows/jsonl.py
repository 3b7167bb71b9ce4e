"""``jsonl``: one JSON object per line, plain or compressed (gzip, zstd, bzip2, lz4)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from gristmill.errors import ConfigError
from gristmill.pipelines.sources.reading.base import Item, SourceOptions, failed
from gristmill.pipelines.sources.reading.streams import broken_stream_reason, open_stream
from gristmill.pipelines.sources.reading.window import Window
from gristmill.pipelines.sources.rows.mapped_record import field_name, lookup, row_item

_LINE_END = re.compile(rb"\n")
_BOM = b"\xef\xbb\xbf"


def read_jsonl(path: Path, name: str, options: SourceOptions) -> Iterator[Item]:
    """Yields one item per line that is not blank. See :mod:`gristmill.pipelines.sources.reading.base`.

    The offset of a document is the byte offset of its line (in the decompressed data, for compressed files); the detail
    of a dead letter names the line number, from 1.
    """
    stream = open_stream(path)
    window = Window(stream)
    number = 0
    try:
        while window.peek(1):
            number += 1
            offset = window.position
            line = window.block(_LINE_END, options.max_record_bytes + 1)
            if line is None and window.fault is not None:
                break
            if line is None and window.buffered > options.max_record_bytes:
                detail = f"line {number} has more than max_record_bytes = {options.max_record_bytes} bytes"
                yield failed(f"{name}#{number - 1}", offset, "record-too-large", detail)
                window.seek_line(_LINE_END, 0)
                window.drop(1)
                continue
            if line is None:
                line = window.take(window.buffered)
            if number == 1:
                line = line.removeprefix(_BOM)
            if line.strip():
                yield _line_item(line, number, offset, name, options)
        if window.fault is not None:
            yield failed(name, window.position, broken_stream_reason(window.fault), window.fault)
    finally:
        stream.close()


def parse_line(line: bytes) -> object:
    r"""The JSON value of one line. ``NaN`` and ``Infinity``, which JSON does not have, are refused.

    Raises:
        ValueError: not UTF-8, not JSON, or nested too deeply to be data.

    >>> parse_line(b'{"text": "hi"}\n')
    {'text': 'hi'}
    """
    try:
        return json.loads(line.decode("utf-8"), parse_constant=_refuse)
    except RecursionError as error:
        message = "nested too deeply"
        raise ValueError(message) from error


def _refuse(constant: str) -> object:
    message = f"{constant} is not JSON"
    raise ValueError(message)


def _line_item(line: bytes, number: int, offset: int, name: str, options: SourceOptions) -> Item:
    where = f"{name}#{number - 1}"
    try:
        row = parse_line(line)
    except ValueError as error:
        return failed(where, offset, "bad-json", f"line {number}: {error}")
    if not isinstance(row, dict):
        return failed(where, offset, "not-an-object", f"line {number} is a JSON {type(row).__name__}, not an object")
    return row_item(row, ordinal=number - 1, offset=offset, length=len(line), name=name, options=options)


def check_jsonl(path: Path, options: SourceOptions) -> None:
    """Raises ``ConfigError`` if the first object of a file has none of the configured fields, naming those it has."""
    stream = open_stream(path)
    try:
        line = Window(stream).block(_LINE_END, options.max_record_bytes)
        row = parse_line(line.removeprefix(_BOM)) if line else None
    except ValueError:
        return
    finally:
        stream.close()
    if not isinstance(row, dict):
        return
    wanted = {"text": field_name("text", options), **options.fields}
    missing = {role: field for role, field in wanted.items() if field.partition(".")[0] not in row}
    if missing and lookup(row, wanted["text"]) is None:
        named = ", ".join(f"{role} = {field!r}" for role, field in missing.items())
        message = (
            f"{path.name}: no field for {named}; the first record has: {', '.join(map(str, row))}; "
            "set the right name under `fields` of this source"
        )
        raise ConfigError(message)
