r"""datatrove's normal form of a text before shingles are cut: lower case, digits to 0, punctuation and accents out.

The steps of ``simplify_text`` (datatrove 0.10, ``utils/text.py``) with its default settings, in its order:

1. lower case;
2. a run of decimal digits of any script becomes ``0``, together with one of the separators ``. , U+060C U+066B U+2396
   U+2397 U+2398`` and a second run of digits if they follow: ``3.14`` is ``0``, ``1.2.3`` is ``0 0``;
3. 66 punctuation marks (all of ASCII's, 34 others) and the control characters become spaces;
4. none of those at either end, a run of white space is one space;
5. canonical decomposition (NFD) without non-spacing marks (category Mn).

Two differences, each of one letter: a capital sigma is lower-cased to the ordinary small one everywhere, where
``str.lower`` takes the final one at the end of a word; and spacing marks of other combining classes stay where they
are, where NFD would sort them.
"""

from __future__ import annotations

import functools
import unicodedata

import numba
import numpy as np
import pyarrow as pa

from gristmill.dedup.signatures.characters import decode, encode
from gristmill.dedup.signatures.text_buffers import Bytes, Integer, Offsets, Table, text_buffers
from gristmill.kernels.cached_arrays import cached_arrays

_PLAIN = 0
_SPACE = 1
_DIGIT = 2
_SEVERAL = 3
_SEPARATOR = 8  # a flag beside the kind
_KIND_SHIFT = 24
_CODE_MASK = 0x1FFFFF
_CODE_POINTS = 0x110000
_LAST_DECOMPOSED = 0x2FA20  # the end of the CJK compatibility ideographs; nothing above decomposes
_LAST_ASSIGNED_WORD = 0x323B0
_MOST_BYTES = 3  # a byte of text gives at most so many: a malformed one U+FFFD, a Hangul syllable three letters

_ASCII_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_OTHER_PUNCTUATION = (
    0xAB, 0xB4, 0xBB, 0x2013, 0x2014, 0x2019, 0x201C, 0x201D, 0x201E, 0x2026, 0x2236, 0x2501, 0x25BA, 0x3001, 0x3002,
    0x3008, 0x3009, 0x300A, 0x300B, 0x300C, 0x300D, 0x3010, 0x3011, 0xFF01, 0xFF05, 0xFF08, 0xFF09, 0xFF0C, 0xFF0E,
    0xFF11, 0xFF1A, 0xFF1B, 0xFF1F, 0xFF5E,
)  # fmt: skip
_CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
_SEPARATORS = (0x2E, 0x2C, 0x60C, 0x66B, 0x2396, 0x2397, 0x2398)


def _simplified(character: str) -> list[int]:
    """What becomes of a character that is no digit, punctuation or white space."""
    lower = "\u03c3" if character == "\u03a3" else character.lower()
    return [ord(c) for c in unicodedata.normalize("NFD", lower) if unicodedata.category(c) != "Mn"]


@functools.cache
def _tables() -> tuple[Table, Table]:
    """For every code point its kind and what it becomes; several become a length and a place in the second table."""
    table, several = cached_arrays(_build)
    table.flags.writeable = False
    several.flags.writeable = False
    return table, several


def _build() -> tuple[Table, Table]:
    table = np.arange(_CODE_POINTS, dtype=np.uint32)
    several: list[int] = []
    spaces = {*(ord(c) for c in _ASCII_PUNCTUATION), *_OTHER_PUNCTUATION, *_CONTROLS}
    for code in range(_LAST_ASSIGNED_WORD):
        if 0xD800 <= code < 0xE000:
            continue
        character = chr(code)
        if character.isdecimal():
            table[code] = _DIGIT << _KIND_SHIFT | ord("0")
        elif code in spaces or character.isspace():
            table[code] = _SPACE << _KIND_SHIFT
        else:
            found = _simplified(character)
            if len(found) == 1:
                table[code] = found[0]
            else:
                table[code] = _SEVERAL << _KIND_SHIFT | len(several)
                several += [len(found), *found]
    for code in (0xE0100 + i for i in range(0xF0)):  # the variation selectors of plane 14 are marks too
        table[code] = _SEVERAL << _KIND_SHIFT | len(several)
    several.append(0)
    for code in _SEPARATORS:
        table[code] |= _SEPARATOR << _KIND_SHIFT
    return table, np.array(several, np.uint32)


@numba.njit(nogil=True, cache=True)
def _next(data: Bytes, position: Integer, end: Integer) -> tuple[Integer, Integer]:
    """The code point at ``position`` and the position after it."""
    if data[position] < 0x80:
        return np.int64(data[position]), position + 1
    return decode(data, position, end)


@numba.njit(nogil=True, cache=True)
def _after_digits(data: Bytes, position: Integer, end: Integer, table: Table) -> Integer:
    """The position after the run of digits that begins at ``position``, which may be empty."""
    while position < end:
        code, following = _next(data, position, end)
        if (table[code] >> _KIND_SHIFT) & 7 != _DIGIT:
            break
        position = following
    return position


@numba.njit(nogil=True, cache=True)
def _after_number(data: Bytes, position: Integer, end: Integer, table: Table) -> Integer:
    """The position after a number: digits, and once a separator and more digits."""
    position = _after_digits(data, position, end, table)
    if position < end:
        code, following = _next(data, position, end)
        if (table[code] >> _KIND_SHIFT) & _SEPARATOR:
            further = _after_digits(data, following, end, table)
            if further > following:
                return further
    return position


@numba.njit(nogil=True, cache=True)
def _simplify(data: Bytes, offsets: Offsets, table: Table, several: Table, out: Bytes, out_offsets: Offsets) -> Integer:
    at: Integer = np.int64(0)
    for i in range(len(offsets) - 1):
        first = at
        pending_space = False
        position = offsets[i]
        end = offsets[i + 1]
        while position < end:
            code, following = _next(data, position, end)
            entry = table[code]
            kind = (entry >> _KIND_SHIFT) & 7
            if kind == _SPACE:
                pending_space = bool(at > first)
                position = following
                continue
            if pending_space:
                out[at] = 0x20
                at += 1
                pending_space = False
            place = np.int64(entry & _CODE_MASK)
            if kind == _SEVERAL:
                for k in range(several[place]):
                    at = encode(np.int64(several[place + 1 + k]), out, at)
            else:
                at = encode(place, out, at)
            position = _after_number(data, position, end, table) if kind == _DIGIT else following
        while at > first and out[at - 1] == 0x20:
            at -= 1
        out_offsets[i + 1] = at
    return at


def simplify(texts: pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    """The simplified form of each text.

    Scratch memory is three times the text.

    Raises:
        InputError: ``texts`` is no text column, or holds nulls.

    >>> simplify(pa.array(["Caf\u00e9 No. 12,5 -- OPEN!", "1.2.3"])).to_pylist()
    ['cafe no 0 open', '0 0']
    """
    data, offsets = text_buffers(texts)
    table, several = _tables()
    out = np.empty(_MOST_BYTES * int(offsets[-1] - offsets[0]), np.uint8)
    out_offsets = np.zeros(len(offsets), np.int64)
    length = int(_simplify(data, offsets, table, several, out, out_offsets))
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(out_offsets), pa.py_buffer(out[:length]))
