"""Secrets in assignments: ``api_key = "..."``, ``"client_secret": "..."``, ``AUTH_TOKEN=...``.

A secret here has 16 to 128 characters of one alphabet, digits and letters among them, an entropy of at least 3.5 bits a
character (gitleaks' threshold for its generic rule), and stands behind ``=`` or ``:`` of a name that ends with one of
`NAMES`. Shorter passwords cannot be told from words.
"""

from __future__ import annotations

import numpy as np

from gristmill.filters.pii.api_key import MIN_TOKEN_BYTES, entropy_bits
from gristmill.filters.pii.byte_classes import ALNUM, BASE64, CLASSES, DIGIT, LETTER, TOKEN, as_bytes
from gristmill.filters.text.arrays import Bytes, Int64s
from gristmill.kernels.kernel import kernel

NAMES = (
    "apikey", "secret", "secretkey", "accesskey", "secretaccesskey", "token", "password", "passwd", "passphrase",
    "privatekey", "authkey", "encryptionkey", "signingkey", "accountkey", "credential", "credentials",
)  # fmt: skip
"""How the name ends, ``_`` and ``-`` left out, in small letters."""

MIN_SECRET_ENTROPY = 3.5
MAX_SECRET_BYTES = 128
MAX_NAME_BYTES = 48

_NAMES = as_bytes("".join(NAMES))
_STARTS = np.cumsum([0, *map(len, NAMES)]).astype(np.int64)


@kernel
def match_quoted(data: Bytes, begin: int, end: int, quote: int, seen: Int64s) -> tuple[int, int]:
    """Start and stop of the secret between the quotation mark at ``quote`` and its like; ``(0, 0)`` if it is none."""
    sign = _before_spaces(data, begin, quote)
    if sign == begin or not _assigns(data, begin, sign):
        return 0, 0
    start, i = quote + 1, quote + 1
    while i < end and i - start <= MAX_SECRET_BYTES and _in_secret(data, i):
        i += 1
    if i == end or data[i] != data[quote]:
        return 0, 0
    return (start, i) if _is_secret(data, start, i, seen) and _is_named(data, begin, sign) else (0, 0)


@kernel
def match_bare(data: Bytes, begin: int, end: int, start: int, seen: Int64s) -> tuple[int, int]:
    """The same for a value without quotation marks that starts at ``start``, right behind its ``=``."""
    if start == begin or data[start - 1] != ord("="):
        return 0, 0
    i = start
    while i < end and i - start <= MAX_SECRET_BYTES and _in_secret(data, i) and data[i] != ord("."):
        i += 1
    if i < end and (data[i] == ord("(") or data[i] == ord("[") or data[i] == ord(".") or data[i] == ord(":")):
        return 0, 0
    return (start, i) if _is_secret(data, start, i, seen) and _is_named(data, begin, start) else (0, 0)


@kernel
def _in_secret(data: Bytes, i: int) -> bool:
    return bool(CLASSES[data[i]] & (TOKEN | BASE64)) or data[i] in (ord("="), ord("."))


@kernel
def _is_secret(data: Bytes, start: int, stop: int, seen: Int64s) -> bool:
    if not MIN_TOKEN_BYTES <= stop - start <= MAX_SECRET_BYTES:
        return False
    classes, marks = 0, 0
    for i in range(start, stop):
        classes |= CLASSES[data[i]]
        marks += not CLASSES[data[i]] & ALNUM
    if not (classes & DIGIT and classes & LETTER) or 5 * marks > stop - start:
        return False  # a sentence, a path or a dotted name
    return entropy_bits(data, start, stop, seen) >= MIN_SECRET_ENTROPY


@kernel
def _before_spaces(data: Bytes, begin: int, i: int) -> int:
    limit = max(begin, i - 8)
    while i > limit and data[i - 1] == ord(" "):
        i -= 1
    return i


@kernel
def _assigns(data: Bytes, begin: int, i: int) -> bool:
    """Whether ``=``, ``:`` or ``=>`` ends before ``i``."""
    byte = data[i - 1]
    if byte == ord(">"):
        return i - 1 > begin and bool(data[i - 2] == ord("="))
    return byte in (ord("="), ord(":"))


@kernel
def _is_named(data: Bytes, begin: int, sign: int) -> bool:
    """Whether the name before the assignment that ends before ``sign`` ends with one of `NAMES`."""
    limit = max(begin, sign - MAX_NAME_BYTES)
    i = sign
    while i > limit and not CLASSES[data[i - 1]] & TOKEN and data[i - 1] != ord("\n"):
        i -= 1
    if data[i] == ord(">"):  # a placeholder is no name
        return False
    for k in range(_STARTS.size - 1):
        letter, j = _STARTS[k + 1], i
        while letter > _STARTS[k] and j > limit and CLASSES[data[j - 1]] & TOKEN:
            if data[j - 1] == ord("_") or data[j - 1] == ord("-"):
                j -= 1
            elif data[j - 1] | 0x20 == _NAMES[letter - 1]:
                j, letter = j - 1, letter - 1
            else:
                break
        if letter == _STARTS[k]:
            return True
    return False
