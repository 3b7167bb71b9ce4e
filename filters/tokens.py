"""Tokens: words as spaCy's English tokenizer splits them, which is what datatrove's filters count.

``spacy.blank("en")`` splits a text at white space, then each piece: prefixes and suffixes (quotes, brackets, marks,
currency, units behind a number, ``'s``, a full stop) are taken off from outside in, listed exceptions (``don't``,
``Mr.``, ``:-)``) are split or kept as the list says, an address is kept whole, and what is left is split at infixes
(hyphens between letters, ellipses, slashes, ...). Steps: `gristmill.filters.token_affixes`; lists:
`gristmill.filters.token_exceptions`; characters: `gristmill.filters.token_classes`.

White space is the Unicode property (``str.isspace`` also takes U+001C to U+001F), and a piece between white space is
split by itself. Scripts without spaces are not split, but for the marks between their sentences: datatrove uses this
English tokenizer wherever a filter is not told another language.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numba
import numpy as np

from gristmill.filters.arrays import Bytes, Hashes, Int32s, Int64s
from gristmill.filters.buffers import TextBuffer
from gristmill.filters.segment import HAS_LETTER as WORD_HAS_LETTER
from gristmill.filters.segment import LETTERS, MARKED, PLAIN, Segments
from gristmill.filters.swar import hash_bytes
from gristmill.filters.token_affixes import (
    UNIT_HASHES,
    Classes,
    dot_goes,
    infix_bytes,
    is_address,
    prefix_bytes,
    suffix_bytes,
)
from gristmill.filters.token_classes import ALPHABETIC, ENDS_SENTENCE, NO_WORD, PUNCTUATION, token_class_table
from gristmill.filters.token_exceptions import TOKEN_EXCEPTIONS
from gristmill.filters.utf8 import code_point

HAS_LETTER, IS_WORD, IS_PUNCTUATION, IS_SENTENCE_END = 1, 2, 4, 8
"""Flags of a token: a letter in it; a character outside datatrove's punctuation; punctuation (P*) only; a mark that
ends a sentence."""

_MARKS = tuple(b',;:!?)]"')
"""Split off letters, and no listed word ends with letters and one of them."""
_SLOTS = 4096
_HINTS = 16384
_MOST_PIECES = 4
_MOST_JOINED = 6
"""No exception is made of more tokens."""


def _exception_table() -> tuple[Hashes, Bytes, Bytes, int]:
    """Keys by slot, bytes of the pieces by slot, which low bits of a hash some key has, bytes of the longest word."""
    keys, pieces = np.zeros(_SLOTS, np.uint64), np.zeros((_SLOTS, _MOST_PIECES), np.uint8)
    hints = np.zeros(_HINTS, np.uint8)
    longest = 0
    for word, parts in TOKEN_EXCEPTIONS.items():
        raw = word.encode()
        longest = max(longest, len(raw))
        key = hash_bytes(np.frombuffer(raw + bytes(8), np.uint8), 0, len(raw))
        slot = int(key) % _SLOTS
        while keys[slot]:
            slot = (slot + 1) % _SLOTS
        keys[slot] = key
        hints[int(key) % _HINTS] = 1
        pieces[slot, : len(parts)] = [len(part.encode()) for part in parts]
    return keys, pieces, hints, longest


# Constants to the kernels: as arguments, each call would count references.
_KEYS, _PIECES, _HINT, _LONGEST = _exception_table()


class _Marks(NamedTuple):
    """Hash and flags of each ASCII character as a token."""

    hash: Hashes
    flags: Bytes


@functools.lru_cache(maxsize=1)
def _marks() -> _Marks:
    ascii_bytes = np.concatenate([np.arange(128, dtype=np.uint8), np.zeros(8, np.uint8)])
    hashes = [hash_bytes(ascii_bytes, byte, byte + 1) for byte in range(128)]
    flags = [describe(ascii_bytes, byte, byte + 1, token_class_table())[1] for byte in range(128)]
    return _Marks(np.array(hashes, np.uint64), np.array(flags, np.uint8))


class Tokens(NamedTuple):
    """The tokens of a batch.

    Attributes:
        bounds: of shape (documents + 1,); document d has the tokens ``bounds[d]`` to ``bounds[d + 1]``.
        words: of shape (words + 1,); word w (of `gristmill.filters.segment`) has ``words[w]`` to ``words[w + 1]``.
        start: first byte of each.
        end: the byte after its last.
        chars: code points.
        flags: `HAS_LETTER`, `IS_WORD`, `IS_PUNCTUATION`, `IS_SENTENCE_END`.
        hash: 64 bits of its bytes.
    """

    bounds: Int64s
    words: Int64s
    start: Int64s
    end: Int64s
    chars: Int32s
    flags: Bytes
    hash: Hashes


def tokenize(buffer: TextBuffer, segments: Segments) -> Tokens:
    r"""Splits all words of a batch into tokens.

    >>> import pyarrow as pa
    >>> from gristmill.filters.buffers import text_buffer
    >>> from gristmill.filters.segment import segment
    >>> text = text_buffer(pa.array(['"Don\'t," Mr. Gray-Smith said (twice).']))
    >>> found = tokenize(text, segment(text))
    >>> [bytes(text.data[a:b]).decode() for a, b in zip(found.start, found.end)]
    ['"', 'Do', "n't", ',', '"', 'Mr.', 'Gray', '-', 'Smith', 'said', '(', 'twice', ')', '.']
    """
    most = int(buffer.offsets[-1]) + 1
    words = len(segments.words.start)
    found = Tokens(
        np.zeros(len(buffer.offsets), np.int64),
        np.zeros(words + 1, np.int64),
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.empty(most, np.int32),
        np.empty(most, np.uint8),
        np.empty(most, np.uint64),
    )
    longest = int((segments.words.end - segments.words.start).max(initial=0)) + 1
    _tokenize(buffer.data, segments, token_class_table(), _marks(), np.empty(longest, np.int64), found)
    count = int(found.bounds[-1])
    return Tokens(
        found.bounds, found.words, found.start[:count], found.end[:count], found.chars[:count], found.flags[:count],
        found.hash[:count],
    )  # fmt: skip


@numba.njit(nogil=True, cache=True)
def _tokenize(data: Bytes, segments: Segments, classes: Classes, marks: _Marks, ends: Int64s, found: Tokens) -> None:
    word_start, word_end, _, _, word_chars, word_flags, word_hash = segments.words
    bounds, words, starts, stops, chars, flags, hashes = found
    mark_hash, mark_flags = marks
    document_words, token = segments.document_words, 0
    for document in range(document_words.size - 1):
        for word in range(document_words[document], document_words[document + 1]):
            words[word] = token
            start, end, kind = word_start[word], word_end[word], word_flags[word]
            if kind & (LETTERS | PLAIN) and not find_exception(word_hash[word]):
                if kind & LETTERS or not _ends_in_unit(data, start, end):
                    starts[token], stops[token], hashes[token] = start, end, word_hash[word]
                    chars[token] = word_chars[word]
                    flags[token] = IS_WORD | (HAS_LETTER if kind & WORD_HAS_LETTER else 0)
                    token += 1
                    continue
            elif kind & MARKED and _splits_mark(data, start, end, word_hash[word], classes):
                starts[token], stops[token] = start, end - 1
                hashes[token] = hash_bytes(data, start, end - 1)
                chars[token], flags[token] = word_chars[word] - 1, IS_WORD | HAS_LETTER
                starts[token + 1], stops[token + 1] = end - 1, end
                hashes[token + 1], chars[token + 1] = mark_hash[data[end - 1]], 1
                flags[token + 1] = mark_flags[data[end - 1]]
                token += 2
                continue
            if word_chars[word] == 1:
                count, ends[0] = 1, end
            else:
                count = split_word(data, start, end, classes, ends)
            begin = start
            for k in range(count):
                starts[token], stops[token] = begin, ends[k]
                hashes[token] = hash_bytes(data, begin, ends[k])
                chars[token], flags[token] = describe(data, begin, ends[k], classes)
                begin = ends[k]
                token += 1
        bounds[document + 1] = token
    words[document_words[-1]] = token


@numba.njit(nogil=True, cache=True)
def _splits_mark(data: Bytes, start: int, end: int, key: np.uint64, classes: Classes) -> bool:
    """Whether letters with one mark behind them are two tokens, which no list concerns: the usual end of a clause."""
    mark = data[end - 1]
    if mark == ord("."):
        if end - start < 2 or not dot_goes(data, start, end, classes) or find_exception(key):
            return False
    elif mark not in _MARKS:
        return False
    return not _listed(data, start, end - 1)


@numba.njit(nogil=True, cache=True)
def _ends_in_unit(data: Bytes, start: int, end: int) -> bool:
    """Whether letters follow a digit somewhere, so that a unit may have to be split off."""
    return end - start > 1 and data[end - 1] > ord("9") and _has_digit(data, start, end)


@numba.njit(nogil=True, cache=True)
def _has_digit(data: Bytes, start: int, end: int) -> bool:
    for i in range(start, end):  # noqa: SIM110 - a kernel has no generators
        if 48 <= data[i] <= 57:
            return True
    return False


@numba.njit(nogil=True, cache=True)
def describe(data: Bytes, start: int, end: int, classes: Classes) -> tuple[int, int]:
    """Characters and flags of a token."""
    chars = seen = 0
    common = 0xFFFF
    i = start
    while i < end:
        point, width = code_point(data, i, end)
        bits = int(classes[point])
        seen |= bits
        common &= bits
        chars += 1
        i += width
    flags = HAS_LETTER if seen & ALPHABETIC else 0
    flags |= 0 if common & NO_WORD else IS_WORD
    flags |= IS_PUNCTUATION if common & PUNCTUATION else 0
    return chars, flags | (IS_SENTENCE_END if chars == 1 and seen & ENDS_SENTENCE else 0)


@numba.njit(nogil=True, cache=True)
def find_exception(key: np.uint64) -> int:
    """The slot of a listed word plus one, or 0."""
    if not _HINT[np.int64(key & np.uint64(_HINTS - 1))]:
        return 0
    slot = np.int64(key & np.uint64(_SLOTS - 1))
    while _KEYS[slot]:
        if _KEYS[slot] == key:
            return int(slot) + 1
        slot = (slot + 1) & (_SLOTS - 1)
    return 0


@numba.njit(nogil=True, cache=True)
def _listed(data: Bytes, start: int, end: int) -> int:
    if start >= end or end - start > _LONGEST:
        return 0
    return find_exception(hash_bytes(data, start, end))


@numba.njit(nogil=True, cache=True)
def split_word(data: Bytes, start: int, end: int, classes: Classes, ends: Int64s) -> int:
    """Splits ``data[start:end]``, which has no white space, into tokens; fills in their ends, returns how many.

    ``ends`` has room for one more than the word has bytes. Each step takes a byte or more away, and looks at a bounded
    number of bytes, but for runs of dots, which it takes away, and for the address and the infixes, looked for once.
    """
    if _listed(data, start, end):
        return _put_listed(data, start, end, ends, 0)
    count, a, b, behind = 0, start, end, ends.size
    while a < b:
        before = b - a
        prefix = prefix_bytes(data, a, b, classes)
        if prefix and _listed(data, a + prefix, b):
            ends[count] = a + prefix
            count, a = count + 1, a + prefix
            break
        suffix = suffix_bytes(data, a + prefix, b, classes, UNIT_HASHES)
        if suffix and _listed(data, a, b - suffix):
            behind -= 1
            ends[behind] = b
            b -= suffix
            break
        if prefix:
            ends[count] = a + prefix
            count, a = count + 1, a + prefix
        if suffix:
            behind -= 1
            ends[behind] = b
            b -= suffix
        if b - a == before or _listed(data, a, b):
            break
    count = _put_middle(data, a, b, classes, ends, count)
    for k in range(behind, ends.size):
        ends[count] = ends[k]
        count += 1
    return _join_listed(data, start, ends, count) if count > 2 else count


@numba.njit(nogil=True, cache=True)
def _put_listed(data: Bytes, a: int, b: int, ends: Int64s, count: int) -> int:
    """Adds the pieces of a listed word."""
    slot = _listed(data, a, b) - 1
    for k in range(_MOST_PIECES):
        size = _PIECES[slot, k]
        if size:
            a += size
            ends[count] = a
            count += 1
    return count


@numba.njit(nogil=True, cache=True)
def _put_middle(data: Bytes, a: int, b: int, classes: Classes, ends: Int64s, count: int) -> int:
    """Adds what is left between prefixes and suffixes."""
    if a >= b:
        return count
    if _listed(data, a, b):
        return _put_listed(data, a, b, ends, count)
    dots = False
    for i in range(a, b):
        dots |= data[i] == ord(".")
    if not dots or not is_address(data, a, b, classes):
        begin = i = a
        while i < b:
            infix = infix_bytes(data, a, i, b, classes)
            if infix and i > a:
                if i > begin:
                    ends[count] = i
                    count += 1
                begin = i + infix
                ends[count] = begin
                count += 1
            if infix:
                i += infix
            else:
                _, width = code_point(data, i, b)
                i += width
        if begin >= b:
            return count
    ends[count] = b
    return count + 1


@numba.njit(nogil=True, cache=True)
def _join_listed(data: Bytes, start: int, ends: Int64s, count: int) -> int:
    """Where neighbouring tokens spell a listed word, puts its pieces in their place: the longest, then the first."""
    for many in range(min(count - 1, _MOST_JOINED), 1, -1):
        begin, kept, k = start, 0, 0
        while k < count:
            slot = _listed(data, begin, ends[k + many - 1]) if k + many <= count else 0
            pieces = 0
            if slot:
                for part in range(_MOST_PIECES):
                    pieces += _PIECES[slot - 1, part] > 0
            if 0 < pieces < many:
                stop = ends[k + many - 1]
                kept = _put_listed(data, begin, stop, ends, kept)
                begin, k = stop, k + many
            else:
                begin = ends[k]
                ends[kept] = begin
                kept, k = kept + 1, k + 1
        count = kept
    return count
