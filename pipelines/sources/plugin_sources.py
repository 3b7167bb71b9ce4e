"""Source kinds of other packages, with every item they yield checked: what is wrong with one names the plugin."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

from gristmill.documents import DATE_EVIDENCE, KINDS, LICENSE_EVIDENCE, Document
from gristmill.errors import ConfigError
from gristmill.pipelines.sources.reading.base import Failed, Item, Skipped, SourceOptions
from gristmill.pipelines.sources.source_kind import SourceKind
from gristmill.plugins import Plugin, find_plugin, guarded, made, refuse

_FIELDS = frozenset(get_type_hints(Document))
_CHOICES = {"date_evidence": DATE_EVIDENCE, "license_evidence": LICENSE_EVIDENCE}
_TYPES: dict[str, tuple[type, ...]] = {
    "record_key": (str,),
    "uri": (str,),
    "offset": (int,),
    "length": (int,),
    "text": (str,),
    "title": (str, type(None)),
    "published": (dt.datetime, type(None)),
    "date_evidence": (str,),
    "license": (str, type(None)),
    "license_evidence": (str,),
    "meta": (dict,),
}


def plugin_kind(name: str, built_in: tuple[str, ...] = ()) -> tuple[SourceKind, Plugin]:
    """The source kind of a plugin.

    Args:
        name: an entry point of the group ``gristmill.sources``, or ``module:attribute``.
        built_in: names of the kinds that need none, for the message.

    Raises:
        PluginError: there is none, or it is no whole source kind.
    """
    plugin = find_plugin("sources", name, built_in)
    return kind_of(plugin), plugin


def kind_of(plugin: Plugin) -> SourceKind:
    """The source kind of a plugin that was found already: what a worker asks for.

    Raises:
        PluginError: it cannot be loaded here, or is no whole source kind.
    """
    kind: SourceKind = made(plugin, SourceKind)
    if kind.document_kind not in KINDS:
        refuse(plugin, f"wanted a document_kind of {', '.join(KINDS)}, got {kind.document_kind!r}")
    if not callable(kind.read):
        refuse(plugin, f"its `read` is not callable: {kind.read!r}")
    return kind


def read_checked(plugin: Plugin, path: Path, name: str, options: SourceOptions) -> Iterator[Item]:
    """The items of one raw shard, as the plugin reads it.

    Raises:
        PluginError: the reader raised, or yielded something that is no document, skip or dead letter.
    """
    with guarded(plugin, f"opening {name}"):
        items = iter(kind_of(plugin).read(path, name, options))
    while True:
        with guarded(plugin, f"reading {name}"):
            item = next(items, None)
        if item is None:
            return
        if not isinstance(item, Skipped | Failed):
            _check_document(plugin, name, item)
        yield item


def check_first(plugin: Plugin, path: Path, options: SourceOptions) -> None:
    """Lets the plugin look at one shard before the run, if it has anything to check.

    Raises:
        ConfigError: what the plugin found wrong with the configuration.
        PluginError: it raised anything else.
    """
    checker = kind_of(plugin).check
    if checker is None or not path.exists():
        return
    with guarded(plugin, f"checking {path.name}"):
        try:
            checker(path, options)
        except ConfigError as error:
            wrong: ConfigError | None = error
        else:
            wrong = None
    if wrong is not None:
        raise wrong


def _check_document(plugin: Plugin, name: str, item: Any) -> None:
    if not isinstance(item, dict) or set(item) != _FIELDS:
        got = ", ".join(sorted(map(str, item))) if isinstance(item, dict) else type(item).__name__
        refuse(plugin, f"reading {name}: wanted a Skipped, a Failed or a document with {', '.join(_TYPES)}; got {got}")
    for field, types in _TYPES.items():
        value = item[field]
        if not isinstance(value, types) or isinstance(value, bool):
            wanted = " or ".join("None" if one is type(None) else one.__name__ for one in types)
            refuse(plugin, f"reading {name}: {field} of {item['uri']!r} must be {wanted}, got {type(value).__name__}")
    for field, choices in _CHOICES.items():
        if item[field] not in choices:
            refuse(plugin, f"reading {name}: {field} must be one of {', '.join(choices)}, got {item[field]!r}")
