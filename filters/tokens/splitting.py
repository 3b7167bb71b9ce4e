"""Splitting one word into tokens as spaCy's English tokenizer does: exceptions, affixes and infixes in turn.

The order of steps is that of ``Tokenizer._split_affixes``, ``_attach_tokens`` and the special cases of spaCy 3.8
(``tokenizer.pyx``); each step is one of `gristmill.filters.tokens.affixes`.
"""

from __future__ import annotations

import numpy as np

from gristmill.filters.text.arrays import Bytes, Hashes, Int64s
from gristmill.filters.text.buffers import PAD_BYTES
from gristmill.filters.text.utf8 import NON_ASCII, code_point
from gristmill.filters.tokens.affixes import UNIT_HASHES, Classes, infix_bytes, is_address, prefix_bytes, suffix_bytes
from gristmill.filters.tokens.classes import ALPHABETIC, ENDS_SENTENCE, NO_WORD, PUNCTUATION
from gristmill.filters.tokens.exceptions import TOKEN_EXCEPTIONS
from gristmill.kernels.kernel import kernel
from gristmill.kernels.swar import hash_bytes

HAS_LETTER, IS_WORD, IS_PUNCTUATION, IS_SENTENCE_END = 1, 2, 4, 8
"""Flags of a token: a letter in it; a character outside datatrove's punctuation; punctuation (P*) only; a mark that
ends a sentence."""

_SLOTS = 4096
_HINTS = 16384
_MOST_PIECES = 4
_MOST_JOINED = 6
"""No exception is made of more tokens."""


_DOT = ord(".")
_BITS, _ONE = 64, np.uint64(1)
_NO_INFIX = np.array([byte < NON_ASCII and chr(byte).isalnum() for byte in range(256)])
"""ASCII letters and digits, which begin no infix."""


def _exception_table() -> tuple[Hashes, Bytes, Bytes, Hashes]:
    """Keys by slot; bytes of the pieces by slot; which low bits of a hash some key has; which sizes by first byte."""
    keys, pieces = np.zeros(_SLOTS, np.uint64), np.zeros((_SLOTS, _MOST_PIECES), np.uint8)
    hints = np.zeros(_HINTS, np.uint8)
    sizes = np.zeros(256, np.uint64)
    for word, parts in TOKEN_EXCEPTIONS.items():
        raw = word.encode()
        sizes[raw[0]] |= np.uint64(1 << len(raw))
        key = hash_bytes(np.frombuffer(raw + bytes(PAD_BYTES), np.uint8), 0, len(raw))
        slot = int(key) % _SLOTS
        while keys[slot]:
            slot = (slot + 1) % _SLOTS
        keys[slot] = key
        hints[int(key) % _HINTS] = 1
        pieces[slot, : len(parts)] = [len(part.encode()) for part in parts]
    return keys, pieces, hints, sizes


_KEYS, _PIECES, _HINT, _SIZES = _exception_table()


@kernel
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


@kernel
def listed(data: Bytes, start: int, end: int) -> int:
    """The slot of the listed word ``data[start:end]`` plus one, or 0."""
    size = end - start
    if not 0 < size < _BITS or not (_SIZES[data[start]] >> np.uint64(size)) & _ONE:
        return 0
    return find_exception(hash_bytes(data, start, end))


@kernel
def split_word(data: Bytes, start: int, end: int, classes: Classes, ends: Int64s) -> int:
    """Splits ``data[start:end]``, which has no white space, into tokens; fills in their ends, returns how many.

    ``ends`` has room for one more than the word has bytes. Each step takes a byte or more away, and looks at a bounded
    number of bytes, but for runs of dots, which it takes away, and for the address and the infixes, looked for once.
    """
    if listed(data, start, end):
        return _put_listed(data, start, end, ends, 0)
    count, a, b, behind = 0, start, end, ends.size
    while a < b:
        before = b - a
        prefix = prefix_bytes(data, a, b, classes)
        if prefix and listed(data, a + prefix, b):
            ends[count] = a + prefix
            count, a = count + 1, a + prefix
            break
        suffix = suffix_bytes(data, a + prefix, b, classes, UNIT_HASHES)
        if suffix and listed(data, a, b - suffix):
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
        if b - a == before or listed(data, a, b):
            break
    count = _put_middle(data, a, b, classes, ends, count)
    for k in range(behind, ends.size):
        ends[count] = ends[k]
        count += 1
    return _join_listed(data, start, ends, count) if count > 2 else count


@kernel
def _put_listed(data: Bytes, a: int, b: int, ends: Int64s, count: int) -> int:
    """Adds the pieces of a listed word."""
    slot = listed(data, a, b) - 1
    for k in range(_MOST_PIECES):
        size = _PIECES[slot, k]
        if size:
            a += size
            ends[count] = a
            count += 1
    return count


@kernel
def _put_middle(data: Bytes, a: int, b: int, classes: Classes, ends: Int64s, count: int) -> int:
    """Adds what is left between prefixes and suffixes."""
    if a >= b:
        return count
    if listed(data, a, b):
        return _put_listed(data, a, b, ends, count)
    dots = False
    for i in range(a, b):
        dots |= data[i] == _DOT
    if not dots or not is_address(data, a, b, classes):
        begin = i = a
        while i < b:
            if _NO_INFIX[data[i]]:
                i += 1
                continue
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


@kernel
def _join_listed(data: Bytes, start: int, ends: Int64s, count: int) -> int:
    """Where neighbouring tokens spell a listed word, puts its pieces in their place: the longest, then the first."""
    for many in range(min(count - 1, _MOST_JOINED), 1, -1):
        begin, kept, k = start, 0, 0
        while k < count:
            slot = listed(data, begin, ends[k + many - 1]) if k + many <= count else 0
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


@kernel
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
