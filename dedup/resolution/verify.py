"""Verification: the true Jaccard similarity of shingle sets, which alone decides whether a document is removed."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gristmill.dedup.signatures.text_buffers import Integer, Offsets, frozen
from gristmill.dedup.signatures.word_hashes import Hashes


@numba.njit(nogil=True, cache=True)
def intersection_size(
    values: Hashes, left_start: int, left_end: int, right_start: int, right_end: int, wanted: Integer
) -> Integer:
    """Common values of two sorted unique runs of ``values``, or -1 as soon as ``wanted`` is out of reach."""
    common = np.int64(0)
    i = left_start
    j = right_start
    while i < left_end and j < right_end:
        if values[i] == values[j]:
            common += 1
            i += 1
            j += 1
        else:
            if common + min(left_end - i, right_end - j) < wanted:
                return np.int64(-1)
            if values[i] < values[j]:
                i += 1
            else:
                j += 1
    return common


@numba.njit(nogil=True, cache=True)
def _jaccard_pairs(
    offsets: Offsets,
    values: Hashes,
    left: npt.NDArray[np.int64],
    right: npt.NDArray[np.int64],
    out: npt.NDArray[np.float64],
) -> None:
    for pair in range(len(out)):
        i = left[pair]
        j = right[pair]
        common = intersection_size(values, offsets[i], offsets[i + 1], offsets[j], offsets[j + 1], 0)
        union = offsets[i + 1] - offsets[i] + offsets[j + 1] - offsets[j] - common
        out[pair] = common / union if union else 0.0


def jaccard_pairs(
    offsets: Offsets, values: Hashes, left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """The exact Jaccard similarity of pairs of sets.

    Two empty sets have similarity 0 here: documents shorter than a shingle are no evidence for each other.

    Args:
        offsets: int64 of length ``n + 1``; set ``i`` is ``values[offsets[i]:offsets[i + 1]]``.
        values: uint64, sorted and unique within each set (`gristmill.dedup.signatures.shingles.shingle_sets`).
        left: int64, index of the first set of each pair.
        right: int64, index of the second.

    Returns:
        float64 of the length of ``left``: common values divided by values in either.

    Raises:
        IndexError: a pair names a set that is not there.

    >>> offsets, values = np.array([0, 3, 5]), np.array([1, 2, 3, 2, 3], np.uint64)
    >>> jaccard_pairs(offsets, values, np.array([0]), np.array([1])).round(3)
    array([0.667])
    """
    sets = len(offsets) - 1
    for side in (left, right):
        if len(side) and (side.min() < 0 or side.max() >= sets):
            message = f"pairs must name sets 0..{sets - 1}, got {side.min()}..{side.max()}"
            raise IndexError(message)
    out = np.empty(len(left), np.float64)
    _jaccard_pairs(
        frozen(offsets, np.int64), frozen(values, np.uint64), frozen(left, np.int64), frozen(right, np.int64), out
    )
    return out
