"""A source of a run as its stages see it: what its documents are, and how its shards are read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from gristmill.config.config import SourceSection
from gristmill.pipelines.sources.reading.base import SourceOptions
from gristmill.pipelines.sources.table import source_kind


@dataclasses.dataclass(frozen=True)
class PlannedSource:
    """One ``[[source]]``, resolved.

    Attributes:
        name: in every table and folder.
        kind: name of its reader in `gristmill.pipelines.sources.table`.
        document_kind: ``web``, ``book`` or ``code``: as configured, else what the reader usually holds.
        options: how its shards are read.
        settings: everything its documents depend on beside the shards, as JSON values: part of their stage key.
    """

    name: str
    kind: str
    document_kind: str
    options: SourceOptions
    settings: Mapping[str, Any]


def planned_source(section: SourceSection) -> PlannedSource:
    """The source of a ``[[source]]`` table.

    Raises:
        ConfigError: there is no such kind.

    >>> section = SourceSection(name="books", kind="epub", paths=("books/*.epub",))
    >>> planned_source(section).document_kind
    'book'
    """
    document_kind = section.document_kind or source_kind(section.kind).document_kind
    settings = section.model_dump(mode="json", exclude={"paths", "root"})
    options = SourceOptions(
        extractor=section.extractor,
        license=section.license,
        fields=section.fields,
        encoding=section.encoding,
        max_record_bytes=section.max_record_bytes,
    )
    return PlannedSource(
        section.name, section.kind, document_kind, options, {**settings, "document_kind": document_kind}
    )
