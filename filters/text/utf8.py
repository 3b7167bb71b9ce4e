"""Reading UTF-8 inside a kernel: one code point at a time, and one hash over bytes.

Arrow promises valid UTF-8, but a column can be built from any bytes. A byte that begins no well-formed sequence counts
as one character, U+FFFD, of one byte, so no kernel reads outside its text or stops advancing.
"""

from __future__ import annotations

import numpy as np

from gristmill.filters.text.arrays import Bytes
from gristmill.filters.text.unicode_classes import REPLACEMENT
from gristmill.kernels.kernel import inlined_kernel, kernel

NON_ASCII = 0x80
"""The first byte value that is no character by itself. Loops take ASCII themselves and call `code_point` for the
rest: called for every byte, it made them three times slower."""

HASH_START = np.uint64(0xCBF29CE484222325)
HASH_PRIME = np.uint64(0x100000001B3)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_SHIFT_30, _SHIFT_27, _SHIFT_31 = np.uint64(30), np.uint64(27), np.uint64(31)


@kernel
def code_point(data: Bytes, i: int, end: int) -> tuple[int, int]:
    """The code point that starts at byte ``i`` of a text that ends before ``end``, and how many bytes it takes."""
    lead = int(data[i])
    if lead < NON_ASCII:
        return lead, 1
    left = end - i
    second = int(data[i + 1]) ^ 0x80 if left > 1 else 0xFF  # below 0x40 if, and only if, it continues a sequence
    if second < 0x40 and lead >= 0xC2:
        if lead < 0xE0:
            return (lead & 0x1F) << 6 | second, 2
        third = int(data[i + 2]) ^ 0x80 if left > 2 else 0xFF
        if third < 0x40:
            if lead < 0xF0:
                return (lead & 0x0F) << 12 | second << 6 | third, 3
            fourth = int(data[i + 3]) ^ 0x80 if left > 3 else 0xFF
            point = (lead & 0x07) << 18 | second << 12 | third << 6 | fourth
            if fourth < 0x40 and lead < 0xF5 and point <= 0x10FFFF:
                return point, 4
    return REPLACEMENT, 1


@inlined_kernel
def hash_byte(state: np.uint64, byte: int) -> np.uint64:
    """One step of 64-bit FNV-1a; begin with `HASH_START`, finish with `mix`."""
    return (state ^ np.uint64(byte)) * HASH_PRIME


@kernel
def mix(state: np.uint64) -> np.uint64:
    """Spreads every bit of a 64-bit state over all 64 (the finalizer of splitmix64)."""
    state = (state ^ (state >> _SHIFT_30)) * _MIX_A
    state = (state ^ (state >> _SHIFT_27)) * _MIX_B
    return state ^ (state >> _SHIFT_31)


def hash_ascii(word: str) -> np.uint64:
    """The hash that `hash_byte` gives the bytes of a word of the tables, before `mix`.

    >>> bool(hash_ascii("the") == hash_ascii("THE".lower()))
    True
    """
    state = int(HASH_START)
    for byte in word.encode("ascii"):
        state = ((state ^ byte) * int(HASH_PRIME)) & 0xFFFF_FFFF_FFFF_FFFF
    return np.uint64(state)
