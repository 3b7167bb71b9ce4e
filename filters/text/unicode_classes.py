"""Character classes of every Unicode code point, one byte each, for kernels that walk UTF-8.

The general categories come from Python's own ``unicodedata`` (Unicode 14.0 with Python 3.11); white space is the
Unicode property ``White_Space`` itself, which is ``str.isspace`` without the four separators U+001C to U+001F.
"""

from __future__ import annotations

import functools
import sys
import unicodedata

import numpy as np
from numpy.typing import NDArray

from gristmill.kernels.cached_arrays import cached_arrays

WHITE_SPACE = 1
"""The Unicode property White_Space."""
LETTER = 2
"""General category L*: what ``str.isalpha`` accepts."""
ALPHANUMERIC = 4
"""What ``str.isalnum`` accepts: letters, digits and other numbers."""
UPPER = 8
"""Categories Lu and Lt."""
DECIMAL = 16
"""Category Nd: what the regular expression ``\\d`` accepts."""
SENTENCE_TERMINAL = 32
"""The Unicode property Sentence_Terminal, as of Unicode 15.0 and with the three Khmer marks U+17D6, U+17D9, U+17DA,
which is the set that datatrove's FineWeb filter uses. Quotation marks are not in it."""

WHITE_SPACE_POINTS = (
    *range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000,
)  # fmt: skip

REPLACEMENT = 0xFFFD

_LAST_LETTER_PLANE_END = 0x40000
"""Planes 4 to 16 are unassigned, private or tags: none has a class, so they are not asked one by one."""

_SENTENCE_TERMINAL = (
    (0x0021, 0x0021), (0x002E, 0x002E), (0x003F, 0x003F), (0x0589, 0x0589), (0x061D, 0x061F), (0x06D4, 0x06D4),
    (0x0700, 0x0702), (0x07F9, 0x07F9), (0x0837, 0x0837), (0x0839, 0x0839), (0x083D, 0x083E), (0x0964, 0x0965),
    (0x104A, 0x104B), (0x1362, 0x1362), (0x1367, 0x1368), (0x166E, 0x166E), (0x1735, 0x1736), (0x17D4, 0x17D6),
    (0x17D9, 0x17DA), (0x1803, 0x1803), (0x1809, 0x1809), (0x1944, 0x1945), (0x1AA8, 0x1AAB), (0x1B5A, 0x1B5B),
    (0x1B5E, 0x1B5F), (0x1B7D, 0x1B7E), (0x1C3B, 0x1C3C), (0x1C7E, 0x1C7F), (0x203C, 0x203D), (0x2047, 0x2049),
    (0x2E2E, 0x2E2E), (0x2E3C, 0x2E3C), (0x2E53, 0x2E54), (0x3002, 0x3002), (0xA4FF, 0xA4FF), (0xA60E, 0xA60F),
    (0xA6F3, 0xA6F3), (0xA6F7, 0xA6F7), (0xA876, 0xA877), (0xA8CE, 0xA8CF), (0xA92F, 0xA92F), (0xA9C8, 0xA9C9),
    (0xAA5D, 0xAA5F), (0xAAF0, 0xAAF1), (0xABEB, 0xABEB), (0xFE52, 0xFE52), (0xFE56, 0xFE57), (0xFF01, 0xFF01),
    (0xFF0E, 0xFF0E), (0xFF1F, 0xFF1F), (0xFF61, 0xFF61), (0x10A56, 0x10A57), (0x10F55, 0x10F59), (0x10F86,
    0x10F89), (0x11047, 0x11048), (0x110BE, 0x110C1), (0x11141, 0x11143), (0x111C5, 0x111C6), (0x111CD, 0x111CD),
    (0x111DE, 0x111DF), (0x11238, 0x11239), (0x1123B, 0x1123C), (0x112A9, 0x112A9), (0x1144B, 0x1144C), (0x115C2,
    0x115C3), (0x115C9, 0x115D7), (0x11641, 0x11642), (0x1173C, 0x1173E), (0x11944, 0x11944), (0x11946, 0x11946),
    (0x11A42, 0x11A43), (0x11A9B, 0x11A9C), (0x11C41, 0x11C42), (0x11EF7, 0x11EF8), (0x11F43, 0x11F44), (0x16A6E,
    0x16A6F), (0x16AF5, 0x16AF5), (0x16B37, 0x16B38), (0x16B44, 0x16B44), (0x16E98, 0x16E98), (0x1BC9F, 0x1BC9F),
    (0x1DA88, 0x1DA88),
)  # fmt: skip


@functools.lru_cache(maxsize=1)
def class_table() -> NDArray[np.uint8]:
    """The class bits of every code point, indexed by code point. Shape (0x110000,); read-only use.

    >>> table = class_table()
    >>> bool(table[ord("é")] & LETTER), bool(table[0x3000] & WHITE_SPACE), bool(table[0x1C] & WHITE_SPACE)
    (True, True, False)
    """
    return cached_arrays(_build)[0]


def _build() -> tuple[NDArray[np.uint8]]:
    assigned = [chr(point) for point in range(_LAST_LETTER_PLANE_END)]
    categories = np.array([unicodedata.category(character) for character in assigned], dtype="U2")
    table = np.zeros(sys.maxunicode + 1, dtype=np.uint8)
    named = table[: len(assigned)]
    named[[character.isalnum() for character in assigned]] |= ALPHANUMERIC
    named[[character.isalpha() for character in assigned]] |= LETTER
    named[(categories == "Lu") | (categories == "Lt")] |= UPPER
    named[categories == "Nd"] |= DECIMAL
    table[list(WHITE_SPACE_POINTS)] |= WHITE_SPACE
    for first, last in _SENTENCE_TERMINAL:
        table[first : last + 1] |= SENTENCE_TERMINAL
    return (table,)
