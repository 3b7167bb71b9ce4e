"""What a source kind is: a reader, what its documents usually are, and a look at one shard before the run."""

from __future__ import annotations

from dataclasses import dataclass

from gristmill.documents import Kind
from gristmill.pipelines.sources.reading.base import Check, Read


@dataclass(frozen=True, slots=True)
class SourceKind:
    """One kind of raw shard.

    Attributes:
        name: what the configuration calls it.
        document_kind: what its documents are unless the configuration says otherwise.
        summary: one line for ``gristmill sources``.
        suffixes: the file names it usually has; a hint for people, nothing is refused by its name.
        read: the reader.
        check: looks at one shard before the run, if there is anything to check.
    """

    name: str
    document_kind: Kind
    summary: str
    suffixes: tuple[str, ...]
    read: Read
    check: Check | None = None
