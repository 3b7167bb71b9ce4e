"""Kernels of `gristmill.urls`: where the parts of an address lie, and its canonical form, over UTF-8 buffers."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Int64s = NDArray[np.int64]

OPAQUE, PLAIN, ODD = 0, 1, 2
"""What a row's host is: none at all, plain ASCII letters, or something that Python must look at first."""

SPANS = ("form", "begin", "stop", "scheme_end", "host_start", "host_end", "port", "rest_start")
"""Columns of the array that `find_parts` returns. ``scheme_end`` is ``begin`` for http, https and no scheme."""

_TRACKING = tuple(np.frombuffer(name, np.uint8) for name in (b"utm_", b"gclid=", b"dclid=", b"fbclid=", b"msclkid="))
_UTM, _GCLID, _DCLID, _FBCLID, _MSCLKID = _TRACKING
_WWW = np.frombuffer(b"www.", np.uint8)
_HEX = np.frombuffer(b"0123456789ABCDEF", np.uint8)


@numba.njit(nogil=True, cache=True)
def _lower(byte: int) -> int:
    return byte + 32 if 65 <= byte <= 90 else int(byte)


@numba.njit(nogil=True, cache=True)
def _starts(data: Bytes, at: int, stop: int, wanted: Bytes) -> bool:
    """Whether ``wanted``, in lower case, stands at ``at`` in any case."""
    if stop - at < wanted.size:
        return False
    for k in range(wanted.size):  # noqa: SIM110  a kernel has no generator
        if _lower(data[at + k]) != wanted[k]:
            return False
    return True


@numba.njit(nogil=True, cache=True)
def _scheme_end(data: Bytes, begin: int, stop: int) -> int:
    """Behind the ``://`` that ends a scheme; ``begin`` if there is none."""
    i = begin
    while i < stop:
        byte = _lower(data[i])
        letter = 97 <= byte <= 122
        if not letter and (i == begin or not (48 <= byte <= 57 or byte in (43, 45, 46))):
            break
        i += 1
    if i > begin and i + 2 < stop and data[i] == 58 and data[i + 1] == 47 and data[i + 2] == 47:
        return i + 3
    return begin


@numba.njit(nogil=True, cache=True)
def _is_web_scheme(data: Bytes, begin: int, end: int) -> bool:
    size = end - begin - 3
    if size not in (4, 5) or (size == 5 and _lower(data[begin + 4]) != 115):
        return False
    return (
        _lower(data[begin]) == 104
        and _lower(data[begin + 1]) == 116
        and _lower(data[begin + 2]) == 116
        and _lower(data[begin + 3]) == 112
    )


@numba.njit(nogil=True, cache=True)
def _form_of_host(data: Bytes, start: int, end: int) -> int:
    """`ODD` where the host is international, escaped, an IP address or could be written in another way."""
    if data[start] == 91:
        return ODD
    label = start
    for i in range(start, end):
        byte = _lower(data[i])
        if byte == 46:
            label = i + 1
        elif not (97 <= byte <= 122 or 48 <= byte <= 57 or byte in (45, 95)):
            return ODD
        elif i == label + 3 and byte == 45 and data[i - 1] == 45:
            return ODD  # xn-- and its like
    return ODD if label < end and 48 <= data[label] <= 57 else PLAIN


@numba.njit(nogil=True, cache=True)
def _parts(data: Bytes, begin: int, stop: int, span: Int64s) -> None:
    """Fills one row of `SPANS`; the row is `OPAQUE` already."""
    while begin < stop and data[begin] <= 32:
        begin += 1
    while stop > begin and data[stop - 1] <= 32:
        stop -= 1
    span[1], span[2], span[3], span[6] = begin, stop, begin, -1
    host = _scheme_end(data, begin, stop)
    has_scheme = host > begin
    if has_scheme and not _is_web_scheme(data, begin, host):
        span[3] = host
    if not has_scheme and stop - begin > 2 and data[begin] == 47 and data[begin + 1] == 47:
        host, has_scheme = begin + 2, True
    rest = host
    at = host - 1
    while rest < stop and data[rest] not in (47, 63, 35, 92):
        if data[rest] == 64:
            at = rest
        rest += 1
    if at >= host and has_scheme:
        host = at + 1
    end = host
    if host < rest and data[host] == 91:
        while end < rest and data[end] != 93:
            end += 1
        end = min(end + 1, rest)
    else:
        while end < rest and data[end] != 58:
            end += 1
    if end < rest:
        if data[end] != 58 or rest - end > 8:
            return
        for i in range(end + 1, rest):
            if not 48 <= data[i] <= 57:
                return
            span[6] = max(span[6], 0) * 10 + int(data[i]) - 48
        if span[6] > 65535:
            return
        if span[6] == 80 or span[6] == 443:
            span[6] = -1
    while end > host and data[end - 1] == 46:
        end -= 1
    if end == host:
        return
    span[4], span[5], span[7] = host, end, rest
    span[0] = _form_of_host(data, host, end)


@numba.njit(nogil=True, cache=True)
def find_parts(data: Bytes, offsets: Int64s) -> Int64s:
    """Where the parts of each address lie. Shape (addresses, len(SPANS)), positions in ``data``."""
    spans = np.zeros((offsets.size - 1, len(SPANS)), np.int64)
    for row in range(offsets.size - 1):
        _parts(data, offsets[row], offsets[row + 1], spans[row])
    return spans


@numba.njit(nogil=True, cache=True)
def _nibble(byte: int) -> int:
    if 48 <= byte <= 57:
        return int(byte) - 48
    byte = _lower(byte)
    return int(byte) - 87 if 97 <= byte <= 102 else -1


@numba.njit(nogil=True, cache=True)
def escaped_byte(data: Bytes, at: int, stop: int) -> int:
    """The byte that the escape ``%XX`` at ``at`` stands for; -1 where there is none."""
    if stop - at < 3 or data[at] != 37:
        return -1
    high, low = _nibble(data[at + 1]), _nibble(data[at + 2])
    return high << 4 | low if high >= 0 and low >= 0 else -1


@numba.njit(nogil=True, cache=True)
def escaped_character(data: Bytes, at: int, stop: int, out: Bytes, size: int) -> int:
    """Writes the character beyond ASCII that a run of escapes stands for; how many bytes, 0 if it is no valid UTF-8."""
    lead = escaped_byte(data, at, stop)
    width = 2 if 0xC2 <= lead < 0xE0 else 3 if 0xE0 <= lead < 0xF0 else 4 if 0xF0 <= lead < 0xF5 else 0
    if not width:
        return 0
    point = lead & (0x7F >> width)
    for k in range(1, width):
        byte = escaped_byte(data, at + 3 * k, stop)
        if byte < 0x80 or byte >= 0xC0:
            return 0
        point = point << 6 | byte & 0x3F
    least = 0x80 if width == 2 else 0x800 if width == 3 else 0x10000
    if point < least or point > 0x10FFFF or 0xD800 <= point < 0xE000:
        return 0
    for k in range(width):
        out[size + k] = escaped_byte(data, at + 3 * k, stop)
    return width


@numba.njit(nogil=True, cache=True)
def _escape(byte: int, out: Bytes, size: int) -> int:
    out[size], out[size + 1], out[size + 2] = 37, _HEX[byte >> 4], _HEX[byte & 15]
    return size + 3


@numba.njit(nogil=True, cache=True)
def _unit(data: Bytes, at: int, stop: int, out: Bytes, size: int) -> tuple[int, int]:
    """Writes one byte or escape of a path, query or fragment; the new place in ``data`` and in ``out``."""
    byte = int(data[at])
    if byte != 37:
        if byte in (9, 10, 13):
            return at + 1, size
        if byte <= 32 or byte == 127:
            return at + 1, _escape(byte, out, size)
        out[size] = byte
        return at + 1, size + 1
    value = escaped_byte(data, at, stop)
    if value < 0:
        return at + 1, _escape(37, out, size)
    if value >= 0x80:
        width = escaped_character(data, at, stop, out, size)
        if width:
            return at + 3 * width, size + width
        return at + 3, _escape(value, out, size)
    letter = 97 <= _lower(value) <= 122
    if letter or 48 <= value <= 57 or value in (45, 46, 95, 126):
        out[size] = value
        return at + 3, size + 1
    return at + 3, _escape(value, out, size)


@numba.njit(nogil=True, cache=True)
def _close_segment(out: Bytes, root: int, segment: int, size: int) -> int:
    """Takes back a path segment that is ``.`` or ``..``; where the path goes on."""
    length = size - segment
    if length == 1 and out[segment] == 46:
        return segment
    if length == 2 and out[segment] == 46 and out[segment + 1] == 46:
        back = segment - 1
        while back > root and out[back - 1] != 47:
            back -= 1
        return max(back, root + 1)
    return -1


@numba.njit(nogil=True, cache=True)
def _path(data: Bytes, at: int, stop: int, out: Bytes, size: int) -> tuple[int, int]:
    """Writes a path without dot segments and without slashes at its end."""
    root = size
    segment = size
    while at < stop and data[at] not in (63, 35):
        if data[at] in (47, 92):
            back = _close_segment(out, root, segment, size) if size > root else -1
            if back < 0:
                out[size] = 47
                size += 1
            else:
                size = back
            segment = size
            at += 1
        elif 37 < data[at] < 127:
            out[size] = data[at]
            at += 1
            size += 1
        else:
            at, size = _unit(data, at, stop, out, size)
    back = _close_segment(out, root, segment, size) if size > root else -1
    size = size if back < 0 else back
    while size > root and out[size - 1] == 47:
        size -= 1
    return at, size


@numba.njit(nogil=True, cache=True)
def _is_tracking(data: Bytes, at: int, stop: int) -> bool:
    return (
        _starts(data, at, stop, _UTM)
        or _starts(data, at, stop, _GCLID)
        or _starts(data, at, stop, _DCLID)
        or _starts(data, at, stop, _FBCLID)
        or _starts(data, at, stop, _MSCLKID)
    )


@numba.njit(nogil=True, cache=True)
def _query(data: Bytes, at: int, stop: int, out: Bytes, size: int) -> tuple[int, int]:
    """Writes a query, of which ``at`` is the first byte behind the ``?``, without empty and tracking parameters."""
    mark = 63
    while at < stop and data[at] != 35:
        end = at
        while end < stop and data[end] not in (38, 35):
            end += 1
        before = size
        out[size] = mark
        size += 1
        while at < end:
            if 37 < data[at] < 127:
                out[size] = data[at]
                at += 1
                size += 1
            else:
                at, size = _unit(data, at, end, out, size)
        if size == before + 1 or _is_tracking(out, before + 1, size):
            size = before
        else:
            mark = 38
        at = end + 1 if end < stop and data[end] == 38 else end
    return at, size


@numba.njit(nogil=True, cache=True)
def _number(value: int, out: Bytes, size: int) -> int:
    digits = 1
    while 10**digits <= value:
        digits += 1
    for k in range(digits - 1, -1, -1):
        out[size + k] = 48 + value % 10
        value //= 10
    return size + digits


@numba.njit(nogil=True, cache=True)
def _has_dot(data: Bytes, start: int, stop: int) -> bool:
    for i in range(start, stop):  # noqa: SIM110  a kernel has no generator
        if data[i] == 46:
            return True
    return False


@numba.njit(nogil=True, cache=True)
def _address(data: Bytes, span: Int64s, host: Bytes, out: Bytes, size: int) -> int:
    """Writes the canonical address of one row that has a host."""
    for i in range(span[1], span[3]):
        out[size] = _lower(data[i])
        size += 1
    start = 0
    while _starts(host, start, host.size, _WWW) and _has_dot(host, start + 4, host.size):
        start += 4
    out[size : size + host.size - start] = host[start:]
    size += host.size - start
    if span[6] >= 0:
        out[size] = 58
        size = _number(span[6], out, size + 1)
    stop = span[2]
    at, size = _path(data, span[7], stop, out, size)
    if at < stop and data[at] == 63:
        at, size = _query(data, at + 1, stop, out, size)
    if at + 2 < stop and data[at] == 35 and data[at + 1] == 33:
        while at < stop:
            at, size = _unit(data, at, stop, out, size)
    return size


@numba.njit(nogil=True, cache=True)
def write_forms(
    data: Bytes, spans: Int64s, odd: Int64s, odd_data: Bytes, odd_offsets: Int64s
) -> tuple[Bytes, Int64s, Bytes, Int64s]:
    """The hosts and the canonical addresses.

    Args:
        data: the addresses.
        spans: from `find_parts`.
        odd: for each row, which of the odd hosts is its host; -1 for a plain one.
        odd_data: the odd hosts in canonical form.
        odd_offsets: where each begins.

    Returns:
        ``(data, offsets)`` of the hosts, then of the addresses.
    """
    rows = spans.shape[0]
    most_host, most_address = 0, 0
    for row in range(rows):
        k = odd[row]
        size = odd_offsets[k + 1] - odd_offsets[k] if k >= 0 else spans[row, 5] - spans[row, 4]
        most_host += size
        most_address += size + 8 + 3 * (spans[row, 2] - spans[row, 1])
    hosts, host_offsets = np.empty(most_host, np.uint8), np.zeros(rows + 1, np.int64)
    out, out_offsets = np.empty(most_address, np.uint8), np.zeros(rows + 1, np.int64)
    at, size = 0, 0
    for row in range(rows):
        first = at
        k = odd[row]
        if k >= 0:
            for i in range(odd_offsets[k], odd_offsets[k + 1]):
                hosts[at] = odd_data[i]
                at += 1
        else:
            for i in range(spans[row, 4], spans[row, 5]):
                hosts[at] = _lower(data[i])
                at += 1
        host_offsets[row + 1] = at
        if spans[row, 0] == OPAQUE:
            for i in range(spans[row, 1], spans[row, 2]):
                out[size] = data[i]
                size += 1
        else:
            size = _address(data, spans[row], hosts[first:at], out, size)
        out_offsets[row + 1] = size
    return hosts[:at], host_offsets, out[:size], out_offsets
