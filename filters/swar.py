"""Eight bytes at a time: the steps that let a kernel read an ASCII word in one or two loads.

A *lane mask* has the top bit of each byte (0x80) set where a byte of the eight has the property asked for. Masks are
exact for bytes below 0x80; a caller masks off what lies behind its text with `keep_first`.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import intrinsic

from gristmill.filters.arrays import Bytes

TOPS = np.uint64(0x8080808080808080)
_SEVENS = np.uint64(0x7F7F7F7F7F7F7F7F)
_ONES = np.uint64(0x0101010101010101)
_CASE_BITS = np.uint64(0x2020202020202020)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_BLANKS_END = np.uint64(0x2121212121212121)
_TO_A, _PAST_Z = np.uint64(0x1F1F1F1F1F1F1F1F), np.uint64(0x0505050505050505)
_TO_0, _PAST_9 = np.uint64(0x5050505050505050), np.uint64(0x4646464646464646)
_BYTE, _SEVEN, _TWO = np.uint64(8), np.uint64(7), np.uint64(2)
_HASH_FACTOR, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)
_MIX_A, _MIX_B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFT_30, _SHIFT_27, _SHIFT_31 = np.uint64(30), np.uint64(27), np.uint64(31)


@intrinsic
def _load(typingctx: Any, data: Any, i: Any) -> Any:
    """Eight bytes from byte ``i`` as one little-endian number; the array must reach so far."""
    del typingctx
    signature = types.uint64(data, i)

    def emit(context: Any, builder: Any, given: Any, arguments: Any) -> Any:
        array = context.make_array(given.args[0])(context, builder, arguments[0])
        place = builder.gep(array.data, [context.cast(builder, arguments[1], given.args[1], types.intp)])
        loaded = builder.load(builder.bitcast(place, ir.IntType(64).as_pointer()))
        loaded.align = 1
        return loaded

    return signature, emit


@intrinsic
def _low_zeros(typingctx: Any, value: Any) -> Any:
    """Zero bits below the lowest set bit; 64 if none is set."""
    del typingctx

    def emit(context: Any, builder: Any, given: Any, arguments: Any) -> Any:
        del context, given
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(value), emit


@intrinsic
def _high_zeros(typingctx: Any, value: Any) -> Any:
    """Zero bits above the highest set bit; 64 if none is set."""
    del typingctx

    def emit(context: Any, builder: Any, given: Any, arguments: Any) -> Any:
        del context, given
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(value), emit


@intrinsic
def _set_bits(typingctx: Any, value: Any) -> Any:
    """How many bits are set."""
    del typingctx

    def emit(context: Any, builder: Any, given: Any, arguments: Any) -> Any:
        del context, given
        return builder.ctpop(arguments[0])

    return types.uint64(value), emit


@numba.njit(nogil=True, cache=True)
def load_eight(data: Bytes, i: int) -> np.uint64:
    """Eight bytes from byte ``i`` on; the buffer's padding makes that safe at its end."""
    return np.uint64(_load(data, i))  # type: ignore[call-arg]


@numba.njit(nogil=True, cache=True)
def keep_first(size: int) -> np.uint64:
    """All bits of the first ``size`` bytes, 0 to 8."""
    return _ALL if size >= 8 else (np.uint64(1) << (np.uint64(size) * _BYTE)) - np.uint64(1)


@numba.njit(nogil=True, cache=True)
def first_lane(mask: np.uint64) -> int:
    """Index of the first byte in a lane mask; 8 if it is empty."""
    return np.int64(_low_zeros(mask)) >> 3  # type: ignore[call-arg, return-value]


@numba.njit(nogil=True, cache=True)
def last_lane(mask: np.uint64) -> int:
    """Index of the last byte in a lane mask; -1 if it is empty."""
    return 7 - (np.int64(_high_zeros(mask)) >> 3)  # type: ignore[call-arg, return-value]


@numba.njit(nogil=True, cache=True)
def count_lanes(mask: np.uint64) -> int:
    """How many bytes a lane mask has."""
    return np.int64(_set_bits(mask))  # type: ignore[call-arg, return-value]


@numba.njit(nogil=True, cache=True)
def blank_or_wide(eight: np.uint64) -> np.uint64:
    """Bytes up to 0x20 or from 0x80 on; only the first one is sure (a borrow can run into those behind it)."""
    return ((eight - _BLANKS_END) | eight) & TOPS


@numba.njit(nogil=True, cache=True)
def letter_lanes(eight: np.uint64) -> np.uint64:
    """Bytes that are ASCII letters."""
    lowered = (eight & _SEVENS) | _CASE_BITS
    return (lowered + _TO_A) & ~(lowered + _PAST_Z) & ~eight & TOPS


@numba.njit(nogil=True, cache=True)
def digit_lanes(eight: np.uint64) -> np.uint64:
    """Bytes that are ASCII digits."""
    plain = eight & _SEVENS
    return (plain + _TO_0) & ~(plain + _PAST_9) & ~eight & TOPS


@numba.njit(nogil=True, cache=True)
def byte_lanes(eight: np.uint64, byte: int) -> np.uint64:
    """Bytes below 0x80 that equal ``byte``."""
    other = eight ^ (_ONES * np.uint64(byte))
    return ~((other & _SEVENS) + _SEVENS) & ~other & TOPS


@numba.njit(nogil=True, cache=True)
def lowered(eight: np.uint64) -> np.uint64:
    """The eight bytes with A to Z in lower case."""
    return eight | (letter_lanes(eight) >> _TWO)


@numba.njit(nogil=True, cache=True)
def hash_bytes(data: Bytes, start: int, end: int) -> np.uint64:
    """64 well-mixed bits of ``data[start:end]``, eight bytes a step."""
    state = np.uint64(end - start)
    i = start
    while i < end:
        eight = load_eight(data, i) & keep_first(end - i)
        state = (state ^ eight) * _HASH_FACTOR
        state ^= state >> _HALF
        i += 8
    return finish(state)


@numba.njit(nogil=True, cache=True)
def finish(state: np.uint64) -> np.uint64:
    """Spreads every bit of a state over all 64 (the finalizer of splitmix64)."""
    state = (state ^ (state >> _SHIFT_30)) * _MIX_A
    state = (state ^ (state >> _SHIFT_27)) * _MIX_B
    return state ^ (state >> _SHIFT_31)


def pack(word: bytes) -> np.uint64:
    """A word of at most eight bytes as the number that `load_eight` and `keep_first` give it.

    >>> hex(int(pack(b"the")))
    '0x656874'
    """
    return np.uint64(int.from_bytes(word, "little"))
