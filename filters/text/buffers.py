"""The bytes and offsets of an Arrow string column, in the one form that the kernels take."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.errors import InputError

PAD_BYTES = 128
"""Bytes after the last text, so that a kernel may look ahead without asking where the buffer ends: 64 of them from the
last byte on (`gristmill.kernels.bit_planes.LANES`), and some more where it compares neighbours."""


class TextBuffer(NamedTuple):
    """Texts as one run of UTF-8.

    Attributes:
        data: uint8, all texts one after another, then `PAD_BYTES` zeros.
        offsets: int64 of shape (texts + 1,); text ``i`` is ``data[offsets[i]:offsets[i + 1]]``.
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]


def text_buffer(texts: pa.Array | pa.ChunkedArray) -> TextBuffer:
    r"""Copies a string column (sliced, chunked, ``string`` or ``large_string``) into a `TextBuffer`.

    Raises:
        InputError: the column is not a string column, or has nulls.

    >>> buffer = text_buffer(pa.array(["skipped", "ab", "é"]).slice(1))
    >>> bytes(buffer.data[:-PAD_BYTES]), buffer.offsets.tolist()
    (b'ab\xc3\xa9', [0, 2, 4])
    """
    array = _one_array(texts)
    if array.null_count:
        message = (
            f"texts must not be null, but {array.null_count} of {len(array)} are; fill or drop them before computing "
            "signals (an empty text is fine)"
        )
        raise InputError(message)
    width = np.int64 if pa.types.is_large_string(array.type) else np.int32
    _, offset_bytes, value_bytes = array.buffers()
    if len(array) == 0:
        return TextBuffer(np.zeros(PAD_BYTES, np.uint8), np.zeros(1, np.int64))
    offsets = np.frombuffer(offset_bytes, width)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    first, last = int(offsets[0]), int(offsets[-1])
    data = np.zeros(last - first + PAD_BYTES, np.uint8)
    if value_bytes is not None:
        data[: last - first] = np.frombuffer(value_bytes, np.uint8)[first:last]
    return TextBuffer(data, offsets - first)


def _one_array(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    array = texts
    if isinstance(array, pa.ChunkedArray):
        if pa.types.is_string(array.type):
            array = array.cast(pa.large_string())  # the chunks together may pass 2 GiB
        array = array.combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = pa.concat_arrays(array.chunks)
    if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        message = f"texts must be an Arrow string or large_string array, got {array.type}; cast it first"
        raise InputError(message)
    return array


def row_blocks(offsets: NDArray[np.int64], block_bytes: int) -> list[tuple[int, int]]:
    """Cuts rows into consecutive ranges of at most ``block_bytes`` of text each (one row at least).

    >>> row_blocks(np.array([0, 4, 8, 30, 31]), 10)
    [(0, 2), (2, 3), (3, 4)]
    """
    blocks: list[tuple[int, int]] = []
    rows = len(offsets) - 1
    start = 0
    while start < rows:
        stop = int(np.searchsorted(offsets, offsets[start] + block_bytes, side="right")) - 1
        stop = min(max(stop, start + 1), rows)
        blocks.append((start, stop))
        start = stop
    return blocks
