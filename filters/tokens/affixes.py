# ruff: noqa: RUF001 - letters of many scripts are meant
"""What spaCy's English tokenizer splits off a word, and where it splits inside: steps on one run without white space.

Each function is one of spaCy's regular expressions, read on UTF-8: prefixes, suffixes, infixes (``lang/punctuation.py``
and ``lang/en/punctuation.py``) and addresses (``lang/tokenizer_exceptions.py``), all of spaCy 3.8.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gristmill.filters.text.arrays import Bytes
from gristmill.filters.text.buffers import PAD_BYTES
from gristmill.filters.text.utf8 import NON_ASCII, code_point
from gristmill.filters.tokens.classes import (
    BEFORE_DOT,
    CURRENCY,
    HOST,
    ICON,
    LETTER,
    LOWER,
    NAMED,
    PREFIX,
    QUOTE,
    SUFFIX,
    UPPER,
)
from gristmill.kernels.kernel import kernel
from gristmill.kernels.swar import hash_bytes

Classes = NDArray[np.uint16]

UNITS = """
km km² km³ m m² m³ dm dm² dm³ cm cm² cm³ mm mm² mm³ ha µm nm yd in ft kg g mg µg t lb oz m/s km/h kmh mph hPa Pa mbar mb
MB kb KB gb GB tb TB T G M K % км км² км³ м м² м³ дм дм² дм³ см см² см³ мм мм² мм³ нм кг г мг м/с км/ч кПа Па мбар Кб КБ
кб Мб МБ мб Гб ГБ гб Тб ТБ тбكم كم² كم³ م م² م³ سم سم² سم³ مم مم² مم³ كم غرام جرام جم كغ ملغ كوب اكواب
""".split()  # noqa: SIM905 - a list of so many would fill a page
"""Units that are split off a number; one is two glued together, as in spaCy's list."""

UNIT_HASHES = np.array(
    sorted(
        {
            int(hash_bytes(np.frombuffer(unit.encode() + bytes(PAD_BYTES), np.uint8), 0, len(unit.encode())))
            for unit in UNITS
        }
    ),
    np.uint64,
)
_SCALES = tuple(b"FfCcKk")
_OPERATORS = tuple(b"+-*^")
_JOINERS = tuple(b"~:<>=/")
_SCHEME_MARKS = tuple(b"+-.")
_LONGEST_UNIT = max(len(unit.encode()) for unit in UNITS)
_LONGEST_TOP_DOMAIN = 63
_LONGEST_LABEL = 64


@kernel
def last_point(data: Bytes, start: int, end: int) -> tuple[int, int]:
    """The last character of ``data[start:end]``, which is not empty, and how many bytes it takes."""
    i = end - 1
    if data[i] < NON_ASCII:
        return int(data[i]), 1
    while i > start and (data[i] & 0xC0) == 0x80 and end - i < 4:
        i -= 1
    point, width = code_point(data, i, end)
    return (point, width) if i + width == end else (0xFFFD, 1)


@kernel
def _is_digit(byte: int) -> bool:
    return 48 <= byte <= 57


@kernel
def prefix_bytes(data: Bytes, start: int, end: int, classes: Classes) -> int:
    """Bytes of the prefix to split off, or 0."""
    byte = data[start]
    point, width = code_point(data, start, end)
    if classes[point] & PREFIX:
        return width
    if byte == ord("+"):
        return 0 if start + 1 < end and _is_digit(data[start + 1]) else 1
    if byte == ord("."):
        i = start + 1
        while i < end and data[i] == ord("."):
            i += 1
        return i - start if i - start > 1 else 0
    if byte == ord("U") and end - start > 2 and data[start + 1] == ord("S") and data[start + 2] == ord("$"):
        return 3
    if byte in (ord("C"), ord("A")) and end - start > 1 and data[start + 1] == ord("$"):
        return 2
    return 0


@kernel
def _unit_bytes(data: Bytes, start: int, end: int, units: NDArray[np.uint64]) -> int:
    """Bytes of the unit, or currency of two letters or more, that ends here and stands behind a digit; 0 if none."""
    i = end - 1
    while i > start and end - i <= _LONGEST_UNIT and not _is_digit(data[i]):
        i -= 1
    if i < start or not _is_digit(data[i]) or i + 1 == end:
        return 0
    size = end - i - 1
    tail = hash_bytes(data, i + 1, end)
    known = False
    for unit in units:
        known |= unit == tail
    if size in (2, 3) and data[end - 1] == ord("$"):
        first, second = data[i + 1], data[i + 2]
        known |= (size == 2 and first in (ord("C"), ord("A"))) or (
            size == 3 and first == ord("U") and second == ord("S")
        )
    return size if known else 0


@kernel
def dot_goes(data: Bytes, start: int, end: int, classes: Classes) -> bool:
    """Whether the dot that ``data[start:end]`` ends with, after something, is split off."""
    point, width = last_point(data, start, end - 1)
    if classes[point] & BEFORE_DOT:
        return True
    before = end - 1 - width
    if before <= start:
        return False
    earlier, _ = last_point(data, start, before)
    if classes[point] & UPPER and classes[earlier] & UPPER:
        return True
    return earlier == 0xB0 and point in _SCALES


@kernel
def suffix_bytes(data: Bytes, start: int, end: int, classes: Classes, units: NDArray[np.uint64]) -> int:
    """Bytes of the suffix to split off ``data[start:end]``, or 0: the longest that any of the expressions finds."""
    if start >= end:
        return 0
    last = int(data[end - 1])
    if last == ord("."):
        i = end - 1
        while i > start and data[i - 1] == ord("."):
            i -= 1
        if end - i > 1:
            return end - i
        return 1 if end - start > 1 and dot_goes(data, start, end, classes) else 0
    if last in (ord("s"), ord("S")):
        if end - start >= 2 and data[end - 2] == ord("'"):
            return 2
        if end - start >= 4 and data[end - 4] == 0xE2 and data[end - 3] == 0x80 and data[end - 2] == 0x99:
            return 4
    unit = _unit_bytes(data, start, end, units) if end - start > 1 else 0
    if unit:
        return unit
    point, width = last_point(data, start, end)
    if point == 0x2026 and end - start >= 6:
        before, _ = last_point(data, start, end - 3)
        if before == 0x2026:
            return 6
    if classes[point] & SUFFIX:
        return width
    if end - start > width and _is_digit(data[end - width - 1]) and (classes[point] & CURRENCY or last == ord("+")):
        return width
    return 0


@kernel
def infix_bytes(data: Bytes, start: int, i: int, end: int, classes: Classes) -> int:
    """Bytes of the infix that begins at ``i`` in ``data[start:end]``, or 0."""
    byte = int(data[i])
    if byte >= NON_ASCII:
        point, width = code_point(data, i, end)
        if point == 0x2026 or classes[point] & ICON:
            return width
        if point not in (0x2013, 0x2014):
            return 0
    else:
        point, width = byte, 1
        if byte == ord(".") and i + 1 < end and data[i + 1] == ord("."):
            width = 2
            while i + width < end and data[i + width] == ord("."):
                width += 1
            return width
    if i == start or i + width >= end:
        return 0
    before, _ = last_point(data, start, i)
    if before < NON_ASCII and _is_digit(before) and point in _OPERATORS:
        after = data[i + 1]
        if _is_digit(after) or after == ord("-"):
            return 1
    following, _ = code_point(data, i + width, end)
    if byte == ord("."):
        return 1 if classes[before] & (LOWER | QUOTE) and classes[following] & (UPPER | QUOTE) else 0
    if byte == ord(","):
        return 1 if classes[before] & LETTER and classes[following] & LETTER else 0
    if not (classes[before] & LETTER or (before < NON_ASCII and _is_digit(before))):
        return 0
    if point in (0x2D, 0x2013, 0x2014):
        return _hyphen_bytes(data, i, end, point, width, classes)
    return 1 if point in _JOINERS and classes[following] & LETTER else 0


@kernel
def _hyphen_bytes(data: Bytes, i: int, end: int, point: int, width: int, classes: Classes) -> int:
    """Bytes of one to three hyphens, one dash, or two em dashes that a letter follows; 0 if none does."""
    most = 3 if point == 0x2D else 2 if point == 0x2014 else 1
    size = 0
    for _ in range(most):
        if i + size >= end:
            return 0
        found, _ = code_point(data, i + size, end)
        if found != point:
            return 0
        size += width
        if i + size >= end:
            return 0
        following, _ = code_point(data, i + size, end)
        if classes[following] & LETTER:
            return size
    return 0


@kernel
def is_address(data: Bytes, start: int, end: int, classes: Classes) -> bool:
    """Whether all of ``data[start:end]`` is an address: scheme, user and port may be missing; a path may follow."""
    if _is_host_and_rest(data, start, end, classes):
        return True
    i = start
    while i < end:
        point, width = code_point(data, i, end)
        if not (classes[point] & NAMED or point in _SCHEME_MARKS):
            break
        i += width
    begin = start
    if i - start >= 2 and i + 2 < end and data[i] == 58 and data[i + 1] == 47 and data[i + 2] == 47:
        begin = i + 3
        if _is_host_and_rest(data, begin, end, classes):
            return True
    # A user may hold anything, another "@" too.
    for k in range(start + 1, end):  # noqa: SIM110 - a kernel has no generators
        if data[k] == ord("@") and _is_host_and_rest(data, k + 1, end, classes):
            return True
    return False


@kernel
def _is_host_and_rest(data: Bytes, start: int, end: int, classes: Classes) -> bool:
    """Host, port and path; the host ends before the first character that cannot stand in one."""
    i = label = start
    labels = 0
    label_chars = 0
    low = True
    ends_well = begins_well = False
    while i < end:
        point, width = code_point(data, i, end)
        bits = classes[point]
        if point == ord("."):
            if not (begins_well and ends_well) or label_chars > _LONGEST_LABEL:
                return False
            labels += 1
            label, label_chars, low = i + 1, 0, True
            begins_well = ends_well = False
        elif bits & HOST or point in (ord("-"), ord("_")):
            begins_well = bool(bits & HOST) if i == label else begins_well
            ends_well = bool(bits & HOST)
            low = low and bool(bits & LOWER)
            label_chars += 1
        else:
            break
        i += width
    if labels == 0:
        return False
    named = low and 2 <= label_chars <= _LONGEST_TOP_DOMAIN
    if not named and not _is_public_ip(data, start, i):
        return False
    if i < end and data[i] == ord(":"):
        digits = 0
        i += 1
        while i < end and _is_digit(data[i]):
            digits += 1
            i += 1
        if not 2 <= digits <= 5:
            return False
    return i == end or data[i] in (ord("/"), ord("?"), ord("#"))


@kernel
def _is_public_ip(data: Bytes, start: int, end: int) -> bool:
    """Four decimal numbers that spaCy takes for an address on the public internet."""
    packed = part = digits = number = 0  # the numbers before the last, ten bits each
    for i in range(start, end):
        if data[i] == ord("."):
            if digits == 0 or part == 3:
                return False
            packed, part, digits, number = packed << 10 | number, part + 1, 0, 0
        elif _is_digit(data[i]) and digits < 3:
            digits, number = digits + 1, number * 10 + data[i] - 48
        else:
            return False
    a, b, c = packed >> 20, packed >> 10 & 1023, packed & 1023
    private = a in (10, 127) or (a == 169 and b == 254) or (a == 192 and b == 168) or (a == 172 and 16 <= b <= 31)
    return part == 3 and digits > 0 and not private and 1 <= a <= 223 and max(b, c) <= 255 and 1 <= number <= 254
