"""Rows of token lists as flat arrays, and the rule that cuts them into record batches.

The rule depends on the rows alone, never on how they arrived, so the same rows give the same bytes: a record batch
takes rows until the next one would bring it over :data:`BATCH_TOKENS` token ids or :data:`BATCH_ROWS` rows. A single
document larger than that has a batch to itself. Both limits keep the 32-bit list offsets of a batch far from overflow.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from gristmill.errors import TokenizerError
from gristmill.tokenize.order import doc_id_array, doc_id_bytes

BATCH_TOKENS = 1 << 24
"""Token ids in a record batch: 32 MiB of uint16."""

BATCH_ROWS = 1 << 16
"""Rows in a record batch."""

LARGEST_DOCUMENT_TOKENS = (1 << 31) - 1
"""What a list with 32-bit offsets can hold; a longer document is refused."""

Ids = npt.NDArray[np.uint16] | npt.NDArray[np.uint32]


@dataclasses.dataclass(frozen=True)
class TokenRows:
    """Rows of tokens as flat arrays: row ``i`` is ``values[offsets[i]:offsets[i + 1]]``.

    Attributes:
        values: uint16 or uint32, all token ids.
        offsets: int64, rows + 1, starting at 0.
        doc_ids: uint8, (rows, 16).
        text_bytes: int32, rows; UTF-8 bytes of each document's text.
        ranks: uint64, rows; the place in the global order.
    """

    values: Ids
    offsets: npt.NDArray[np.int64]
    doc_ids: npt.NDArray[np.uint8]
    text_bytes: npt.NDArray[np.int32]
    ranks: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.ranks)

    def slice(self, first: int, last: int) -> TokenRows:
        """Rows ``first`` to ``last`` (exclusive); values are not copied."""
        start, stop = self.offsets[first], self.offsets[last]
        return TokenRows(
            self.values[start:stop],
            self.offsets[first : last + 1] - start,
            self.doc_ids[first:last],
            self.text_bytes[first:last],
            self.ranks[first:last],
        )

    def take(self, rows: npt.NDArray[np.int64]) -> TokenRows:
        """A copy of these rows, in this order."""
        lengths = np.diff(self.offsets)[rows]
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        values = np.empty(int(offsets[-1]), self.values.dtype)
        _gather(self.values, self.offsets[:-1][rows], offsets, values)
        return TokenRows(values, offsets, self.doc_ids[rows], self.text_bytes[rows], self.ranks[rows])

    def in_order(self) -> npt.NDArray[np.int64]:
        """The permutation that sorts the rows by rank, then by document id."""
        words = np.ascontiguousarray(self.doc_ids).view(">u8").reshape(-1, 2)
        return np.lexsort((words[:, 1], words[:, 0], self.ranks))


def concat_rows(pieces: Iterable[TokenRows], dtype: npt.DTypeLike) -> TokenRows:
    """All rows of the pieces, in order; ``dtype`` is that of the values, needed when there is no piece."""
    listed = [piece for piece in pieces if len(piece)]
    lengths = [np.diff(piece.offsets) for piece in listed]
    offsets = np.zeros(sum(len(piece) for piece in listed) + 1, np.int64)
    np.cumsum(np.concatenate(lengths, dtype=np.int64) if lengths else offsets[:0], out=offsets[1:])
    return TokenRows(
        np.concatenate([np.empty(0, dtype), *(piece.values for piece in listed)], dtype=dtype),
        offsets,
        np.concatenate([np.empty((0, 16), np.uint8), *(piece.doc_ids for piece in listed)]),
        np.concatenate([np.empty(0, np.int32), *(piece.text_bytes for piece in listed)]),
        np.concatenate([np.empty(0, np.uint64), *(piece.ranks for piece in listed)]),
    )


def rechunk(pieces: Iterable[TokenRows], dtype: npt.DTypeLike) -> Iterator[TokenRows]:
    """Cuts the rows by the rule of this module, wherever the given pieces begin and end.

    Raises:
        TokenizerError: one document has more tokens than a list can hold.
    """
    held: list[TokenRows] = []
    held_rows = held_tokens = 0
    for piece in pieces:
        first = 0
        while first < len(piece):
            limit = piece.offsets[first] + BATCH_TOKENS - held_tokens
            last = int(np.searchsorted(piece.offsets, limit, side="right")) - 1
            last = min(last, first + BATCH_ROWS - held_rows)
            if last <= first and not held_rows:
                last = first + 1
            if last <= first:
                yield concat_rows(held, dtype)
                held, held_rows, held_tokens = [], 0, 0
                continue
            taken = piece.slice(first, last)
            if len(taken.values) > LARGEST_DOCUMENT_TOKENS:
                message = (
                    f"document {bytes(taken.doc_ids[0]).hex()} has {len(taken.values)} tokens; "
                    f"a row holds at most {LARGEST_DOCUMENT_TOKENS}: split it before tokenizing"
                )
                raise TokenizerError(message)
            held.append(taken)
            held_rows, held_tokens, first = held_rows + len(taken), held_tokens + len(taken.values), last
    if held_rows:
        yield concat_rows(held, dtype)


def numpy_dtype(dtype: pa.DataType) -> np.dtype[np.unsignedinteger]:
    """The numpy type of token ids of an Arrow type; pyarrow's own conversion needs pandas, which is no dependency.

    >>> numpy_dtype(pa.uint16()).itemsize
    2
    """
    return np.dtype(f"u{dtype.bit_width // 8}")


def list_array(values: Ids, offsets: npt.NDArray[np.int64]) -> pa.ListArray:
    """A ``list<uint16>`` or ``list<uint32>`` over these buffers, values not copied, no validity bitmap."""
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pa.array(values))


def list_parts(array: pa.Array) -> tuple[Ids, npt.NDArray[np.int64]]:
    """The flat values and zero-based offsets of a ``list`` or ``large_list`` of uint16 or uint32; values not copied.

    Raises:
        TypeError: another type, or nulls.
    """
    kind = array.type
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)) or array.null_count:
        message = f"tokens must be list or large_list without nulls, got {kind}"
        raise TypeError(message)
    if kind.value_type not in (pa.uint16(), pa.uint32()) or array.values.null_count:
        message = f"token ids must be uint16 or uint32 without nulls, got {kind.value_type}"
        raise TypeError(message)
    if not len(array):
        return np.empty(0, numpy_dtype(kind.value_type)), np.zeros(1, np.int64)
    offsets = array.offsets.to_numpy()
    values = array.values.to_numpy()[int(offsets[0]) : int(offsets[-1])]
    return values, offsets.astype(np.int64) - int(offsets[0])


def rows_of(batch: pa.RecordBatch | pa.Table) -> Iterator[TokenRows]:
    """The rows of a batch or table with the columns ``tokens``, ``doc_id``, ``text_bytes`` and, if there, ``rank``."""
    for piece in batch.to_batches() if isinstance(batch, pa.Table) else [batch]:
        values, offsets = list_parts(piece.column("tokens"))
        ranked = "rank" in piece.schema.names
        yield TokenRows(
            values,
            offsets,
            doc_id_bytes(piece.column("doc_id")),
            piece.column("text_bytes").to_numpy(),
            piece.column("rank").to_numpy() if ranked else np.zeros(piece.num_rows, np.uint64),
        )


def token_columns(rows: TokenRows) -> list[pa.Array]:
    """The columns ``tokens`` and ``doc_id`` of these rows."""
    return [list_array(rows.values, rows.offsets), doc_id_array(rows.doc_ids)]


@njit(nogil=True, cache=True)
def _gather(values: Ids, starts: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64], out: Ids) -> None:
    for row in range(len(starts)):
        start = starts[row] - offsets[row]
        for at in range(offsets[row], offsets[row + 1]):
            out[at] = values[start + at]
