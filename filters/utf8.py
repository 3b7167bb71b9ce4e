"""Reading UTF-8 inside a kernel: one code point at a time, and one hash over bytes.

Arrow promises valid UTF-8, but a column can be built from any bytes. A byte that begins no well-formed sequence counts
as one character, U+FFFD, of one byte, so no kernel reads outside its text or stops advancing.
"""

from __future__ import annotations

import numba
import numpy as np

from gristmill.filters.arrays import Bytes
from gristmill.filters.unicode_classes import REPLACEMENT

HASH_START = np.uint64(0xCBF29CE484222325)
HASH_PRIME = np.uint64(0x100000001B3)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_SHIFT_30, _SHIFT_27, _SHIFT_31 = np.uint64(30), np.uint64(27), np.uint64(31)


@numba.njit(nogil=True, cache=True, inline="always")
def code_point(data: Bytes, i: int, end: int) -> tuple[int, int]:
    """The code point that starts at byte ``i`` of a text that ends before ``end``, and how many bytes it takes."""
    lead = np.int64(data[i])
    if lead < 0x80:
        return lead, 1
    if 0xC2 <= lead < 0xE0 and i + 1 < end and (data[i + 1] & 0xC0) == 0x80:
        return ((lead & 0x1F) << 6) | (np.int64(data[i + 1]) & 0x3F), 2
    if 0xE0 <= lead < 0xF0 and i + 2 < end and (data[i + 1] & 0xC0) == 0x80 and (data[i + 2] & 0xC0) == 0x80:
        return ((lead & 0x0F) << 12) | ((np.int64(data[i + 1]) & 0x3F) << 6) | (np.int64(data[i + 2]) & 0x3F), 3
    if (
        0xF0 <= lead < 0xF5
        and i + 3 < end
        and (data[i + 1] & 0xC0) == 0x80
        and (data[i + 2] & 0xC0) == 0x80
        and (data[i + 3] & 0xC0) == 0x80
    ):
        point = ((lead & 0x07) << 18) | ((np.int64(data[i + 1]) & 0x3F) << 12)
        point |= ((np.int64(data[i + 2]) & 0x3F) << 6) | (np.int64(data[i + 3]) & 0x3F)
        if point <= 0x10FFFF:
            return point, 4
    return np.int64(REPLACEMENT), 1


@numba.njit(nogil=True, cache=True, inline="always")
def hash_byte(state: np.uint64, byte: int) -> np.uint64:
    """One step of 64-bit FNV-1a; begin with `HASH_START`, finish with `mix`."""
    return (state ^ np.uint64(byte)) * HASH_PRIME


@numba.njit(nogil=True, cache=True, inline="always")
def mix(state: np.uint64) -> np.uint64:
    """Spreads every bit of a 64-bit state over all 64 (the finalizer of splitmix64)."""
    state = (state ^ (state >> _SHIFT_30)) * _MIX_A
    state = (state ^ (state >> _SHIFT_27)) * _MIX_B
    return state ^ (state >> _SHIFT_31)


def hash_ascii(word: str) -> np.uint64:
    """The hash that `hash_byte` gives the bytes of a word of the tables, before `mix`.

    >>> hash_ascii("the") == hash_ascii("THE".lower())
    True
    """
    state = int(HASH_START)
    for byte in word.encode("ascii"):
        state = ((state ^ byte) * int(HASH_PRIME)) & 0xFFFF_FFFF_FFFF_FFFF
    return np.uint64(state)
