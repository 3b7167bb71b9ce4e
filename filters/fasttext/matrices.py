"""The matrices in a fastText file: dense, or product-quantized (Joulin et al. 2016, arXiv:1612.03651).

A quantized row is cut into parts; of each part the file has the number of one of 256 centroids, and of the whole row a
norm, itself one of 256. Expanded once, such a matrix is read like a dense one. One that would take more than
`LARGEST_MATRIX_BYTES` stays as codes.
"""

from __future__ import annotations

import os
import struct
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gristmill.filters.text.arrays import Bytes
from gristmill.kernels.kernel import kernel

LARGEST_MATRIX_BYTES = 1 << 28

Floats32 = NDArray[np.float32]

_CENTROIDS = 256


class Codes(NamedTuple):
    """A quantized matrix.

    Attributes:
        codes: number of the centroid of each part, uint8 of shape (rows, parts).
        centroids: float32, part after part, 256 centroids each; those of the last part may be narrower.
        norms: what each row is multiplied by, float32 of shape (rows,).
        width: columns of a part.
    """

    codes: Bytes
    centroids: Floats32
    norms: Floats32
    width: int


NO_CODES = Codes(np.zeros((0, 0), np.uint8), np.zeros(0, np.float32), np.zeros(0, np.float32), 1)
"""Stands for a matrix that is not kept as codes."""


class Reader:
    """Takes values one after another from a file; a file that ends too early is a ``ValueError``."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self._size = os.fstat(file.fileno()).st_size

    def take(self, form: str) -> tuple[int, ...]:
        """Little-endian values, as `struct` names them."""
        layout = struct.Struct("<" + form)
        self._check(layout.size)
        values: tuple[int, ...] = layout.unpack(self.file.read(layout.size))
        return values

    def array(self, dtype: type[np.generic], count: int) -> NDArray[Any]:
        """So many numbers."""
        self._check(count * np.dtype(dtype).itemsize)
        return np.fromfile(self.file, dtype, count)

    def _check(self, wanted: int) -> None:
        left = self._size - self.file.tell()
        if not 0 <= wanted <= left:
            message = f"it ends too early: {left} bytes are left where {wanted} should follow"
            raise ValueError(message)


def read_dense(reader: Reader) -> Floats32:
    """The matrix of a model that is not quantized."""
    rows, columns = reader.take("qq")
    return reader.array(np.float32, rows * columns).reshape(rows, columns)


def read_codes(reader: Reader) -> tuple[Codes, int]:
    """A quantized matrix and the count of its columns."""
    (has_norms,), (rows, columns, code_bytes) = reader.take("b"), reader.take("qqi")
    codes = reader.array(np.uint8, code_bytes)
    centroids, parts, width = _centroids(reader)
    if width < 1 or parts != -(-columns // width) or len(centroids) != columns * _CENTROIDS:
        message = f"it cuts rows of {columns} numbers into {parts} parts of {width}"
        raise ValueError(message)
    norms = np.ones(rows, np.float32)
    if has_norms:
        norm_codes = reader.array(np.uint8, rows)
        norms = _centroids(reader)[0][norm_codes]
    return Codes(codes.reshape(rows, parts), centroids, norms, width), columns


def _centroids(reader: Reader) -> tuple[Floats32, int, int]:
    dim, parts, width, _ = reader.take("iiii")
    return reader.array(np.float32, dim * _CENTROIDS), parts, width


def expanded(found: Codes, columns: int) -> Floats32:
    """The rows that the codes stand for, before their norms."""
    rows, parts = found.codes.shape
    matrix = np.empty((rows, columns), np.float32)
    for part in range(parts):
        first, last = part * found.width, min((part + 1) * found.width, columns)
        table = found.centroids[first * _CENTROIDS :][: _CENTROIDS * (last - first)]
        matrix[:, first:last] = table.reshape(_CENTROIDS, last - first)[found.codes[:, part]]
    return matrix


@kernel
def add_code_row(found: Codes, row: int, hidden: Floats32) -> None:
    """Adds a row that is kept as codes, as ``ProductQuantizer::addcode`` does."""
    norm = found.norms[row]
    for part in range(found.codes.shape[1]):
        first = part * found.width
        size = min(found.width, hidden.size - first)
        at = first * _CENTROIDS + int(found.codes[row, part]) * size
        for k in range(size):
            hidden[first + k] += norm * found.centroids[at + k]
