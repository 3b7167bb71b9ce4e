"""A source of a run as its stages see it: what its documents are, and how its shards are read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from gristmill.config.config import SourceSection
from gristmill.errors import ConfigError
from gristmill.pipelines.sources.reading.base import SourceOptions
from gristmill.pipelines.sources.table import source_kind
from gristmill.plugins import Plugin


@dataclasses.dataclass(frozen=True)
class PlannedSource:
    """One ``[[source]]``, resolved.

    Attributes:
        name: in every table and folder.
        kind: name of its reader in `gristmill.pipelines.sources.table`.
        document_kind: ``web``, ``book`` or ``code``: as configured, else what the reader usually holds.
        options: how its shards are read.
        settings: everything its documents depend on beside the shards, as JSON values: part of their stage key.
        plugin: what reads its shards, where that is not this package.
    """

    name: str
    kind: str
    document_kind: str
    options: SourceOptions
    settings: Mapping[str, Any]
    plugin: Plugin | None = None


def planned_source(section: SourceSection) -> PlannedSource:
    """The source of a ``[[source]]`` table.

    Raises:
        ConfigError: options for a reader that takes none.
        PluginError: there is no such kind, or the plugin that brings it is broken.

    >>> section = SourceSection(name="books", kind="epub", paths=("books/*.epub",))
    >>> planned_source(section).document_kind
    'book'
    """
    kind, plugin = source_kind(section.kind)
    document_kind = section.document_kind or kind.document_kind
    settings = section.model_dump(mode="json", exclude={"paths", "root", "options"})
    if plugin is not None:
        settings |= {"options": section.options, "plugin": plugin.key()}
    elif section.options:
        message = f"source {section.name!r}: kind {section.kind!r} takes no options, got {', '.join(section.options)}"
        raise ConfigError(message)
    options = SourceOptions(
        extractor=section.extractor,
        license=section.license,
        fields=section.fields,
        encoding=section.encoding,
        max_record_bytes=section.max_record_bytes,
        options=section.options,
    )
    return PlannedSource(
        section.name, section.kind, document_kind, options, {**settings, "document_kind": document_kind}, plugin
    )
