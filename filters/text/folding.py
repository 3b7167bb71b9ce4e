r"""Lower case and canonical decomposition of every code point, as bytes that a kernel can copy.

``FOLDED`` of a character is ``unicodedata.normalize("NFD", character.lower())``, character by character: a final sigma
is folded like any other, and marks are not put into canonical order (text in NFC has them in order already).
"""

from __future__ import annotations

import functools
import sys
import unicodedata
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gristmill.kernels.cached_arrays import cached_arrays
from gristmill.kernels.kernel import kernel

_LAST_CASED_PLANE_END = 0x20000
_COMPATIBILITY_HAN = range(0x2F800, 0x2FA20)


class Folding(NamedTuple):
    """How every code point folds.

    Attributes:
        place: int32 of shape (0x110000,); where a code point's folding stands in ``packed``, -1 if it is itself.
        packed: at each place, the number of bytes, the number of code points, then the UTF-8 bytes.
        lower: int32 of shape (0x110000,); the lower-case code point, or itself where lower case is longer than one.
    """

    place: NDArray[np.int32]
    packed: NDArray[np.uint8]
    lower: NDArray[np.int32]


@functools.lru_cache(maxsize=1)
def folding() -> Folding:
    """The folding of Python's own ``unicodedata``; read-only use.

    >>> table = folding()
    >>> chr(table.lower[ord("É")]), table.packed[table.place[ord("É")]:][:5].tolist()
    ('é', [3, 2, 101, 204, 129])
    """
    return Folding(*cached_arrays(_build))


def _build() -> tuple[NDArray[np.int32], NDArray[np.uint8], NDArray[np.int32]]:
    place = np.full(sys.maxunicode + 1, -1, np.int32)
    lower = np.arange(sys.maxunicode + 1, dtype=np.int32)
    packed = bytearray()
    for point in (*range(_LAST_CASED_PLANE_END), *_COMPATIBILITY_HAN):
        character = chr(point)
        small = character.lower()
        if len(small) == 1:
            lower[point] = ord(small)
        folded = unicodedata.normalize("NFD", small)
        if folded != character:
            place[point] = len(packed)
            written = folded.encode("utf-8")
            packed += bytes((len(written), len(folded))) + written
    return place, np.frombuffer(packed, np.uint8), lower


@kernel
def utf8_of(point: int) -> tuple[np.uint64, int]:
    """A code point's UTF-8 as one little-endian number, and how many bytes that is."""
    if point < 0x80:
        return np.uint64(point), 1
    last = 0x80 | point & 0x3F
    if point < 0x800:
        return np.uint64(0xC0 | point >> 6 | last << 8), 2
    middle = 0x80 | point >> 6 & 0x3F
    if point < 0x10000:
        return np.uint64(0xE0 | point >> 12 | middle << 8 | last << 16), 3
    return np.uint64(0xF0 | point >> 18 | (0x80 | point >> 12 & 0x3F) << 8 | middle << 16 | last << 24), 4
