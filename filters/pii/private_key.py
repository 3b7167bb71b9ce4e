"""Private keys in PEM armour (RFC 7468, RFC 1421, OpenPGP), with or without their last line.

``-----BEGIN ... PRIVATE KEY-----`` alone, as programs that read keys write it, is none: at least one line of 40
characters of base64 must follow.
"""

from __future__ import annotations

from gristmill.filters.pii.byte_classes import BASE64, CLASSES, UPPER, as_bytes, stands_at
from gristmill.filters.text.arrays import Bytes
from gristmill.kernels.kernel import kernel

BEGIN = as_bytes("-----BEGIN")
_END, _PRIVATE_KEY, _BLOCK, DASHES = (as_bytes(text) for text in ("-----END ", "PRIVATE KEY", " BLOCK", "-----"))

MAX_LABEL_BYTES = 48
MAX_KEY_BYTES = 1 << 16
MIN_LINE_BYTES = 40
_MAX_GAP_BYTES = 200


@kernel
def match_private_key(data: Bytes, end: int, start: int) -> int:
    """Where the private key stops whose armour starts at ``start``; 0 if there is none."""
    if not stands_at(data, start, end, BEGIN):
        return 0
    body = _label_stop(data, end, start + BEGIN.size)
    if body == 0:
        return 0
    i, last, longest = body, body, 0
    limit = min(end, body + MAX_KEY_BYTES)
    while i < limit and i - last <= _MAX_GAP_BYTES and not stands_at(data, i, end, DASHES):
        run = i
        while i < limit and CLASSES[data[i]] & BASE64:
            i += 1
        if i - run >= 16 or (longest and i > run and run - last <= 4):
            longest, last = max(longest, i - run), i
        i += i == run
    if longest < MIN_LINE_BYTES:
        return 0
    if stands_at(data, i, end, _END):
        closed = _label_stop(data, end, i + _END.size - 1)
        if closed:
            return closed
    return last


@kernel
def _label_stop(data: Bytes, end: int, i: int) -> int:
    """Where a first or last line stops whose label starts at the space at ``i``; 0 if it is no private key's."""
    stop = i
    while stop < end and stop - i < MAX_LABEL_BYTES and (CLASSES[data[stop]] & UPPER or data[stop] == ord(" ")):
        stop += 1
    if not stands_at(data, stop, end, DASHES):
        return 0
    name = stop - _BLOCK.size if stands_at(data, stop - _BLOCK.size, stop, _BLOCK) else stop
    if name - _PRIVATE_KEY.size < i or not stands_at(data, name - _PRIVATE_KEY.size, stop, _PRIVATE_KEY):
        return 0
    return stop + DASHES.size
