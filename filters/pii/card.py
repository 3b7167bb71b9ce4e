"""Payment card numbers: an issuer's prefix with a length of that issuer, grouping as on cards, Luhn's check digit.

Prefixes and lengths: ISO/IEC 7812 ranges as the networks publish them (Visa 4; Mastercard 51-55, 2221-2720; American
Express 34, 37; Discover 6011, 644-649, 65; Diners Club 300-305, 3095, 36, 38-39; JCB 3528-3589, 1800, 2131;
UnionPay 62; Maestro 5018, 5020, 5038, 5893, 6304, 6759, 6761-6763).
"""

from __future__ import annotations

import numba

from gristmill.filters.pii.byte_classes import ALNUM, DIGIT, is_in
from gristmill.filters.pii.check_digits import luhn_is_right
from gristmill.filters.pii.digit_groups import Groups
from gristmill.filters.text.arrays import Bytes
from gristmill.kernels.kernel import kernel

MIN_DIGITS, MAX_CARD_DIGITS = 12, 19
_MAESTRO = (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763)


@kernel
def match_card(data: Bytes, begin: int, end: int, start: int, count: int, groups: Groups) -> int:
    """Where the card number that begins with the first of ``count`` groups stops; 0 if there is none.

    Groups behind it are an expiry date or a code at most.
    """
    if not may_start(data, begin, end, start):
        return 0
    for k in range(count - 1, -1, -1):
        total = groups.stops[k]
        if total < MIN_DIGITS:
            return 0
        if total > MAX_CARD_DIGITS or not _is_grouped_like_a_card(groups, k):
            continue
        if k + 1 < count and (groups.separators[k + 1] != ord(" ") or groups.stops[k + 1] - total > 4):
            continue
        if may_stop(data, begin, end, groups.ends[k]) and is_card(groups.digits, total):
            return int(groups.ends[k])
    return 0


@kernel
def match_bare_card(data: Bytes, begin: int, end: int, start: int, stop: int, digits: Bytes) -> int:
    """``stop`` if the run of digits ``data[start:stop]`` is a card number; 0 if not."""
    if not MIN_DIGITS <= stop - start <= MAX_CARD_DIGITS or not may_start(data, begin, end, start):
        return 0
    for k in range(stop - start):
        digits[k] = data[start + k] - ord("0")
    return stop if may_stop(data, begin, end, stop) and is_card(digits, stop - start) else 0


@kernel
def may_start(data: Bytes, begin: int, end: int, start: int) -> bool:
    """Whether nothing before ``start`` makes it a part of a longer number, name, path or sum."""
    if start == begin:
        return True
    byte = data[start - 1]
    return not (
        is_in(data, start - 1, begin, end, ALNUM)
        or byte == ord("_") or byte == ord("-") or byte == ord(".") or byte == ord("/") or byte == ord("+")
        or byte == ord("$") or byte == ord("#") or byte == ord("%") or byte == ord("&") or byte == ord("@")
    )  # fmt: skip


@kernel
def may_stop(data: Bytes, begin: int, end: int, stop: int) -> bool:
    """Whether nothing at ``stop`` makes what ends there a part of a longer number, name or address."""
    if stop == end:
        return True
    byte = data[stop]
    if is_in(data, stop, begin, end, ALNUM) or byte == ord("_") or byte == ord("@") or byte == ord("%"):
        return False
    if byte == ord("-") or byte == ord(","):
        return not is_in(data, stop + 1, begin, end, DIGIT)
    if byte == ord(".") or byte == ord("/") or byte == ord(":"):
        return not is_in(data, stop + 1, begin, end, ALNUM)
    return True


@kernel
def _is_grouped_like_a_card(groups: Groups, last: int) -> bool:
    """One group; groups of four, the last of one to four; or 4-6-5 and 4-6-4."""
    if last == 0:
        return True
    if groups.stops[0] != 4:
        return False
    for k in range(1, last + 1):
        if groups.separators[k] != groups.separators[1] or groups.separators[k] not in (ord(" "), ord("-")):
            return False
    if last == 2 and groups.stops[1] == 10:
        return groups.stops[2] in (14, 15)
    for k in range(1, last):
        if groups.stops[k] != 4 * (k + 1):
            return False
    return bool(groups.stops[last] - groups.stops[last - 1] <= 4)


@numba.njit(nogil=True, cache=True)
def is_card(digits: Bytes, count: int) -> bool:
    """Whether digits (values 0 to 9) are a card number: prefix, length, check digit.

    >>> import numpy as np
    >>> number = np.array([int(digit) for digit in "4111111111111111"], np.uint8)
    >>> is_card(number, 16), is_card(number, 15)
    (True, False)
    """
    four = int(digits[0]) * 1000 + int(digits[1]) * 100 + int(digits[2]) * 10 + int(digits[3])
    return _issuer_has_length(four, count) and luhn_is_right(digits, 0, count)


@kernel
def _issuer_has_length(four: int, count: int) -> bool:
    """Whether an issuer of the first four digits gives out numbers of so many digits."""
    two, three = four // 100, four // 10
    if four // 1000 == 4:
        return count in (13, 16, 19)
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return count == 16
    if two in (34, 37):
        return count == 15
    if four == 6011 or 644 <= three <= 649 or two == 65:
        return 16 <= count <= 19
    if 300 <= three <= 305 or four == 3095 or two in (36, 38, 39):
        return 14 <= count <= 19
    if 3528 <= four <= 3589:
        return 16 <= count <= 19
    if four in (1800, 2131):
        return count == 15
    if two == 62:
        return 16 <= count <= 19
    return four in _MAESTRO and MIN_DIGITS <= count <= MAX_CARD_DIGITS
