"""Texts for a classifier, read as a run reads documents: JSON lines, Parquet, or text with one document a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gristmill import storage
from gristmill.documents import normalize_text
from gristmill.errors import EmptyResultError, InputError
from gristmill.inputs import file_checksum
from gristmill.pipelines.sources.reading.base import Failed, Skipped, SourceOptions
from gristmill.pipelines.sources.reading.streams import open_stream
from gristmill.pipelines.sources.table import SOURCES, read


@dataclass
class TextFiles:
    """Files of texts, in the order given, each pattern's matches sorted.

    Attributes:
        patterns: files or globs, local or remote.
        text_field: the field or column with the text.
        read_files: checksum and number of documents of each file that has been read.
    """

    patterns: Sequence[str]
    text_field: str = "text"
    read_files: list[dict[str, Any]] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        """The texts, as a run would have them (line ends, Unicode form, no white space around).

        Raises:
            EmptyResultError: a pattern matches no file.
            InputError: a file or a record cannot be read.
        """
        self.read_files.clear()
        for pattern in self.patterns:
            found = storage.find(pattern)
            if not found:
                message = f"{pattern!r} matched no file (current directory: {Path.cwd()}); correct it"
                raise EmptyResultError(message)
            for stat in found:
                with storage.local_copy(stat.uri) as path:
                    if path.is_dir():
                        message = f"{stat.uri} is a directory; write {storage.join(stat.uri, '*')!r}"
                        raise InputError(message)
                    count = 0
                    for text in _texts(path, stat.uri, self.text_field):
                        count += 1
                        yield text
                    self.read_files.append({"checksum": file_checksum(path), "documents": count})


def file_kind(uri: str) -> str:
    """How a file is read, by its name: ``jsonl``, ``parquet`` or ``lines``.

    >>> file_kind("a/good.jsonl.zst"), file_kind("b.parquet"), file_kind("headlines.gz")
    ('jsonl', 'parquet', 'lines')
    """
    name = uri.lower().removesuffix(".zst")
    return next((kind for kind in ("jsonl", "parquet") if name.endswith(SOURCES[kind].suffixes)), "lines")


def _texts(path: Path, uri: str, text_field: str) -> Iterator[str]:
    kind = file_kind(uri)
    if kind == "lines":
        yield from _lines(path, uri)
        return
    for item in read(kind, path, uri, SourceOptions(fields={"text": text_field})):
        if isinstance(item, Failed):
            message = f"{item.uri}: {item.error}: {item.detail}"
            raise InputError(message)
        if not isinstance(item, Skipped):
            yield item["text"]


def _lines(path: Path, uri: str) -> Iterator[str]:
    stream = open_stream(path)
    rest = b""
    try:
        while block := stream.read(1 << 20):
            *whole, rest = (rest + block).split(b"\n")
            yield from _decoded(whole, uri)
        yield from _decoded([rest], uri)
    except OSError as error:
        message = f"{uri} cannot be read: {error}"
        raise InputError(message) from error
    finally:
        stream.close()


def _decoded(lines: Sequence[bytes], uri: str) -> Iterator[str]:
    for line in lines:
        try:
            text = normalize_text(line.decode("utf-8")).strip()
        except UnicodeDecodeError as error:
            message = f"{uri} is not UTF-8 text with one document a line: {error}; name JSON lines *.jsonl"
            raise InputError(message) from error
        if text:
            yield text
