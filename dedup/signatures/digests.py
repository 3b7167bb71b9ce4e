"""16-byte identifiers (document ids, exact hashes) as integers that numpy can sort and compare."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill.errors import InputError


def halves(digests: pa.FixedSizeBinaryArray) -> npt.NDArray[np.uint64]:
    """Each identifier as two 64-bit integers, big-endian, so that pairs order as the bytes do.

    Args:
        digests: ``fixed_size_binary[16]`` without nulls.

    Returns:
        uint64 of shape ``(n, 2)``: high half, low half.

    Raises:
        InputError: another type, or nulls.

    >>> halves(pa.array([bytes(range(16))], pa.binary(16))) == [[0x0001020304050607, 0x08090A0B0C0D0E0F]]
    array([[ True,  True]])
    """
    if isinstance(digests, pa.ChunkedArray):
        digests = digests.combine_chunks()
    if digests.type != pa.binary(16) or digests.null_count:
        message = f"wanted fixed_size_binary[16] without nulls, got {digests.type} with {digests.null_count} nulls"
        raise InputError(message)
    if len(digests) == 0:
        return np.zeros((0, 2), np.uint64)
    raw = np.frombuffer(digests.buffers()[1], dtype=">u8")[2 * digests.offset : 2 * (digests.offset + len(digests))]
    return raw.reshape(-1, 2).astype(np.uint64)
