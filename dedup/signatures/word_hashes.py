"""Words of a text as 64-bit hashes.

What a word is says `gristmill.dedup.signatures.characters`, what its hash is `gristmill.dedup.signatures.shingles`.

Words of ASCII characters are read eight bytes at a time (`gristmill.kernels.swar`), and found by the bits of 64
(`gristmill.kernels.bit_planes`); all others character by character.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gristmill.dedup.signatures.characters import CLASS_SHIFT, IGNORED, MARK, UNSPACED, WORD, decode
from gristmill.dedup.signatures.text_buffers import Bytes, Integer, Table
from gristmill.kernels.bit_planes import LANES, byte_in, in_range, letters_in
from gristmill.kernels.kernel import inlined_kernel, kernel
from gristmill.kernels.swar import (
    TOPS,
    byte_lanes,
    digit_lanes,
    first_bit,
    first_lane,
    leading_zeros,
    letter_lanes,
    load_eight,
    lowered,
    swapped,
)

Hashes = npt.NDArray[np.uint64]

WORD_SEED = np.uint64(0x9AE16A3B2F90404F)
WORD_FACTOR = np.uint64(0x9FB21C651E98DF25)

_CODE_MASK = np.uint32(0x1FFFFF)
_LEAD = (0, 0, 0xC0, 0xE0, 0xF0)  # first byte of a UTF-8 sequence, by its length
_UPPER_A, _UNDERSCORE = ord("A"), ord("_")
_EIGHT, _SHORT = 8, 16
_NO_WORD = 0
_IN_WORD = 1
_AFTER_UNSPACED = 2


@inlined_kernel
def fmix64(value: np.uint64) -> np.uint64:
    """MurmurHash3's 64-bit finalizer (Appleby, MurmurHash3.cpp): a bijection whose every bit depends on all."""
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


@inlined_kernel
def _mix(running: np.uint64, chunk: np.uint64) -> np.uint64:
    running = (running ^ chunk) * WORD_FACTOR
    return running ^ (running >> np.uint64(32))


@kernel
def _finished(running: np.uint64, chunk: np.uint64) -> np.uint64:
    """The hash of a word whose last, unfinished chunk is ``chunk``; 0 if there is none (no word holds NUL)."""
    return fmix64(_mix(running, chunk) if chunk else running)


@kernel
def _append(running: np.uint64, chunk: np.uint64, more: np.uint64, size: Integer) -> tuple[np.uint64, np.uint64]:
    """Up to eight more bytes of UTF-8, a big-endian number, in the chunk of a word; a chunk of 8 is mixed in."""
    pending = (64 - leading_zeros(chunk) + 7) >> 3  # no word holds NUL
    taken = min(size, _EIGHT - pending)
    rest = np.uint64(8 * (size - taken))
    chunk = ((chunk << np.uint64(8 * taken)) if pending else np.uint64(0)) | (more >> rest)
    if pending + taken < _EIGHT:
        return running, chunk
    return _mix(running, chunk), more & ((np.uint64(1) << rest) - np.uint64(1))


@inlined_kernel
def _word_lanes(eight: np.uint64) -> np.uint64:
    """Bytes that are ASCII word characters: letters, digits, the underscore."""
    return letter_lanes(eight) | digit_lanes(eight) | byte_lanes(eight, _UNDERSCORE)


@kernel
def _encoded(code: np.int64) -> tuple[np.uint64, int]:
    """The UTF-8 of a code point as a big-endian number, and how many bytes it has."""
    if code < 0x80:
        return np.uint64(code), 1
    width = 2 if code < 0x800 else (3 if code < 0x10000 else 4)
    more = _LEAD[width] | (code >> (6 * (width - 1)))
    for step in range(width - 2, -1, -1):
        more = more << 8 | 0x80 | ((code >> (6 * step)) & 0x3F)
    return np.uint64(more), width


@inlined_kernel
def _short_word(data: Bytes, position: Integer, size: Integer, fold: bool) -> np.uint64:
    """The hash of an ASCII word of at most `_SHORT` characters, without a branch on how many."""
    low, high = load_eight(data, position), load_eight(data, position + _EIGHT)
    if fold:
        low, high = lowered(low), lowered(high)
    first = _mix(WORD_SEED, swapped(low) >> np.uint64(64 - 8 * min(size, _EIGHT)))
    second = _mix(first, swapped(high) >> np.uint64(64 - 8 * max(size - _EIGHT, 1)))
    return fmix64(second if size > _EIGHT else first)


@kernel
def _continued(
    data: Bytes, position: Integer, end: Integer, fold: bool, running: np.uint64, chunk: np.uint64
) -> tuple[Integer, np.uint64, np.uint64]:
    """Takes the ASCII word characters from ``position`` on into a word that has begun."""
    while position + _EIGHT <= data.size:
        eight = load_eight(data, position)
        size = min(first_lane(~_word_lanes(eight) & TOPS), end - position)
        if size == 0:
            break
        more = swapped(lowered(eight) if fold else eight) >> np.uint64(64 - 8 * size)
        running, chunk = _append(running, chunk, more, size)
        position += size
    return position, running, chunk


@kernel
def _ascii_words(data: Bytes, position: Integer, end: Integer, fold: bool, out: Hashes) -> tuple[Integer, Integer]:
    """Hashes the short ASCII words from ``position``, where none goes on, up to the first of another kind.

    Returns:
        The position behind them, and how many there are.
    """
    count = 0
    window, bits = position - LANES, np.uint64(0)  # which of 64 bytes are word characters
    while position < end and position + LANES + _SHORT <= data.size and data[position] < 0x80:
        if position - window > LANES - _SHORT - 1:
            window = position
            bits = letters_in(data, position) | in_range(data, position, 48, 57) | byte_in(data, position, _UNDERSCORE)
        size = min(first_bit(~(bits >> np.uint64(position - window))), end - position)
        if size > _SHORT or (position + size < end and data[position + size] >= 0x80):
            break
        if size > 0:
            out[np.uint64(count)] = _short_word(data, position, size, fold)
            count += 1
        position += size + 1
    return min(position, end), count


@kernel
def word_hashes(data: Bytes, start: Integer, end: Integer, table: Table, out: Hashes) -> Integer:
    """Writes the hash of each word of ``data[start:end]`` to ``out`` and returns how many there are.

    ``out`` must hold ``(end - start) // 2 + 1`` values: a word takes a byte and a separator, or more.
    """
    fold = bool(table[_UPPER_A] & _CODE_MASK != _UPPER_A)
    count: Integer = 0
    state, running, chunk = _NO_WORD, WORD_SEED, np.uint64(0)
    position = start
    while position < end:
        if state == _NO_WORD:
            position, found = _ascii_words(data, position, end, fold, out[count:])
            count += found
        if state != _AFTER_UNSPACED:
            begin = position
            position, running, chunk = _continued(data, position, end, fold, running, chunk)
            state = _IN_WORD if position > begin else state
        if position == end:
            break
        code: Integer = np.int64(data[position])
        if code < 0x80:
            position += 1
        else:
            code, position = decode(data, position, end)
        entry = table[code]
        kind = entry >> CLASS_SHIFT
        if kind == IGNORED or (kind == MARK and state == _NO_WORD):
            continue
        if state != _NO_WORD and kind != MARK and not (kind == WORD and state == _IN_WORD):
            out[count] = _finished(running, chunk)
            count, state, running, chunk = count + 1, _NO_WORD, WORD_SEED, np.uint64(0)
        if kind == WORD:
            state = _IN_WORD
        elif kind == UNSPACED:
            state = _AFTER_UNSPACED
        elif kind != MARK:
            continue
        more, size = _encoded(np.int64(entry & _CODE_MASK))
        running, chunk = _append(running, chunk, more, size)
    if state != _NO_WORD:
        out[count] = _finished(running, chunk)
        count += 1
    return count
