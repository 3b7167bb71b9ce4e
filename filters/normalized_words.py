r"""Normalized words: what RedPajama-V2 counts words and n-grams on.

A **normalized word** is a white-space word (see `gristmill.filters.segment`) without ASCII punctuation
(``string.punctuation``), in lower case and canonical decomposition (NFD), if anything is left. Its length is that of
the decomposed form: ``é`` counts as two characters and a Hangul syllable as two or three. Scripts without spaces (Han,
Kana, Thai, ...) are not split: a run between white space is one word, as it is there.

A **raw word** is what ``nltk.WordPunctTokenizer`` finds, ``\w+|[^\w\s]+``: a run of letters, digits, other numbers and
``_``, or a run of anything else that is not white space.

Source: RedPajama-Data at 855a8e0, ``app/src/core/document.py`` and ``app/src/utilities/text/normalization.py``.
Differences: case is folded character by character (no final sigma), and white space is the Unicode property (U+001C to
U+001F are characters here).
"""

from __future__ import annotations

import string
from typing import NamedTuple

import numba
import numpy as np

from gristmill.filters.arrays import Bytes, Int32s, Int64s
from gristmill.filters.buffers import PAD_BYTES, TextBuffer
from gristmill.filters.folding import Folding, folding
from gristmill.filters.grams import Stream
from gristmill.filters.segment import ASCII, HAS_LETTER, MARKED, PLAIN, Segments
from gristmill.filters.swar import finish, hash_bytes, keep_first, load_eight, lowered
from gristmill.filters.unicode_classes import ALPHANUMERIC, class_table
from gristmill.filters.utf8 import NON_ASCII, code_point

_WORD, _ASCII_LETTER, _PUNCTUATION = 1, 2, 4
_CLAUSE_ENDS = tuple(b",.;:!?\"')")
_MOST_BYTES_FOR_ONE = 3
"""No character's folding is more than three times as long as its own UTF-8."""
_HASH_FACTOR, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)


def _byte_classes() -> Bytes:
    table = np.zeros(NON_ASCII, np.uint8)
    for point in range(NON_ASCII):
        character = chr(point)
        table[point] |= _WORD if character.isalnum() or character == "_" else 0
        table[point] |= _ASCII_LETTER if character.isalpha() else 0
        table[point] |= _PUNCTUATION if character in string.punctuation else 0
    return table


_BYTE_CLASSES = _byte_classes()


class NormalizedWords(NamedTuple):
    """The words of a batch as RedPajama-V2 sees them.

    Attributes:
        stream: normalized words.
        raw_words: raw words of each document.
        raw_letter_words: those that have an ASCII letter.
    """

    stream: Stream
    raw_words: Int64s
    raw_letter_words: Int64s


def normalize_words(buffer: TextBuffer, segments: Segments) -> NormalizedWords:
    """Normalizes all words of a batch.

    >>> import pyarrow as pa
    >>> from gristmill.filters.buffers import text_buffer
    >>> from gristmill.filters.segment import segment
    >>> text = text_buffer(pa.array(["It's É -- its"]))
    >>> found = normalize_words(text, segment(text))
    >>> found.stream.chars.tolist(), bool(found.stream.hash[0] == found.stream.hash[2]), found.raw_words.tolist()
    ([3, 2, 3], True, [6])
    """
    documents, words = len(segments.document_words) - 1, len(segments.words.start)
    stream = Stream(np.zeros(documents + 1, np.int64), np.empty(words, np.int32), np.empty(words, np.uint64))
    raw, lettered = np.zeros(documents, np.int64), np.zeros(documents, np.int64)
    longest = int((segments.words.end - segments.words.start).max(initial=0))
    scratch = np.zeros(_MOST_BYTES_FOR_ONE * longest + PAD_BYTES, np.uint8)
    _normalize(buffer.data, segments, class_table(), folding(), _BYTE_CLASSES, scratch, stream, raw, lettered)
    found = int(stream.bounds[-1])
    return NormalizedWords(Stream(stream.bounds, stream.chars[:found], stream.hash[:found]), raw, lettered)


@numba.njit(nogil=True, cache=True)
def _normalize(
    data: Bytes,
    segments: Segments,
    classes: Bytes,
    fold: Folding,
    bytes_of: Bytes,
    scratch: Bytes,
    stream: Stream,
    raw_words: Int64s,
    raw_letter_words: Int64s,
) -> None:
    word_start, word_end, _, _, _, flags, _ = segments.words
    bounds, chars, hashes = stream
    place, packed, _ = fold
    found = 0
    for document in range(raw_words.size):
        raw = lettered = 0
        for word in range(segments.document_words[document], segments.document_words[document + 1]):
            start, end = word_start[word], word_end[word]
            marked = flags[word] & (MARKED | ASCII) == MARKED | ASCII and data[end - 1] in _CLAUSE_ENDS
            if flags[word] & PLAIN or marked:
                raw += 2 if marked else 1
                lettered += (flags[word] & HAS_LETTER) != 0
                size = end - start - marked
                chars[found], hashes[found] = size, _hash_lowered(data, start, start + size)
                found += 1
                continue
            size, points, more, more_lettered = _fold_word(data, start, end, classes, place, packed, bytes_of, scratch)
            raw += more
            lettered += more_lettered
            if points:
                chars[found], hashes[found] = points, hash_bytes(scratch, 0, size)
                found += 1
        raw_words[document], raw_letter_words[document] = raw, lettered
        bounds[document + 1] = found


@numba.njit(nogil=True, cache=True)
def _hash_lowered(data: Bytes, start: int, end: int) -> np.uint64:
    """`hash_bytes` of an ASCII word in lower case."""
    state = np.uint64(end - start)
    i = start
    while i < end:
        state = (state ^ lowered(load_eight(data, i) & keep_first(end - i))) * _HASH_FACTOR
        state ^= state >> _HALF
        i += 8
    return finish(state)


@numba.njit(nogil=True, cache=True)
def _fold_word(
    data: Bytes, i: int, end: int, classes: Bytes, place: Int32s, packed: Bytes, bytes_of: Bytes, scratch: Bytes
) -> tuple[int, int, int, int]:
    """Writes the normalized word; its bytes and characters, and how many raw words it holds, how many with a letter."""
    size = points = raw = lettered = 0
    kind, letter_seen = -1, False
    while i < end:
        byte = int(data[i])
        if byte < NON_ASCII:
            bits = int(bytes_of[byte])
            now = bits & _WORD
            i += 1
            if not bits & _PUNCTUATION:
                scratch[size] = byte | 32 if 65 <= byte <= 90 else byte
                size += 1
                points += 1
        else:
            bits = 0
            point, width = code_point(data, i, end)
            now = _WORD if classes[point] & ALPHANUMERIC else 0
            at = place[point]
            if at < 0:
                for k in range(width):
                    scratch[size + k] = data[i + k]
                size += width
                points += 1
            else:
                for k in range(packed[at]):
                    scratch[size + k] = packed[at + 2 + k]
                size += packed[at]
                points += packed[at + 1]
            i += width
        if now != kind:
            raw += 1
            kind, letter_seen = now, False
        if bits & _ASCII_LETTER and not letter_seen:
            letter_seen = True
            lettered += 1
    return size, points, raw, lettered
