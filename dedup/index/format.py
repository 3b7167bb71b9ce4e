"""The index of earlier runs: what its files hold and what its header says. Nothing here reads or writes; no clock.

docs/index.md describes the format for other programs.
"""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Self

import pyarrow as pa
import xxhash

from gristmill.config.config import canonical_json
from gristmill.config.dedup_config import NearSection
from gristmill.dedup.signatures.banding import BandPlan
from gristmill.documents import DOC_ID_BYTES
from gristmill.errors import IntegrityError, RunDirectoryError
from gristmill.version import VERSION

FORMAT = "gristmill-index/1"
SEED = 1
"""Of the permutations; every run has it."""

DOCUMENT_TABLE = pa.schema(
    [
        pa.field("doc_id", pa.binary(DOC_ID_BYTES), nullable=False),
        pa.field("run", pa.int32(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("shard", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("uri", pa.large_string(), nullable=False),
        pa.field("text_bytes", pa.int64(), nullable=False),
        pa.field("exact", pa.binary(DOC_ID_BYTES), nullable=False),
    ]
)
"""One row per indexed document; its place is its number in the segment. ``run`` counts the header's runs; the text is
row ``row`` of ``RUN/documents/<source>/<shard>.parquet``."""

KEY_TABLE = pa.schema([pa.field("key", pa.uint64(), nullable=False), pa.field("document", pa.uint32(), nullable=False)])
"""Band keys and exact keys with the number of their document, sorted by both."""

FORGOTTEN_TABLE = pa.schema([pa.field("doc_id", pa.binary(DOC_ID_BYTES), nullable=False)])
"""Documents taken out by one `gristmill index forget`, sorted."""


def signature_table(num_perm: int) -> pa.Schema:
    """One signature per indexed document, in the order of `DOCUMENT_TABLE`."""
    return pa.schema([pa.field("signature", pa.list_(pa.uint32(), num_perm), nullable=False)])


@dataclasses.dataclass(frozen=True)
class Parameters:
    """What signatures and keys were made with; only those of equal parameters can be compared.

    An index of exact hashes only, from a run with ``near = false``, has 0 bands and signatures of one empty value.
    """

    shingle: int
    unit: str
    normalization: str
    bands: int
    rows: int
    seed: int = SEED

    @classmethod
    def of(cls, near: NearSection | None) -> Self:
        """The parameters of a configuration.

        >>> Parameters.of(None).num_perm, Parameters.of(NearSection()).num_perm
        (1, 112)
        """
        if near is None:
            return cls(0, "none", "none", 0, 0)
        return cls(near.shingle, near.unit, near.normalization, near.bands, near.rows)

    @property
    def plan(self) -> BandPlan | None:
        """Bands and rows; None for exact hashes only."""
        return BandPlan(self.bands, self.rows) if self.bands else None

    @property
    def num_perm(self) -> int:
        """Values in a stored signature."""
        return max(1, self.bands * self.rows)

    def differences(self, other: Parameters) -> list[str]:
        """What the two disagree about, as ``name: mine, other's``.

        >>> Parameters(5, "word", "none", 14, 8).differences(Parameters(5, "word", "none", 20, 8))
        ['bands: 14, not 20']
        """
        pairs = zip(dataclasses.asdict(self).items(), dataclasses.asdict(other).values(), strict=True)
        return [f"{name}: {mine}, not {theirs}" for (name, mine), theirs in pairs if mine != theirs]


@dataclasses.dataclass(frozen=True)
class StoredFile:
    """A file as the header promises it."""

    path: str
    bytes: int
    checksum: str


@dataclasses.dataclass(frozen=True)
class IndexedRun:
    """A run whose kept documents are in the index.

    Attributes:
        name: as ledgers and `gristmill explain` call it.
        uri: its directory as given when it was added; old texts are read from there.
        cuts: folder of the cuts that were in force on its texts; empty if none were.
        documents: how many it brought.
        content: checksum of its documents and signatures.
    """

    name: str
    uri: str
    cuts: str
    documents: int
    content: str


@dataclasses.dataclass(frozen=True)
class Segment:
    """A sorted part of the index, never changed once written.

    Attributes:
        sequence: number of the change that wrote it.
        documents: rows of its document table.
        keys: rows of its key table.
        files: ``documents``, ``signatures`` and ``keys``, in this order.
    """

    sequence: int
    documents: int
    keys: int
    files: tuple[StoredFile, ...]


@dataclasses.dataclass(frozen=True)
class Forgotten:
    """Documents taken out by one command: hidden in every segment of a smaller sequence.

    Attributes:
        sequence: number of the change.
        documents: how many.
        file: which; None once a merge has left them out for good.
        content: checksum of the ids.
    """

    sequence: int
    documents: int
    file: StoredFile | None
    content: str


@dataclasses.dataclass(frozen=True)
class Head:
    """``index.json``: everything about an index but its rows. Replacing this one file is what commits a change."""

    parameters: Parameters
    sequence: int = 0
    runs: tuple[IndexedRun, ...] = ()
    segments: tuple[Segment, ...] = ()
    forgotten: tuple[Forgotten, ...] = ()

    def to_json(self) -> bytes:
        """The header with its own checksum, readable."""
        body = {"format": FORMAT, "gristmill": VERSION, "unicode": unicodedata.unidata_version}
        body |= dataclasses.asdict(self)
        body["checksum"] = checksum([canonical_json(body)])
        return json.dumps(body, indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_json(cls, raw: bytes, where: str) -> Self:
        """The header from its file.

        Raises:
            IntegrityError: it is cut short or was changed by hand.
            RunDirectoryError: it is of another format.
        """
        try:
            body: dict[str, Any] = json.loads(raw)
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            msg = f"{where} is not whole ({error}); restore it from a copy, or build the index again from its runs"
            raise IntegrityError(msg) from error
        if not isinstance(body, dict) or body.get("format") != FORMAT:
            got = body.get("format") if isinstance(body, dict) else body
            msg = f"{where}: wanted format {FORMAT!r}, got {got!r}; build the index again with `gristmill index build`"
            raise RunDirectoryError(msg)
        stated = body.pop("checksum", None)
        if stated != checksum([canonical_json(body)]):
            msg = f"{where} does not match its own checksum: it was cut short or edited; restore it or build it again"
            raise IntegrityError(msg)
        return cls(
            parameters=Parameters(**body["parameters"]),
            sequence=body["sequence"],
            runs=tuple(IndexedRun(**run) for run in body["runs"]),
            segments=tuple(_segment(segment) for segment in body["segments"]),
            forgotten=tuple(_forgotten(entry) for entry in body["forgotten"]),
        )

    def require(self, wanted: Parameters, where: str, who: str) -> None:
        """Raises `RunDirectoryError` unless signatures of ``who`` can be compared with these."""
        if wanted != self.parameters:
            differences = "; ".join(self.parameters.differences(wanted))
            msg = (
                f"the index {where} and {who} were made with other [dedup] near settings ({differences}); signatures "
                "of different settings cannot be compared. Use one setting, or build an index of its own"
            )
            raise RunDirectoryError(msg)


def checksum(parts: Iterable[bytes | memoryview]) -> str:
    """``xxh3:`` and 128 bits over all parts.

    >>> checksum([b"a", b"b"]) == checksum([b"ab"])
    True
    """
    hasher = xxhash.xxh3_128()
    for part in parts:
        hasher.update(part)
    return f"xxh3:{hasher.hexdigest()}"


def _segment(body: Mapping[str, Any]) -> Segment:
    files = tuple(StoredFile(**file) for file in body["files"])
    return Segment(body["sequence"], body["documents"], body["keys"], files)


def _forgotten(body: Mapping[str, Any]) -> Forgotten:
    file = StoredFile(**body["file"]) if body["file"] else None
    return Forgotten(body["sequence"], body["documents"], file, body["content"])
