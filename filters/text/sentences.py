"""A sentence counter for English lines: in the manner of punkt, without its trained model.

A line with a word holds one sentence more than it has *breaks*. Between two words there is a break when the first,
after closing quotes and brackets (``"')]}``, U+201D, U+2019, U+00BB) are taken off its end,

* ends with ``?`` or ``!``; or
* ends with an ellipsis (two dots or more, or ``…``) and the first letter or digit of the next word is upper case; or
* ends with one dot, and its stem (from its first letter or digit to the dot, A to Z lowered) is neither a single letter
  (an initial) nor one of `ABBREVIATIONS`.

Punkt learns its abbreviations and uses the case of the following word in more places, so counts can differ by one here
and there; rules ask for three or five sentences a page.
"""

from __future__ import annotations

import numpy as np

from gristmill.filters.text.arrays import Bytes, Hashes, Int64s
from gristmill.filters.text.segments import LETTERS, PLAIN
from gristmill.filters.text.unicode_classes import ALPHANUMERIC, LETTER, UPPER, WHITE_SPACE
from gristmill.filters.text.utf8 import NON_ASCII, code_point
from gristmill.kernels.kernel import kernel
from gristmill.kernels.swar import pack

ABBREVIATIONS = (
    "a.m", "adm", "apr", "approx", "assn", "aug", "ave", "bros", "capt", "cf", "co", "col", "corp", "ct", "dec", "dept",
    "dr", "e.g", "est", "etc", "feb", "fig", "ft", "gen", "gov", "hon", "i.e", "inc", "jan", "jr", "jul", "jun",
    "lt", "ltd", "maj", "messrs", "mr", "mrs", "ms", "mt", "nov", "oct", "p.m", "ph.d", "pp", "prof", "rep", "rev",
    "sen", "sep", "sept", "sgt", "sr", "st", "u.k", "u.n", "u.s", "u.s.a", "viz", "vol", "vs",
)  # fmt: skip
"""Words, without their last dot, that a dot does not end a sentence after."""

_ASCII_CLOSERS = tuple(b"\"')]}")
_QUOTE_TAILS = (0x9D, 0x99)
_SURE_ENDS = tuple(b"?!")

_FACTOR, _SHIFT, _SLOTS = np.uint64(0x9E3779B97F4A7C15), np.uint64(64 - 9), 1 << 9


def _abbreviation_table() -> Hashes:
    """The packed word in each slot, 0 if it is free."""
    keys = np.zeros(_SLOTS, np.uint64)
    for word in ABBREVIATIONS:
        key = pack(word.encode())
        slot = int(key) * int(_FACTOR) % 2**64 >> int(_SHIFT)
        while keys[slot]:
            slot = (slot + 1) % _SLOTS
        keys[slot] = key
    return keys


_ABBREVIATIONS = _abbreviation_table()
_MAY_END = np.array([byte >= NON_ASCII or chr(byte) in ".?!\"')]}" for byte in range(256)])
"""Bytes that a word before a break can end with."""


@kernel
def next_word(data: Bytes, i: int, end: int, classes: Bytes) -> tuple[int, int]:
    """First and last byte of the next word at or after ``i``; both are ``end`` if there is none."""
    while i < end:
        point, width = int(data[i]), 1
        if point >= NON_ASCII:
            point, width = code_point(data, i, end)
        if not classes[point] & WHITE_SPACE:
            break
        i += width
    start = i
    while i < end:
        point, width = int(data[i]), 1
        if point >= NON_ASCII:
            point, width = code_point(data, i, end)
        if classes[point] & WHITE_SPACE:
            break
        i += width
    return start, i


@kernel
def _without_closers(data: Bytes, start: int, end: int) -> int:
    """Where the word ends when closing quotes and brackets are taken off."""
    while end > start:
        last = data[end - 1]
        if last in _ASCII_CLOSERS:
            end -= 1
        elif end - start >= 3 and data[end - 3] == 0xE2 and data[end - 2] == 0x80 and last in _QUOTE_TAILS:
            end -= 3
        elif end - start >= 2 and data[end - 2] == 0xC2 and last == 0xBB:
            end -= 2
        else:
            break
    return end


@kernel
def _core_begin(data: Bytes, start: int, end: int, classes: Bytes) -> int:
    """First byte of the first letter or digit, or ``end``."""
    i = start
    while i < end:
        point, width = code_point(data, i, end)
        if classes[point] & ALPHANUMERIC:
            return i
        i += width
    return end


@kernel
def _is_abbreviation(data: Bytes, start: int, dot: int, classes: Bytes) -> bool:
    """Whether the stem before ``dot`` is an initial or a listed abbreviation."""
    begin = _core_begin(data, start, dot, classes)
    if begin >= dot:
        return False
    point, width = code_point(data, begin, dot)
    if begin + width == dot:
        return bool(classes[point] & LETTER)
    if dot - begin > 8:
        return False
    key = np.uint64(0)
    for i in range(dot - 1, begin - 1, -1):
        byte = np.uint64(data[i])
        key = key << np.uint64(8) | (byte | np.uint64(32) if 65 <= byte <= 90 else byte)
    slot = np.int64((key * _FACTOR) >> _SHIFT)
    while _ABBREVIATIONS[slot] and _ABBREVIATIONS[slot] != key:
        slot = (slot + 1) % _SLOTS
    return bool(_ABBREVIATIONS[slot] == key)


@kernel
def _breaks(data: Bytes, word: int, word_end: int, following: int, following_end: int, classes: Bytes) -> bool:
    """Whether a sentence ends between a word and the following one."""
    if not _MAY_END[data[word_end - 1]]:
        return False
    close = _without_closers(data, word, word_end)
    last = data[close - 1] if close > word else np.uint8(0)
    ellipsis = close - word >= 2 and last == 46 and data[close - 2] == 46
    if close - word >= 3 and data[close - 3] == 0xE2 and data[close - 2] == 0x80 and last == 0xA6:
        ellipsis = True
    if ellipsis:
        begin = _core_begin(data, following, following_end, classes)
        if begin >= following_end:
            return False
        point, _ = code_point(data, begin, following_end)
        return bool(classes[point] & UPPER)
    return last in _SURE_ENDS or (last == 46 and not _is_abbreviation(data, word, close - 1, classes))


@kernel
def count_sentences(data: Bytes, start: int, end: int, classes: Bytes) -> int:
    """Sentences of the line ``data[start:end]``; 0 if it has no word."""
    word, word_end = next_word(data, start, end, classes)
    if word >= end:
        return 0
    sentences = 1
    while True:
        following, following_end = next_word(data, word_end, end, classes)
        if following >= end:
            return sentences
        sentences += _breaks(data, word, word_end, following, following_end, classes)
        word, word_end = following, following_end


@kernel
def count_word_sentences(
    data: Bytes, start: Int64s, end: Int64s, flags: Bytes, first: int, last: int, classes: Bytes
) -> int:
    """`count_sentences` of a line whose words, ``first`` to ``last``, are known: a word of letters ends none."""
    sentences = 1 if last > first else 0
    for word in range(first, last - 1):
        if not flags[word] & (LETTERS | PLAIN):
            sentences += _breaks(data, start[word], end[word], start[word + 1], end[word + 1], classes)
    return sentences
