"""Many strings looked for at once: an Aho-Corasick automaton over the bytes that the strings use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np

from gristmill.errors import ConfigError
from gristmill.filters.text.arrays import Bytes, Int32s, Int64s

_LARGEST_TABLE_BYTES = 1 << 30


class Automaton(NamedTuple):
    """States of the search; 0 is its beginning.

    Attributes:
        classes: uint8 of shape (256,): number of each byte among those that occur; 0 for all others.
        moves: int32 of shape (states, classes): the next state.
        found: number of the string that ends in each state; -1 if none.
        links: the next shorter suffix of each state in which a string ends; 0 if none.
    """

    classes: Bytes
    moves: Int32s
    found: Int32s
    links: Int32s


def automaton(strings: Sequence[bytes]) -> Automaton:
    """The automaton of strings that are all different and not empty.

    Raises:
        ConfigError: they need more than 1 GiB.
    """
    used = sorted(set(b"".join(strings)))
    classes = np.zeros(256, np.uint8)
    classes[used] = np.arange(1, len(used) + 1)
    states = 1 + sum(map(len, strings))
    if states * (len(used) + 1) * 4 > _LARGEST_TABLE_BYTES:
        message = f"url.substrings: {len(strings):,} strings take more than 1 GiB to look for; list domains or words"
        raise ConfigError(message)
    data = np.frombuffer(bytearray(b"".join(strings)), np.uint8)
    offsets = np.zeros(len(strings) + 1, np.int64)
    np.cumsum([len(string) for string in strings], out=offsets[1:])
    return Automaton(classes, *_build(data, offsets, classes, len(used) + 1))


@numba.njit(nogil=True, cache=True)
def _build(data: Bytes, offsets: Int64s, classes: Bytes, width: int) -> tuple[Int32s, Int32s, Int32s]:
    most = data.size + 1
    moves = np.zeros((most, width), np.int32)
    found = np.full(most, -1, np.int32)
    states = 1
    for string in range(offsets.size - 1):
        state = 0
        for i in range(offsets[string], offsets[string + 1]):
            step = classes[data[i]]
            if not moves[state, step]:
                moves[state, step] = states
                states += 1
            state = moves[state, step]
        found[state] = string
    fail = np.zeros(states, np.int32)
    links = np.zeros(states, np.int32)
    queue = np.empty(states, np.int32)
    first, last = 0, 0
    for step in range(width):
        if moves[0, step]:
            queue[last] = moves[0, step]
            last += 1
    while first < last:
        state = queue[first]
        first += 1
        shorter = fail[state]
        links[state] = shorter if found[shorter] >= 0 else links[shorter]
        for step in range(width):
            child = moves[state, step]
            if child:
                fail[child] = moves[shorter, step]
                queue[last] = child
                last += 1
            else:
                moves[state, step] = moves[shorter, step]
    return moves[:states].copy(), found[:states].copy(), links
