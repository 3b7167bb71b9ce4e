"""Shingles: the runs of ``n`` consecutive words or characters of a text, as 64-bit hashes.

What is made equal first, such as case, is the normalization (`gristmill.dedup.signatures.normalization`). Words are
runs of word characters; which characters those are, and what happens in scripts without spaces, is stated in
`gristmill.dedup.signatures.characters`. The hash of a shingle is a fixed function of its words, the same on every
machine:

    character(c) = fmix64(0x9AE16A3B2F90404F + c * 0x9FB21C651E98DF25), where c is the code point
    word(c1 .. ck) = fmix64(h_k),   h_0 = 0x9AE16A3B2F90404F,   h_i = fold((h_{i-1} ^ c_i) * 0x9FB21C651E98DF25)
    shingle(u1 .. un) = fmix64(sum of word or character(u_i) * 0xD6E8FEB86659FD93 ** (n - i))

modulo 2**64, where the ``c`` of a word are the bytes of the normalized word in UTF-8, 8 at a time as big-endian
integers (the last chunk may be shorter), ``fold(x) = x ^ (x >> 32)`` and ``fmix64`` is the finalizer of MurmurHash3.
The hash is fast, not cryptographic.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill.dedup.signatures.characters import decode
from gristmill.dedup.signatures.normalization import Normalization, Prepared, Unit, prepare
from gristmill.dedup.signatures.radix import sort_prefix
from gristmill.dedup.signatures.text_buffers import Bytes, Integer, Offsets, Table
from gristmill.dedup.signatures.word_hashes import WORD_FACTOR, WORD_SEED, Hashes, fmix64, word_hashes
from gristmill.errors import ConfigError
from gristmill.kernels.kernel import kernel

SHINGLE_FACTOR = np.uint64(0xD6E8FEB86659FD93)


@kernel
def character_hashes(data: Bytes, start: Integer, end: Integer, out: Hashes) -> Integer:
    """Writes the hash of each code point of ``data[start:end]`` to ``out`` and returns how many there are.

    ``out`` must hold ``end - start`` values.
    """
    count = 0
    position = start
    while position < end:
        code: Integer = np.int64(data[position])
        if code < 0x80:
            position += 1
        else:
            code, position = decode(data, position, end)
        out[count] = fmix64(WORD_SEED + np.uint64(code) * WORD_FACTOR)
        count += 1
    return count


@kernel
def unit_hashes(data: Bytes, start: Integer, end: Integer, table: Table, by_word: bool, out: Hashes) -> Integer:
    """The hash of each word, or else of each character, into ``out`` (`unit_capacity`); returns how many there are."""
    if by_word:
        return word_hashes(data, start, end, table, out)
    return character_hashes(data, start, end, out)


@kernel
def shingle_hashes(words: Hashes, count: Integer, shingle: int, out: Hashes) -> Integer:
    """Turns ``words[:count]`` into shingle hashes in ``out`` and returns how many: ``max(0, count - shingle + 1)``.

    ``out`` needs ``count`` values and must not be ``words``.
    """
    if count < shingle:
        return 0
    leaving = np.uint64(1)  # the power that the oldest word has when it leaves the window
    for _ in range(shingle):
        leaving *= SHINGLE_FACTOR
    rolling = np.uint64(0)
    for i in range(shingle):
        rolling = rolling * SHINGLE_FACTOR + words[i]
    out[0] = fmix64(rolling)
    for i in range(shingle, count):
        rolling = rolling * SHINGLE_FACTOR + words[i] - words[i - shingle] * leaving
        out[i - shingle + 1] = fmix64(rolling)
    return count - shingle + 1


@kernel
def longest_text(offsets: Offsets) -> Integer:
    """Bytes of the longest document: what scratch space is sized by."""
    longest = np.int64(0)
    for i in range(len(offsets) - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    return longest


@kernel
def unit_capacity(offsets: Offsets, by_word: bool) -> Integer:
    """How many words or characters a document has at most: what scratch space is sized by."""
    longest = longest_text(offsets)
    return longest // 2 + 1 if by_word else longest + 1


@numba.njit(nogil=True, cache=True)
def _count_shingles(
    data: Bytes, offsets: Offsets, table: Table, by_word: bool, shingle: int, out: npt.NDArray[np.int64]
) -> None:
    units = np.empty(unit_capacity(offsets, by_word), np.uint64)
    for i in range(len(out)):
        out[i] = max(0, unit_hashes(data, offsets[i], offsets[i + 1], table, by_word, units) - shingle + 1)


@numba.njit(nogil=True, cache=True)
def _fill_sets(
    data: Bytes, offsets: Offsets, table: Table, by_word: bool, shingle: int, values: Hashes, set_offsets: Offsets
) -> Integer:
    """Sorted unique shingle hashes of each document, one after the other; returns the number of values written."""
    units = np.empty(unit_capacity(offsets, by_word), np.uint64)
    hashed = np.empty_like(units)
    written = 0
    for i in range(len(offsets) - 1):
        count = unit_hashes(data, offsets[i], offsets[i + 1], table, by_word, units)
        count = shingle_hashes(units, count, shingle, hashed)
        sort_prefix(hashed, count, units)
        for j in range(count):
            if j == 0 or hashed[j] != hashed[j - 1]:
                values[written] = hashed[j]
                written += 1
        set_offsets[i + 1] = written
    return written


def check_shingle(shingle: int) -> None:
    """Raises `ConfigError` unless ``shingle`` is a positive number of words or characters."""
    if shingle < 1:
        message = f"shingle must be at least 1 word or character, got {shingle}; published settings use 5 or 13 words"
        raise ConfigError(message)


def hashes(text: str, shingle: int = 5, *, unit: Unit = "word", normalization: Normalization = "casefold") -> Hashes:
    """The 64-bit shingle hashes of one text, in order of occurrence, repeats included.

    Args:
        text: any string; a lone surrogate separates words.
        shingle: words or characters per shingle.
        unit: what a shingle is made of.
        normalization: what is made equal first.

    Returns:
        uint64 of length ``max(0, units - shingle + 1)``: empty for a text shorter than a shingle.

    Raises:
        ConfigError: ``shingle`` is below 1, or there is no such unit or normalization.

    >>> [len(hashes(text, 3)) for text in ("too short", "a b c d", "A, b; c! d?")]
    [0, 2, 2]
    >>> bool((hashes("a b c d", 3) == hashes("A, b; c! d?", 3)).all())
    True
    >>> len(hashes("a  b c", 3, unit="character"))
    3
    """
    check_shingle(shingle)
    raw = text.encode("utf-8", "surrogatepass")
    offsets = pa.py_buffer(np.array([0, len(raw)], np.int64))
    prepared = prepare(pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(raw)), unit, normalization)
    units = np.empty(unit_capacity(prepared.offsets, prepared.by_word), np.uint64)
    out = np.empty_like(units)
    first, last = prepared.offsets
    count = unit_hashes(prepared.data, first, last, prepared.table, prepared.by_word, units)
    return out[: shingle_hashes(units, count, shingle, out)]


def shingle_counts(
    texts: pa.Array | pa.ChunkedArray,
    shingle: int = 5,
    *,
    unit: Unit = "word",
    normalization: Normalization = "casefold",
) -> npt.NDArray[np.int64]:
    """How many shingles each text has, repeats included; 0 for a text shorter than a shingle.

    >>> shingle_counts(pa.array(["one two", "one two three"]), shingle=3)
    array([0, 1])
    """
    return _counted(prepare(texts, unit, normalization), shingle)


def _counted(prepared: Prepared, shingle: int) -> npt.NDArray[np.int64]:
    check_shingle(shingle)
    out = np.empty(len(prepared.offsets) - 1, np.int64)
    _count_shingles(prepared.data, prepared.offsets, prepared.table, prepared.by_word, shingle, out)
    return out


def shingle_sets(
    texts: pa.Array | pa.ChunkedArray,
    shingle: int = 5,
    *,
    unit: Unit = "word",
    normalization: Normalization = "casefold",
) -> pa.LargeListArray:
    """The set of shingle hashes of each text, sorted ascending without repeats: ``large_list<uint64>``.

    Empty for a text shorter than a shingle. ``.offsets`` and ``.values`` of the result are what
    `gristmill.dedup.resolution.verify.jaccard_pairs` and `gristmill.dedup.resolution.resolve.resolve` take. 8 bytes per
    shingle: about 1.3 times the text for English words, 8 times for characters.

    Raises:
        ConfigError: ``shingle`` is below 1, or there is no such unit or normalization.
        InputError: ``texts`` is no text column, or holds nulls.

    >>> [len(s) for s in shingle_sets(pa.array(["a b a b a b", "a"]), shingle=2).to_pylist()]
    [2, 0]
    """
    prepared = prepare(texts, unit, normalization)
    values = np.empty(int(_counted(prepared, shingle).sum()), np.uint64)
    set_offsets = np.zeros(len(prepared.offsets), np.int64)
    written = _fill_sets(
        prepared.data, prepared.offsets, prepared.table, prepared.by_word, shingle, values, set_offsets
    )
    return pa.LargeListArray.from_arrays(pa.array(set_offsets), pa.array(values[:written]))
