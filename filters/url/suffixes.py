"""The Public Suffix List as a table that a kernel looks a host up in."""

from __future__ import annotations

import functools

import numpy as np

from gristmill.filters.text.arrays import Bytes, Hashes, Int64s
from gristmill.filters.text.utf8 import HASH_START, hash_byte, mix
from gristmill.filters.url.tables import HashTable, hash_hosts, hash_table, look_up
from gristmill.kernels.kernel import kernel
from gristmill.urls import canonical_host
from gristmill.web_domains import suffix_list_bytes

EXACT, WILDCARD, EXCEPTION = 1, 2, 4
"""What a table says of a suffix: it is public, each name directly under it is, or it is none in spite of a rule."""

MOST_LABELS = 128
"""A host name has at most 127 labels."""

_PRIVATE = "===BEGIN PRIVATE DOMAINS==="


@functools.lru_cache(maxsize=2)
def suffix_table(uri: str | None = None) -> HashTable:
    """The rules of a ``public_suffix_list.dat`` that registries make, not hosting platforms (its private section).

    Raises:
        ConfigError: there is no such file, or it holds no rule.
    """
    text = suffix_list_bytes(uri).decode("utf-8", "replace")
    flags: dict[str, int] = {}
    for line in text.partition(_PRIVATE)[0].splitlines():
        rule = line.partition("//")[0].strip().partition(" ")[0]
        if rule:
            flag = EXCEPTION if rule.startswith("!") else WILDCARD if rule.startswith("*.") else EXACT
            suffix = canonical_host(rule.removeprefix("!").removeprefix("*."))
            flags[suffix] = flags.get(suffix, 0) | flag
    parts = [[suffix.encode() for suffix in flags if flags[suffix] == value] for value in range(8)]
    return hash_table([_hashes(part) for part in parts], range(8))


def _hashes(strings: list[bytes]) -> Hashes:
    offsets = np.zeros(len(strings) + 1, np.int64)
    np.cumsum([len(string) for string in strings], out=offsets[1:])
    return hash_hosts(np.frombuffer(bytearray(b"".join(strings)), np.uint8), offsets)


@kernel
def suffix_hashes(data: Bytes, start: int, stop: int, starts: Int64s, hashes: Hashes) -> int:
    """Where the labels of a host begin, the last one first, and the hash from there on; how many.

    An IP address is one label.
    """
    label = stop
    while label > start and data[label - 1] != 46:
        label -= 1
    whole = label < stop and (48 <= data[label] <= 57 or data[stop - 1] == 93)
    count, state = 0, HASH_START
    for i in range(stop - 1, start - 1, -1):
        state = hash_byte(state, data[i])
        if count < starts.size and (i == start or (data[i - 1] == 46 and not whole)):
            starts[count], hashes[count] = i, mix(state)
            count += 1
    return count


@kernel
def public_labels(hashes: Hashes, count: int, table: HashTable) -> int:
    """How many labels at the end of a host are its public suffix; 1 where no rule covers it."""
    public = 1
    for labels in range(1, count + 1):
        flags = look_up(table, hashes[labels - 1])
        if flags < 0:
            continue
        if flags & EXCEPTION:
            return labels - 1
        if flags & EXACT:
            public = max(public, labels)
        if flags & WILDCARD:
            public = max(public, labels + 1)
    return public
