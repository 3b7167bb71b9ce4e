"""The phrases that C4's rules look for in a line, and which lines of a batch have them.

Phrases are found with the letters A to Z lowered. `mark_lines` goes over the bytes once, eight together: each phrase
has an *anchor*, the rarest of its letters, and only where an anchor stands are bytes compared.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

from gristmill.filters.arrays import Bytes, Int64s
from gristmill.filters.swar import byte_lanes, first_lane, keep_first, load_eight, lowered

JAVASCRIPT = "javascript"
LOREM_IPSUM = "lorem ipsum"
POLICY_PHRASES = (
    "terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies",
)  # fmt: skip

HAS_LOREM_IPSUM, HAS_JAVASCRIPT, HAS_POLICY, HAS_CURLY, HAS_BRACKET = 1, 2, 4, 8, 16
"""Marks of a line: a phrase, ``{``, ``[``."""

_OPEN_BRACE, _OPEN_BRACKET = ord("{"), ord("[")
_ANCHORS = ("j", "k", "v", "f", "p")
"""Letters from rare to less rare; every phrase has one of them."""


def packed(phrases: Sequence[str]) -> NDArray[np.uint8]:
    """Phrases as rows of UTF-8 bytes, zero-padded."""
    encoded = [phrase.encode() for phrase in phrases]
    rows = np.zeros((len(encoded), max(map(len, encoded)) + 1), np.uint8)
    for row, phrase in zip(rows, encoded, strict=True):
        row[: len(phrase)] = np.frombuffer(phrase, np.uint8)
    return rows


def first_pairs(phrases: Sequence[str]) -> NDArray[np.uint8]:
    """By two bytes: 1 if a phrase, in any case of A to Z, or a curly bracket begins with them."""
    table = np.zeros((256, 256), np.uint8)
    for phrase in (phrase.encode() for phrase in phrases):
        for first in (phrase.lower()[0], phrase.upper()[0]):
            for second in (phrase.lower()[1], phrase.upper()[1]):
                table[first, second] = 1
    table[_OPEN_BRACE] = 1
    return table.reshape(-1)


ALL_PHRASES = packed((LOREM_IPSUM, JAVASCRIPT, *POLICY_PHRASES))
"""The phrases that C4 looks for, as `find_phrases` takes them."""
PHRASE_PAIRS = first_pairs((LOREM_IPSUM, JAVASCRIPT, *POLICY_PHRASES))
"""How they begin."""

_ANCHOR_OF = np.array(
    [
        min((_ANCHORS.index(letter), at) for at, letter in enumerate(phrase) if letter in _ANCHORS)
        for phrase in (LOREM_IPSUM, JAVASCRIPT, *POLICY_PHRASES)
    ],
    np.int64,
)
"""For each phrase which anchor it has, and how many bytes it stands behind the beginning."""


@numba.njit(nogil=True, cache=True)
def matches(data: Bytes, i: int, end: int, phrases: Bytes, which: int) -> bool:
    """Whether a phrase stands at byte ``i`` when A-Z are lowered."""
    k = 0
    while phrases[which, k] != 0:
        if i + k >= end:
            return False
        byte = data[i + k]
        if 65 <= byte <= 90:
            byte |= 32
        if byte != phrases[which, k]:
            return False
        k += 1
    return True


@numba.njit(nogil=True, cache=True)
def find_phrases(data: Bytes, start: int, end: int, phrases: Bytes, pairs: Bytes) -> int:
    """Bits: 1 lorem ipsum, 2 javascript, 4 a policy phrase, 8 a curly bracket."""
    found = 0
    for i in range(start, end):
        # The byte after the line's last may belong to anything; `matches` does not look at it.
        if not pairs[int(data[i]) << 8 | int(data[i + 1])]:
            continue
        if data[i] == _OPEN_BRACE:
            found |= 8
        for which in range(phrases.shape[0]):
            if matches(data, i, end, phrases, which):
                found |= 1 if which == 0 else 2 if which == 1 else 4
    return found


@numba.njit(nogil=True, cache=True)
def _bit(which: int) -> int:
    return HAS_LOREM_IPSUM if which == 0 else HAS_JAVASCRIPT if which == 1 else HAS_POLICY


@numba.njit(nogil=True, cache=True)
def _marks_at(data: Bytes, i: int, start: int, end: int, phrases: Bytes, anchors: Int64s) -> int:
    """Marks that the byte at ``i`` is the anchor of."""
    byte = data[i]
    if byte == _OPEN_BRACE:
        return HAS_CURLY
    if byte == _OPEN_BRACKET:
        return HAS_BRACKET
    found = 0
    for which in range(phrases.shape[0]):
        begin = i - anchors[which, 1]
        if (
            phrases[which, anchors[which, 1]] == byte | 32
            and begin >= start
            and matches(data, begin, end, phrases, which)
        ):
            found |= _bit(which)
    return found


@numba.njit(nogil=True, cache=True)
def _mark_lines(data: Bytes, starts: Int64s, ends: Int64s, phrases: Bytes, anchors: Int64s, marks: Bytes) -> None:
    for line in range(starts.size):
        start, end = starts[line], ends[line]
        found = 0
        for i in range(start, end, 8):
            eight = load_eight(data, i) & keep_first(end - i)
            small = lowered(eight)
            hits = byte_lanes(eight, _OPEN_BRACKET) | byte_lanes(eight, _OPEN_BRACE) | byte_lanes(small, 106)
            hits |= byte_lanes(small, 107) | byte_lanes(small, 118) | byte_lanes(small, 102) | byte_lanes(small, 112)
            while hits:
                found |= _marks_at(data, i + first_lane(hits), start, end, phrases, anchors)
                hits &= hits - np.uint64(1)
        marks[line] = found


def mark_lines(data: Bytes, starts: Int64s, ends: Int64s) -> Bytes:
    """The marks of each line ``data[starts[l]:ends[l]]``.

    >>> text = np.frombuffer(b"No JavaScript {here} or use Cookies".ljust(48, bytes(1)), np.uint8)
    >>> mark_lines(text, np.array([0, 0]), np.array([35, 13])).tolist()
    [14, 2]
    """
    marks = np.empty(len(starts), np.uint8)
    _mark_lines(data, starts, ends, ALL_PHRASES, _ANCHOR_OF, marks)
    return marks
