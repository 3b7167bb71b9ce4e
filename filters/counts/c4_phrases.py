"""The phrases that C4's rules look for in a line, and which lines of a batch have them.

Phrases are found with the letters A to Z lowered. `mark_lines` goes over the bytes once, 64 together: each phrase has
an *anchor*, three neighbouring characters that are rare, and only where an anchor stands are bytes compared.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gristmill.filters.text.arrays import Bytes, Hashes, Int64s
from gristmill.filters.text.buffers import PAD_BYTES
from gristmill.kernels.arena import Arena
from gristmill.kernels.bit_planes import LANES, SURE_BITS, bits_from, byte_in, letter_in, new_plane
from gristmill.kernels.kernel import kernel
from gristmill.kernels.swar import first_bit

JAVASCRIPT = "javascript"
LOREM_IPSUM = "lorem ipsum"
POLICY_PHRASES = (
    "terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies",
)  # fmt: skip

HAS_LOREM_IPSUM, HAS_JAVASCRIPT, HAS_POLICY, HAS_CURLY, HAS_BRACKET = 1, 2, 4, 8, 16
"""Marks of a line: a phrase, ``{``, ``[``."""

_OPEN_BRACE, _OPEN_BRACKET, _BLANK = ord("{"), ord("["), ord(" ")


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

_ANCHOR_LETTERS = tuple(b"mjfykkkk")
_ANCHOR_AT = tuple(
    phrase.index(anchor)
    for phrase, anchor in zip(
        (LOREM_IPSUM, JAVASCRIPT, *POLICY_PHRASES), ("m i", "jav", "f u", "y p", *["kie"] * 4), strict=True
    )
)
"""For each phrase the first letter of its anchor, and how many bytes it stands behind the beginning."""


@kernel
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


@kernel
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


@kernel
def _bit(which: int) -> int:
    return HAS_LOREM_IPSUM if which == 0 else HAS_JAVASCRIPT if which == 1 else HAS_POLICY


@kernel
def _marks_at(data: Bytes, i: int, start: int, end: int, phrases: Bytes) -> int:
    """Marks of the bracket, or of the phrase whose anchor stands, at byte ``i``."""
    byte = data[i]
    if byte == _OPEN_BRACE:
        return HAS_CURLY
    if byte == _OPEN_BRACKET:
        return HAS_BRACKET
    found = 0
    for which in range(phrases.shape[0]):
        begin = i - _ANCHOR_AT[which]
        if _ANCHOR_LETTERS[which] == byte | 32 and begin >= start and matches(data, begin, end, phrases, which):
            found |= _bit(which)
    return found


@kernel
def _mark_anchors(data: Bytes, plane: Hashes) -> None:
    """A bit plane of brackets and of the beginnings of anchors."""
    for k in range((data.size - PAD_BYTES) // LANES + 1):
        i = k * LANES
        brackets = byte_in(data, i, _OPEN_BRACE) | byte_in(data, i, _OPEN_BRACKET)
        java = letter_in(data, i, ord("j")) & letter_in(data, i + 1, ord("a")) & letter_in(data, i + 2, ord("v"))
        cookie = letter_in(data, i, ord("k")) & letter_in(data, i + 1, ord("i")) & letter_in(data, i + 2, ord("e"))
        lorem = letter_in(data, i, ord("m")) & letter_in(data, i + 2, ord("i"))
        terms = letter_in(data, i, ord("f")) & letter_in(data, i + 2, ord("u"))
        privacy = letter_in(data, i, ord("y")) & letter_in(data, i + 2, ord("p"))
        parted = (lorem | terms | privacy) & byte_in(data, i + 1, _BLANK)
        plane[k] = brackets | java | cookie | parted


@kernel
def _mark_lines(data: Bytes, plane: Bytes, starts: Int64s, ends: Int64s, phrases: Bytes, marks: Bytes) -> None:
    for line in range(starts.size):
        i, end = starts[line], ends[line]
        found = 0
        while i < end:
            ahead = first_bit(bits_from(plane, i))
            i += min(ahead, SURE_BITS)
            if ahead < SURE_BITS and i < end:
                found |= _marks_at(data, i, starts[line], end, phrases)
                i += 1
        marks[line] = found


def mark_lines(data: Bytes, starts: Int64s, ends: Int64s, arena: Arena | None = None) -> Bytes:
    """The marks of each line ``data[starts[l]:ends[l]]``; they lie in ``arena``, if given.

    ``data`` ends with `PAD_BYTES` that belong to no line.

    >>> text = np.frombuffer(b"No JavaScript {here} or use Cookies".ljust(35 + PAD_BYTES, bytes(1)), np.uint8)
    >>> mark_lines(text, np.array([0, 0]), np.array([35, 13])).tolist()
    [14, 2]
    """
    room = arena or Arena()
    plane, marks = new_plane(data, room), room.empty(len(starts), np.uint8)
    _mark_anchors(data, plane)
    _mark_lines(data, plane.view(np.uint8), starts, ends, ALL_PHRASES, marks)
    return marks
