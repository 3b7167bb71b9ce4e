r"""Lines of a batch and their keys: what repeats across documents line by line.

A line is what stands between two ``\n`` (or an end of the text) and is not only white space. Two lines are the same
when their normal forms are:

* ``c4``: without white space at the ends, any other white space as a space, lower-cased (``remove_duplicate_text`` of
  tensorflow_datasets ``text/c4_utils.py``, which tells a tab from a space).
* ``ccnet``: only letters, marks and digits and, between them, one space for any white space; lower-cased, every
  decimal digit a 0 (Wenzek et al. 2020, arXiv:1911.00359, ``cc_net/text_normalizer.py``, which drops a list of
  punctuation marks and control characters, keeps symbols and strips accents; here all of these go and accents stay).

A line whose normal form is empty has no key and is never a repeat.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import Literal, NamedTuple

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill.dedup.signatures.characters import CLASS_SHIFT, IGNORED, OTHER, SPACE, character_table, decode
from gristmill.dedup.signatures.text_buffers import Bytes, Integer, Offsets, text_buffers
from gristmill.dedup.signatures.word_hashes import WORD_FACTOR, WORD_SEED, Hashes, fmix64
from gristmill.errors import ConfigError, unknown_name
from gristmill.kernels.cached_arrays import cached_arrays

Places = npt.NDArray[np.int64]

LineNormalization = Literal["c4", "ccnet"]
LINE_NORMALIZATIONS: tuple[LineNormalization, ...] = ("c4", "ccnet")

_CODE_MASK = np.uint32(0x1FFFFF)
_ZERO = 48


class Lines(NamedTuple):
    """The lines of D texts that have a key, N in all.

    Attributes:
        bounds: int64 of shape (D + 1,); text d has the lines ``bounds[d]`` to ``bounds[d + 1]``.
        start: int64 of shape (N,), first byte of each line's row, white space included, counted from the beginning of
            its text.
        end: int64 of shape (N,), the byte after its line break; the end of the text for the last line.
        chars: int64 of shape (N,), characters of the normal form.
        key: uint64 of shape (N,), hash of the normal form.
    """

    bounds: Places
    start: Places
    end: Places
    chars: Places
    key: Hashes


@functools.cache
def _digits() -> npt.NDArray[np.uint8]:
    """1 for every decimal digit."""
    return cached_arrays(_build_digits)[0]


def _build_digits() -> tuple[npt.NDArray[np.uint8]]:
    table = np.zeros(0x110000, np.uint8)
    for code in range(0x110000):
        if unicodedata.category(chr(code)) == "Nd":
            table[code] = 1
    return (table,)


def keyed_lines(texts: pa.Array | pa.ChunkedArray, normalization: LineNormalization = "c4") -> Lines:
    r"""Finds every line of every text and its key.

    Args:
        texts: string or large_string, without nulls.
        normalization: one of `LINE_NORMALIZATIONS`.

    Raises:
        ConfigError: an unknown normalization.
        InputError: ``texts`` is no text column, or holds nulls.

    >>> found = keyed_lines(pa.array(["Home \n\nThe mill.\nHOME"]))
    >>> found.start.tolist(), found.end.tolist(), bool(found.key[0] == found.key[2])
    ([0, 7, 17], [6, 17, 21], True)
    """
    if normalization not in LINE_NORMALIZATIONS:
        raise ConfigError(unknown_name("line normalization", normalization, LINE_NORMALIZATIONS))
    data, offsets = text_buffers(texts)
    most = _most_lines(data, offsets)
    bounds = np.zeros(len(offsets), np.int64)
    start, end, chars = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    key = np.empty(most, np.uint64)
    strict = normalization == "ccnet"
    _lines(data, offsets, character_table(), _digits(), strict, bounds, start, end, chars, key)
    many = int(bounds[-1])
    return Lines(bounds, start[:many].copy(), end[:many].copy(), chars[:many].copy(), key[:many].copy())


@numba.njit(nogil=True, cache=True)
def _most_lines(data: Bytes, offsets: Offsets) -> int:
    breaks = len(offsets) - 1
    for i in range(offsets[0], offsets[-1]):
        breaks += data[i] == 10
    return breaks


@numba.njit(nogil=True, cache=True)
def _lines(
    data: Bytes,
    offsets: Offsets,
    table: npt.NDArray[np.uint32],
    digits: Bytes,
    strict: bool,
    bounds: Places,
    start: Places,
    end: Places,
    chars: Places,
    key: Hashes,
) -> None:
    count = 0
    for text in range(len(offsets) - 1):
        first, last = offsets[text], offsets[text + 1]
        begin = first
        while begin < last:
            stop = begin
            while stop < last and data[stop] != 10:
                stop += 1
            found, hashed = _line_key(data, begin, stop, table, digits, strict)
            stop = min(stop + 1, last)
            if found:
                start[count], end[count] = begin - first, stop - first
                chars[count], key[count] = found, hashed
                count += 1
            begin = stop
        bounds[text + 1] = count


@numba.njit(nogil=True, cache=True)
def _line_key(
    data: Bytes, position: Integer, stop: Integer, table: npt.NDArray[np.uint32], digits: Bytes, strict: bool
) -> tuple[Integer, np.uint64]:
    """Characters of a line's normal form and its hash; a space counts when the next character does."""
    chars = spaces = np.int64(0)
    running = WORD_SEED
    while position < stop:
        code: Integer = np.int64(data[position])
        if code < 0x80:
            position += 1
        else:
            code, position = decode(data, position, stop)
        entry = table[code]
        kind = entry >> CLASS_SHIFT
        if kind == SPACE:
            if chars:
                spaces = np.int64(1) if strict else spaces + 1
            continue
        if strict and kind in (OTHER, IGNORED):
            continue
        for _ in range(spaces):
            running = (running ^ np.uint64(32)) * WORD_FACTOR
            running ^= running >> np.uint64(32)
        chars += spaces + 1
        spaces = np.int64(0)
        lowered = np.uint64(entry & _CODE_MASK)
        if strict and digits[code]:
            lowered = np.uint64(_ZERO)
        running = (running ^ lowered) * WORD_FACTOR
        running ^= running >> np.uint64(32)
    return chars, fmix64(running)
