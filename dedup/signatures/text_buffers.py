"""A column of text as the kernels see it: one flat byte buffer and the offsets that cut it into documents."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill.errors import InputError

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
Table = npt.NDArray[np.uint32]
"""One entry per code point."""
Integer = int | np.int64
"""An index or a count inside a kernel, where ``np.int64(...)`` forces signed arithmetic."""


def frozen(array: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A contiguous read-only view (or copy, where needed) of an array: the one type that kernels are compiled for.

    numba compiles a kernel again for a writable array where it has seen a read-only one, and Arrow's are read-only.
    """
    view = np.ascontiguousarray(array, dtype).view()
    view.flags.writeable = False
    return view


def text_buffers(texts: pa.Array | pa.ChunkedArray) -> tuple[Bytes, Offsets]:
    """The UTF-8 bytes and the offsets of a text column.

    Nothing is copied but the offsets and the chunks of a chunked column. Slices are respected:
    document ``i`` is ``data[offsets[i]:offsets[i + 1]]``, and ``offsets[0]`` need not be 0.

    Args:
        texts: ``string`` or ``large_string``, without nulls.

    Returns:
        ``data`` (uint8, any length) and ``offsets`` (int64, ``len(texts) + 1``, ascending).

    Raises:
        InputError: the column is of another type, or holds nulls.

    >>> data, offsets = text_buffers(pa.array(["ab", "", "c"])[1:])
    >>> bytes(data[offsets[1] : offsets[2]])
    b'c'
    """
    if isinstance(texts, pa.ChunkedArray):
        texts = (
            texts.chunk(0) if texts.num_chunks == 1 else pa.concat_arrays(texts.chunks or [pa.array([], texts.type)])
        )
    if pa.types.is_string(texts.type):
        width: type[np.signedinteger] = np.int32
    elif pa.types.is_large_string(texts.type):
        width = np.int64
    else:
        message = f"texts must be an Arrow string or large_string column, got {texts.type}; cast it first"
        raise InputError(message)
    if texts.null_count:
        message = (
            f"texts must not hold nulls, got {texts.null_count} of {len(texts)}; fill them with '' or drop the rows"
        )
        raise InputError(message)
    _, offset_buffer, data_buffer = texts.buffers()
    if offset_buffer is None or offset_buffer.size == 0:
        offsets = np.zeros(1, np.int64)
    else:
        raw = np.frombuffer(offset_buffer, dtype=width)
        offsets = raw[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    data = np.zeros(0, np.uint8) if data_buffer is None else np.frombuffer(data_buffer, dtype=np.uint8)
    return frozen(data, np.uint8), frozen(offsets, np.int64)
