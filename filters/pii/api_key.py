"""API keys and tokens by their issuers' prefixes, lengths and alphabets, and JSON Web Tokens.

Forms: the issuers' documentation, as gitleaks (config/gitleaks.toml) and GitHub's secret scanning list them. A key
of one form whose characters hardly differ (``sk-xxxxxxxx...``), and AWS's documented ``...EXAMPLE`` keys, are none.
"""

from __future__ import annotations

import math
import string

import numba
import numpy as np

from gristmill.filters.pii.byte_classes import CLASSES, TOKEN, as_bytes, is_byte, stands_at
from gristmill.filters.text.arrays import Bytes, Floats, Int64s
from gristmill.kernels.kernel import kernel

MIN_TOKEN_BYTES = 16
"""Runs of letters, digits, ``_`` and ``-`` that are shorter are no key."""

MIN_KEY_ENTROPY = 3.0
"""Bits per character of a key with a known prefix, the prefix left out."""

MAX_ENTROPY_BYTES = 128

_DIGITS, _UPPER, _ALPHA, _WORD = string.digits, string.ascii_uppercase, string.ascii_letters, "_-"
_ALNUM = _DIGITS + _ALPHA
_BASE32, _LOWER_HEX = _UPPER + "234567", _DIGITS + "abcdef"

ISSUERS = (
    *((prefix, _BASE32, 16, 16) for prefix in ("AKIA", "ASIA", "ABIA", "ACCA")),  # AWS access key id
    *((f"gh{letter}_", _ALNUM, 36, 251) for letter in "pousr"),  # GitHub
    ("github_pat_", _ALNUM + "_", 82, 82),
    ("glpat-", _ALNUM + _WORD, 20, 64),  # GitLab
    *((f"xox{letter}-", _ALNUM + "-", 20, 200) for letter in "abeoprs"),  # Slack
    ("AIza", _ALNUM + _WORD, 35, 35),  # Google
    ("GOCSPX-", _ALNUM + _WORD, 28, 28),
    *((f"{kind}_{mode}_", _ALNUM, 16, 247) for kind in ("sk", "rk") for mode in ("live", "test")),  # Stripe
    ("sk-ant-", _ALNUM + _WORD, 80, 200),  # Anthropic
    ("sk-", _ALNUM + _WORD, 32, 200),  # OpenAI
    ("hf_", _ALPHA, 34, 34),  # Hugging Face
    ("npm_", _ALNUM, 36, 36),
    ("pypi-AgEI", _ALNUM + _WORD, 50, 1000),
    ("dop_v1_", _LOWER_HEX, 64, 64),  # DigitalOcean
    *((f"{prefix}_", _LOWER_HEX, 32, 32) for prefix in ("shpat", "shpca", "shppa", "shpss")),  # Shopify
    ("sq0atp-", _ALNUM + _WORD, 22, 22),  # Square
    ("sq0csp-", _ALNUM + _WORD, 43, 43),
    ("SK", _LOWER_HEX, 32, 32),  # Twilio
    ("key-", _LOWER_HEX, 32, 32),  # Mailgun
)
"""Prefix, alphabet of what follows, and its least and most characters."""

_PREFIXES = np.frombuffer("".join(prefix for prefix, *_ in ISSUERS).encode("ascii"), np.uint8).copy()
_PREFIX_STARTS = np.cumsum([0, *(len(prefix) for prefix, *_ in ISSUERS)]).astype(np.int64)
_LIMITS = np.array([(least, most) for *_, least, most in ISSUERS], np.int64)
_ALPHABETS = np.array([[chr(byte) in alphabet for byte in range(128)] for _, alphabet, *_ in ISSUERS], np.bool_)
_EXAMPLE, _JWT, _SENDGRID = as_bytes("EXAMPLE"), as_bytes("eyJ"), as_bytes("SG.")
_LOG2 = np.array([0.0, *(k * math.log2(k) for k in range(1, MAX_ENTROPY_BYTES + 1))])


@kernel
def match_key(data: Bytes, begin: int, end: int, start: int, stop: int, seen: Int64s) -> tuple[int, int]:
    """Start and stop of the key that the token ``data[start:stop]`` is or begins; ``(0, 0)`` if it is none.

    ``seen`` is scratch, 256 zeros.
    """
    if stands_at(data, start, stop, _JWT):
        return _match_jwt(data, end, start, stop)
    if stop - start == 22 and start - 3 >= begin and stands_at(data, start - 3, end, _SENDGRID):
        last = _token_stop(data, end, stop + 1)
        if is_byte(data, stop, begin, end, ord(".")) and last - stop - 1 == 43:
            return start - 3, last
    for k in range(_LIMITS.shape[0]):
        body = start + _PREFIX_STARTS[k + 1] - _PREFIX_STARTS[k]
        if not _LIMITS[k, 0] <= stop - body <= _LIMITS[k, 1]:
            continue
        same = True
        for i in range(start, body):
            same = same and data[i] == _PREFIXES[_PREFIX_STARTS[k] + i - start]
        if not same:
            continue
        if not _is_of(data, body, stop, k) or entropy_bits(data, body, stop, seen) < MIN_KEY_ENTROPY:
            return 0, 0
        return (0, 0) if stands_at(data, stop - _EXAMPLE.size, stop, _EXAMPLE) else (start, stop)
    return 0, 0


@kernel
def _is_of(data: Bytes, start: int, stop: int, issuer: int) -> bool:
    for i in range(start, stop):  # noqa: SIM110 - a generator expression cannot be compiled
        if not _ALPHABETS[issuer, data[i]]:
            return False
    return True


@kernel
def _token_stop(data: Bytes, end: int, start: int) -> int:
    stop = start
    while stop < end and CLASSES[data[stop]] & TOKEN:
        stop += 1
    return stop


@kernel
def _match_jwt(data: Bytes, end: int, start: int, stop: int) -> tuple[int, int]:
    """Header, claims (both begin ``{"``, in base64 ``eyJ``) and signature, with dots between."""
    if stop + 4 >= end or data[stop] != ord(".") or not stands_at(data, stop + 1, end, _JWT):
        return 0, 0
    claims = _token_stop(data, end, stop + 1)
    if claims - stop <= MIN_TOKEN_BYTES or claims >= end or data[claims] != ord("."):
        return 0, 0
    last = _token_stop(data, end, claims + 1)
    return (start, last) if last - claims > MIN_TOKEN_BYTES else (0, 0)


@numba.njit(nogil=True, cache=True)
def entropy_bits(data: Bytes, start: int, stop: int, seen: Int64s) -> float:
    """Shannon entropy of the characters, in bits per character; of the first `MAX_ENTROPY_BYTES` if there are more.

    >>> round(entropy_bits(np.frombuffer(b"abcdabcd", np.uint8), 0, 8, np.zeros(256, np.int64)), 6)
    2.0
    """
    last = min(stop, start + MAX_ENTROPY_BYTES)
    if last <= start:
        return 0.0
    logs: Floats = _LOG2
    for i in range(start, last):
        seen[data[i]] += 1
    total = 0.0
    for i in range(start, last):
        total += logs[seen[data[i]]]
        seen[data[i]] = 0
    return float(math.log2(last - start) - total / (last - start))
