"""Telephone numbers, conservatively: a form that little else has, or a word such as *phone* in front.

1. E.164: ``+``, a country code, 8 to 15 digits; also ``00`` for the plus, if grouped. ``(0)`` is passed over.
2. North America: ``NXX-NXX-XXXX``, dots alike, ``(NXX) NXX-XXXX``, with ``1`` in front or not; N is 2 to 9.
3. National with trunk 0: 9 to 11 digits in 2 to 5 groups, all set apart alike or the first in brackets.
4. 7 to 13 digits behind *phone*, *tel*, *call*, *fax*, *mobile*, *cell*, *whatsapp* or *contact* within 24 bytes.

An extension (``x123``, ``ext. 123``) belongs to the number. No dates, no social security numbers (3-2-4), no ZIP+4
(5-4). Codes: ITU-T E.164; the North American Numbering Plan.
"""

from __future__ import annotations

import numba
import numpy as np

from gristmill.filters.pii.byte_classes import CLASSES, DIGIT, LETTER, as_bytes, is_byte
from gristmill.filters.pii.card import may_start, may_stop
from gristmill.filters.pii.digit_groups import MIXED, Groups
from gristmill.filters.text.arrays import Bytes
from gristmill.kernels.kernel import kernel

CONTEXT_BYTES = 24

_TEL, _FAX, _CALL, _CELL, _MOBILE, _PHONE, _WHATSAPP, _CONTACT = (
    as_bytes(word) for word in ("tel", "fax", "call", "cell", "mobile", "phone", "whatsapp", "contact")
)
_TWO_DIGIT_CODES = frozenset(
    {20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58, 60, 61, 62}
    | {63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98}
)


def _country_codes() -> Bytes:
    """How many digits the country code has that numbers begin with, by their first two digits; 0 for none."""
    table = np.zeros(100, np.uint8)
    table[10:20] = table[70:80] = 1
    for two in range(20, 100):
        if table[two] == 0:
            table[two] = 2 if two in _TWO_DIGIT_CODES else 3
    table[[28, 83, 89]] = 0
    return table


_CODE_DIGITS = _country_codes()


@kernel
def match_phone(
    data: Bytes, begin: int, end: int, first: int, count: int, whole: bool, groups: Groups
) -> tuple[int, int]:
    """Start and stop of the number of the groups from byte ``first`` on; ``(0, 0)`` if there is none.

    All ``count`` groups make the number, if they are all there are (``whole``); or those before the first space, if
    other marks set them apart: ``905-674-3793 541-714-1388`` are two.
    """
    start, stop = _match_all(data, begin, end, first, count, groups) if whole else (0, 0)
    if stop == 0:
        k = 1
        while k < count and groups.separators[k] != ord(" "):
            k += 1
        if 2 < k < count:
            return _match_all(data, begin, end, first, k, groups)
    return start, stop


@kernel
def _match_all(data: Bytes, begin: int, end: int, first: int, count: int, groups: Groups) -> tuple[int, int]:
    total = groups.stops[count - 1]
    if not 7 <= total <= 16 or total < 2 * count:
        return 0, 0
    start, bracket = first, False
    if is_byte(data, start - 1, begin, end, ord("(")) and groups.separators[min(1, count - 1)] == MIXED and count > 1:
        start, bracket = start - 1, True
    plus = is_byte(data, start - 1, begin, end, ord("+"))
    start -= plus
    stop = _stop(data, end, groups.ends[count - 1])
    if not may_start(data, begin, end, start) or not may_stop(data, begin, end, stop):
        return 0, 0
    if is_byte(data, start - 1, begin, end, ord("=")) or is_byte(data, start - 1, begin, end, ord("*")):
        return 0, 0
    found = (
        (plus and _is_international(groups, count, 0))
        or (not plus and count > 1 and _is_written_out(groups, count, bracket))
        or (not plus and total <= 13 and not _is_date(groups, count) and has_context(data, begin, start))
    )
    return (start, stop) if found else (0, 0)


@kernel
def _stop(data: Bytes, end: int, i: int) -> int:
    """Where a number stops whose digits end before ``i``: behind its extension, if it has one."""
    k = i
    while k < end and k - i < 3 and (data[k] == ord(" ") or data[k] == ord(",")):
        k += 1
    if k < end and data[k] | 0x20 == ord("e") and k + 2 < end and data[k + 1] | 0x20 == ord("x"):
        k += 3 if data[k + 2] | 0x20 == ord("t") else 2
    elif k < end and data[k] | 0x20 == ord("x"):
        k += 1
    else:
        return i
    while k < end and k - i < 9 and (data[k] == ord(" ") or data[k] == ord(".")):
        k += 1
    digits = k
    while k < end and k - digits < 6 and CLASSES[data[k]] & DIGIT:
        k += 1
    return k if 1 <= k - digits <= 5 else i


@kernel
def _is_international(groups: Groups, count: int, skip: int) -> bool:
    """Whether the digits from the ``skip``-th on are a country code and a number of that country."""
    digits, total = groups.digits, int(groups.stops[count - 1])
    length = total - skip
    if not 8 <= length <= 15 or digits[skip] == 0:
        return False
    if digits[skip] == 1:
        return length == 11 and is_north_american(digits, skip + 1)
    return bool(_CODE_DIGITS[int(digits[skip]) * 10 + int(digits[skip + 1])] > 0)


@numba.njit(nogil=True, cache=True)
def is_north_american(digits: Bytes, start: int) -> bool:
    """Whether the ten digits from ``start`` on have an area code and an exchange of the North American plan.

    >>> is_north_american(np.array([2, 1, 2, 5, 5, 5, 0, 1, 0, 0], np.uint8), 0)
    True
    """
    if digits[start] < 2 or digits[start + 1] == 9 or digits[start + 3] < 2:
        return False
    return not (digits[start + 1] == 1 and digits[start + 2] == 1)


@kernel
def _is_written_out(groups: Groups, count: int, bracket: bool) -> bool:
    """Forms 1 (with ``00``), 2 and 3 of numbers without a plus, of two groups or more."""
    digits, stops, total = groups.digits, groups.stops, groups.stops[count - 1]
    alike = True
    for k in range(2, count):
        alike &= groups.separators[k] == groups.separators[1]
    if digits[0] == 0 and digits[1] == 0 and (stops[0] == 3 or stops[0] == 4) and alike and count > 2:
        return total >= 11 and _is_international(groups, count, 2)
    lead = 1 if digits[0] == 1 and stops[0] == 1 else 0
    if total - lead == 10 and count - lead == 3 and stops[lead] - lead == 3 and stops[lead + 1] - lead == 6:
        last = groups.separators[count - 1]
        dashed = last == ord("-") or last == ord(".") or (last == ord(" ") and (bracket or lead == 1))
        same = bracket or groups.separators[lead + 1] == last or groups.separators[lead + 1] == MIXED
        return dashed and same and is_north_american(digits, lead)
    if digits[0] != 0 or digits[1] == 0 or not 9 <= total <= 11 or count > 5:
        return False
    if not 2 <= stops[0] <= 5 or (groups.separators[1] == ord("/") and count > 2):
        return False
    for k in range(1, count):
        if stops[k] - stops[k - 1] < 2:
            return False
    if groups.separators[count - 1] == ord("-") and _is_registry_number(groups, count):
        return False
    if groups.separators[count - 1] == ord("."):
        return alike and count == 5 and stops[0] == 2
    return alike or (bracket and groups.separators[1] == MIXED)


@kernel
def _is_registry_number(groups: Groups, count: int) -> bool:
    """3-2-4 (social security) or 5-4 (ZIP+4)."""
    stops = groups.stops
    return (count == 3 and stops[0] == 3 and stops[1] == 5 and stops[2] == 9) or (
        count == 2 and stops[0] == 5 and stops[1] == 9
    )


@kernel
def _is_date(groups: Groups, count: int) -> bool:
    """Whether groups look like a date, a range of years, or a registry number."""
    stops = groups.stops
    if count == 3 and (stops[0] <= 2 or stops[0] == 4) and stops[2] == 8 and stops[1] - stops[0] <= 2:
        return True
    year = groups.digits[0] * 10 + groups.digits[1]
    if count == 2 and stops[0] == 4 and stops[1] == 8 and year in (19, 20):
        return True
    return count > 1 and _is_registry_number(groups, count)


@kernel
def has_context(data: Bytes, begin: int, start: int) -> bool:
    """Whether a word that announces a number stands shortly before ``start``: on its line, or ending the one above."""
    limit = max(begin, start - CONTEXT_BYTES)
    i = start - 1
    while i >= limit and (data[i] != ord("\n") or i == start - 1):
        fresh = i == begin or not CLASSES[data[i - 1]] & LETTER
        if _word_at(data, i, start, _PHONE) or _word_at(data, i, start, _WHATSAPP):
            return True
        if fresh and (
            _word_at(data, i, start, _TEL) or _word_at(data, i, start, _FAX) or _word_at(data, i, start, _CALL)
            or _word_at(data, i, start, _CELL) or _word_at(data, i, start, _MOBILE)
            or _word_at(data, i, start, _CONTACT)
        ):  # fmt: skip
            return True
        i -= 1
    return False


@kernel
def _word_at(data: Bytes, i: int, end: int, word: Bytes) -> bool:
    if i + word.size >= end or data[i + word.size] == ord(">"):  # the placeholder announces nothing
        return False
    for k in range(word.size):  # noqa: SIM110 - a generator expression cannot be compiled
        if data[i + k] | 0x20 != word[k]:
            return False
    return True
