"""Scratch memory that the batches of one call share: taken piece by piece, given back all at once.

Arrays as large as a batch needs are asked of the system anew each time, which hands out every page cleared: that took a
quarter of the time of segmenting. Here a call keeps one run of memory and lays each batch's arrays over the last one's.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

KEPT_BYTES = 256 << 20
"""The most memory that a thread keeps between calls, most of it address space that nothing was written to."""

_ALIGNMENT = 64
_kept = threading.local()


class Arena:
    """Memory for the arrays of one batch after another; not for several threads at once.

    >>> arena = Arena()
    >>> arena.empty(3, np.int64).shape
    (3,)
    """

    def __init__(self) -> None:
        """Holds nothing yet; grows to what the largest batch took."""
        self._memory = np.empty(0, np.uint8)
        self._taken_bytes = 0

    @property
    def held_bytes(self) -> int:
        """Memory that is laid out anew for each batch."""
        return len(self._memory)

    def empty(self, size: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """An array of ``size`` items with any content, good until `reuse`."""
        kind = np.dtype(dtype)
        begin = self._taken_bytes
        end = begin + size * kind.itemsize
        self._taken_bytes = -(-end // _ALIGNMENT) * _ALIGNMENT
        if end > len(self._memory):
            return np.empty(size, kind)  # the next batch will find it here
        return self._memory[begin:end].view(kind)

    def reuse(self) -> None:
        """Ends the life of all arrays that were taken: the next ones are laid over them."""
        if self._taken_bytes > len(self._memory):
            self._memory = np.empty(self._taken_bytes + self._taken_bytes // 4, np.uint8)
        self._taken_bytes = 0


@contextlib.contextmanager
def kept_arena() -> Iterator[Arena]:
    """An arena for one call, whose memory the next call of the same thread finds again, up to `KEPT_BYTES`.

    >>> with kept_arena() as arena:
    ...     arena.empty(2, np.uint8).shape
    (2,)
    """
    arena: Arena = _kept.__dict__.pop("arena", None) or Arena()
    try:
        yield arena
    finally:
        arena.reuse()
        if arena.held_bytes <= KEPT_BYTES:
            _kept.arena = arena
