"""Sorting of 64-bit integers inside kernels: linear in their number, and quicker to compile than numba's own."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gristmill.dedup.signatures.text_buffers import Integer

INSERTION_LIMIT = 40
"""Up to this many values an insertion sort beats the passes of the radix sort."""

_RADIX = 256
_DIGITS = 8
_SIGN = np.uint64(1 << 63)


@numba.njit(nogil=True, cache=True)
def sort_prefix(values: npt.NDArray[np.uint64], count: Integer, scratch: npt.NDArray[np.uint64]) -> None:
    """Sorts ``values[:count]`` ascending, in place.

    Least significant digit first, 8 bits a pass (Knuth, The Art of Computer Programming 3, section 5.2.5); digits that
    all values share are skipped.

    Args:
        values: uint64.
        count: how many of them.
        scratch: uint64, at least ``count`` long; overwritten.

    >>> values = np.array([3, 1, 2, 0], np.uint64)
    >>> sort_prefix(values, 3, np.empty(3, np.uint64))
    >>> values
    array([1, 2, 3, 0], dtype=uint64)
    """
    if count <= INSERTION_LIMIT:
        for i in range(1, count):
            value = values[i]
            at = i
            while at > 0 and values[at - 1] > value:
                values[at] = values[at - 1]
                at -= 1
            values[at] = value
        return
    sizes = np.zeros((_DIGITS, _RADIX), np.int64)
    for i in range(count):
        value = values[i]
        for digit in range(_DIGITS):
            sizes[digit, (value >> np.uint64(8 * digit)) & np.uint64(0xFF)] += 1
    source = values
    target = scratch
    in_scratch = False
    for digit in range(_DIGITS):
        shift = np.uint64(8 * digit)
        if sizes[digit, (source[0] >> shift) & np.uint64(0xFF)] == count:
            continue
        start = np.int64(0)
        for bucket in range(_RADIX):
            size = sizes[digit, bucket]
            sizes[digit, bucket] = start
            start += size
        for i in range(count):
            value = source[i]
            own = (value >> shift) & np.uint64(0xFF)
            target[sizes[digit, own]] = value
            sizes[digit, own] += 1
        source, target = target, source
        in_scratch = not in_scratch
    if in_scratch:
        for i in range(count):
            values[i] = scratch[i]


@numba.njit(nogil=True, cache=True)
def _pair_passes(
    keys: npt.NDArray[np.uint64],
    values: npt.NDArray[np.int64],
    spare_keys: npt.NDArray[np.uint64],
    spare_values: npt.NDArray[np.int64],
) -> bool:
    """Sorts by the bytes that differ; says whether the result lies in the spare arrays."""
    sizes = np.zeros((_DIGITS, _RADIX), np.int64)
    for i in range(len(keys)):
        for digit in range(_DIGITS):
            sizes[digit, (keys[i] >> np.uint64(8 * digit)) & np.uint64(0xFF)] += 1
    in_spare = False
    for digit in range(_DIGITS):
        shift = np.uint64(8 * digit)
        if sizes[digit, (keys[0] >> shift) & np.uint64(0xFF)] == len(keys):
            continue
        start = np.int64(0)
        for bucket in range(_RADIX):
            size = sizes[digit, bucket]
            sizes[digit, bucket] = start
            start += size
        for i in range(len(keys)):
            own = (keys[i] >> shift) & np.uint64(0xFF)
            at = sizes[digit, own]
            spare_keys[at] = keys[i]
            spare_values[at] = values[i]
            sizes[digit, own] = at + 1
        keys, spare_keys = spare_keys, keys
        values, spare_values = spare_values, values
        in_spare = not in_spare
    return in_spare


def sort_pairs(keys: npt.NDArray[np.int64], values: npt.NDArray[np.int64]) -> None:
    """Sorts pairs by their keys, in place and stable: values of equal keys stay in their order.

    Linear: a pass over both for each byte in which keys differ, which is four for document numbers below 2**32; none
    where they are sorted already.

    Args:
        keys: int64, C-contiguous.
        values: int64, one for each key.

    >>> keys, values = np.array([7, -2, 7]), np.array([1, 2, 0])
    >>> sort_pairs(keys, values)
    >>> keys.tolist(), values.tolist()
    ([-2, 7, 7], [2, 1, 0])
    """
    if (keys[1:] >= keys[:-1]).all():
        return
    unsigned = keys.view(np.uint64)
    unsigned ^= _SIGN
    spare_keys, spare_values = np.empty_like(unsigned), np.empty_like(values)
    if _pair_passes(unsigned, values, spare_keys, spare_values):
        unsigned[:] = spare_keys
        values[:] = spare_values
    unsigned ^= _SIGN
