"""The lines of a list file: entries without comments, white space and the addresses of hosts files."""

from __future__ import annotations

import numba
import numpy as np

from gristmill.filters.text.arrays import Bytes, Int64s


@numba.njit(nogil=True, cache=True)
def _is_address(data: Bytes, start: int, stop: int) -> bool:
    """Whether a word is an IP address as hosts files begin with: digits and dots, or hex digits and colons."""
    dots, colons = 0, 0
    for i in range(start, stop):
        byte = data[i]
        dots += byte == 46
        colons += byte == 58
        letter = 97 <= byte <= 102 or 65 <= byte <= 70
        if not (48 <= byte <= 57 or byte in (46, 58, 37) or letter):
            return False
        if letter and not colons and dots:
            return False
    return dots == 3 or colons >= 2


@numba.njit(nogil=True, cache=True)
def list_entries(data: Bytes, hosts: bool) -> tuple[Bytes, Int64s, Int64s, int]:
    """The entries of a block of whole lines.

    Args:
        data: the block.
        hosts: a line may be one of a hosts file, of which every name is an entry, and a domain may begin with ``*.``.

    Returns:
        Data and offsets of the entries, the number of the line of each (from 1), and how many lines there are.
    """
    most = 1
    for i in range(data.size):
        most += data[i] <= 32
    out = np.empty(data.size, np.uint8)
    offsets = np.zeros(most + 1, np.int64)
    numbers = np.empty(most, np.int64)
    size, count, line, at = 0, 0, 0, 0
    if data.size > 2 and data[0] == 0xEF and data[1] == 0xBB and data[2] == 0xBF:
        at = 3
    while at < data.size:
        stop = at
        while stop < data.size and data[stop] != 10:
            stop += 1
        line += 1
        end = at
        while end < stop and not (data[end] == 35 and (end == at or data[end - 1] <= 32)):
            end += 1
        while at < end and data[at] <= 32:
            at += 1
        while end > at and data[end - 1] <= 32:
            end -= 1
        names = False
        while at < end:
            last = at
            while last < end and data[last] > 32:
                last += 1
            if hosts and not names and last < end and _is_address(data, at, last):
                names = True
            else:
                last = last if names else end
                if hosts and last - at > 2 and data[at] == 42 and data[at + 1] == 46:
                    at += 2
                elif hosts and last - at > 1 and data[at] == 46:
                    at += 1
                out[size : size + last - at] = data[at:last]
                size += last - at
                numbers[count] = line
                count += 1
                offsets[count] = size
            at = last
            while at < end and data[at] <= 32:
                at += 1
        at = stop + 1
    return out[:size], offsets[: count + 1], numbers[:count], line
