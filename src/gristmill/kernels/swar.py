"""Eight bytes at a time: the steps that let a kernel read an ASCII word in one or two loads.

A *lane mask* has the top bit of each byte (0x80) set where a byte of the eight has the property asked for. Masks are
exact for bytes below 0x80; a caller masks off what lies behind its text with `keep_first`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from gristmill.kernels.kernel import inlined_kernel, kernel

Bytes = NDArray[np.uint8]
Integer = int | np.int64 | np.uint64
"""A place in an array; an unsigned one saves the question whether it counts from the end."""

TOPS = np.uint64(0x8080808080808080)
_SEVENS = np.uint64(0x7F7F7F7F7F7F7F7F)
_ONES = np.uint64(0x0101010101010101)
_CASE_BITS = np.uint64(0x2020202020202020)
_BLANKS_END = np.uint64(0x2121212121212121)
_TO_A, _PAST_Z = np.uint64(0x1F1F1F1F1F1F1F1F), np.uint64(0x0505050505050505)
_TO_0, _PAST_9 = np.uint64(0x5050505050505050), np.uint64(0x4646464646464646)
_TWO = np.uint64(2)
_MIX_A, _MIX_B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFT_30, _SHIFT_27, _SHIFT_31 = np.uint64(30), np.uint64(27), np.uint64(31)
_STATE, _LENGTH, _SECOND, _LAST = (
    np.uint64(0xA0761D6478BD642F), np.uint64(0xE7037ED1A0B428DB), np.uint64(0x8EBC6AF09C88C6E3),
    np.uint64(0x589965CC75374CC3),
)  # fmt: skip

_SHORT = 16
_KEPT = np.array([(1 << 8 * min(size, 8)) - 1 for size in range(17)], np.uint64)
_KEPT_BEHIND = np.array([(1 << 8 * max(size - 8, 0)) - 1 for size in range(17)], np.uint64)


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
def _store(typingctx: Any, data: Any, i: Any, value: Any) -> Any:
    """Writes a little-endian number to the eight bytes from byte ``i``; the array must reach so far."""
    del typingctx
    signature = types.uint64(data, i, value)

    def emit(context: Any, builder: Any, given: Any, arguments: Any) -> Any:
        array = context.make_array(given.args[0])(context, builder, arguments[0])
        place = builder.gep(array.data, [context.cast(builder, arguments[1], given.args[1], types.intp)])
        builder.store(arguments[2], builder.bitcast(place, ir.IntType(64).as_pointer())).align = 1
        return arguments[2]

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


@intrinsic
def _multiply_folded(typingctx: Any, left: Any, right: Any) -> Any:
    """The upper half of the 128-bit product, xor the lower."""
    del typingctx

    def emit(context: Any, builder: Any, given: Any, arguments: Any) -> Any:
        del context, given
        wide = ir.IntType(128)
        product = builder.mul(builder.zext(arguments[0], wide), builder.zext(arguments[1], wide))
        upper = builder.lshr(product, ir.Constant(wide, 64))
        return builder.xor(builder.trunc(upper, ir.IntType(64)), builder.trunc(product, ir.IntType(64)))

    return types.uint64(left, right), emit


@intrinsic
def _swapped(typingctx: Any, value: Any) -> Any:
    """The eight bytes in the other order."""
    del typingctx

    def emit(context: Any, builder: Any, given: Any, arguments: Any) -> Any:
        del context, given
        return builder.bswap(arguments[0])

    return types.uint64(value), emit


@inlined_kernel
def swapped(eight: np.uint64) -> np.uint64:
    """The eight bytes in the other order: the first one the highest."""
    return np.uint64(_swapped(eight))  # type: ignore[call-arg]


@inlined_kernel
def load_eight(data: Bytes, i: Integer) -> np.uint64:
    """Eight bytes from byte ``i`` on; the buffer's padding makes that safe at its end."""
    return np.uint64(_load(data, i))  # type: ignore[call-arg]


@inlined_kernel
def store_eight(data: Bytes, i: Integer, eight: np.uint64) -> None:
    """Writes eight bytes from byte ``i`` on, those behind the ones that are meant too."""
    _store(data, i, eight)  # type: ignore[call-arg]


@inlined_kernel
def keep_first(size: Integer) -> np.uint64:
    """All bits of the first ``size`` bytes, 0 to 8."""
    return np.uint64(_KEPT[min(size, 8)])


@inlined_kernel
def first_bit(bits: np.uint64) -> int:
    """Index of the lowest set bit; 64 if none is set."""
    return np.int64(_low_zeros(bits))  # type: ignore[call-arg, return-value]


@inlined_kernel
def leading_zeros(bits: np.uint64) -> int:
    """Zero bits above the highest set bit; 64 if none is set."""
    return np.int64(_high_zeros(bits))  # type: ignore[call-arg, return-value]


@inlined_kernel
def last_bit(bits: np.uint64) -> int:
    """Index of the highest set bit; -1 if none is set."""
    return 63 - leading_zeros(bits)


@inlined_kernel
def count_bits(bits: np.uint64) -> int:
    """How many bits are set."""
    return np.int64(_set_bits(bits))  # type: ignore[call-arg, return-value]


@inlined_kernel
def first_lane(mask: np.uint64) -> int:
    """Index of the first byte in a lane mask; 8 if it is empty."""
    return first_bit(mask) >> 3


@inlined_kernel
def blank_or_wide(eight: np.uint64) -> np.uint64:
    """Bytes up to 0x20 or from 0x80 on; only the first one is sure (a borrow can run into those behind it)."""
    return ((eight - _BLANKS_END) | eight) & TOPS


@inlined_kernel
def letter_lanes(eight: np.uint64) -> np.uint64:
    """Bytes that are ASCII letters."""
    lowered = (eight & _SEVENS) | _CASE_BITS
    return (lowered + _TO_A) & ~(lowered + _PAST_Z) & ~eight & TOPS


@inlined_kernel
def digit_lanes(eight: np.uint64) -> np.uint64:
    """Bytes that are ASCII digits."""
    plain = eight & _SEVENS
    return (plain + _TO_0) & ~(plain + _PAST_9) & ~eight & TOPS


@inlined_kernel
def byte_lanes(eight: np.uint64, byte: int) -> np.uint64:
    """Bytes below 0x80 that equal ``byte``."""
    other = eight ^ (_ONES * np.uint64(byte))
    return ~((other & _SEVENS) + _SEVENS) & ~other & TOPS


@inlined_kernel
def lowered(eight: np.uint64) -> np.uint64:
    """The eight bytes with A to Z in lower case."""
    return eight | (letter_lanes(eight) >> _TWO)


@inlined_kernel
def multiply_folded(left: np.uint64, right: np.uint64) -> np.uint64:
    """The halves of the 128-bit product of two numbers, one xor the other: every bit depends on all of both."""
    return np.uint64(_multiply_folded(left, right))  # type: ignore[call-arg]


@inlined_kernel
def hash_short(low: np.uint64, high: np.uint64, size: Integer) -> np.uint64:
    """`hash_bytes` of at most 16 bytes: the first eight, those behind them, and how many there are."""
    state = _STATE ^ (np.uint64(size) * _LENGTH)
    return multiply_folded(multiply_folded(state ^ low, _SECOND ^ high), _LAST)


@inlined_kernel
def short_low(data: Bytes, start: Integer, size: Integer) -> np.uint64:
    """The first eight bytes, zeros behind the last, of a run of at most 16 bytes."""
    return load_eight(data, start) & np.uint64(_KEPT[size])


@inlined_kernel
def short_high(data: Bytes, start: Integer, size: Integer) -> np.uint64:
    """The bytes behind the first eight of a run of at most 16 bytes."""
    return load_eight(data, start + 8) & np.uint64(_KEPT_BEHIND[size])


@inlined_kernel
def hash_bytes(data: Bytes, start: Integer, end: Integer) -> np.uint64:
    """64 well-mixed bits of ``data[start:end]``, sixteen bytes a step.

    The multiplication that wyhash is built on (Wang Yi, github.com/wangyi-fudan/wyhash), with the length in the state.
    """
    size = end - start
    if size <= _SHORT:
        return hash_short(short_low(data, start, size), short_high(data, start, size), size)
    return _hash_long(data, start, end)


@kernel
def _hash_long(data: Bytes, start: Integer, end: Integer) -> np.uint64:
    size = end - start
    state = _STATE ^ (np.uint64(size) * _LENGTH)
    for i in range(start, end - 16, 16):
        state = multiply_folded(state ^ load_eight(data, i), _SECOND ^ load_eight(data, i + 8))
    rest = start + (size - 1) // 16 * 16
    low, high = short_low(data, rest, end - rest), short_high(data, rest, end - rest)
    return multiply_folded(multiply_folded(state ^ low, _SECOND ^ high), _LAST)


@inlined_kernel
def hash_lowered(data: Bytes, start: Integer, end: Integer) -> np.uint64:
    """`hash_bytes` of an ASCII word with A to Z in lower case."""
    size = end - start
    if size <= _SHORT:
        return hash_short(lowered(short_low(data, start, size)), lowered(short_high(data, start, size)), size)
    return _hash_long_lowered(data, start, end)


@kernel
def _hash_long_lowered(data: Bytes, start: Integer, end: Integer) -> np.uint64:
    size = end - start
    state = _STATE ^ (np.uint64(size) * _LENGTH)
    for i in range(start, end - 16, 16):
        state = multiply_folded(state ^ lowered(load_eight(data, i)), _SECOND ^ lowered(load_eight(data, i + 8)))
    rest = start + (size - 1) // 16 * 16
    low, high = lowered(short_low(data, rest, end - rest)), lowered(short_high(data, rest, end - rest))
    return multiply_folded(multiply_folded(state ^ low, _SECOND ^ high), _LAST)


@inlined_kernel
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
