"""Keys that are unique within a shard, whatever the shard repeats or leaves out."""

from __future__ import annotations

import xxhash


class RecordKeys:
    """Turns record ids into unique keys; only a 64-bit hash of each id is kept.

    >>> keys = RecordKeys()
    >>> keys.key("<urn:1>"), keys.key(None), keys.key("<urn:1>")
    ('<urn:1>', 'record:1', '<urn:1>#2')
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._ordinal = -1

    def key(self, record_id: str | None) -> str:
        """The next record's key: its id, or its number in the shard where the id is missing or was seen before."""
        self._ordinal += 1
        if not record_id:
            return f"record:{self._ordinal}"
        digest = xxhash.xxh3_64_intdigest(record_id.encode("utf-8", "surrogatepass"))
        if digest in self._seen:
            return f"{record_id}#{self._ordinal}"
        self._seen.add(digest)
        return record_id
