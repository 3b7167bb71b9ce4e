"""Turns a pydantic error into lines a person can act on: file, line, key, what was wanted, the nearest valid key."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gristmill.errors import ConfigError, unknown_name

Location = Sequence[str | int]
Checked = TypeVar("Checked", bound=BaseModel)


def explain_validation(error: ValidationError, model: type[BaseModel], text: str, origin: str) -> str:
    """One line per mistake, in the order of the file."""
    lines = []
    items = error.errors()
    for item in items:
        if item["type"] == "too_short" and any(_inside(other["loc"], item["loc"]) for other in items):
            continue  # an entry that is wrong is none to pydantic, so the list it stands in counts as empty
        location = tuple(part for part in item["loc"] if not _is_union_tag(part))
        line = find_line(text, location)
        where = f"{origin}:{line}" if line else origin
        lines.append((line, f"{where}: {dotted(location)}: {_message(item, location, model)}"))
    # A union reports a failure for each of its members; one line each is enough.
    return "\n".join(dict.fromkeys(message for _, message in sorted(lines, key=lambda pair: pair[0])))


def checked(model: type[Checked], values: Any, where: str) -> Checked:
    """Values that a caller gives for a section, checked as those of a file are.

    Args:
        model: the section.
        values: its keys, or what else it takes.
        where: what the values are for, in messages.

    Raises:
        ConfigError: an unknown key, with the nearest valid one, or a value of the wrong kind.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        lines = []
        for item in error.errors():
            location = tuple(part for part in item["loc"] if not _is_union_tag(part))
            lines.append(f"{where}: {dotted(location)}: {_message(item, location, model)}")
        raise ConfigError("\n".join(dict.fromkeys(lines))) from error


def _inside(location: Location, outer: Location) -> bool:
    return len(location) > len(outer) and tuple(location[: len(outer)]) == tuple(outer)


def dotted(location: Location) -> str:
    """A key path as written in TOML.

    >>> dotted(("source", 0, "kind"))
    'source[0].kind'
    """
    out = ""
    for part in location:
        out += f"[{part}]" if isinstance(part, int) else (f".{part}" if out else part)
    return out or "(top level)"


def find_line(text: str, location: Location) -> int:
    r"""The 1-based line where a key path is written, or of its nearest written parent; 0 when nothing of it is.

    >>> find_line('[run]\noutput = "x"\n[[source]]\n[[source]]\nkind = "warc"', ("source", 1, "kind"))
    5
    """
    names = [part for part in location if isinstance(part, str)]
    index = next((part for part in location if isinstance(part, int)), None)
    best, table, seen = 0, [], 0
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\[?\s*([\w.\-\s]+?)\s*\]\]?", line):
            table = [part.strip() for part in header[1].split(".")]
            if names and table == names[:1] and line.lstrip().startswith("[["):
                seen += 1
            if table == names[: len(table)] and (index is None or seen == index + 1):
                best = number
            continue
        key = re.match(r"\s*([\w\-.]+)\s*=", line)
        in_table = index is None or not table or seen == index + 1
        if key and in_table and _in_place(table, key[1].split("."), names, line):
            best = number
    return best


def _in_place(table: list[str], key: list[str], names: list[str], line: str) -> bool:
    path = table + key
    if path == names:
        return True
    # Inline tables: `near = { shingel = 5 }` is where near.shingel stands.
    return path == names[: len(path)] and names[-1] in line


def _is_union_tag(part: str | int) -> bool:
    """Pydantic adds the member's name to the location of a union; it is no key."""
    return isinstance(part, str) and bool(re.search(r"\[|Section$|^(str|int|bool|literal|dict)\b", part))


def _message(item: Any, location: Location, model: type[BaseModel]) -> str:
    kind = item["type"]
    if kind == "extra_forbidden":
        owner = _model_at(model, location[:-1])
        return unknown_name("key", str(location[-1]), owner.model_fields if owner else ())
    if kind == "missing":
        return "required, not given"
    if kind == "literal_error" and isinstance(item["input"], str):
        known = re.findall(r"'([^']*)'", str(item["ctx"]["expected"]))
        return unknown_name("value", item["input"], known)
    text = str(item["msg"]).removeprefix("Value error, ")
    got = item["input"]
    shown = "" if isinstance(got, dict | list) or "got" in text else f", got {got!r}"
    return f"{text[:1].lower()}{text[1:]}{shown}"


def _model_at(model: type[BaseModel], location: Location) -> type[BaseModel] | None:
    """The model that owns the keys at a location."""
    current: type[BaseModel] | None = model
    for part in location:
        if isinstance(part, int) or current is None:
            continue
        field = current.model_fields.get(part)
        current = model_of(field.annotation) if field else None
    return current


def model_of(annotation: Any) -> type[BaseModel] | None:
    """The configuration model inside an annotation such as ``NearSection | Literal[False]``, or None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is not None:
        for argument in typing.get_args(annotation):
            if (found := model_of(argument)) is not None:
                return found
    return None
