"""Bit planes: one bit for each byte of a batch, made 64 bytes at a time.

A kernel then finds what it looks for by counting zeros instead of looking at every byte.
Bit ``i % 64`` of number ``i // 64`` says whether byte ``i`` has the property of the plane. `bits_from` gives the bits
from any byte on; `in_range` makes 64 of them by one comparison, which LLVM turns into the vector instructions of the
machine. Numbers are read as little-endian.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from gristmill.kernels.arena import Arena
from gristmill.kernels.kernel import inlined_kernel
from gristmill.kernels.swar import Bytes, Integer, load_eight

LANES = 64
"""Bytes that one comparison looks at; a buffer must have so many to read from the byte that it is asked for."""

SURE_BITS = 57
"""How many of the bits that `bits_from` gives are sure to be of the plane; those above them are 0 or of the plane."""

_CASE_BIT = 32
_SEVEN, _THREE = np.uint64(7), np.uint64(3)


@intrinsic
def _compare(typingctx: Any, data: Any, i: Any, added: Any, low: Any, high: Any) -> Any:
    """Which of the 64 bytes from byte ``i`` on are ``low`` to ``high``, the bits of ``added`` set in all of them."""
    del typingctx
    signature = types.uint64(data, i, added, low, high)
    byte = ir.IntType(8)
    vector = ir.VectorType(byte, LANES)

    def spread(context: Any, builder: Any, kind: Any, value: Any) -> Any:
        narrow = builder.trunc(context.cast(builder, value, kind, types.int64), byte)
        one = builder.insert_element(ir.Constant(vector, ir.Undefined), narrow, ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))

    def emit(context: Any, builder: Any, given: Any, arguments: Any) -> Any:
        array = context.make_array(given.args[0])(context, builder, arguments[0])
        place = builder.gep(array.data, [context.cast(builder, arguments[1], given.args[1], types.intp)])
        loaded = builder.load(builder.bitcast(place, vector.as_pointer()))
        loaded.align = 1
        added, low, high = (spread(context, builder, given.args[k], arguments[k]) for k in (2, 3, 4))
        above = builder.sub(builder.or_(loaded, added), low)
        inside = builder.icmp_unsigned("<=", above, builder.sub(high, low))
        return builder.bitcast(inside, ir.IntType(64))

    return signature, emit


@inlined_kernel
def in_range(data: Bytes, i: Integer, low: int, high: int) -> np.uint64:
    """Which of the 64 bytes from byte ``i`` on are ``low`` to ``high``; the lowest bit is the first byte.

    >>> data = np.frombuffer(b"a1".ljust(64), np.uint8)
    >>> int(in_range(data, 0, ord("0"), ord("9")))
    2
    """
    return np.uint64(_compare(data, i, 0, low, high))  # type: ignore[call-arg]


@inlined_kernel
def letters_in(data: Bytes, i: Integer) -> np.uint64:
    """Which of the 64 bytes from byte ``i`` on are ASCII letters."""
    return np.uint64(_compare(data, i, _CASE_BIT, ord("a"), ord("z")))  # type: ignore[call-arg]


@inlined_kernel
def letter_in(data: Bytes, i: Integer, letter: int) -> np.uint64:
    """Which of the 64 bytes from byte ``i`` on are a letter, given in lower case, in either case."""
    return np.uint64(_compare(data, i, _CASE_BIT, letter, letter))  # type: ignore[call-arg]


@inlined_kernel
def byte_in(data: Bytes, i: Integer, byte: int) -> np.uint64:
    """Which of the 64 bytes from byte ``i`` on are ``byte``."""
    return np.uint64(_compare(data, i, 0, byte, byte))  # type: ignore[call-arg]


@inlined_kernel
def blanks_in(data: Bytes, i: Integer) -> np.uint64:
    """Which of the 64 bytes from byte ``i`` on are ASCII white space, by its Unicode property."""
    return byte_in(data, i, 32) | in_range(data, i, 9, 13)


@inlined_kernel
def bits_from(plane: Bytes, i: Integer) -> np.uint64:
    """The bits of a plane, seen as bytes, from that of byte ``i`` on: `SURE_BITS` of them, the first the lowest."""
    return load_eight(plane, np.uint64(i) >> _THREE) >> (np.uint64(i) & _SEVEN)


def new_plane(data: Bytes, arena: Arena) -> NDArray[np.uint64]:
    """A plane with any content for a buffer, with room to read behind its end; its view as uint8 is for `bits_from`."""
    return arena.empty(len(data) // LANES + 2, np.uint64)
