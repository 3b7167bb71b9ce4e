# ruff: noqa: RUF001 - marks of many scripts are meant
"""Character classes of every code point as spaCy's English tokenizer and datatrove's filters use them.

Sources: spaCy 3.8, ``lang/char_classes.py``, ``lang/punctuation.py``, ``lang/en/punctuation.py`` and
``pipeline/sentencizer.pyx``; datatrove 0.10, ``utils/text.py``.
"""

from __future__ import annotations

import functools
import sys
import unicodedata

import numpy as np
from numpy.typing import NDArray

from gristmill.filters.text.unicode_classes import ALPHANUMERIC, SENTENCE_TERMINAL, class_table
from gristmill.filters.text.unicode_classes import LETTER as UNICODE_LETTER
from gristmill.kernels.cached_arrays import cached_arrays

LOWER, UPPER = 1, 2
"""A lower-case (upper-case) letter of the Latin, Greek or Cyrillic alphabets that spaCy lists; a character of a script
without case is both."""
LETTER = 4
"""A letter or mark of the scripts that spaCy lists."""
PREFIX, SUFFIX = 8, 16
"""A character that is split off the beginning (the end) of a word by itself."""
QUOTE = 32
BEFORE_DOT = 64
"""A character after which a dot at the end is split off."""
ICON = 128
CURRENCY = 256
PUNCTUATION = 512
"""General category P*."""
NO_WORD = 1024
"""In datatrove's set of punctuation: a token of such characters only is no word to its filters."""
ENDS_SENTENCE = 2048
"""Ends a sentence for spaCy's sentencizer."""
HOST = 4096
"""May stand in the name of a host."""
ALPHABETIC = 8192
"""``str.isalpha``."""
NAMED = 16384
"""A letter, digit, other number or ``_``: ``\\w``."""

_CASED = (
    (0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x2AF), (0x391, 0x3A9), (0x3B1, 0x3C9), (0x410, 0x44F), (0x1D00, 0x1D25),
    (0x1D6B, 0x1D77), (0x1D79, 0x1D9A), (0x1E00, 0x1EFF), (0x2C60, 0x2C7F), (0xA722, 0xA7B9), (0xA7FA, 0xA7FA),
    (0xAB30, 0xAB64), (0xFF21, 0xFF5A),
)  # fmt: skip
_CASED_LETTERS = "ЁёӘөӨүҮҗҖңҢһҺәάέίόώήύΆΈΊΌΏΉΎіїєґІЇЄҐѓѕјљњќѐѝЃЅЈЉЊЌЀЍʔ"
_UNCASED = (
    (0x591, 0x5F4), (0x620, 0x64A), (0x66E, 0x6D5), (0x6E5, 0x6FF), (0x750, 0x77F), (0x8A0, 0x8BD), (0x900, 0x9FF),
    (0xB80, 0xCFF), (0xD80, 0xDFF), (0x1100, 0x137F), (0x2E80, 0x2FDF), (0x2FF0, 0x30FF), (0x31C0, 0x31EF),
    (0x3200, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0xFB1D, 0xFBB1), (0xFBD3, 0xFD3D),
    (0xFD50, 0xFDC7), (0xFDF0, 0xFDFB), (0xFE30, 0xFE4F), (0xFE70, 0xFEFC), (0x1EE00, 0x1EEBB), (0x1F200, 0x1F2FF),
    (0x20000, 0x2A6DF), (0x2A700, 0x2EBEF), (0x2F800, 0x2FA1F),
)  # fmt: skip
_MIXED_CASE_LATIN = ((0x180, 0x1BF), (0x1C4, 0x24F))

_NEWER_SYMBOLS = (
    (0x166D, 0x166D), (0x2B97, 0x2B97), (0x2BC9, 0x2BC9), (0x2BFF, 0x2BFF), (0x2E50, 0x2E51), (0x32FF, 0x32FF),
    (0xFD40, 0xFD4F), (0xFDCF, 0xFDCF), (0xFDFE, 0xFDFF), (0x1019C, 0x1019C), (0x11FD5, 0x11FF1), (0x1CF50, 0x1CFC3),
    (0x1D1E9, 0x1D1EA),
    (0x1E14F, 0x1E14F), (0x1ED2E, 0x1ED2E), (0x1F10D, 0x1F10F), (0x1F16C, 0x1F16F), (0x1F1AD, 0x1F1AD),
    (0x1F6D5, 0x1F6DF), (0x1F6FA, 0x1F6FC), (0x1F7E0, 0x1F7F0), (0x1F8B0, 0x1F8B1), (0x1F90C, 0x1F90F),
    (0x1F93F, 0x1F93F), (0x1F971, 0x1F972), (0x1F977, 0x1F979), (0x1F97B, 0x1F97B), (0x1F9A3, 0x1F9AF),
    (0x1F9BA, 0x1F9BF), (0x1F9C3, 0x1F9CF), (0x1FA00, 0x1FA53), (0x1FA70, 0x1FA74), (0x1FA78, 0x1FA7C),
    (0x1FA80, 0x1FA86), (0x1FA90, 0x1FAFF), (0x1FB00, 0x1FBCA),
)  # fmt: skip
"""Symbols of Unicode 11 and later, which spaCy's list does not hold."""

_SPLIT_MARKS = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪"
_QUOTES = "'\"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉\u2329\u232a⟦⟧"
_CURRENCY = "$£€¥฿₽﷼₴₠₡₢₣₤₥₦₧₨₩₪₫₭₮₯₰₱₲₳₵₶₷₸₹₺₻₼₾₿"
_NO_WORD = "!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_.\"}►»"
_NO_WORD_CONTROLS = ((0, 8), (11, 12), (13, 31), (127, 159))
_NO_SENTENCE_END = (
    (0x61D, 0x61E), (0x837, 0x839), (0x83D, 0x83E), (0x17D4, 0x17DA), (0x1B7D, 0x1B7E), (0x2E53, 0x2E54),
    (0x10F55, 0x10F59), (0x10F86, 0x10F89), (0x11944, 0x11946), (0x11EF7, 0x11EF8), (0x11F43, 0x11F44),
    (0x16E98, 0x16E98),
)  # fmt: skip
"""Marks of Sentence_Terminal that the sentencizer does not know."""

_LAST_PLANE_END = 0x40000


@functools.lru_cache(maxsize=1)
def token_class_table() -> NDArray[np.uint16]:
    """The class bits of every code point. Shape (0x110000,); read-only use.

    >>> table = token_class_table()
    >>> bool(table[ord("k")] & LOWER), bool(table[ord("々")] & UPPER), bool(table[ord("(")] & PREFIX)
    (True, True, True)
    """
    return cached_arrays(_build)[0]


def _build() -> tuple[NDArray[np.uint16]]:
    table = np.zeros(sys.maxunicode + 1, np.uint16)
    categories = np.array([unicodedata.category(chr(point)) for point in range(_LAST_PLANE_END)], "U2")
    named = table[:_LAST_PLANE_END]
    cased = _within(_CASED) | _among(_CASED_LETTERS)
    uncased = _within(_UNCASED)
    named[(cased & ((categories == "Ll") | _among("ʔ"))) | uncased] |= LOWER
    named[(cased & ((categories == "Lu") | _among("\u03a2"))) | uncased] |= UPPER
    letters = np.char.startswith(categories, "L") & _within(_MIXED_CASE_LATIN)
    named[letters | ((named & (LOWER | UPPER)) != 0)] |= LETTER
    icons = (categories == "So") & ~_within(_NEWER_SYMBOLS)
    alone = _among(_SPLIT_MARKS) | _among(_QUOTES) | icons
    named[alone | _among(_CURRENCY) | _among("§%=—–")] |= PREFIX
    named[alone | _among("—–")] |= SUFFIX
    named[_among(_QUOTES)] |= QUOTE
    digits = _within(((0x30, 0x39),))
    named[digits | ((named & LOWER) != 0) | _among("%²-+|(?:)" + _SPLIT_MARKS + _QUOTES)] |= BEFORE_DOT
    named[icons] |= ICON
    named[_among(_CURRENCY)] |= CURRENCY
    named[np.char.startswith(categories, "P")] |= PUNCTUATION
    terminal = (class_table()[:_LAST_PLANE_END] & SENTENCE_TERMINAL) != 0
    named[_among(_NO_WORD) | _within(_NO_WORD_CONTROLS) | terminal] |= NO_WORD
    named[terminal & ~_within(_NO_SENTENCE_END)] |= ENDS_SENTENCE
    named[digits | _within(((0x41, 0x5A), (0x61, 0x7A), (0xA1, 0xFFFF)))] |= HOST
    table[(class_table() & UNICODE_LETTER) != 0] |= ALPHABETIC
    table[(class_table() & ALPHANUMERIC) != 0] |= NAMED
    named[ord("_")] |= NAMED
    return (table,)


def _within(ranges: tuple[tuple[int, int], ...]) -> NDArray[np.bool_]:
    found = np.zeros(_LAST_PLANE_END, bool)
    for first, last in ranges:
        found[first : last + 1] = True
    return found


def _among(characters: str) -> NDArray[np.bool_]:
    found = np.zeros(_LAST_PLANE_END, bool)
    found[[ord(character) for character in characters]] = True
    return found
