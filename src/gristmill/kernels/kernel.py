"""The decorator of kernels that only read and write arrays they are given.

numba counts references to every array that a function receives, an atomic step up at its beginning and one down at
each of its ends. In a kernel that is called for each word or character that is most of the time: splitting words into
tokens took three times as long. A kernel that makes no array needs no counting, because its caller holds what it gives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def _compile(function: Kernel, **options: bool) -> Kernel:
    # ``_nrt`` is numba's own option, for its runtime's inner functions (numba/core/extending.py); its stubs do not show
    # it. A numba that does not know it any more would say so here, at import.
    decorate: Any = numba.njit
    compiled: Kernel = decorate(nogil=True, cache=True, _nrt=False, **options)(function)
    return compiled


def kernel(function: Kernel) -> Kernel:
    """Compiles a function that makes no array and returns none: without the GIL, cached, counting no references.

    It may slice what it is given, and call kernels of its own kind. One that makes an array is compiled by
    ``numba.njit(nogil=True, cache=True)`` and may call these; the other way round numba refuses to compile.

    >>> from gristmill.kernels.swar import first_lane  # a kernel
    >>> first_lane(0x8000)
    1
    """
    return _compile(function)


def inlined_kernel(function: Kernel) -> Kernel:
    """A `kernel` that is copied into each that calls it: for a step of a loop with more arguments than registers.

    >>> from gristmill.kernels.swar import count_bits  # an inlined kernel
    >>> count_bits(0b1011)
    3
    """
    return _compile(function, forceinline=True)
