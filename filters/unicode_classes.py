"""Character classes of every Unicode code point, one byte each, for kernels that walk UTF-8.

The general categories come from Python's own ``unicodedata`` (Unicode 14.0 with Python 3.11); white space is the Unicode
property ``White_Space`` itself, which is ``str.isspace`` without the four separators U+001C to U+001F.
"""

from __future__ import annotations

import functools
import sys
import unicodedata

import numpy as np
from numpy.typing import NDArray

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

WHITE_SPACE_POINTS = (
    *range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000,
)  # fmt: skip

REPLACEMENT = 0xFFFD


@functools.lru_cache(maxsize=1)
def class_table() -> NDArray[np.uint8]:
    """The class bits of every code point, indexed by code point. Shape (0x110000,); read-only use.

    >>> table = class_table()
    >>> bool(table[ord("é")] & LETTER), bool(table[0x3000] & WHITE_SPACE), bool(table[0x1C] & WHITE_SPACE)
    (True, True, False)
    """
    everything = [chr(point) for point in range(sys.maxunicode + 1)]
    categories = np.array([unicodedata.category(character) for character in everything], dtype="U2")
    letter = np.char.startswith(categories, "L")
    table = np.zeros(len(everything), dtype=np.uint8)
    table[letter] |= LETTER | ALPHANUMERIC
    table[np.fromiter((character.isalnum() for character in everything), bool, len(everything))] |= ALPHANUMERIC
    table[(categories == "Lu") | (categories == "Lt")] |= UPPER
    table[categories == "Nd"] |= DECIMAL
    table[list(WHITE_SPACE_POINTS)] |= WHITE_SPACE
    return table
