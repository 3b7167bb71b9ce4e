"""The files of tokens: parts that trainers read, and the per-shard files they are gathered from.

A *part* is an Arrow IPC file with one row per document (``tokens``, ``doc_id``), in the global order. An *encoded* file
holds the documents of one raw shard with their rank, sorted by ``(rank, doc_id)``; :func:`merge_sorted` gathers the
rows of one part from all encoded files of a source. That is the whole shuffle: scatter, then gather, file by file.

Both kinds are written uncompressed, so that a reader maps them, with fixed record-batch boundaries
(:mod:`gristmill.tokenize.chunking`) and without validity bitmaps, so that the same rows give the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill.documents import DOC_ID_BYTES
from gristmill.errors import IntegrityError, TokenizerError
from gristmill.tokenize.chunking import (
    Ids,
    TokenRows,
    concat_rows,
    numpy_dtype,
    rechunk,
    rows_of,
    token_columns,
)
from gristmill.tokenize.manifest import Manifest, PartInfo
from gristmill.tokenize.order import doc_id_bytes

_OPTIONS = pa.ipc.IpcWriteOptions(metadata_version=pa.ipc.MetadataVersion.V5, compression=None)


def TOKEN_SCHEMA(dtype: pa.DataType) -> pa.Schema:  # noqa: N802 - a schema like DOCUMENT_SCHEMA, with one parameter
    """The schema of a part: ``tokens`` (list of ``dtype``, ending with the end-of-text id) and ``doc_id``.

    >>> print(TOKEN_SCHEMA(pa.uint16()))
    tokens: list<item: uint16> not null
      child 0, item: uint16
    doc_id: fixed_size_binary[16] not null
    """
    return pa.schema(
        [
            pa.field("tokens", pa.list_(dtype), nullable=False),
            pa.field("doc_id", pa.binary(DOC_ID_BYTES), nullable=False),
        ]
    )


def ENCODED_SCHEMA(dtype: pa.DataType) -> pa.Schema:  # noqa: N802 - as above
    """The schema of an encoded file: that of a part, then ``text_bytes`` and ``rank``."""
    extra = [
        pa.field("text_bytes", pa.int32(), nullable=False),
        pa.field("rank", pa.uint64(), nullable=False),
    ]
    return pa.schema([*TOKEN_SCHEMA(dtype), *extra])


def write_part(
    path: Path,
    batches: Iterable[pa.RecordBatch | pa.Table],
    dtype: pa.DataType,
    metadata: Mapping[str, str] | None = None,
) -> PartInfo:
    """Writes a part. The bytes depend on the rows, their order and ``metadata``, not on the boundaries of ``batches``.

    Args:
        path: written in place; whoever calls renames it to its final name once it is whole.
        batches: with the columns ``tokens``, ``doc_id`` and ``text_bytes`` (int32), e.g. from :func:`merge_sorted`.
        dtype: of the token ids, uint16 or uint32.
        metadata: stored in the schema, sorted by key.

    Returns:
        What the manifest needs; its ``path`` is the file's name alone.

    Raises:
        TokenizerError: the ids have another type, or a document has more tokens than a row can hold.
    """
    return _write(path, (rows for batch in batches for rows in rows_of(batch)), TOKEN_SCHEMA(dtype), metadata)


def write_encoded(
    path: Path,
    batches: Iterable[pa.RecordBatch | pa.Table],
    dtype: pa.DataType,
    metadata: Mapping[str, str] | None = None,
) -> PartInfo:
    """Writes the encoded documents of one raw shard, sorted by ``(rank, doc_id)``. All rows are held in memory.

    Args:
        path: written in place, as in :func:`write_part`.
        batches: with the columns ``tokens``, ``doc_id``, ``text_bytes`` (int32) and ``rank`` (uint64), in any order.
        dtype: of the token ids, uint16 or uint32.
        metadata: stored in the schema, sorted by key.

    Raises:
        TokenizerError: as in :func:`write_part`.
    """
    pieces = _of_type((rows for batch in batches for rows in rows_of(batch)), dtype)
    rows = concat_rows(pieces, numpy_dtype(dtype))
    return _write(path, [rows.take(rows.in_order())], ENCODED_SCHEMA(dtype), metadata)


def merge_sorted(
    files: Sequence[Path], first_rank: int, last_rank: int, dtype: pa.DataType
) -> Iterator[pa.RecordBatch]:
    """The rows with ``first_rank <= rank < last_rank`` of all encoded files, in the global order.

    Files are mapped one at a time and searched by bisection, so the number of files is not limited by open file
    descriptors, and only the rows asked for are read. Memory: about twice the token bytes of those rows.

    Args:
        files: written by :func:`write_encoded`; their order does not matter.
        first_rank: see :func:`gristmill.tokenize.order.rank_range`.
        last_rank: up to 2^64.
        dtype: that of all files.

    Yields:
        Record batches of :func:`ENCODED_SCHEMA`, ready for :func:`write_part`.

    Raises:
        IntegrityError: a file is not a whole encoded file, or a document occurs twice.
        TokenizerError: a file holds ids of another type.
    """
    schema = ENCODED_SCHEMA(dtype)
    pieces = [piece for file in files for piece in _rank_slice(file, first_rank, last_rank, schema)]
    rows = concat_rows(pieces, numpy_dtype(dtype))
    del pieces
    order = rows.in_order()
    ids = rows.doc_ids[order]
    twice = np.flatnonzero((ids[1:] == ids[:-1]).all(axis=1))
    if len(twice):
        message = f"document {bytes(ids[twice[0]]).hex()} occurs twice in the encoded files; is a file listed twice?"
        raise IntegrityError(message)
    step = 4096
    for chunk in rechunk((rows.take(order[at : at + step]) for at in range(0, len(order), step)), rows.values.dtype):
        yield _record_batch(chunk, schema)


class TokenBatch:
    """One record batch of a part as flat arrays that look into the mapped file.

    Attributes:
        values: uint16 or uint32, all token ids of the batch, not copied.
        offsets: int32, rows + 1; document ``i`` is ``values[offsets[i]:offsets[i + 1]]``.
        doc_ids: uint8, (rows, 16), not copied.
    """

    def __init__(self, batch: pa.RecordBatch) -> None:
        tokens = batch.column("tokens")
        self.values: Ids = tokens.values.to_numpy()
        self.offsets: npt.NDArray[np.int32] = tokens.offsets.to_numpy()
        self.doc_ids = doc_id_bytes(batch.column("doc_id"))

    def __len__(self) -> int:
        return len(self.offsets) - 1


class Part:
    """An open part: a mapped file. Arrays taken from it stay valid after :meth:`close` (they hold the mapping).

    Attributes:
        path: the file.
        dtype: of the token ids, ``uint16`` or ``uint32``.
        metadata: the schema's metadata.
        batch_count: record batches in the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file, self._reader = _open_ipc(path)
        kind = _token_type(self._reader.schema)
        if kind is None or not self._reader.schema.equals(TOKEN_SCHEMA(kind), check_metadata=False):
            message = f"{path} is not a token part: wanted the columns tokens and doc_id, got {self._reader.schema}"
            raise IntegrityError(message)
        self.dtype = numpy_dtype(kind)
        self.metadata = _decoded(self._reader.schema.metadata)
        self.batch_count = int(self._reader.num_record_batches)

    def batch(self, index: int) -> TokenBatch:
        """Record batch ``index``, not copied."""
        return TokenBatch(_record_at(self._reader, index, self.path))

    def __iter__(self) -> Iterator[TokenBatch]:
        return (self.batch(index) for index in range(self.batch_count))

    def close(self) -> None:
        """Gives the file descriptor back."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_part(path: Path) -> Part:
    """Maps a part into memory. Reads the footer only; use :func:`verify_part` to know that the bytes are right.

    Raises:
        IntegrityError: the file is missing, truncated, or not a token part.
    """
    return Part(path)


def verify_part(path: Path, info: PartInfo) -> None:
    """Checks size, SHA-256, rows and tokens of a part against the manifest; reads the whole file.

    Raises:
        IntegrityError: naming the file, what was wanted and what was got.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        message = f"token part {path} is missing; restore it or write the tokens again"
        raise IntegrityError(message) from error
    cure = "the file was changed or damaged: restore it or write the tokens again"
    if size != info.bytes:
        message = f"token part {path}: wanted {info.bytes} bytes, got {size}; {cure}"
        raise IntegrityError(message)
    got = file_sha256(path)
    if got != info.sha256:
        message = f"token part {path}: wanted SHA-256 {info.sha256}, got {got}; {cure}"
        raise IntegrityError(message)
    with open_part(path) as part:
        counts = [(len(batch), int(batch.offsets[-1] - batch.offsets[0])) for batch in part]
    rows, tokens = sum(count[0] for count in counts), sum(count[1] for count in counts)
    if (rows, tokens) != (info.rows, info.tokens):
        message = f"token part {path}: wanted {info.rows} rows and {info.tokens} tokens, got {rows} and {tokens}"
        raise IntegrityError(message)


def verify_tokens(folder: Path) -> Manifest:
    """Checks a whole ``tokens/`` folder: the manifest against itself, the tokenizer's copy, every part.

    Raises:
        RunDirectoryError: there is no manifest.
        IntegrityError: the first thing that is not as the manifest says.
    """
    manifest = Manifest.read(folder)
    tokenizer = folder / manifest.tokenizer.file
    if not tokenizer.is_file():
        message = f"{tokenizer} is missing; copy the tokenizer the run was made with"
        raise IntegrityError(message)
    if (got := file_sha256(tokenizer)) != manifest.tokenizer.sha256:
        message = f"{tokenizer}: wanted SHA-256 {manifest.tokenizer.sha256}, got {got}; it is another tokenizer"
        raise IntegrityError(message)
    for source in manifest.sources.values():
        for part in source.parts:
            verify_part(folder / part.path, part)
    return manifest


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _HashingSink:
    """A file that hashes what is written to it, so that a part need not be read again."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.sha256 = hashlib.sha256()
        self.bytes = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        self.bytes += len(data)
        return self.file.write(data)

    def tell(self) -> int:
        return self.bytes

    def flush(self) -> None:
        self.file.flush()


def _write(path: Path, pieces: Iterable[TokenRows], schema: pa.Schema, metadata: Mapping[str, str] | None) -> PartInfo:
    dtype = _token_type(schema)
    assert dtype is not None
    rows = tokens = text_bytes = 0
    schema = schema.with_metadata(dict(sorted((metadata or {}).items())) or None)
    with path.open("wb") as file:
        sink = _HashingSink(file)
        with pa.ipc.new_file(pa.PythonFile(sink, mode="w"), schema, options=_OPTIONS) as writer:
            for chunk in rechunk(_of_type(pieces, dtype), numpy_dtype(dtype)):
                writer.write_batch(_record_batch(chunk, schema))
                rows, tokens = rows + len(chunk), tokens + len(chunk.values)
                text_bytes += int(chunk.text_bytes.sum(dtype=np.int64))
    return PartInfo(path.name, rows, tokens, text_bytes, sink.bytes, sink.sha256.hexdigest())


def _of_type(pieces: Iterable[TokenRows], dtype: pa.DataType) -> Iterator[TokenRows]:
    """The pieces, refused when their ids have another type than ``dtype``."""
    for piece in pieces:
        if piece.values.dtype != numpy_dtype(dtype):
            message = f"wanted token ids of type {dtype}, got {piece.values.dtype}; encode with one tokenizer"
            raise TokenizerError(message)
        yield piece


def _record_batch(rows: TokenRows, schema: pa.Schema) -> pa.RecordBatch:
    columns = token_columns(rows)
    if len(schema) > len(columns):
        columns += [pa.array(rows.text_bytes), pa.array(rows.ranks)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _rank_slice(path: Path, first_rank: int, last_rank: int, schema: pa.Schema) -> Iterator[TokenRows]:
    """Copies of the rows of one encoded file whose rank lies in the range."""
    file, reader = _open_ipc(path)
    with file:
        if not reader.schema.equals(schema, check_metadata=False):
            kind, wanted = _token_type(reader.schema), _token_type(schema)
            if kind is not None and kind != wanted:
                message = f"{path} holds {kind} token ids, wanted {wanted}; encode all shards with one tokenizer"
                raise TokenizerError(message)
            message = f"{path} is not an encoded file: wanted {schema.names}, got {reader.schema.names}"
            raise IntegrityError(message)
        for index in range(reader.num_record_batches):
            batch = _record_at(reader, index, path)
            ranks = batch.column("rank").to_numpy()
            if int(ranks[-1]) < first_rank:
                continue
            if int(ranks[0]) >= last_rank:
                return
            first = int(np.searchsorted(ranks, np.uint64(first_rank), side="left"))
            # 2^64 itself does not fit the column's type: the last rank below the end does.
            last = int(np.searchsorted(ranks, np.uint64(last_rank - 1), side="right"))
            (rows,) = rows_of(batch)
            yield rows.take(np.arange(first, last))


def _open_ipc(path: Path) -> tuple[pa.MemoryMappedFile, pa.RecordBatchFileReader]:
    try:
        file = pa.memory_map(str(path))
    except FileNotFoundError as error:
        message = f"{path} is missing; write the tokens again"
        raise IntegrityError(message) from error
    try:
        return file, pa.ipc.open_file(file)
    except (pa.ArrowInvalid, OSError) as error:
        file.close()
        message = f"{path} is not a whole Arrow file ({error}); write the tokens again"
        raise IntegrityError(message) from error


def _record_at(reader: pa.RecordBatchFileReader, index: int, path: Path) -> pa.RecordBatch:
    try:
        return reader.get_batch(index)
    except (pa.ArrowInvalid, OSError) as error:
        message = f"{path}: record batch {index} is damaged ({error}); write the tokens again"
        raise IntegrityError(message) from error


def _token_type(schema: pa.Schema) -> pa.DataType | None:
    """The type of the ids in ``schema``, or None where it is not one of ours."""
    index = schema.get_field_index("tokens")
    if index < 0 or not pa.types.is_list(schema.field(index).type):
        return None
    kind = schema.field(index).type.value_type
    return kind if kind in (pa.uint16(), pa.uint32()) else None


def _decoded(metadata: Mapping[bytes, bytes] | None) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in (metadata or {}).items()}
