"""Digits in groups, as people write card and telephone numbers: ``4111 1111 1111 1111``, ``+44 (0)20 7946 0958``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gristmill.filters.pii.byte_classes import CLASSES, DIGIT
from gristmill.filters.text.arrays import Bytes, Int64s
from gristmill.kernels.kernel import kernel

MAX_DIGITS, MAX_GROUPS = 20, 10
MIXED = 0
"""Separator code of a bracket or of a mixture; others are the byte itself, a no-break space being a space."""


class Groups(NamedTuple):
    """Scratch for one number.

    Attributes:
        digits: values 0 to 9, `MAX_DIGITS` of them.
        stops: number of digits up to the end of each group.
        ends: byte at which each group ends.
        separators: code of what stands before each group; the first has none.
    """

    digits: Bytes
    stops: Int64s
    ends: Int64s
    separators: Bytes


def new_groups() -> Groups:
    """Empty scratch."""
    return Groups(
        np.zeros(MAX_DIGITS, np.uint8),
        np.zeros(MAX_GROUPS, np.int64),
        np.zeros(MAX_GROUPS, np.int64),
        np.zeros(MAX_GROUPS, np.uint8),
    )


@kernel
def read_groups(data: Bytes, end: int, start: int, groups: Groups) -> tuple[int, bool]:
    """Reads groups of digits from the digit at ``start`` on; returns how many, and whether those are all.

    Groups are set apart by one space, ``-``, ``.`` or ``/``, or by one bracket with at most one of those at each side.
    """
    count, total, i = 0, 0, start
    separator = MIXED
    while True:
        if count == MAX_GROUPS:
            return count, False
        while i < end and CLASSES[data[i]] & DIGIT:
            if total == MAX_DIGITS:
                return count, False
            groups.digits[total] = data[i] - ord("0")
            total += 1
            i += 1
        groups.stops[count], groups.ends[count], groups.separators[count] = total, i, separator
        count += 1
        width, separator = _separator(data, end, i)
        if width == 0:
            return count, True
        i += width


@kernel
def _separator(data: Bytes, end: int, i: int) -> tuple[int, int]:
    """Bytes and code of the separator at ``i``, if a digit follows it; ``(0, 0)`` if not."""
    code, k, brackets = MIXED, i, 0
    while k < end and k - i < 4:
        byte = int(data[k])
        if CLASSES[data[k]] & DIGIT:
            return (k - i, MIXED if brackets else code) if k > i else (0, 0)
        if byte == ord("(") or byte == ord(")"):
            brackets += 1
            code = MIXED
            k += 1
        elif byte == 0xC2 and k + 1 < end and data[k + 1] == 0xA0:
            if k > i and not brackets:
                return 0, 0
            code = ord(" ")
            k += 2
        elif byte == ord(" ") or byte == ord("-") or byte == ord(".") or byte == ord("/"):
            if k > i and not brackets:
                return 0, 0
            code = byte
            k += 1
        else:
            return 0, 0
    return 0, 0


@kernel
def goes_on(data: Bytes, begin: int, start: int) -> bool:
    """Whether the digits at ``start`` go on from a group before them."""
    i = start - 1
    if i > begin and data[i] == 0xA0 and data[i - 1] == 0xC2:
        i -= 1
    elif i < begin or not (data[i] == ord(" ") or data[i] == ord("-") or data[i] == ord(".") or data[i] == ord("/")):
        return False
    return i > begin and bool(CLASSES[data[i - 1]] & DIGIT)
