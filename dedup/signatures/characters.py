r"""What each Unicode character is to deduplication: part of a word, a word of its own, a mark, or a separator.

The classes, of which the first that fits counts:

* *ignored*: invisible characters that change no word: soft hyphen, joiners, word joiner, byte order mark, variation
  selectors. They vanish.
* *space*: ``str.isspace``. Separates words; a run of them is one space in the normal form of exact deduplication.
* *unspaced*: letters of scripts written without spaces (Han, Hiragana, Katakana, Yi and the South-East Asian scripts
  of Unicode's line-breaking class SA, such as Thai, Lao, Khmer and Burmese). Each one is a word, so a shingle of 5
  words is 5 such characters. As ``\w+`` a whole Chinese clause would be one word, and one changed character
  would change it.
* *word*: ``str.isalnum`` or the underscore, which is Python's ``\w``. A run is a word.
* *mark*: combining marks (categories Mn, Mc, Me). They continue a word but begin none, as ``\w`` of Unicode's UTS 18
  has it. Python's ``\w`` leaves them out and so cuts a Hindi or Tamil word at each vowel sign.
* *other*: everything else. Separates words; a run between two words never counts, whatever it holds.

Lower-casing is by character: ``str.lower`` where that is one character; U+0130 (capital I with a dot) becomes ``i``,
and the final sigma becomes an ordinary one, since ``str.lower`` chooses between the two by context. Properties are
those of the running Python's ``unicodedata`` (3.11: Unicode 14).
"""

from __future__ import annotations

import functools
import unicodedata

import numpy as np
import numpy.typing as npt

from gristmill.dedup.signatures.text_buffers import Bytes, Integer
from gristmill.kernels.cached_arrays import cached_arrays
from gristmill.kernels.kernel import kernel
from gristmill.writing_systems import CODE_POINTS, UNSPACED_RANGES, within

OTHER = 0
WORD = 1
MARK = 2
UNSPACED = 3
IGNORED = 4
SPACE = 5

CLASS_SHIFT = 24
"""An entry of the table is ``class << CLASS_SHIFT | lower-cased code point``."""

_LAST_ASSIGNED_WORD = 0x323B0  # the end of CJK extension H; above it are only variation selectors, tags and private use
_REPLACEMENT = 0xFFFD

_IGNORED_RANGES = (
    (0x00AD, 0x00AD),
    (0x180B, 0x180F),
    (0x200C, 0x200D),
    (0x2060, 0x2060),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xE0100, 0xE01EF),
)


def _lowered(character: str) -> int:
    if character == "\u03c2":
        return 0x3C3
    lower = character.lower()
    return ord(lower) if len(lower) == 1 else ord(lower[0])


@functools.cache
def character_table(*, lower: bool = True) -> npt.NDArray[np.uint32]:
    """The class and the lower case of every code point: uint32 of length 0x110000, read once per process.

    Args:
        lower: lower-case; otherwise every entry holds its own code point.

    >>> entry = int(character_table()[ord("Q")])
    >>> entry >> CLASS_SHIFT == WORD, chr(entry & 0x1FFFFF)
    (True, 'q')
    """
    (table,) = cached_arrays(_build, lower)
    table.flags.writeable = False
    return table


def _build(lower: bool) -> tuple[npt.NDArray[np.uint32]]:
    characters = [chr(code) for code in range(_LAST_ASSIGNED_WORD)]
    marks = [unicodedata.category(character)[0] == "M" for character in characters]
    words = np.array([character.isalnum() or character == "_" for character in characters])
    # The decimal digits of unspaced scripts are written in runs, like any number.
    alone = within(UNSPACED_RANGES)[: len(words)] & ~np.array([character.isdecimal() for character in characters])
    spaces = [character.isspace() for character in characters]
    classes = np.full(CODE_POINTS, OTHER, np.uint32)
    classes[: len(words)] = np.select([spaces, words & alone, words, marks], [SPACE, UNSPACED, WORD, MARK], OTHER)
    classes[within(_IGNORED_RANGES)] = IGNORED
    table = np.arange(CODE_POINTS, dtype=np.uint32)
    if lower:
        table[: len(words)] = [_lowered(character) for character in characters]
    table |= classes << CLASS_SHIFT
    return (table,)


@kernel
def decode(data: Bytes, position: Integer, end: Integer) -> tuple[Integer, Integer]:
    """The code point at ``position`` of UTF-8 bytes ending at ``end``, and the position after it.

    Meant for bytes of 0x80 and above. A malformed byte gives U+FFFD and moves on by one; nothing past ``end`` is read.
    """
    first = np.int64(data[position])
    if first < 0xC2 or first > 0xF4:
        return np.int64(_REPLACEMENT), position + 1
    length = 2 if first < 0xE0 else (3 if first < 0xF0 else 4)
    if position + length > end:
        return np.int64(_REPLACEMENT), position + 1
    code = first & (0x7F >> length)
    for step in range(1, length):
        byte = np.int64(data[position + step])
        if byte & 0xC0 != 0x80:
            return np.int64(_REPLACEMENT), position + 1
        code = (code << 6) | (byte & 0x3F)
    if code >= CODE_POINTS or (length == 3 and code < 0x800) or (length == 4 and code < 0x10000):
        return np.int64(_REPLACEMENT), position + 1
    return code, position + length


@kernel
def encode(code: Integer, out: Bytes, at: Integer) -> Integer:
    """Writes a code point as UTF-8 at ``out[at:]`` and returns the position after it."""
    if code < 0x80:
        out[at] = code
        return at + 1
    if code < 0x800:
        out[at] = 0xC0 | (code >> 6)
        out[at + 1] = 0x80 | (code & 0x3F)
        return at + 2
    if code < 0x10000:
        out[at] = 0xE0 | (code >> 12)
        out[at + 1] = 0x80 | ((code >> 6) & 0x3F)
        out[at + 2] = 0x80 | (code & 0x3F)
        return at + 3
    out[at] = 0xF0 | (code >> 18)
    out[at + 1] = 0x80 | ((code >> 12) & 0x3F)
    out[at + 2] = 0x80 | ((code >> 6) & 0x3F)
    out[at + 3] = 0x80 | (code & 0x3F)
    return at + 4
