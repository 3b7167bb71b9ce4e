"""E-mail addresses: ``local@host.tld``, ASCII, found from the at sign outwards.

The local part is of letters, digits and ``._%+'-``, 64 bytes at most; the host's labels of letters, digits and ``-``,
the last of them two letters or more. Addresses at the reserved names of RFC 2606 (``example.com``, ``.test`` ...) are
nobody's. No address is what only looks like one: the user part of a URL, ``git@host``, ``image@2x.png``,
``a@b.dot(``.
"""

from __future__ import annotations

import numpy as np

from gristmill.filters.pii.byte_classes import (
    ALNUM,
    CLASSES,
    DIGIT,
    DOMAIN,
    LETTER,
    LOCAL,
    as_bytes,
    is_byte,
    is_in,
    is_one_of,
    stands_at,
)
from gristmill.filters.text.arrays import Bytes
from gristmill.filters.text.utf8 import HASH_START, hash_ascii, hash_byte
from gristmill.kernels.kernel import kernel

MAX_LOCAL_BYTES, MAX_HOST_BYTES, MAX_LABEL_BYTES, MAX_TLD_BYTES = 64, 253, 63, 24

_FILE_SUFFIXES = np.array(
    [
        hash_ascii(suffix)
        for suffix in (
            "png", "jpg", "jpeg", "gif", "svg", "webp", "bmp", "ico", "js", "jsx", "ts", "tsx", "mjs", "css", "scss",
            "json", "xml", "html", "htm", "txt", "pdf", "tgz", "gz", "map", "yml", "yaml",
        )
    ]
)  # fmt: skip
_RESERVED_TLDS = np.array([hash_ascii(name) for name in ("example", "test", "invalid", "localhost", "local")])
_EXAMPLE_HOSTS = np.array([hash_ascii(f"example.{tld}") for tld in ("com", "org", "net", "edu")])
_GIT = as_bytes("git")


@kernel
def match_email(data: Bytes, begin: int, end: int, at: int) -> tuple[int, int]:
    """Start and stop of the address around the at sign at byte ``at``; ``(0, 0)`` if there is none."""
    start = _local_start(data, begin, at)
    if start == at or data[at - 1] == ord(".") or _is_user_part(data, begin, start, at):
        return 0, 0
    stop = _host_stop(data, at + 1, end)
    if stop == 0 or is_in(data, stop, begin, end, ALNUM):
        return 0, 0
    if stop < end and (data[stop] == ord("@") or data[stop] == ord("(") or data[stop] == ord("_")):
        return 0, 0
    return start, stop


@kernel
def _local_start(data: Bytes, begin: int, at: int) -> int:
    start = at
    limit = max(begin, at - MAX_LOCAL_BYTES)
    while start > limit and CLASSES[data[start - 1]] & LOCAL and not _dots(data, start, at):
        start -= 1
    if start > begin and CLASSES[data[start - 1]] & LOCAL and not _dots(data, start, at):
        return at  # longer than a local part may be
    while start < at and not (CLASSES[data[start]] & ALNUM or data[start] == ord("_")):
        start += 1
    return start


@kernel
def _dots(data: Bytes, start: int, at: int) -> bool:
    """Whether the byte before ``start`` is the first of two dots: an ellipsis before an address."""
    return start < at and data[start] == ord(".") and data[start - 1] == ord(".")


@kernel
def _is_user_part(data: Bytes, begin: int, start: int, at: int) -> bool:
    """Whether the local part is a login: ``//user@``, ``//user:password@``, ``git@``."""
    if at - start == _GIT.size and stands_at(data, start, at, _GIT):
        return True
    i = start
    if is_byte(data, i - 1, begin, at, ord(":")):
        i -= 1
        limit = max(begin, i - MAX_LOCAL_BYTES)
        while i > limit and CLASSES[data[i - 1]] & LOCAL:
            i -= 1
    return is_byte(data, i - 1, begin, at, ord("/")) and is_byte(data, i - 2, begin, at, ord("/"))


@kernel
def _host_stop(data: Bytes, start: int, end: int) -> int:
    """Where the host that starts here stops; 0 if it is none."""
    stop = start
    limit = min(end, start + MAX_HOST_BYTES)
    while stop < limit and CLASSES[data[stop]] & DOMAIN:
        if data[stop] == ord(".") and not is_in(data, stop + 1, start, end, ALNUM):
            break
        stop += 1
    while stop > start and not CLASSES[data[stop - 1]] & ALNUM:
        stop -= 1
    label, dots, last = start, 0, start
    for i in range(start, stop + 1):
        if i == stop or data[i] == ord("."):
            if not 0 < i - label <= MAX_LABEL_BYTES or data[label] == ord("-") or data[i - 1] == ord("-"):
                return 0
            last, label = label, i + 1
            dots += i < stop
    if dots == 0 or not _is_tld(data, last, stop) or _is_nobodys(data, start, stop):
        return 0
    if is_in(data, start, start, stop, DIGIT) and is_byte(data, start + 1, start, stop, ord("x")) and dots == 1:
        return 0  # an image for a finer screen: name@2x.
    return stop


@kernel
def _is_tld(data: Bytes, start: int, stop: int) -> bool:
    if not 2 <= stop - start <= MAX_TLD_BYTES:
        return False
    state = HASH_START
    for i in range(start, stop):
        if not CLASSES[data[i]] & LETTER:
            return stop - start > 4 and data[start] | 0x20 == ord("x") and data[start + 2] == ord("-")  # xn--
        state = hash_byte(state, int(data[i]) | 0x20)
    return not (is_one_of(state, _FILE_SUFFIXES) or is_one_of(state, _RESERVED_TLDS))


@kernel
def _is_nobodys(data: Bytes, start: int, stop: int) -> bool:
    """Whether the last two labels are one of the names for examples."""
    first, dots = stop, 0
    while first > start:
        dots += data[first - 1] == ord(".")
        if dots == 2:
            break
        first -= 1
    state = HASH_START
    for i in range(first, stop):
        byte = int(data[i])
        state = hash_byte(state, byte | 0x20 if CLASSES[data[i]] & LETTER else byte)
    return is_one_of(state, _EXAMPLE_HOSTS)
