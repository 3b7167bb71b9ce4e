r"""Passages: runs of at least ``min_tokens`` tokens that stand in several places, found without holding the corpus.

A **token** is a run of word characters (`gristmill.dedup.signatures.characters`), a single character of a script
written without spaces, or any other single character that is not white space. Tokens are equal when their bytes are, so
a passage is repeated exactly, except for the amount of white space between its tokens.

Every window of ``min_tokens`` tokens that occurs twice is found, by three steps that each need the hashes of one
partition only:

1. `anchors`: of every stretch of ``min_tokens`` tokens at least one half-window is chosen by its hash (robust
   winnowing: Schleimer, Wilkerson and Aiken 2003, doi:10.1145/872757.872770), one with the same hash wherever the
   stretch stands. So a window without an anchor whose hash occurs twice is not repeated.
2. `windows`: only windows around anchors that occur more than once are hashed; a window whose hash occurs once is not
   repeated either.
3. `covered`: the bytes of the windows that stand elsewhere first are the passages to cut. They begin and end with
   tokens, so never inside a character.

Hashes have 64 bits. Among 10^9 windows that reach step 2 the chance of any false match is 3 %, and a false match would
have to pass both steps.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill.dedup.signatures.characters import CLASS_SHIFT, IGNORED, MARK, SPACE, WORD, character_table, decode
from gristmill.dedup.signatures.shingles import SHINGLE_FACTOR
from gristmill.dedup.signatures.text_buffers import Bytes, Integer, Offsets, text_buffers
from gristmill.dedup.signatures.word_hashes import WORD_FACTOR, WORD_SEED, Hashes, fmix64
from gristmill.errors import ConfigError

Places = npt.NDArray[np.int64]

LEAST_TOKENS = 8
"""The shortest passage that can be asked for."""


class Tokens(NamedTuple):
    """The tokens of D texts, N in all.

    Attributes:
        bounds: int64 of shape (D + 1,); text d has the tokens ``bounds[d]`` to ``bounds[d + 1]``.
        start: int64 of shape (N,), first byte of each token, counted from the beginning of its text.
        end: int64 of shape (N,), the byte after its last.
        hash: uint64 of shape (N,), of its bytes.
    """

    bounds: Places
    start: Places
    end: Places
    hash: Hashes


class Marks(NamedTuple):
    """Hashed runs of tokens: anchors or windows.

    Attributes:
        hash: uint64 of shape (M,).
        token: int64 of shape (M,), the first token of each, counted through all texts; ascending.
    """

    hash: Hashes
    token: Places


def tokens_of(texts: pa.Array | pa.ChunkedArray) -> Tokens:
    """Finds the tokens of every text.

    >>> found = tokens_of(pa.array(["One two, 三四!"]))
    >>> [(int(a), int(b)) for a, b in zip(found.start, found.end)]
    [(0, 3), (4, 7), (7, 8), (9, 12), (12, 15), (15, 16)]
    """
    data, offsets = text_buffers(texts)
    most = int(offsets[-1] - offsets[0])
    bounds = np.zeros(len(offsets), np.int64)
    start, end, hashed = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.uint64)
    _tokens(data, offsets, character_table(), bounds, start, end, hashed)
    found = int(bounds[-1])
    return Tokens(bounds, start[:found].copy(), end[:found].copy(), hashed[:found].copy())


@numba.njit(nogil=True, cache=True)
def _tokens(
    data: Bytes,
    offsets: Offsets,
    table: npt.NDArray[np.uint32],
    bounds: Places,
    start: Places,
    end: Places,
    hashed: Hashes,
) -> None:
    count = 0
    for text in range(len(offsets) - 1):
        first, last = offsets[text], offsets[text + 1]
        position = first
        open_word = False
        running = WORD_SEED
        while position < last:
            begin = position
            code: Integer = np.int64(data[position])
            if code < 0x80:
                position += 1
            else:
                code, position = decode(data, position, last)
            kind = table[code] >> CLASS_SHIFT
            joins = open_word and kind in (WORD, MARK, IGNORED)
            if open_word and not joins:
                hashed[count] = fmix64(running)
                count += 1
                open_word = False
            if kind == SPACE:
                continue
            if not joins:
                start[count] = begin - first
                running = WORD_SEED
            running = (running ^ np.uint64(code)) * WORD_FACTOR
            running ^= running >> np.uint64(32)
            end[count] = position - first
            if kind == WORD or joins:
                open_word = True
            else:
                hashed[count] = fmix64(running)
                count += 1
        if open_word:
            hashed[count] = fmix64(running)
            count += 1
        bounds[text + 1] = count


def check_min_tokens(min_tokens: int) -> None:
    """Raises `ConfigError` unless a passage has at least `LEAST_TOKENS` tokens."""
    if min_tokens < LEAST_TOKENS:
        message = f"min_tokens must be at least {LEAST_TOKENS}, got {min_tokens}; 50 is what is published"
        raise ConfigError(message)


def anchors(tokens: Tokens, min_tokens: int) -> tuple[Marks, npt.NDArray[np.bool_]]:
    """The chosen half-windows: every stretch of ``min_tokens`` tokens holds one with the least hash of the stretch.

    About two of ``min_tokens / 2 + 1`` places are chosen.

    Args:
        tokens: of `tokens_of`.
        min_tokens: tokens of the shortest passage.

    Returns:
        The anchors, and which of them stand twice within one stretch: a passage that overlaps its own copy shares its
        anchors with it, so these count as repeated even where the corpus holds no other.

    Raises:
        ConfigError: ``min_tokens`` is below `LEAST_TOKENS`.
    """
    check_min_tokens(min_tokens)
    half = min_tokens // 2
    span = min_tokens - half + 1
    hashed, token = np.empty(len(tokens.start), np.uint64), np.empty(len(tokens.start), np.int64)
    twice = np.zeros(len(token), np.uint8)
    found = _anchors(tokens.bounds, tokens.hash, half, span, hashed, token, twice)
    return Marks(hashed[:found].copy(), token[:found].copy()), twice[:found].astype(bool)


@numba.njit(nogil=True, cache=True)
def _run_hashes(hashes: Hashes, begin: Integer, stop: Integer, length: int, out: Hashes) -> Integer:
    """The hash of every run of ``length`` tokens between two tokens, into ``out``; returns how many."""
    if stop - begin < length:
        return 0
    leaving = np.uint64(1)
    for _ in range(length):
        leaving *= SHINGLE_FACTOR
    rolling = np.uint64(0)
    for i in range(begin, stop):
        rolling = rolling * SHINGLE_FACTOR + hashes[i]
        if i - begin >= length:
            rolling -= hashes[i - length] * leaving
        if i - begin >= length - 1:
            out[i - begin - length + 1] = fmix64(rolling)
    return stop - begin - length + 1


@numba.njit(nogil=True, cache=True)
def _anchors(
    bounds: Places, hashes: Hashes, half: int, span: int, hashed: Hashes, token: Places, twice: Bytes
) -> Integer:
    longest = 0
    for text in range(len(bounds) - 1):
        longest = max(longest, bounds[text + 1] - bounds[text])
    runs = np.empty(longest + 1, np.uint64)
    queue = np.empty(longest + 1, np.int64)  # places of a window with ascending hashes: its head is the least
    found = 0
    for text in range(len(bounds) - 1):
        begin = bounds[text]
        many = _run_hashes(hashes, begin, bounds[text + 1], half, runs)
        head = tail = 0
        last = -1
        for i in range(many):
            while tail > head and runs[queue[tail - 1]] > runs[i]:
                tail -= 1
            queue[tail] = i
            tail += 1
            if queue[head] <= i - span:
                head += 1
            if i < span - 1:
                continue
            # Of equal hashes the one chosen before stays as long as it can, else the last is chosen: in a text that
            # repeats itself one place in ``span`` is chosen, not all.
            if last <= i - span or runs[last] != runs[queue[head]]:
                chosen = head
                while chosen + 1 < tail and runs[queue[chosen + 1]] == runs[queue[head]]:
                    chosen += 1
                last = queue[chosen]
                hashed[found], token[found], twice[found] = runs[last], begin + last, 0
                found += 1
            if head + 1 < tail and runs[queue[head + 1]] == runs[queue[head]]:
                twice[found - 1] = 1
    return found


def windows(tokens: Tokens, min_tokens: int, repeated: Places) -> Marks:
    """Every window of ``min_tokens`` tokens that holds a repeated anchor.

    Args:
        tokens: of `tokens_of`.
        min_tokens: as for `anchors`.
        repeated: first tokens of the anchors that occur more than once in the corpus, ascending.
    """
    check_min_tokens(min_tokens)
    near = np.zeros(len(tokens.start), np.uint8)
    _near(tokens.bounds, repeated, min_tokens, min_tokens // 2, near)
    hashed, token = np.empty(len(near), np.uint64), np.empty(len(near), np.int64)
    found = _windows(tokens.bounds, tokens.hash, min_tokens, near, hashed, token)
    return Marks(hashed[:found].copy(), token[:found].copy())


@numba.njit(nogil=True, cache=True)
def _near(bounds: Places, repeated: Places, length: int, half: int, near: Bytes) -> None:
    """Marks the first tokens of the windows that hold one of the half-windows whole."""
    text = 0
    done = 0
    for place in repeated:
        while bounds[text + 1] <= place:
            text += 1
        first = max(bounds[text], place + half - length, done)
        last = min(place, bounds[text + 1] - length)
        for i in range(first, last + 1):
            near[i] = 1
        done = max(done, last + 1)


@numba.njit(nogil=True, cache=True)
def _windows(bounds: Places, hashes: Hashes, length: int, near: Bytes, hashed: Hashes, token: Places) -> Integer:
    longest = 0
    for text in range(len(bounds) - 1):
        longest = max(longest, bounds[text + 1] - bounds[text])
    runs = np.empty(longest + 1, np.uint64)
    found = 0
    for text in range(len(bounds) - 1):
        many = _run_hashes(hashes, bounds[text], bounds[text + 1], length, runs)
        for i in range(many):
            if near[bounds[text] + i]:
                hashed[found] = runs[i]
                token[found] = bounds[text] + i
                found += 1
    return found


def repeated_marks(hashes: Hashes) -> npt.NDArray[np.bool_]:
    """Which marks of a partition occur more than once, wherever they stand.

    >>> repeated_marks(np.array([5, 7, 5], np.uint64)).tolist()
    [True, False, True]
    """
    order = np.argsort(hashes, kind="stable")
    ranked = hashes[order]
    same = ranked[1:] == ranked[:-1]
    found = np.zeros(len(hashes), bool)
    found[order[1:][same]] = True
    found[order[:-1][same]] = True
    return found


def later_copies(hashes: Hashes, rank: Places) -> npt.NDArray[np.bool_]:
    """Which marks of a partition repeat one of a better rank: the copies to cut.

    Args:
        hashes: uint64.
        rank: int64, distinct; of equal hashes the smallest rank stays.

    >>> later_copies(np.array([5, 7, 5], np.uint64), np.array([3, 1, 2])).tolist()
    [True, False, False]
    """
    order = np.lexsort((rank, hashes))
    ranked = hashes[order]
    found = np.zeros(len(hashes), bool)
    found[order[1:][ranked[1:] == ranked[:-1]]] = True
    return found


def covered(tokens: Tokens, min_tokens: int, copies: Places) -> tuple[Places, Places, Places]:
    """The bytes of the windows to cut, overlapping and touching ones joined.

    Args:
        tokens: of `tokens_of`.
        min_tokens: tokens of a window.
        copies: first tokens of the windows to cut, ascending.

    Returns:
        bounds of shape (texts + 1,), and the start and end byte of each passage within its text.
    """
    bounds = np.zeros(len(tokens.bounds), np.int64)
    start, end = np.empty(len(copies), np.int64), np.empty(len(copies), np.int64)
    found = _covered(tokens.bounds, tokens.start, tokens.end, min_tokens, copies, bounds, start, end)
    return bounds, start[:found].copy(), end[:found].copy()


@numba.njit(nogil=True, cache=True)
def _covered(
    tokens: Places,
    token_start: Places,
    token_end: Places,
    length: int,
    copies: Places,
    bounds: Places,
    start: Places,
    end: Places,
) -> Integer:
    found = k = 0
    for text in range(len(tokens) - 1):
        reach = np.int64(-1)
        while k < len(copies) and copies[k] < tokens[text + 1]:
            if copies[k] > reach:
                start[found] = token_start[copies[k]]
                found += 1
            reach = copies[k] + length
            end[found - 1] = token_end[reach - 1]
            k += 1
        bounds[text + 1] = found
    return found
