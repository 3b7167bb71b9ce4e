"""Classes of ASCII bytes, and the small looks around that the matchers share.

Every matcher works on one document's bytes, ``data[begin:end]``. What it finds begins and ends at ASCII bytes, so a cut
never falls inside a UTF-8 sequence.
"""

from __future__ import annotations

import string

import numpy as np

from gristmill.filters.text.arrays import Bytes, Hashes
from gristmill.filters.text.utf8 import HASH_START, hash_byte
from gristmill.kernels.kernel import kernel

LETTER, DIGIT, UPPER, HEX, LOCAL, DOMAIN, BASE64, TOKEN = (1 << bit for bit in range(8))
"""Bits: letter, digit, capital; of hexadecimals, the local part of an address, host names, base64, tokens."""

ALNUM = LETTER | DIGIT


def _classes() -> Bytes:
    table = np.zeros(256, np.uint8)
    members = {
        LETTER: string.ascii_letters,
        DIGIT: string.digits,
        UPPER: string.ascii_uppercase,
        HEX: string.hexdigits,
        LOCAL: string.ascii_letters + string.digits + "._%+'-",
        DOMAIN: string.ascii_letters + string.digits + ".-",
        BASE64: string.ascii_letters + string.digits + "+/",
        TOKEN: string.ascii_letters + string.digits + "_-",
    }
    for bit, characters in members.items():
        table[np.frombuffer(characters.encode("ascii"), np.uint8)] |= bit
    return table


CLASSES = _classes()
"""Class bits of each byte."""


@kernel
def is_in(data: Bytes, i: int, begin: int, end: int, bits: int) -> bool:
    """Whether there is a byte ``i`` in the text and it is of one of the classes."""
    return begin <= i < end and (CLASSES[data[i]] & bits) != 0


@kernel
def is_byte(data: Bytes, i: int, begin: int, end: int, byte: int) -> bool:
    """Whether there is a byte ``i`` in the text and it is this one."""
    return begin <= i < end and data[i] == byte


@kernel
def stands_at(data: Bytes, i: int, end: int, wanted: Bytes) -> bool:
    """Whether the wanted bytes stand whole at ``i``."""
    if i + wanted.size > end:
        return False
    for k in range(wanted.size):  # noqa: SIM110 - a generator expression cannot be compiled
        if data[i + k] != wanted[k]:
            return False
    return True


@kernel
def word_before(data: Bytes, i: int, begin: int, max_bytes: int) -> np.uint64:
    """FNV-1a hash of the word of letters, in lower case, that ends before ``i``; marks in between are skipped."""
    limit = max(begin, i - max_bytes)
    last = i
    while last > limit and (CLASSES[data[last - 1]] & ALNUM) == 0 and data[last - 1] != ord("\n"):
        last -= 1
    first = last
    while first > limit and CLASSES[data[first - 1]] & LETTER:
        first -= 1
    state = HASH_START
    for k in range(first, last):
        state = hash_byte(state, int(data[k]) | 0x20)
    return state


@kernel
def is_one_of(hashed: np.uint64, words: Hashes) -> bool:
    """Whether a hash is one of a table's."""
    for word in words:  # noqa: SIM110 - a generator expression cannot be compiled
        if hashed == word:
            return True
    return False


def as_bytes(text: str) -> Bytes:
    """The bytes of an ASCII constant, for a kernel."""
    return np.frombuffer(text.encode("ascii"), np.uint8).copy()
