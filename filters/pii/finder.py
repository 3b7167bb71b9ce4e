"""Where personal data and secrets stand in texts: one pass over the bytes, exact matching only where one may begin.

Most bytes are letters and spaces, which bit planes pass over 57 at a time. An at sign may be in an e-mail address, a
colon in an IPv6 address, a quotation mark may open a secret; a run of letters, digits, ``_`` and ``-`` that is long or
holds a digit may be a number or a key. Every matcher looks at a bounded window, so the time is linear in the bytes
whatever they are (a private key's 64 KiB end at the next armour line).
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from gristmill.filters.pii.api_key import MIN_TOKEN_BYTES, match_key
from gristmill.filters.pii.assignment import match_bare, match_quoted
from gristmill.filters.pii.byte_classes import CLASSES, DIGIT, LETTER, TOKEN, stands_at
from gristmill.filters.pii.card import match_bare_card, match_card
from gristmill.filters.pii.digit_groups import Groups, goes_on, new_groups, read_groups
from gristmill.filters.pii.email_address import match_email
from gristmill.filters.pii.iban import MAX_CHARACTERS, match_iban
from gristmill.filters.pii.ip_address import match_ipv4, match_ipv6
from gristmill.filters.pii.kinds import API_KEY, CARD, EMAIL, IBAN, IP, NONE, PHONE, PRIVATE_KEY
from gristmill.filters.pii.phone import match_phone
from gristmill.filters.pii.private_key import BEGIN, DASHES, match_private_key
from gristmill.filters.text.arrays import Bytes, Hashes, Int64s
from gristmill.filters.text.buffers import PAD_BYTES, TextBuffer
from gristmill.kernels.arena import Arena
from gristmill.kernels.bit_planes import LANES, SURE_BITS, bits_from, byte_in, in_range, letters_in, new_plane
from gristmill.kernels.kernel import kernel
from gristmill.kernels.swar import first_bit, last_bit

_PLAIN, _TOKEN, _AT, _COLON, _QUOTE = range(5)


def _triggers() -> Bytes:
    table = np.full(256, _PLAIN, np.uint8)
    table[(CLASSES & TOKEN) != 0] = _TOKEN
    for trigger, characters in ((_AT, "@"), (_COLON, ":"), (_QUOTE, "\"'`")):
        table[[ord(character) for character in characters]] = trigger
    return table


_TRIGGERS = _triggers()
_ARMOUR = len(BEGIN)
_ONE, _SURE = np.uint64(1), np.uint64((1 << SURE_BITS) - 1)


class Spans(NamedTuple):
    """Places found, in order of document and start; no two overlap.

    Attributes:
        document: int64, row of the text.
        start: int64, first byte, counted from the beginning of that text.
        end: int64, byte behind the last.
        kind: int64, index into `gristmill.filters.pii.kinds.KINDS`.
    """

    document: Int64s
    start: Int64s
    end: Int64s
    kind: Int64s


class _Scratch(NamedTuple):
    groups: Groups
    iban: Bytes
    ipv6: Int64s
    seen: Int64s


def find(buffer: TextBuffer, arena: Arena | None = None) -> Spans:
    """Finds personal data and secrets of every kind in every text; scratch lies in ``arena``, if given.

    >>> import pyarrow as pa
    >>> from gristmill.filters.text.buffers import text_buffer
    >>> [column.tolist() for column in find(text_buffer(pa.array(["", "write to ann@mill.net or +44 20 7946 0958"])))]
    [[1, 1], [9, 25], [21, 41], [0, 2]]
    """
    scratch = _Scratch(new_groups(), np.zeros(MAX_CHARACTERS, np.uint8), np.zeros(8, np.int64), np.zeros(256, np.int64))
    room = arena or Arena()
    planes = [new_plane(buffer.data, room) for _ in range(3)]
    _mark_planes(buffer.data, *planes)
    found = _find(buffer.data, buffer.offsets, _Planes(*(plane.view(np.uint8) for plane in planes)), scratch)
    return Spans(found[:, 0], found[:, 1], found[:, 2], found[:, 3])


class _Planes(NamedTuple):
    """Bit planes: letters, digits, ``_`` and ``-``; digits; marks that something may begin at or stand around."""

    tokens: Bytes
    digits: Bytes
    marks: Bytes


@kernel
def _mark_planes(data: Bytes, tokens: Hashes, digits: Hashes, marks: Hashes) -> None:
    for k in range((data.size - PAD_BYTES) // LANES + 1):
        i = k * LANES
        digit = in_range(data, i, ord("0"), ord("9"))
        dashes = byte_in(data, i, ord("_")) | byte_in(data, i, ord("-"))
        quotes = byte_in(data, i, ord('"')) | byte_in(data, i, ord("'")) | byte_in(data, i, ord("`"))
        others = byte_in(data, i, ord("@")) | byte_in(data, i, ord(":"))
        tokens[k], digits[k], marks[k] = letters_in(data, i) | digit | dashes, digit, quotes | others


@kernel
def _next_place(planes: _Planes, i: int, end: int) -> int:
    """The next mark, or the beginning of the next token that has a digit or is as long as an armour line's begin."""
    while i < end:
        tokens = bits_from(planes.tokens, i) & _SURE
        two = tokens & tokens >> np.uint64(1)
        four = two & two >> np.uint64(2)
        eight = four & four >> np.uint64(4)
        long = eight & two >> np.uint64(_ARMOUR - 2)
        places = (bits_from(planes.digits, i) | bits_from(planes.marks, i) | long) & _SURE
        ahead = min(first_bit(places), SURE_BITS)
        # A token begins behind the last byte before the place that is of none. Where no place is in sight, the token
        # that the bits end with may still have one; it is not long, so this goes on.
        before = ~tokens & ((_ONE << np.uint64(ahead)) - _ONE)
        begin = i + (last_bit(before) + 1 if before else 0)
        if ahead < SURE_BITS:
            return min(begin if (tokens >> np.uint64(ahead)) & _ONE else i + ahead, end)
        i = begin
    return end


@numba.njit(nogil=True, cache=True)
def _find(data: Bytes, offsets: Int64s, planes: _Planes, scratch: _Scratch) -> Int64s:
    spans = np.empty((64, 4), np.int64)
    count = 0
    for document in range(offsets.size - 1):
        begin, end, floor = offsets[document], offsets[document + 1], count
        i = begin
        while True:
            i = _next_place(planes, i, end)
            if i >= end:
                break
            trigger = _TRIGGERS[data[i]]
            behind, classes = i, 0
            if trigger == _TOKEN:
                while behind < end and _TRIGGERS[data[behind]] == _TOKEN:
                    if behind > i and data[behind] == ord("-") and stands_at(data, behind, end, DASHES):
                        break
                    classes |= int(CLASSES[data[behind]])
                    behind += 1
                if behind - i < _ARMOUR and not classes & DIGIT:  # a word
                    i = behind
                    continue
            # What was found before is out of sight, as if its placeholder stood there already.
            first = begin + spans[count - 1, 2] if count > floor else begin
            if trigger == _TOKEN:
                kind, start, stop = _match_token(data, first, end, i, behind, classes, scratch)
            else:
                kind, start, stop = _match_mark(data, first, end, i, trigger, scratch)
            i = max(i + 1, behind) if kind == NONE else max(stop, behind)
            if kind == NONE:
                continue
            if count == spans.shape[0]:
                larger = np.empty((2 * count, 4), np.int64)
                for k in range(count):
                    for column in range(4):
                        larger[k, column] = spans[k, column]
                spans = larger
            spans[count, 0], spans[count, 1], spans[count, 2], spans[count, 3] = (
                document, start - begin, stop - begin, kind
            )  # fmt: skip
            count += 1
    return spans[:count]


@kernel
def _match_mark(data: Bytes, begin: int, end: int, i: int, trigger: int, scratch: _Scratch) -> tuple[int, int, int]:
    """Kind, start and stop of what the mark at ``i`` belongs to."""
    if trigger == _AT:
        kind = EMAIL
        start, stop = match_email(data, begin, end, i)
    elif trigger == _COLON:
        kind = IP
        start, stop = match_ipv6(data, begin, end, i, scratch.ipv6)
    else:
        kind = API_KEY
        start, stop = match_quoted(data, begin, end, i, scratch.seen)
    return (kind, start, stop) if stop else (NONE, 0, 0)


@kernel
def _match_token(
    data: Bytes, begin: int, end: int, i: int, behind: int, classes: int, scratch: _Scratch
) -> tuple[int, int, int]:
    """Kind, start and stop of what the token ``data[i:behind]`` is, holds, or begins."""
    if behind - i >= BEGIN.size and data[behind - 1] == BEGIN[BEGIN.size - 1]:
        stop = match_private_key(data, end, behind - BEGIN.size)
        if stop:
            return PRIVATE_KEY, behind - BEGIN.size, stop
    if behind - i >= MIN_TOKEN_BYTES:
        start, stop = match_key(data, begin, end, i, behind, scratch.seen)
        if stop == 0:
            start, stop = match_bare(data, begin, end, i, scratch.seen)
        if stop:
            return API_KEY, start, stop
    if classes & DIGIT:
        return _match_number(data, begin, end, i, behind, scratch)
    return NONE, 0, 0


@kernel
def _match_number(data: Bytes, begin: int, end: int, i: int, behind: int, scratch: _Scratch) -> tuple[int, int, int]:
    """Kind, start and stop of the number that the token ``data[i:behind]`` is or begins."""
    if CLASSES[data[i]] & LETTER:
        stop = match_iban(data, begin, end, i, scratch.iban)
        return (IBAN, i, stop) if stop else (NONE, 0, 0)
    if not CLASSES[data[i]] & DIGIT:
        return NONE, 0, 0
    run = i
    while run < behind and CLASSES[data[run]] & DIGIT:
        run += 1
    if run - i <= 3 and run < end and data[run] == ord("."):
        stop = match_ipv4(data, begin, end, i)
        if stop:
            return IP, i, stop
    if not goes_on(data, begin, i):
        count, whole = read_groups(data, end, i, scratch.groups)
        if count:
            stop = match_card(data, begin, end, i, count, scratch.groups)
            if stop:
                return CARD, i, stop
            start, stop = match_phone(data, begin, end, i, count, whole, scratch.groups)
            if stop:
                return PHONE, start, stop
    stop = match_bare_card(data, begin, end, i, run, scratch.groups.digits)
    return (CARD, i, stop) if stop else (NONE, 0, 0)
