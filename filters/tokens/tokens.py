"""Tokens: words as spaCy's English tokenizer splits them, which is what datatrove's filters count.

``spacy.blank("en")`` splits a text at white space, then each piece: prefixes and suffixes (quotes, brackets, marks,
currency, units behind a number, ``'s``, a full stop) are taken off from outside in, listed exceptions (``don't``,
``Mr.``, ``:-)``) are split or kept as the list says, an address is kept whole, and what is left is split at infixes
(hyphens between letters, ellipses, slashes, ...). Steps: `gristmill.filters.tokens.affixes`; lists:
`gristmill.filters.tokens.exceptions`; characters: `gristmill.filters.tokens.classes`.

White space is the Unicode property (``str.isspace`` also takes U+001C to U+001F), and a piece between white space is
split by itself. Scripts without spaces are not split, but for the marks between their sentences: datatrove uses this
English tokenizer wherever a filter is not told another language.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from gristmill.filters.text.arrays import Bytes, Hashes, Int32s, Int64s
from gristmill.filters.text.buffers import PAD_BYTES, TextBuffer
from gristmill.filters.text.segments import HAS_LETTER as WORD_HAS_LETTER
from gristmill.filters.text.segments import LETTERS, MARKED, PLAIN, Segments
from gristmill.filters.text.utf8 import NON_ASCII
from gristmill.filters.tokens.affixes import Classes, dot_goes
from gristmill.filters.tokens.classes import token_class_table
from gristmill.filters.tokens.splitting import HAS_LETTER, IS_WORD, describe, find_exception, listed, split_word
from gristmill.kernels.arena import Arena
from gristmill.kernels.kernel import inlined_kernel, kernel
from gristmill.kernels.swar import hash_bytes

_IS_MARK = np.array([chr(byte) in ',;:!?)]"' for byte in range(256)])
"""Split off letters, and no listed word ends with letters and one of them."""


class _Marks(NamedTuple):
    """Hash and flags of each ASCII character as a token."""

    hash: Hashes
    flags: Bytes


@functools.lru_cache(maxsize=1)
def _marks() -> _Marks:
    ascii_bytes = np.concatenate([np.arange(128, dtype=np.uint8), np.zeros(PAD_BYTES, np.uint8)])
    hashes = [hash_bytes(ascii_bytes, byte, byte + 1) for byte in range(128)]
    flags = [describe(ascii_bytes, byte, byte + 1, token_class_table())[1] for byte in range(128)]
    return _Marks(np.array(hashes, np.uint64), np.array(flags, np.uint8))


class Tokens(NamedTuple):
    """The tokens of a batch.

    Attributes:
        bounds: of shape (documents + 1,); document d has the tokens ``bounds[d]`` to ``bounds[d + 1]``.
        words: of shape (words + 1,); word w (of `gristmill.filters.text.segment`) has ``words[w]`` to ``words[w + 1]``.
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


def tokenize(buffer: TextBuffer, segments: Segments, arena: Arena | None = None) -> Tokens:
    r"""Splits all words of a batch into tokens.

    Args:
        buffer: the batch.
        segments: its words.
        arena: where the arrays of the result lie; memory of their own if None.

    >>> import pyarrow as pa
    >>> from gristmill.filters.text.buffers import text_buffer
    >>> from gristmill.filters.text.segment import segment
    >>> text = text_buffer(pa.array(['"Don\'t," Mr. Gray-Smith said (twice).']))
    >>> found = tokenize(text, segment(text))
    >>> [bytes(text.data[a:b]).decode() for a, b in zip(found.start, found.end)]
    ['"', 'Do', "n't", ',', '"', 'Mr.', 'Gray', '-', 'Smith', 'said', '(', 'twice', ')', '.']
    """
    room = arena or Arena()
    most = int(buffer.offsets[-1]) + 1
    words = len(segments.words.start)
    found = Tokens(
        bounds=np.zeros(len(buffer.offsets), np.int64),
        words=room.empty(words + 1, np.int64),
        start=room.empty(most, np.int64),
        end=room.empty(most, np.int64),
        chars=room.empty(most, np.int32),
        flags=room.empty(most, np.uint8),
        hash=room.empty(most, np.uint64),
    )
    longest = int((segments.words.end - segments.words.start).max(initial=0)) + 1
    _tokenize(buffer.data, segments, token_class_table(), _marks(), np.empty(longest, np.int64), found)
    count = int(found.bounds[-1])
    return Tokens(
        found.bounds, found.words, found.start[:count], found.end[:count], found.chars[:count], found.flags[:count],
        found.hash[:count],
    )  # fmt: skip


@kernel
def _tokenize(data: Bytes, segments: Segments, classes: Classes, marks: _Marks, ends: Int64s, found: Tokens) -> None:
    bounds = segments.document_words
    token = 0
    for document in range(bounds.size - 1):
        for word in range(bounds[document], bounds[document + 1]):
            place = np.uint64(word)
            found.words[place] = token
            kind, hashed = segments.words.flags[place], segments.words.hash[place]
            start, end = segments.words.start[place], segments.words.end[place]
            if kind & (LETTERS | PLAIN) and not find_exception(hashed):
                if kind & LETTERS or not _ends_in_unit(data, start, end):
                    seen = IS_WORD | (HAS_LETTER if kind & WORD_HAS_LETTER else 0)
                    _put(found, token, start, end, segments.words.chars[place], seen, hashed)
                    token += 1
                    continue
            elif kind & MARKED and _splits_mark(data, start, end, hashed, classes):
                chars = segments.words.chars[place] - 1
                _put(found, token, start, end - 1, chars, IS_WORD | HAS_LETTER, hash_bytes(data, start, end - 1))
                mark = data[end - 1]
                _put(found, token + 1, end - 1, end, 1, marks.flags[mark], marks.hash[mark])
                token += 2
                continue
            ends[0] = end
            count = 1 if segments.words.chars[place] == 1 else split_word(data, start, end, classes, ends)
            begin = start
            for k in range(count):
                if ends[k] == begin + 1 and data[begin] < NON_ASCII:
                    _put(found, token, begin, begin + 1, 1, marks.flags[data[begin]], marks.hash[data[begin]])
                else:
                    chars, seen = describe(data, begin, ends[k], classes)
                    _put(found, token, begin, ends[k], chars, seen, hash_bytes(data, begin, ends[k]))
                begin = ends[k]
                token += 1
        found.bounds[document + 1] = token
    found.words[bounds[-1]] = token


@inlined_kernel
def _put(found: Tokens, token: int, start: int, end: int, chars: int, flags: int, hashed: np.uint64) -> None:
    place = np.uint64(token)
    found.start[place], found.end[place], found.chars[place] = start, end, chars
    found.flags[place], found.hash[place] = flags, hashed


@kernel
def _splits_mark(data: Bytes, start: int, end: int, key: np.uint64, classes: Classes) -> bool:
    """Whether letters with one mark behind them are two tokens, which no list concerns: the usual end of a clause."""
    mark = data[end - 1]
    if mark == ord("."):
        small = end - start > 1 and ord("a") <= data[end - 2] <= ord("z")  # as before most dots
        if not small and (end - start < 2 or not dot_goes(data, start, end, classes)):
            return False
        if find_exception(key):
            return False
    elif not _IS_MARK[mark]:
        return False
    return not listed(data, start, end - 1)


@kernel
def _ends_in_unit(data: Bytes, start: int, end: int) -> bool:
    """Whether letters follow a digit somewhere, so that a unit may have to be split off."""
    return end - start > 1 and data[end - 1] > ord("9") and _has_digit(data, start, end)


@kernel
def _has_digit(data: Bytes, start: int, end: int) -> bool:
    for i in range(start, end):  # noqa: SIM110 - a kernel has no generators
        if 48 <= data[i] <= 57:
            return True
    return False
