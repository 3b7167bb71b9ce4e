"""Scripts that are written without spaces between words, where a single character is the nearest thing to a word."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

CODE_POINTS = 0x110000

UNSPACED_RANGES = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19FF),  # Tai Le, New Tai Lue, Khmer symbols
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x3005, 0x3007),  # iteration mark, closing mark, ideographic zero
    (0x3021, 0x3029),  # Hangzhou numerals
    (0x3031, 0x303C),  # kana repeat marks and more ideographic letters
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),  # Katakana extensions
    (0x3400, 0x4DBF),  # Han extension A
    (0x4E00, 0x9FFF),  # Han
    (0xA000, 0xA48F),  # Yi
    (0xA9E0, 0xA9FF),  # Myanmar extended B
    (0xAA60, 0xAADF),  # Myanmar extended A, Tai Viet
    (0xF900, 0xFAFF),  # Han compatibility
    (0xFF66, 0xFF9F),  # half-width Katakana
    (0x11700, 0x1174F),  # Ahom
    (0x1AFF0, 0x1B16F),  # Kana supplements and extensions
    (0x20000, 0x323AF),  # Han extensions B to H
)
"""First and last code points. Digits of these scripts are written in runs, like any number."""


def within(ranges: Iterable[tuple[int, int]]) -> npt.NDArray[np.bool_]:
    """Whether each code point lies in one of the ranges. Shape (`CODE_POINTS`,).

    >>> inside = within(UNSPACED_RANGES)
    >>> bool(inside[ord("語")]), bool(inside[ord("e")])
    (True, False)
    """
    inside = np.zeros(CODE_POINTS, bool)
    for first, last in ranges:
        inside[first : last + 1] = True
    return inside
