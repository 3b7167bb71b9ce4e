"""Public IP addresses, version 4 and 6.

Public is what is not set apart by IANA's special-purpose registries (private, loopback, link-local, shared,
documentation, benchmarking, multicast, reserved) and is no well-known resolver (StarCoder's list, bigcode-project/
bigcode-dataset, pii/ner/pii_redaction/utils.py). Four small numbers with dots are more often a version or a section
than an address: they count if one of them is 100 or more or ``//`` or ``@`` stands before them, and never behind a word
such as *version*, a letter, or ``name/``.
"""

from __future__ import annotations

import numpy as np

from gristmill.filters.pii.byte_classes import (
    ALNUM,
    CLASSES,
    DIGIT,
    HEX,
    is_byte,
    is_in,
    is_one_of,
    word_before,
)
from gristmill.filters.text.arrays import Bytes, Int64s
from gristmill.filters.text.utf8 import hash_ascii
from gristmill.kernels.kernel import kernel

MAX_IPV6_BYTES = 45

_VERSION_WORDS = np.array(
    [
        hash_ascii(word)
        for word in (
            "version", "versions", "ver", "v", "release", "rev", "revision", "build", "firmware", "section", "sec",
            "chapter", "clause", "article", "table", "figure", "oid", "update", "sp",
        )
    ]
)  # fmt: skip
_RESOLVERS = np.array(
    [
        a << 24 | b << 16 | c << 8 | d
        for a, b, c, d in (
            (8, 8, 8, 8), (8, 8, 4, 4), (1, 1, 1, 1), (1, 0, 0, 1), (76, 76, 19, 19), (76, 223, 122, 150),
            (9, 9, 9, 9), (149, 112, 112, 112), (208, 67, 222, 222), (208, 67, 220, 220), (8, 26, 56, 26),
            (8, 20, 247, 20), (94, 140, 14, 14), (94, 140, 15, 15), (4, 2, 2, 2),
        )
    ],
    np.int64,
)  # fmt: skip
_SPECIAL = np.array(
    [
        (a << 24 | b << 16 | c << 8, 32 - length)
        for a, b, c, length in (
            (0, 0, 0, 8), (10, 0, 0, 8), (100, 64, 0, 10), (127, 0, 0, 8), (169, 254, 0, 16), (172, 16, 0, 12),
            (192, 0, 0, 24), (192, 0, 2, 24), (192, 168, 0, 16), (198, 18, 0, 15), (198, 51, 100, 24),
            (203, 0, 113, 24), (224, 0, 0, 4), (240, 0, 0, 4),
        )
    ],
    np.int64,
)  # fmt: skip
"""Networks of RFC 6890 and its updates: address, and how many bits are free."""


@kernel
def match_ipv4(data: Bytes, begin: int, end: int, start: int) -> int:
    """Where the public IPv4 address that starts at the digit at ``start`` stops; 0 if there is none."""
    if is_in(data, start - 1, begin, end, ALNUM) or _joins(data, start - 1, begin, end):
        return 0
    address, i, largest = 0, start, 0
    for k in range(4):
        octet, first = 0, i
        while i < end and i - first < 4 and CLASSES[data[i]] & DIGIT:
            octet = octet * 10 + int(data[i]) - ord("0")
            i += 1
        if i == first or octet > 255 or (data[first] == ord("0") and i - first > 1):
            return 0
        address, largest = address << 8 | octet, max(largest, octet)
        if k < 3:
            if not is_byte(data, i, begin, end, ord(".")):
                return 0
            i += 1
    if is_in(data, i, begin, end, ALNUM) or is_byte(data, i, begin, end, ord("_")):
        return 0
    if is_byte(data, i, begin, end, ord(".")) and is_in(data, i + 1, begin, end, ALNUM):
        return 0
    if is_byte(data, i, begin, end, ord("-")) and is_in(data, i + 1, begin, end, ALNUM):
        return 0
    return i if is_public_ipv4(address) and not _is_version(data, begin, start, largest) else 0


@kernel
def _joins(data: Bytes, i: int, begin: int, end: int) -> bool:
    """Whether byte ``i`` makes what follows a part of something longer."""
    return begin <= i < end and (data[i] == ord(".") or data[i] == ord("-") or data[i] == ord("_"))


@kernel
def _is_version(data: Bytes, begin: int, start: int, largest: int) -> bool:
    if start > begin and data[start - 1] == ord("@"):
        return False
    if start > begin and data[start - 1] == ord("/"):
        return start - 1 > begin and data[start - 2] != ord("/")
    return largest < 100 or is_one_of(word_before(data, start, begin, 16), _VERSION_WORDS)


@kernel
def is_public_ipv4(address: int) -> bool:
    """Whether an address, as a number, is neither in a special network nor a well-known resolver.

    >>> is_public_ipv4(0x5DB8D822), is_public_ipv4(0x0A000001)
    (True, False)
    """
    for k in range(_SPECIAL.shape[0]):
        if address >> _SPECIAL[k, 1] == _SPECIAL[k, 0] >> _SPECIAL[k, 1]:
            return False
    for resolver in _RESOLVERS:  # noqa: SIM110 - a generator expression cannot be compiled
        if address == resolver:
            return False
    return True


@kernel
def match_ipv6(data: Bytes, begin: int, end: int, colon: int, groups: Int64s) -> tuple[int, int]:
    """Start and stop of the public IPv6 address whose first colon is at ``colon``; ``(0, 0)`` if there is none.

    An address that leaves out groups (``::``) must lie in 2000::/3, what IANA gives out, lest ``add::face`` be one.
    ``groups`` is scratch, 8 values.
    """
    start = colon
    while start > begin and colon - start < 5 and CLASSES[data[start - 1]] & HEX:
        start -= 1
    if colon - start > 4 or is_in(data, start - 1, begin, end, ALNUM) or _joins(data, start - 1, begin, end):
        return 0, 0
    if is_byte(data, start - 1, begin, end, ord(":")):
        return 0, 0
    count, gap, i = 0, -1, start
    while i < end and i - start <= MAX_IPV6_BYTES:
        if data[i] == ord(":") and is_byte(data, i + 1, begin, end, ord(":")):
            if gap >= 0:
                return 0, 0
            gap = count
            i += 2
        elif data[i] == ord(":") and count and i + 1 < end and CLASSES[data[i + 1]] & HEX:
            i += 1
        elif count and gap != count:
            break
        first, value = i, 0
        while i < end and i - first < 5 and CLASSES[data[i]] & HEX:
            value = value << 4 | _hex_value(int(data[i]))
            i += 1
        if i == first:
            break
        if i - first > 4 or count == 8:
            return 0, 0
        groups[count] = value
        count += 1
    if is_in(data, i, begin, end, ALNUM) or is_byte(data, i, begin, end, ord("_")):
        return 0, 0
    if is_byte(data, i, begin, end, ord(":")) and is_in(data, i + 1, begin, end, ALNUM):
        return 0, 0
    whole = gap < 0 and count == 8
    shortened = gap > 0 and 2 <= count < 8 and groups[0] >> 13 == 1
    return (start, i) if (whole or shortened) and _is_public_ipv6(groups) else (0, 0)


@kernel
def _hex_value(byte: int) -> int:
    return byte - ord("0") if byte <= ord("9") else (byte | 0x20) - ord("a") + 10


@kernel
def _is_public_ipv6(groups: Int64s) -> bool:
    first, second = groups[0], groups[1]
    if first < 0x100 or first == 0x100:  # unspecified, loopback, mapped, translated, discard-only
        return False
    if first >= 0xFC00:  # unique local, link-local, multicast
        return False
    if first == 0x2001 and (second < 0x200 or second == 0xDB8):  # protocol assignments, documentation
        return False
    return first not in (0x2002, 0x3FFF)  # 6to4, documentation
