"""Finding equal items among hashes: the table under every repetition rule.

Linear time: one probe sequence per item in an open-addressing table that is at most half full. The number of probes is
returned, so that a test can show it.
"""

from __future__ import annotations

import numpy as np

from gristmill.filters.text.arrays import Hashes, Int32s
from gristmill.kernels.kernel import kernel


def table_size(items: int) -> int:
    """Slots that `first_copies` needs for so many items: a power of two, at least twice as many.

    >>> table_size(5), table_size(0)
    (16, 2)
    """
    return 1 << max(items * 2 - 1, 1).bit_length()


_ONE = np.uint64(1)


@kernel
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
    mask = np.uint64(slots - 1)
    table[:slots] = -1
    work = slots + items
    for item in range(items):
        place = np.uint64(item)
        value = hashes[place]
        slot = value & mask
        found = table[slot]
        while found >= 0 and hashes[np.uint64(found)] != value:
            slot = (slot + _ONE) & mask
            found = table[slot]
            work += 1
        copies[place] = 0
        if found < 0:
            table[slot] = found = item
        first[place] = found
        copies[np.uint64(found)] += 1
    return work
