"""Finding equal items among hashes: the table under every repetition rule.

Linear time: one probe sequence per item in an open-addressing table that is at most half full. The number of probes is
returned, so that a test can show it.
"""

from __future__ import annotations

import numba
import numpy as np

from gristmill.filters.arrays import Hashes, Int32s


def table_size(items: int) -> int:
    """Slots that `first_copies` needs for so many items: a power of two, at least twice as many.

    >>> table_size(5), table_size(0)
    (16, 2)
    """
    return 1 << max(items * 2 - 1, 1).bit_length()


@numba.njit(nogil=True, cache=True)
def first_copies(hashes: Hashes, items: int, first: Int32s, copies: Int32s, table: Int32s) -> int:
    """Finds for each of the first ``items`` hashes where the same hash stands first, and how often it occurs.

    Args:
        hashes: well-mixed 64-bit hashes.
        items: how many of them count.
        first: filled with the index of the first equal hash.
        copies: at each first one, filled with the number of equal hashes; 0 elsewhere.
        table: scratch of at least `table_size` (items) slots; any content.

    Returns:
        How many slots were looked at or cleared: the work done.
    """
    slots = 2
    while slots < items * 2:
        slots *= 2
    mask = slots - 1
    table[:slots] = -1
    work = slots
    for item in range(items):
        value = hashes[item]
        slot = np.int64(value & np.uint64(mask))
        work += 1
        while table[slot] >= 0 and hashes[table[slot]] != value:
            slot = (slot + 1) & mask
            work += 1
        if table[slot] < 0:
            table[slot] = item
        copies[item] = 0
        first[item] = table[slot]
        copies[table[slot]] += 1
    return work
