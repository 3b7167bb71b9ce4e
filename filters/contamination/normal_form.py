"""The form in which evaluation items and documents are compared, character by character.

Each character is folded on its own: Unicode compatibility form (NFKC) and full case folding, so that capitals,
ligatures, full-width and styled letters are one (``ﬁ`` is ``fi``, ``①`` is ``1``, ``ß`` is ``ss``). What is left is:

* *word*: letters and digits (``str.isalnum``). A run of them is a word.
* *unspaced*: letters of scripts written without spaces (`gristmill.writing_systems`). Each one is a word.
* *mark*: combining marks (categories M*). They continue a word and begin none.
* *ignored*: invisible format characters (category Cf), variation selectors, the grapheme joiner. They vanish, so a
  zero-width space inside a word hides nothing.
* *apostrophe*, *other* (punctuation, symbols, controls) and *space*: they end a word, and count for nothing else.

Properties are those of the running Python's ``unicodedata`` (3.11: Unicode 14).
"""

from __future__ import annotations

import functools
import unicodedata
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gristmill.filters.text.arrays import Bytes
from gristmill.kernels.cached_arrays import cached_arrays
from gristmill.writing_systems import CODE_POINTS, UNSPACED_RANGES, within

WORD = 1
MARK = 2
UNSPACED = 3
IGNORED = 4
APOSTROPHE = 5
OTHER = 6
SPACE = 7
EXPANDS = 8
"""The character folds to several; the entry's low bits say where they stand in ``FoldTables.expansions``."""

CLASS_SHIFT = 24
CODE_MASK = (1 << CLASS_SHIFT) - 1

MOST_FOLDED_BYTES = 12
"""Folded bytes that one byte of text can become, at most (U+FDFA: 3 bytes become 33)."""

MOST_WORDS = 2
"""Words that one byte of text can become, at most, rounded up (U+FDFA: 3 bytes are 4 words)."""

_LAST_ASSIGNED = 0x323B0  # the end of CJK extension H; above it are only variation selectors, tags and private use
_APOSTROPHES = "'`\u02bc\u2018\u2019\u201b\u2032"
_IGNORED = ((0x034F, 0x034F), (0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0001, 0xE007F), (0xE0100, 0xE01EF))


class FoldTables(NamedTuple):
    """What the kernels look characters up in.

    Attributes:
        entries: uint32 by code point: ``class << CLASS_SHIFT | folded code point``.
        expansions: uint32: for each character that `EXPANDS` a count, then that many entries.
        letters: uint8 by byte value: the lower case of an ASCII letter or digit, 0 for every other byte.
    """

    entries: NDArray[np.uint32]
    expansions: NDArray[np.uint32]
    letters: Bytes


def fold(character: str) -> str:
    """The folded form of one character, before classes are looked at.

    >>> fold("É"), fold("ß"), fold("ﬁ"), fold("①")
    ('é', 'ss', 'fi', '1')
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", character).casefold())
    return unicodedata.normalize("NFKC", folded.casefold())


def _classes() -> NDArray[np.uint32]:
    characters = [chr(code) for code in range(_LAST_ASSIGNED)]
    categories = np.array([unicodedata.category(character) for character in characters])
    words = np.array([character.isalnum() for character in characters])
    alone = within(UNSPACED_RANGES)[: len(words)] & ~np.array([character.isdecimal() for character in characters])
    spaces = np.array([character.isspace() for character in characters])
    marks = np.char.startswith(categories, "M")
    classes = np.full(CODE_POINTS, OTHER, np.uint32)
    classes[: len(words)] = np.select([spaces, words & alone, words, marks], [SPACE, UNSPACED, WORD, MARK], OTHER)
    classes[: len(words)][categories == "Cf"] = IGNORED
    classes[within(_IGNORED)] = IGNORED
    classes[[ord(character) for character in _APOSTROPHES]] = APOSTROPHE
    return classes


@functools.cache
def fold_tables() -> FoldTables:
    """The tables, read once per process.

    >>> tables = fold_tables()
    >>> entry = int(tables.entries[ord("Q")])
    >>> entry >> CLASS_SHIFT == WORD, chr(entry & CODE_MASK)
    (True, 'q')
    """
    tables = FoldTables(*cached_arrays(_build))
    for table in tables:
        table.flags.writeable = False
    return tables


def _build() -> tuple[NDArray[np.uint32], NDArray[np.uint32], Bytes]:
    classes = _classes()
    entries: NDArray[np.uint32] = classes << np.uint32(CLASS_SHIFT) | np.arange(CODE_POINTS, dtype=np.uint32)
    expansions: list[int] = []
    for code in range(_LAST_ASSIGNED):
        # Of these two blocks, which hold most characters, every one is its own folded form.
        if 0x3400 <= code < 0xA000 or 0xAC00 <= code < 0xE000:
            continue
        folded = fold(chr(code))
        if len(folded) == 1:
            entries[code] = classes[ord(folded)] << CLASS_SHIFT | ord(folded)
        else:
            entries[code] = EXPANDS << CLASS_SHIFT | len(expansions)
            expansions += [len(folded), *(int(classes[ord(c)]) << CLASS_SHIFT | ord(c) for c in folded)]
    letters = np.array([ord(chr(b).lower()) if b < 0x80 and chr(b).isalnum() else 0 for b in range(256)], np.uint8)
    return entries, np.array(expansions, np.uint32), letters
