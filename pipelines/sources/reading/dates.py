"""Dates as documents write them: ISO 8601 in HTML and OPF, RFC 9110 in HTTP, 14 digits in web archives.

Every function returns an aware UTC time with whole seconds, or ``None``; none raises. A date without a zone is taken as
UTC, a year or month alone as its first day. Years outside 1000-2199 are typing errors and give ``None``.
"""

from __future__ import annotations

import datetime as dt
import re
from email.utils import parsedate_to_datetime

_ISO = re.compile(
    r"\s*(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2})"
    r"(?:[T ]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?)?)?(?![\d:])",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"\s*(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2}))?Z?\s*$")


def _utc(parts: tuple[int, int, int, int, int, int], zone_minutes: int = 0) -> dt.datetime | None:
    if not 1000 <= parts[0] <= 2199:
        return None
    year, month, day, hour, minute, second = parts
    try:
        value = dt.datetime(year, month, day, hour, minute, min(second, 59), tzinfo=dt.UTC)
    except ValueError:
        return None
    return value - dt.timedelta(minutes=zone_minutes)


def parse_iso_date(text: str) -> dt.datetime | None:
    """Reads an ISO 8601 date or time (and the 14 digits of web archives), ignoring what follows it.

    >>> parse_iso_date("2021-03-04T23:30:00+02:00").isoformat()
    '2021-03-04T21:30:00+00:00'
    >>> parse_iso_date("1851").isoformat(), parse_iso_date("20140216050221").isoformat()
    ('1851-01-01T00:00:00+00:00', '2014-02-16T05:02:21+00:00')
    >>> parse_iso_date("2021-13-40"), parse_iso_date("yesterday")
    (None, None)
    """
    if not text.isascii():
        return None
    compact = _COMPACT.match(text)
    if compact is not None:
        year, month, day, hour, minute, second = (int(part or 0) for part in compact.groups())
        return _utc((year, month, day, hour, minute, second))
    match = _ISO.match(text)
    if match is None:
        return None
    year, month, day = (int(match[name] or 1) for name in ("year", "month", "day"))
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    zone, zone_minutes = match["zone"], 0
    if zone is not None and zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        zone_minutes = (int(digits[:2]) * 60 + int(digits[2:])) * (1 if zone[0] == "+" else -1)
    return _utc((year, month, day, hour, minute, second), zone_minutes)


def parse_http_date(text: str) -> dt.datetime | None:
    """Reads an HTTP date (RFC 9110 section 5.6.7, its obsolete forms included).

    >>> parse_http_date("Fri, 09 Aug 2013 23:54:35 GMT").isoformat()
    '2013-08-09T23:54:35+00:00'
    """
    try:
        value = parsedate_to_datetime(text)
        if value.tzinfo is None:
            value = value.replace(tzinfo=dt.UTC)
        value = value.astimezone(dt.UTC).replace(microsecond=0)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return value if 1000 <= value.year <= 2199 else None
