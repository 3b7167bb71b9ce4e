"""Words of a text in the normal form of `gristmill.filters.contamination.normal_form`, with their places and hashes.

Documents are read in one way, `PLAIN`: every punctuation mark ends a word. Items are read in all three, so that an item
is found whether its punctuation was kept, replaced by spaces, or taken out:

=====================  =========  ====================
reading                ``don't``  ``well-known``
=====================  =========  ====================
`PLAIN`                don t      well known
`APOSTROPHES_JOIN`     dont       well known
`PUNCTUATION_JOINS`    dont       wellknown
=====================  =========  ====================
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from gristmill.filters.contamination.normal_form import (
    CLASS_SHIFT,
    CODE_MASK,
    EXPANDS,
    IGNORED,
    MARK,
    MOST_FOLDED_BYTES,
    MOST_WORDS,
    UNSPACED,
    WORD,
    FoldTables,
    fold_tables,
)
from gristmill.filters.text.arrays import Bytes, Hashes, Int64s
from gristmill.filters.text.utf8 import HASH_START, NON_ASCII, code_point, hash_byte, mix

PLAIN = 0
APOSTROPHES_JOIN = 1
PUNCTUATION_JOINS = 2
READINGS = (PLAIN, APOSTROPHES_JOIN, PUNCTUATION_JOINS)

_NO_WORD = 0
_IN_WORD = 1
_AFTER_UNSPACED = 2


class Words(NamedTuple):
    """Words of one text, or of several one after another.

    Attributes:
        start: int64, first byte of each word in its buffer.
        end: int64, the byte after its last.
        folded_start: int64 of one more value: word ``w`` is ``folded[folded_start[w]:folded_start[w + 1]]``.
        hash: uint64 of its folded bytes.
        folded: uint8, the folded words one after another.
    """

    start: Int64s
    end: Int64s
    folded_start: Int64s
    hash: Hashes
    folded: Bytes


def room_for_words(text_bytes: int) -> Words:
    """Uninitialized room for the words of so many bytes of text; what stays unused is never touched."""
    most = MOST_WORDS * text_bytes + 1
    return Words(
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.zeros(most + 1, np.int64),
        np.empty(most, np.uint64),
        np.empty(MOST_FOLDED_BYTES * text_bytes + 1, np.uint8),
    )


def words_of(text: str, reading: int = PLAIN) -> list[str]:
    """The words of one text, as they are compared.

    >>> words_of("Don't  PANIC, it's only 東京!")
    ['don', 't', 'panic', 'it', 's', 'only', '東', '京']
    >>> words_of("Don't use a well-known one", PUNCTUATION_JOINS)
    ['dont', 'use', 'a', 'wellknown', 'one']
    """
    data = np.frombuffer(text.encode("utf-8", "replace"), np.uint8)
    words = room_for_words(len(data))
    count = read_words(data, 0, len(data), fold_tables(), reading, words, 0)
    raw, bounds = words.folded.tobytes(), words.folded_start
    return [raw[bounds[i] : bounds[i + 1]].decode() for i in range(count)]


@numba.njit(nogil=True, cache=True)
def read_words(data: Bytes, i: int, end: int, tables: FoldTables, reading: int, words: Words, count: int) -> int:
    """Writes the words of ``data[i:end]`` after the first ``count`` of ``words``; returns how many there are then."""
    entries, expansions, letters = tables
    word_start, word_end, folded_start, word_hash, folded = words
    filled = folded_start[count]
    state = _NO_WORD
    running = HASH_START
    while i < end:
        if state != _AFTER_UNSPACED:
            begun = i
            i, running, filled = _ascii_run(data, i, end, letters, running, folded, filled)
            if i > begun:
                if state == _NO_WORD:
                    word_start[count] = begun
                    state = _IN_WORD
                word_end[count] = i
                if i == end:
                    break
        if data[i] < NON_ASCII:  # it ends the word, or vanishes; a letter after an unspaced one begins the next
            begins = letters[data[i]] != 0
            if state != _NO_WORD and (begins or int(entries[data[i]] >> CLASS_SHIFT) > IGNORED + reading):
                word_hash[count] = mix(running)
                count += 1
                folded_start[count] = filled
                running, state = HASH_START, _NO_WORD
            i += 0 if begins else 1
            continue
        point, width = code_point(data, i, end)
        entry = entries[point]
        at, parts = 0, 1
        if entry >> CLASS_SHIFT == EXPANDS:
            at = int(entry & CODE_MASK)
            parts = int(expansions[at])
        for part in range(parts):
            if parts > 1:
                entry = expansions[at + 1 + part]
            kind = int(entry >> CLASS_SHIFT)
            if IGNORED <= kind <= IGNORED + reading or (kind == MARK and state == _NO_WORD):
                continue
            if state != _NO_WORD and kind != MARK and not (kind == WORD and state == _IN_WORD):
                word_hash[count] = mix(running)
                count += 1
                folded_start[count] = filled
                running, state = HASH_START, _NO_WORD
            if kind > UNSPACED:
                continue
            if state == _NO_WORD:
                word_start[count] = i
                state = _IN_WORD if kind == WORD else _AFTER_UNSPACED
            word_end[count] = i + width
            running, filled = _append(running, folded, filled, int(entry & CODE_MASK))
        i += width
    if state != _NO_WORD:
        word_hash[count] = mix(running)
        count += 1
        folded_start[count] = filled
    return count


@numba.njit(nogil=True, cache=True, inline="always")
def _ascii_run(
    data: Bytes, i: int, end: int, letters: Bytes, running: np.uint64, folded: Bytes, filled: int
) -> tuple[int, np.uint64, int]:
    """Adds a run of ASCII letters and digits, which is most of most texts."""
    while i < end:
        letter = letters[data[i]]
        if letter == 0:
            break
        running = hash_byte(running, letter)
        folded[filled] = letter
        filled += 1
        i += 1
    return i, running, filled


@numba.njit(nogil=True, cache=True)
def _append(running: np.uint64, folded: Bytes, filled: int, code: int) -> tuple[np.uint64, int]:
    """Adds a code point in UTF-8 to the current word."""
    if code < NON_ASCII:
        folded[filled] = code
        return hash_byte(running, code), filled + 1
    width = 2 if code < 0x800 else 3 if code < 0x10000 else 4
    lead = (0xC0, 0xE0, 0xF0)[width - 2] | code >> 6 * (width - 1)
    folded[filled] = lead
    running = hash_byte(running, lead)
    for step in range(width - 2, -1, -1):
        byte = 0x80 | code >> 6 * step & 0x3F
        folded[filled + width - 1 - step] = byte
        running = hash_byte(running, byte)
    return running, filled + width
