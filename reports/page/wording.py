"""Numbers in words: thousands separators, units, per cent, and singular or plural."""

from __future__ import annotations

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")


def count(number: int) -> str:
    """``number`` with thousands separators.

    >>> count(1204)
    '1,204'
    """
    return f"{number:,}"


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """``number`` with the noun in the right number.

    >>> counted(1, "document"), counted(1204, "document")
    ('1 document', '1,204 documents')
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def byte_size(size_bytes: int) -> str:
    """Bytes in the decimal unit that leaves one to three digits before the point.

    >>> byte_size(999), byte_size(12_345_678)
    ('999 bytes', '12.3 MB')
    """
    size, unit = float(size_bytes), 0
    while size >= 999.95 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size_bytes:,} {_UNITS[0]}" if unit == 0 else f"{size:,.1f} {_UNITS[unit]}"


def percent(value: float) -> str:
    """A share in per cent, with more digits where it is small.

    >>> percent(0.5), percent(0.0123), percent(0.00004), percent(0.0), percent(1.0)
    ('50.0 %', '1.23 %', '0.004 %', '0 %', '100 %')
    """
    if value in (0.0, 1.0):
        return f"{value * 100:.0f} %"
    magnitude = abs(value)
    digits = 1 if magnitude >= 0.1 else 2 if magnitude >= 0.001 else 3
    return f"{value * 100:.{digits}f} %"


def ratio(value: float) -> str:
    """A ratio with two digits after the point, three below 0.1.

    >>> ratio(1.234), ratio(0.0456)
    ('1.23', '0.046')
    """
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def part_of(part: int, whole: int, noun: str) -> str:
    """A part with its denominator in words.

    >>> part_of(301, 1204, "web documents read")
    '301 (25.0 %) of 1,204 web documents read'
    """
    if whole == 0:
        return f"none of 0 {noun}"
    return f"{part:,} ({percent(part / whole)}) of {whole:,} {noun}"


def listing(names: list[str], limit: int = 12) -> str:
    """Names in a sentence, at most ``limit`` of them.

    >>> listing(["a", "b", "c"], limit=2)
    'a, b and 1 more'
    """
    shown = names[:limit]
    if len(names) > limit:
        return f"{', '.join(shown)} and {len(names) - limit} more"
    return ", ".join(shown)


def visible(text: str, limit: int | None = None) -> str:
    """``text`` with control and direction-changing characters written out as ``<U+XXXX>``, cut to ``limit`` characters.

    >>> visible("a\u202eb"), visible("abcdef", 4)
    ('a<U+202E>b', 'abc…')
    """
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "\u2026"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in text)
