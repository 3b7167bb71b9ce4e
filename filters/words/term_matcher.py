"""Counting listed words and phrases in a batch of texts: one walk over the bytes, whatever the length of the list.

Letters are compared lower-cased, code point by code point. A term is found where no word character stands directly
before or after it; a **word character** is a letter, a digit or other number, an underscore or a combining mark. Where
a language puts no spaces between words a term may stand anywhere. Of the terms that begin at one place the longest
counts, and the search goes on behind it. A term that ends with ``*`` goes on to the end of the word.
"""

from __future__ import annotations

import functools
import sys
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gristmill.filters.text.arrays import Bytes, Int32s, Int64s
from gristmill.filters.text.buffers import TextBuffer
from gristmill.filters.text.utf8 import NON_ASCII, code_point
from gristmill.kernels.cached_arrays import cached_arrays
from gristmill.kernels.kernel import kernel

TIERS = 3
"""Bits of a term's value: what `count_terms` counts apart."""

_LAST_LETTER_PLANE_END = 0x40000  # as in unicode_classes: nothing beyond is a letter or a mark of a word


class TermTrie(NamedTuple):
    """Terms as a trie of their UTF-8 bytes.

    Attributes:
        classes: of shape (256,): the column of each byte in ``follow``; 0 for bytes that no term has.
        follow: of shape (states, classes): the next state, 0 for none; state 0 is the root.
        value: of shape (states,): the bits of the term that ends here, 0 if none does.
        open_value: the same for terms that end with ``*``.
    """

    classes: Bytes
    follow: Int32s
    value: Bytes
    open_value: Bytes


def fold(text: str) -> str:
    """A text as it is compared: every code point lower-cased by itself.

    >>> fold("ÉTÉ İ ẞ")
    'été i ß'
    """
    table = fold_tables()[0]
    return "".join(chr(table[ord(character)]) for character in text)


@functools.lru_cache(maxsize=1)
def fold_tables() -> tuple[Int32s, Bytes]:
    """For every code point its lower case, and whether it is a word character."""
    lower, word = cached_arrays(_build_fold_tables)
    return lower, word


def _build_fold_tables() -> tuple[Int32s, Bytes]:
    lower = np.arange(sys.maxunicode + 1, dtype=np.int32)
    word = np.zeros(sys.maxunicode + 1, np.uint8)
    for point in range(_LAST_LETTER_PLANE_END):
        character = chr(point)
        # The one letter whose lower case is two code points is the Turkish capital I with a dot.
        lower[point] = ord(character.lower()[0])
        word[point] = character.isalnum() or character == "_" or unicodedata.category(character)[0] == "M"
    return lower, word


def term_trie(terms: Mapping[str, int]) -> TermTrie:
    """Builds the trie of a list.

    Args:
        terms: bits (1 to 7) of each term; a term that ends with ``*`` goes on to the end of the word.

    >>> term_trie({"ab": 1, "ac*": 2}).follow.shape
    (4, 4)
    """
    rows: list[dict[int, int]] = [{}]
    value, open_value = [0], [0]
    for term, bits in sorted(terms.items()):
        closed = term.removesuffix("*")
        state = 0
        for byte in fold(unicodedata.normalize("NFC", closed)).encode():
            if byte not in rows[state]:
                rows[state][byte] = len(rows)
                rows.append({})
                value.append(0)
                open_value.append(0)
            state = rows[state][byte]
        if state:
            (value if closed == term else open_value)[state] |= bits
    used = sorted({byte for row in rows for byte in row})
    classes = np.zeros(256, np.uint8)
    classes[used] = np.arange(1, len(used) + 1)
    follow = np.zeros((len(rows), len(used) + 1), np.int32)
    for state, row in enumerate(rows):
        for byte, target in row.items():
            follow[state, classes[byte]] = target
    return TermTrie(classes, follow, np.array(value, np.uint8), np.array(open_value, np.uint8))


def count_terms(buffer: TextBuffer, rows: Int64s, trie: TermTrie, *, spaced: bool) -> Int64s:
    """Counts the terms of a list in some texts of a batch.

    Args:
        buffer: the texts.
        rows: which of them to read.
        trie: the list.
        spaced: terms stand between characters that are no word characters; otherwise anywhere.

    Returns:
        int64 of shape (len(rows), 2 + TIERS): characters of the text, characters inside occurrences, and for each bit
        the occurrences of terms that have it.

    >>> import pyarrow as pa
    >>> from gristmill.filters.text.buffers import text_buffer
    >>> texts = text_buffer(pa.array(["Bad, badly BAD!"]))
    >>> count_terms(texts, np.array([0]), term_trie({"bad": 1}), spaced=True)[0, :3].tolist()
    [15, 6, 2]
    """
    counts = np.zeros((len(rows), 2 + TIERS), np.int64)
    lower, word = fold_tables()
    _count_terms(buffer, rows, trie, _pairs(trie, lower), lower, word, spaced, counts)
    return counts


def _pairs(trie: TermTrie, lower: Int32s) -> Bytes:
    """Whether a term may begin with two bytes, of shape (65536,): most words are passed over by this alone."""
    allowed = np.ones((256, 256), np.uint8)
    column = trie.classes[lower[:NON_ASCII]]
    for byte in range(NON_ASCII):
        state = trie.follow[0, column[byte]]
        if not state:
            allowed[byte] = 0
        elif not trie.value[state] and not trie.open_value[state]:
            allowed[byte, :NON_ASCII] = trie.follow[state, column] != 0
    return allowed.reshape(-1)


@kernel
def _step(classes: Bytes, follow: Int32s, state: int, point: int) -> int:
    """The state behind the UTF-8 bytes of a code point; 0 if no term goes on with it."""
    if point < 0x80:
        letter: int = follow[state, classes[point]]
        return letter
    if point < 0x800:
        state = follow[state, classes[0xC0 | point >> 6]]
    else:
        if point < 0x10000:
            state = follow[state, classes[0xE0 | point >> 12]]
        else:
            state = follow[state, classes[0xF0 | point >> 18]]
            if state:
                state = follow[state, classes[0x80 | (point >> 12 & 0x3F)]]
        if state:
            state = follow[state, classes[0x80 | (point >> 6 & 0x3F)]]
    if state:
        state = follow[state, classes[0x80 | (point & 0x3F)]]
    return state


@kernel
def _longest(
    data: Bytes, i: int, end: int, trie: TermTrie, lower: Int32s, word: Bytes, spaced: bool
) -> tuple[int, int, int]:
    """End, characters and bits of the longest term that begins at byte ``i``; an end of ``i`` is none."""
    classes, follow, value, open_value = trie
    state = chars = 0
    j = i
    best_end, best_chars, bits = i, 0, 0
    while j < end:
        point, width = int(data[j]), 1
        if point >= NON_ASCII:
            point, width = code_point(data, j, end)
        state = _step(classes, follow, state, lower[point])
        if state == 0:
            break
        j += width
        chars += 1
        if open_value[state]:
            k, more = j, chars
            while k < end:
                point, width = code_point(data, k, end)
                if not word[point]:
                    break
                k += width
                more += 1
            if k > best_end:
                best_end, best_chars, bits = k, more, int(open_value[state])
        # A closed term of the same length as an open one is the more exact entry.
        if value[state] and j >= best_end:
            closed = True
            if spaced and j < end:
                point, _ = code_point(data, j, end)
                closed = not word[point]
            if closed:
                best_end, best_chars, bits = j, chars, int(value[state])
    return best_end, best_chars, bits


@kernel
def _count_terms(
    buffer: TextBuffer,
    rows: Int64s,
    trie: TermTrie,
    pairs: Bytes,
    lower: Int32s,
    word: Bytes,
    spaced: bool,
    counts: Int64s,
) -> None:
    data, offsets = buffer
    for row in range(rows.size):
        i, end = int(offsets[rows[row]]), int(offsets[rows[row] + 1])
        chars = 0
        behind_word = False
        while i < end:
            first = int(data[i])
            # Behind the last text the buffer has zeros, so the next byte may be read; it must not rule a term out.
            if not (spaced and behind_word) and (pairs[first << 8 | data[i + 1]] or i + 1 == end):
                stop, inside, bits = _longest(data, i, end, trie, lower, word, spaced)
                if stop > i:
                    counts[row, 1] += inside
                    for tier in range(TIERS):
                        counts[row, 2 + tier] += bits >> tier & 1
                    chars += inside
                    last = stop - 1
                    while last > i and (data[last] & 0xC0) == 0x80:
                        last -= 1
                    behind_word = word[code_point(data, last, end)[0]] != 0
                    i = stop
                    continue
            point, width = first, 1
            if point >= NON_ASCII:
                point, width = code_point(data, i, end)
            behind_word = word[point] != 0
            chars += 1
            i += width
            if spaced and behind_word:
                while i < end and data[i] < NON_ASCII and word[data[i]]:
                    i += 1
                    chars += 1
        counts[row, 0] = chars
