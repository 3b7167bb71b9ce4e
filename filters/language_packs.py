# ruff: noqa: RUF001 - letters of many scripts are meant
"""What a rule needs to know of a language: its stop words.

The English words are the eight of Gopher (Rae et al. 2021, arXiv:2112.11446, appendix A.1.1). Every other language has
eight function words of our own choice, of the same kind: articles, conjunctions, prepositions and forms of "to be" that
any page of prose has, of at most eight bytes of UTF-8. A language without a pack is not judged by its stop words:
Chinese, Japanese and Thai put no spaces between words, so no word of theirs would be found.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gristmill.filters.text.arrays import Bytes
from gristmill.filters.text.folding import utf8_of
from gristmill.filters.text.utf8 import code_point
from gristmill.kernels.kernel import inlined_kernel, kernel
from gristmill.kernels.swar import TOPS, keep_first, load_eight, lowered, pack

STOP_WORDS: dict[str, tuple[str, ...]] = {
    "en": ("the", "be", "to", "of", "and", "that", "have", "with"),
    "cs": ("a", "se", "na", "je", "že", "to", "pro", "není"),
    "da": ("og", "i", "at", "det", "er", "en", "til", "ikke"),
    "de": ("der", "die", "und", "das", "ist", "nicht", "mit", "zu"),
    "es": ("de", "la", "que", "el", "en", "los", "con", "por"),
    "fr": ("de", "la", "le", "et", "les", "des", "que", "est"),
    "it": ("di", "che", "la", "il", "per", "con", "non", "del"),
    "nl": ("de", "het", "een", "van", "en", "dat", "niet", "met"),
    "no": ("og", "i", "at", "det", "er", "en", "til", "ikke"),
    "pl": ("i", "w", "na", "się", "nie", "z", "do", "że"),
    "pt": ("de", "que", "o", "e", "do", "da", "com", "não"),
    "ro": ("de", "și", "în", "la", "cu", "este", "nu", "care"),
    "ru": ("и", "в", "не", "на", "что", "с", "по", "как"),
    "sv": ("och", "att", "det", "i", "en", "på", "som", "är"),
    "uk": ("і", "в", "не", "на", "що", "з", "до", "як"),
}
"""Eight stop words by language code."""

STOP_WORDS_EACH = 8
LONGEST_STOP_WORD_BYTES = 8

_SLOT_BITS = 6
_SLOTS = 1 << _SLOT_BITS
_SHIFT = 64 - _SLOT_BITS
_FACTOR = 0x9E3779B97F4A7C15


class StopWords(NamedTuple):
    """Tables of stop words, one row a language.

    Attributes:
        keys: uint64 of shape (packs, 64); the packed word in each slot, 0 if it is free.
        bits: uint8 of shape (packs, 64); the word's bit.
        factors: uint64 of shape (packs,); the factor that brings each word of the pack to a slot of its own.
    """

    keys: NDArray[np.uint64]
    bits: NDArray[np.uint8]
    factors: NDArray[np.uint64]


def _slots_apart(keys: list[int]) -> tuple[int, list[int]]:
    """The first of a fixed series of odd factors that gives each key a slot of its own, and the slots."""
    factor = _FACTOR
    while True:
        slots = [key * factor % 2**64 >> _SHIFT for key in keys]
        if len(set(slots)) == len(keys):
            return factor, slots
        factor = factor * _FACTOR % 2**64


def _tables() -> StopWords:
    keys, bits = np.zeros((len(STOP_WORDS), _SLOTS), np.uint64), np.zeros((len(STOP_WORDS), _SLOTS), np.uint8)
    factors = np.zeros(len(STOP_WORDS), np.uint64)
    for row, words in enumerate(STOP_WORDS.values()):
        packed = [int(pack(word.encode("utf-8"))) for word in words]
        factors[row], slots = _slots_apart(packed)
        for which, (key, slot) in enumerate(zip(packed, slots, strict=True)):
            keys[row, slot], bits[row, slot] = key, 1 << which
    return StopWords(keys, bits, factors)


STOP_TABLES = _tables()


def pack_rows(codes: list[str]) -> NDArray[np.int8]:
    """The row of each language in the tables; the first, English, if it has no pack.

    >>> pack_rows(["de", "en", "ja"]).tolist()
    [3, 0, 0]
    """
    row = {code: i for i, code in enumerate(STOP_WORDS)}
    return np.array([row.get(code, 0) for code in codes], np.int8)


@kernel
def stop_word_bit(data: Bytes, start: int, end: int, lower: NDArray[np.int32], stop: StopWords, row: int) -> int:
    """The bit of the stop word that ``data[start:end]`` spells in lower case, or 0; at most eight bytes, one at least.

    Args:
        data: the bytes.
        start: the first byte.
        end: the byte behind the last.
        lower: of each code point.
        stop: `STOP_TABLES`.
        row: that of the language, see `pack_rows`.
    """
    eight = load_eight(data, start) & keep_first(end - start)
    key = lowered(eight)
    if eight & TOPS:
        key, i, size = np.uint64(0), start, 0
        while i < end:
            point, width = code_point(data, i, end)
            i += width
            written, width = utf8_of(lower[point])
            if size + width > LONGEST_STOP_WORD_BYTES:
                return 0
            key |= written << np.uint64(8 * size)
            size += width
    return find_stop_word(key, stop, row)


@inlined_kernel
def stop_slot(key: np.uint64, factor: np.uint64) -> np.uint64:
    """Where a packed word would lie in the row of its language."""
    return (key * factor) >> np.uint64(_SHIFT)


@inlined_kernel
def find_stop_word(key: np.uint64, stop: StopWords, row: int) -> int:
    """The bit of the stop word of a language whose packed bytes are ``key``, or 0."""
    slot = stop_slot(key, stop.factors[row])
    return int(stop.bits[row, slot] if stop.keys[row, slot] == key else 0)
