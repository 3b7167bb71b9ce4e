"""Reading and changing an index of earlier runs: sorted Arrow IPC files, memory-mapped, under one header.

A change writes new files and then replaces ``index.json``. Until that moment the old header, with files that nobody
touches, is the index; afterwards the new one is. What a broken-off change left behind is removed by the next one.
"""

from __future__ import annotations

import dataclasses
import functools
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gristmill import storage
from gristmill.dedup.index.format import (
    DOCUMENT_TABLE,
    FORGOTTEN_TABLE,
    KEY_TABLE,
    Forgotten,
    Head,
    Parameters,
    Segment,
    StoredFile,
    checksum,
    signature_table,
)
from gristmill.dedup.index.lookup import Ids, sort_keys
from gristmill.dedup.signatures.banding import BandKeys, band_keys
from gristmill.dedup.signatures.exact import exact_keys
from gristmill.dedup.signatures.minhash import Signatures, has_signature
from gristmill.errors import InputError, IntegrityError, RunDirectoryError
from gristmill.inputs import file_checksum
from gristmill.storage_backends import backend

FILES = ("documents", "signatures", "keys")

_HASH_BLOCK_ROWS = 1 << 18


def head_uri(index: str) -> str:
    """``INDEX/index.json``."""
    return storage.join(index, "index.json")


def read_head(index: str) -> Head:
    """The header of an index.

    Raises:
        RunDirectoryError: there is none, or it is of another format.
        IntegrityError: it is not whole.
    """
    if not storage.exists(head_uri(index)):
        msg = (
            f"{index} is not an index: it has no index.json; make one with `gristmill index build RUN --output {index}`"
        )
        raise RunDirectoryError(msg)
    return Head.from_json(storage.read_bytes(head_uri(index)), head_uri(index))


def replace_head(index: str, old: Head | None, new: Head) -> None:
    """Commits a change.

    Raises:
        RunDirectoryError: somebody else changed the index in between; nothing is lost, and nothing was changed.
    """
    now = read_head(index) if storage.exists(head_uri(index)) else None
    if now != old:
        msg = f"the index {index} was changed while this command worked; it is whole, run the command again"
        raise RunDirectoryError(msg)
    storage.write_bytes(head_uri(index), new.to_json(), run=index)


def remove_unused(index: str, head: Head | None) -> None:
    """Removes files below an index that its header does not name: of a change that was broken off, or merged away."""
    named = {storage.join(index, file.path) for file in stored_files(head)} if head else set()
    for folder in ("segments", "forgotten", "_tmp"):
        for entry in storage.walk(storage.join(index, folder)):
            if entry.uri not in named:
                storage.delete(entry.uri)


def stored_files(head: Head) -> list[StoredFile]:
    """Every file that the header names."""
    segments = [file for segment in head.segments for file in segment.files]
    return segments + [entry.file for entry in head.forgotten if entry.file]


def write_table(index: str, path: str, columns: Sequence[pa.Array], schema: pa.Schema) -> StoredFile:
    """Commits one Arrow IPC file of a single batch, uncompressed, so that it can be memory-mapped."""
    uri = storage.join(index, path)
    with storage.committing(uri, run=index) as scratch:
        with pa.OSFile(str(scratch), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            writer.write_batch(pa.RecordBatch.from_arrays(list(columns), schema=schema))
        return StoredFile(path, scratch.stat().st_size, file_checksum(scratch))


def write_segment(
    index: str, sequence: int, number: int, documents: pa.Table, signatures: Signatures, parameters: Parameters
) -> Segment:
    """Sorts and commits a segment; it counts once a header names it.

    Args:
        index: the index.
        sequence: of the change.
        number: of the segment within the change.
        documents: rows of ``DOCUMENT_TABLE``, fewer than 2**32.
        signatures: uint32 ``(rows, num_perm)`` of the same documents.
        parameters: of the signatures.
    """
    columns = [documents.column(name).combine_chunks() for name in DOCUMENT_TABLE.names]
    everyone = np.arange(documents.num_rows)
    keys, numbers = [exact_keys(columns[DOCUMENT_TABLE.get_field_index("exact")])], [everyone]
    if parameters.plan:
        long_enough = np.flatnonzero(has_signature(signatures))
        keys.append(band_keys(signatures[long_enough], parameters.plan).reshape(-1))
        numbers.append(np.repeat(long_enough, parameters.bands))
    sorted_keys, holders = sort_keys(np.concatenate(keys), np.concatenate(numbers))
    values = pa.FixedSizeListArray.from_arrays(pa.array(signatures.reshape(-1)), parameters.num_perm)
    tables = (
        ("documents", columns, DOCUMENT_TABLE),
        ("signatures", [values], signature_table(parameters.num_perm)),
        ("keys", [pa.array(sorted_keys), pa.array(holders)], KEY_TABLE),
    )
    folder = f"segments/{sequence:06d}-{number:03d}"
    files = tuple(write_table(index, f"{folder}/{name}.arrow", arrays, schema) for name, arrays, schema in tables)
    return Segment(sequence, documents.num_rows, len(sorted_keys), files)


def _uncopied(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array; combining its chunks would copy even a single one, and so load what is only mapped."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


class OpenSegment:
    """One segment, its files mapped into memory where they are local; pages are read as they are asked for.

    Attributes:
        segment: what the header says of it.
        documents: rows of ``DOCUMENT_TABLE``.
        signatures: uint32 ``(documents, num_perm)``.
        keys: uint64, ascending.
        holders: uint32, the document of each key.
    """

    def __init__(self, segment: Segment, tables: Sequence[pa.Table]) -> None:
        self.segment = segment
        self.documents, rows, keys = tables
        flat = _uncopied(rows.column(0)).flatten().to_numpy()
        self.signatures: Signatures = flat.reshape(segment.documents, -1)
        self.keys: BandKeys = _uncopied(keys.column("key")).to_numpy()
        self.holders: npt.NDArray[np.uint32] = _uncopied(keys.column("document")).to_numpy()

    def visible(self, rows: Ids, hidden: pa.Array) -> npt.NDArray[np.bool_]:
        """Which of some documents are not among the forgotten ids that hide them."""
        if not len(hidden):
            return np.ones(len(rows), bool)
        ids = self.documents.column("doc_id").take(pa.array(rows))
        return ~np.asarray(pc.is_in(ids, value_set=hidden).to_numpy(), bool)


class Index:
    """An index open for reading.

    Args:
        uri: its directory; files of a remote one are copied to a temporary directory when first asked for.

    Raises:
        RunDirectoryError: there is no index, or it is of another format.
        IntegrityError: the header or a file is not whole.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.head = read_head(uri)
        self._folder = tempfile.TemporaryDirectory(prefix="gristmill-index-") if storage.is_remote(uri) else None
        for file in stored_files(self.head):
            self._check_size(file)

    @functools.cached_property
    def segments(self) -> tuple[OpenSegment, ...]:
        """All segments, oldest first."""
        schemas = (DOCUMENT_TABLE, signature_table(self.head.parameters.num_perm), KEY_TABLE)
        opened = []
        for segment in self.head.segments:
            tables = [self._read(file, schema) for file, schema in zip(segment.files, schemas, strict=True)]
            if [table.num_rows for table in tables] != [segment.documents, segment.documents, segment.keys]:
                msg = f"{self.uri}: segment {segment.sequence} does not hold the rows its header promises"
                raise IntegrityError(msg)
            opened.append(OpenSegment(segment, tables))
        return tuple(opened)

    def hidden(self, sequence: int) -> pa.Array:
        """The ids that are forgotten in a segment of this sequence."""
        later = [entry.file for entry in self.head.forgotten if entry.file and entry.sequence > sequence]
        return pa.concat_arrays([self._forgotten(file) for file in later] or [pa.array([], pa.binary(16))])

    def find(self, doc_ids: pa.Array) -> list[tuple[int, Ids]]:
        """For each segment that holds some of the ids unforgotten, its number and the rows that do."""
        found = []
        for number, part in enumerate(self.segments):
            rows = np.flatnonzero(pc.is_in(part.documents.column("doc_id"), value_set=doc_ids).to_numpy())
            rows = rows[part.visible(rows, self.hidden(part.segment.sequence))]
            if len(rows):
                found.append((number, rows))
        return found

    def _forgotten(self, file: StoredFile) -> pa.Array:
        return self._read(file, FORGOTTEN_TABLE).column(0).combine_chunks()

    def _check_size(self, file: StoredFile) -> None:
        stat = storage.stat(storage.join(self.uri, file.path))
        if stat is None or stat.bytes != file.bytes:
            got = "no such file" if stat is None else f"{stat.bytes:,} bytes"
            msg = (
                f"{storage.join(self.uri, file.path)}: wanted {file.bytes:,} bytes, got {got}; "
                "restore the file from a copy, or build the index again from its runs"
            )
            raise IntegrityError(msg)

    def local(self, file: StoredFile) -> Path:
        """A local path with the bytes of a file of the index."""
        uri = storage.join(self.uri, file.path)
        if self._folder is None:
            return Path(uri)
        path = Path(self._folder.name) / file.path.replace("/", "-")
        if not path.exists():
            backend(uri).fetch(uri, path)
        return path

    def _read(self, file: StoredFile, schema: pa.Schema) -> pa.Table:
        path = self.local(file)
        try:
            with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as reader:
                table = reader.read_all()
        except pa.ArrowInvalid as error:
            msg = f"{self.uri}/{file.path} cannot be read ({error}); restore it, or build the index again"
            raise IntegrityError(msg) from error
        if not table.schema.equals(schema):
            msg = f"{self.uri}/{file.path}: wanted the columns {schema.names}, got {table.schema.names}; build it again"
            raise IntegrityError(msg)
        return table


@functools.lru_cache(maxsize=8)
def _cached(uri: str, head: Head) -> Index:
    del head
    return Index(uri)


def open_index(uri: str) -> Index:
    """An index, opened once per process as long as it does not change."""
    return _cached(uri, read_head(uri))


def content_checksum(tables: Sequence[pa.Table], signatures: Sequence[Signatures]) -> str:
    """Identifies what a run brings: its document ids, exact hashes and signatures, in order."""

    def parts() -> Iterator[bytes]:
        for table, rows in zip(tables, signatures, strict=True):
            for name in ("doc_id", "exact"):
                yield b"".join(table.column(name).to_pylist())
            for start in range(0, len(rows), _HASH_BLOCK_ROWS):
                yield np.ascontiguousarray(rows[start : start + _HASH_BLOCK_ROWS]).tobytes()

    return checksum(parts())


def forget(uri: str, doc_ids: Sequence[bytes]) -> Head:
    """Takes documents out of an index: a list of their ids that hides them, left out for good when segments merge.

    Raises:
        InputError: an id is given twice, or is not in the index; then nothing is changed.
    """
    index = Index(uri)
    ids = pa.array(sorted(set(doc_ids)), pa.binary(16))
    if len(ids) != len(doc_ids):
        msg = f"{len(doc_ids) - len(ids)} of {len(doc_ids)} ids are given more than once; give each once"
        raise InputError(msg)
    there: set[bytes] = set()
    for number, rows in index.find(ids):
        there.update(index.segments[number].documents.column("doc_id").take(pa.array(rows)).to_pylist())
    missing = [doc_id.hex() for doc_id in ids.to_pylist() if doc_id not in there]
    if missing:
        msg = f"{len(missing)} of {len(ids)} ids are not in the index {uri}, such as {missing[0]}; nothing was changed"
        raise InputError(msg)
    remove_unused(uri, index.head)
    sequence = index.head.sequence + 1
    file = write_table(uri, f"forgotten/{sequence:06d}.arrow", [ids], FORGOTTEN_TABLE)
    entry = Forgotten(sequence, len(ids), file, checksum([b"".join(ids.to_pylist())]))
    head = dataclasses.replace(index.head, sequence=sequence, forgotten=(*index.head.forgotten, entry))
    replace_head(uri, index.head, head)
    return head


def verify(uri: str) -> list[str]:
    """What is wrong with an index, having read all of it; empty when it is whole."""
    index = Index(uri)
    faults = [
        f"{file.path}: its bytes are not those that were written"
        for file in stored_files(index.head)
        if file_checksum(index.local(file)) != file.checksum
    ]
    if faults:
        return faults
    seen: list[pa.Array] = []
    for part in index.segments:
        name = part.segment.files[0].path
        if (part.keys[1:] < part.keys[:-1]).any():
            faults.append(f"{name}: the keys of its segment are not sorted")
        if len(part.holders) and int(part.holders.max()) >= part.segment.documents:
            faults.append(f"{name}: a key names a document that is not there")
        runs = part.documents.column("run").to_numpy()
        if len(runs) and not 0 <= int(runs.min()) <= int(runs.max()) < len(index.head.runs):
            faults.append(f"{name}: a document names a run that is not in the header")
        everyone = np.arange(part.segment.documents)
        shown = everyone[part.visible(everyone, index.hidden(part.segment.sequence))]
        seen.append(part.documents.column("doc_id").take(pa.array(shown)).combine_chunks())
    ids: Any = pa.concat_arrays(seen) if seen else pa.array([], pa.binary(16))
    if len(ids.unique()) != len(ids):
        faults.append(f"{len(ids) - len(ids.unique())} documents are in the index twice")
    return faults
