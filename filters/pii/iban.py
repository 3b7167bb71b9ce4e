"""IBAN: country, length of that country, and check digits (ISO 13616, SWIFT IBAN Registry)."""

from __future__ import annotations

import numpy as np

from gristmill.filters.pii.byte_classes import ALNUM, CLASSES, DIGIT, LETTER, UPPER, is_byte, is_in
from gristmill.filters.pii.check_digits import mod97
from gristmill.filters.text.arrays import Bytes, Int64s
from gristmill.kernels.kernel import kernel

LENGTHS = {
    length: countries.split()
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
}
"""Countries by the length of their IBAN in characters."""

MAX_CHARACTERS = 34


def _length_table() -> Int64s:
    table = np.zeros((26, 26), np.int64)
    for length, countries in LENGTHS.items():
        for country in countries:
            table[ord(country[0]) - ord("A"), ord(country[1]) - ord("A")] = length
    return table


_LENGTHS = _length_table()


@kernel
def match_iban(data: Bytes, begin: int, end: int, start: int, scratch: Bytes) -> int:
    """Where the IBAN that starts at ``start`` stops; 0 if there is none.

    Written without spaces in capitals or all in small letters, or in capitals in groups of four.
    ``scratch`` has `MAX_CHARACTERS` bytes.
    """
    if start + 4 > end or not (CLASSES[data[start]] & LETTER and CLASSES[data[start + 1]] & LETTER):
        return 0
    if not (CLASSES[data[start + 2]] & DIGIT and CLASSES[data[start + 3]] & DIGIT):
        return 0
    if is_in(data, start - 1, begin, end, ALNUM) or is_byte(data, start - 1, begin, end, ord("_")):
        return 0
    length = _LENGTHS[(data[start] | 0x20) - ord("a"), (data[start + 1] | 0x20) - ord("a")]
    if length == 0:
        return 0
    capitals, spaced, count, i = CLASSES[data[start]] & UPPER, False, 0, start
    while i < end and count < length:
        byte = data[i]
        if byte == ord(" ") and count and count % 4 == 0 and (spaced or count == 4) and capitals:
            spaced = True
            i += 1
        elif spaced and count % 4 == 0 and data[i - 1] != ord(" "):
            return 0
        if i == end or not CLASSES[data[i]] & ALNUM:
            return 0
        if CLASSES[data[i]] & LETTER and (CLASSES[data[i]] & UPPER) != capitals:
            return 0
        scratch[count] = data[i]
        count += 1
        i += 1
    if count < length or is_in(data, i, begin, end, ALNUM) or is_byte(data, i, begin, end, ord("_")):
        return 0
    return i if mod97(scratch, count) == 1 else 0
