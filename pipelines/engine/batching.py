"""Documents into record batches of bounded size: the row groups of ``documents/``."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from gristmill.documents import DOCUMENT_SCHEMA, Document, document_id
from gristmill.tables import GROUP_ROWS, GROUP_TEXT_BYTES


class DocumentBatches:
    """Collects the documents of one shard and hands them out as batches of about ``GROUP_TEXT_BYTES`` of text.

    Args:
        source: name of the source.
        kind: ``web``, ``book`` or ``code``.
        shard: uri of the raw shard relative to the source's root.
    """

    def __init__(self, source: str, kind: str, shard: str) -> None:
        self._source, self._kind, self._shard = source, kind, shard
        self._rows: list[dict[str, Any]] = []
        self._pending_bytes = 0
        self._seen: dict[str, int] = {}
        self.text_bytes = 0

    def add(self, document: Document) -> pa.RecordBatch | None:
        """Takes one document; a full batch when there is one."""
        row: dict[str, Any] = dict(document)
        row["doc_id"] = document_id(self._source, self._shard, self._unique(row.pop("record_key")))
        row |= {"source": self._source, "kind": self._kind, "shard": self._shard}
        row["meta"] = json.dumps(row["meta"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        size_bytes = len(row["text"]) if row["text"].isascii() else len(row["text"].encode())
        self.text_bytes += size_bytes
        self._pending_bytes += size_bytes
        self._rows.append(row)
        full = self._pending_bytes >= GROUP_TEXT_BYTES or len(self._rows) >= GROUP_ROWS
        return self.flush() if full else None

    def flush(self) -> pa.RecordBatch | None:
        """The documents not handed out yet."""
        if not self._rows:
            return None
        batch = pa.RecordBatch.from_pylist(self._rows, schema=DOCUMENT_SCHEMA)
        self._rows, self._pending_bytes = [], 0
        return batch

    def _unique(self, record_key: str) -> str:
        """Archives repeat record ids; the second one of a shard becomes ``key#2``, by its order in the shard."""
        count = self._seen.get(record_key, 0) + 1
        self._seen[record_key] = count
        return record_key if count == 1 else f"{record_key}#{count}"
