"""Evaluation sets read from files of JSON lines, as the texts that must not stand in the training data.

An item's texts are the strings of the fields that are searched. A field may hold a string, or a list of strings that
are alternatives, such as the choices of a question. Besides each string on its own, each plain string is searched
together with the next one (or with each of the next alternatives), since a leaked item has the question before its
answer. Name the fields in the order in which they are read: `fields = ["query", "choices"]`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from gristmill import storage
from gristmill.errors import ConfigError, EmptyResultError, InputError, IntegrityError, unknown_name

_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x04\x22\x4d\x18", "lz4"), (b"BZh", "bz2"))


@dataclass(frozen=True)
class EvaluationFiles:
    """One evaluation set.

    Attributes:
        name: name in the ledger.
        uris: its files.
        sha256: checksum of each file.
        fields: fields that are searched, in reading order, ``a.b`` for a nested one; all strings if empty.
        id_field: field that names an item; its line if None.
    """

    name: str
    uris: tuple[str, ...]
    sha256: tuple[str, ...]
    fields: tuple[str, ...] = ()
    id_field: str | None = None


@dataclass(frozen=True)
class Item:
    """One item: its name in the ledger, and its strings, field by field, alternatives together."""

    name: str
    fields: tuple[tuple[str, ...], ...]

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Strings that are searched one after the other, by number among all strings of the item.

        >>> list(Item("a:1", (("question",), ("yes", "no"))).pairs())
        [(0, 1), (0, 2)]
        """
        number = 0
        for here, after in zip(self.fields, self.fields[1:], strict=False):
            if len(here) == 1:
                yield from ((number, number + 1 + place) for place in range(len(after)))
            number += len(here)

    def wholes(self) -> Iterator[tuple[int, int]]:
        """All its strings one after the other, with each alternative of the last field: strings before it, and it.

        Nothing for one string or two fields, which are a passage without this, nor where another field than the last
        holds alternatives.

        >>> list(Item("a:1", (("text",), ("question",), ("yes", "no"))).wholes())
        [(2, 2), (2, 3)]
        """
        before = len(self.fields) - 1
        if before > 1 and all(len(field) == 1 for field in self.fields[:-1]):
            yield from ((before, before + place) for place in range(len(self.fields[-1])))


def find_files(
    name: str, patterns: Sequence[str], fields: Sequence[str] = (), id_field: str | None = None
) -> EvaluationFiles:
    """The files of one evaluation set, with their checksums.

    Raises:
        EmptyResultError: a pattern matches no file.
    """
    uris: list[str] = []
    for pattern in patterns:
        found = [stat.uri for stat in storage.find(pattern)]
        if not found:
            message = (
                f"decontamination.sets {name!r}: {pattern!r} matches no file; give JSON lines, plain or compressed"
            )
            raise EmptyResultError(message)
        uris += found
    uris = list(dict.fromkeys(uris))
    sums = tuple(hashlib.sha256(storage.read_bytes(uri)).hexdigest() for uri in uris)
    return EvaluationFiles(name, tuple(uris), sums, tuple(fields), id_field)


def read_items(files: EvaluationFiles) -> list[Item]:
    """All items of a set, in the order of its files and lines.

    Raises:
        ConfigError: a field that no item has.
        EmptyResultError: no item at all.
        InputError: a line that is not JSON, or not an object, an array or a string; an item without its id.
        IntegrityError: a file is not the one whose checksum is in ``files``.
    """
    items: list[Item] = []
    seen, known = set[str](), set[str]()
    for uri, sha256 in zip(files.uris, files.sha256, strict=True):
        prefix = files.name if len(files.uris) == 1 else f"{files.name}:{uri.rpartition('/')[2]}"
        for number, record in _records(uri, sha256):
            name = f"{prefix}:{number}"
            if files.id_field is not None:
                name = f"{files.name}:{_identity(record, files.id_field, uri, number)}"
            values = [record]
            if files.fields:
                values = [_value(record, field) for field in files.fields]
                seen.update(field for field, value in zip(files.fields, values, strict=True) if value is not None)
                known.update(record if isinstance(record, dict) else ())
            elif isinstance(record, dict):
                values = list(record.values())
            items.append(Item(name, tuple(strings for value in values if (strings := tuple(_strings(value))))))
    if not items:
        message = f"decontamination.sets {files.name!r}: no item in {', '.join(files.uris)}; one JSON value a line"
        raise EmptyResultError(message)
    for field in files.fields:
        if field not in seen:
            message = f"decontamination.sets {files.name!r}: " + unknown_name("field", field, known)
            raise ConfigError(message)
    return items


def _records(uri: str, sha256: str) -> Iterator[tuple[int, object]]:
    """Line numbers, from 1, and what stands there; blank lines are passed over."""
    raw = storage.read_bytes(uri)
    if hashlib.sha256(raw).hexdigest() != sha256:
        message = f"{uri} has changed since the run began; start the run again"
        raise IntegrityError(message)
    codec = next((name for magic, name in _MAGIC if raw.startswith(magic)), None)
    if codec is not None:
        try:
            raw = pa.CompressedInputStream(pa.BufferReader(raw), codec).read()
        except OSError as error:
            message = f"{uri}: damaged {codec} data: {error}"
            raise InputError(message) from error
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            message = f"{uri}:{number}: wanted one JSON value a line: {error}"
            raise InputError(message) from error
        if not isinstance(record, dict | list | str):
            message = f"{uri}:{number}: wanted a JSON object, array or string, got {type(record).__name__}"
            raise InputError(message)
        yield number, record


def _value(record: object, field: str) -> object:
    """The value of a field, or None; a key that holds a dot is tried as it is first."""
    if not isinstance(record, dict) or field in record:
        return record.get(field) if isinstance(record, dict) else None
    head, dot, rest = field.partition(".")
    return _value(record.get(head), rest) if dot else None


def _identity(record: object, field: str, uri: str, number: int) -> str:
    value = _value(record, field)
    if not isinstance(value, str | int):
        message = f"{uri}:{number}: wanted a string or a number in the field {field!r} that names items, got {value!r}"
        raise InputError(message)
    return str(value)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
