"""Addresses in running text, as a kernel finds them.

An address begins with ``http://``, ``https://``, ``ftp://`` or ``www.`` (A to Z lowered) where no letter or digit
stands before it and a letter or digit comes after it. It goes on over the ASCII characters that RFC 3986 allows, and
over letters and digits of scripts whose words stand apart (all below U+0E00, and U+1E00 to U+1FFF), so that the text
after an address in Chinese or Thai is not taken with it. ``. , ; : ! ? ' *`` and closing brackets that the address has
not opened are given back at its end.
"""

from __future__ import annotations

import numpy as np

from gristmill.filters.counts.c4_phrases import matches, packed
from gristmill.filters.text.arrays import Bytes, Int64s
from gristmill.filters.text.buffers import TextBuffer
from gristmill.filters.text.unicode_classes import ALPHANUMERIC, class_table
from gristmill.filters.text.utf8 import NON_ASCII, code_point
from gristmill.kernels.kernel import kernel

_PREFIXES = packed(("http://", "https://", "ftp://", "www."))
_ALLOWED = np.zeros(256, np.uint8)
_ALLOWED[[*range(48, 58), *range(65, 91), *range(97, 123), *b"-._~:/?#[]@!$&'()*+,;=%"]] = 1
_GIVEN_BACK = np.zeros(256, np.uint8)
_GIVEN_BACK[list(b".,;:!?'*")] = 1
_LEAST_BYTES = 5
"""The shortest address: ``www.x``."""


def find_urls(buffer: TextBuffer) -> tuple[Int64s, Int64s, Int64s]:
    """Every address of every text.

    Returns:
        bounds of shape (texts + 1,), and start and end of each, as bytes of their text.
    """
    texts = len(buffer.offsets) - 1
    most = len(buffer.data) // _LEAST_BYTES + 1
    bounds, start, end = np.zeros(texts + 1, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    _find(buffer.data, buffer.offsets, class_table(), (_PREFIXES, _ALLOWED, _GIVEN_BACK), bounds, start, end)
    found = int(bounds[-1])
    return bounds, start[:found], end[:found]


@kernel
def _find(
    data: Bytes,
    offsets: Int64s,
    classes: Bytes,
    tables: tuple[Bytes, Bytes, Bytes],
    bounds: Int64s,
    starts: Int64s,
    ends: Int64s,
) -> None:
    prefixes, allowed, given_back = tables
    found = 0
    for text in range(bounds.size - 1):
        first, last = offsets[text], offsets[text + 1]
        i = first
        in_word = False
        while i < last:
            byte = int(data[i])
            if not in_word and (byte | 32 == 104 or byte | 32 == 119 or byte | 32 == 102):  # h, w, f
                after = _url_end(data, i, last, classes, prefixes, allowed, given_back)
                if after > i:
                    starts[found], ends[found] = i - first, after - first
                    found += 1
                    i = after
                    in_word = False
                    continue
            point, width = byte, 1
            if byte >= NON_ASCII:
                point, width = code_point(data, i, last)
            in_word = (classes[point] & ALPHANUMERIC) != 0
            i += width
        bounds[text + 1] = found


@kernel
def _url_end(
    data: Bytes, start: int, last: int, classes: Bytes, prefixes: Bytes, allowed: Bytes, given_back: Bytes
) -> int:
    """The byte after the address that begins at ``start``, or ``start`` if none does."""
    i = start
    for which in range(prefixes.shape[0]):
        if matches(data, start, last, prefixes, which):
            while prefixes[which, i - start] != 0:
                i += 1
            break
    if i == start or i >= last:
        return start
    point, _ = code_point(data, i, last)
    if not (classes[point] & ALPHANUMERIC and _in_address(point, classes, allowed)):
        return start
    round_open = square_open = 0
    while i < last:
        point, width = code_point(data, i, last)
        if not _in_address(point, classes, allowed):
            break
        round_open += (point == 40) - (point == 41)
        square_open += (point == 91) - (point == 93)
        i += width
    while True:
        byte = data[i - 1]
        if byte == 41 and round_open < 0:
            round_open += 1
        elif byte == 93 and square_open < 0:
            square_open += 1
        elif not given_back[byte]:
            return i
        i -= 1


@kernel
def _in_address(point: int, classes: Bytes, allowed: Bytes) -> bool:
    if point < NON_ASCII:
        return bool(allowed[point])
    return bool(classes[point] & ALPHANUMERIC) and (point < 0x0E00 or 0x1E00 <= point < 0x2000)
