"""Numbers with units, read and written.

>>> parse_bytes("256 MB"), parse_bytes("1.5 GiB"), parse_bytes(1000)
(256000000, 1610612736, 1000)
>>> format_bytes(256_000_000), format_seconds(3725.2), format_count(1234567)
('256.0 MB', '1 h 02 min', '1,234,567')
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

_FACTORS = {"": 1, "b": 1} | {
    f"{prefix}{suffix}": base**power
    for power, prefix in enumerate("kmgt", start=1)
    for suffix, base in (("b", 1000), ("ib", 1024))
}


def parse_bytes(value: Any) -> int:
    """Bytes from an int or from text such as ``"256 MB"`` (powers of 1000) or ``"1 GiB"`` (powers of 1024).

    Raises:
        ValueError: not a positive size.
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        msg = f"wanted a size such as '256 MB' or a number of bytes, got {value!r}"
        raise ValueError(msg)  # noqa: TRY004  pydantic turns ValueError into a config error
    text = str(value).strip().lower().replace(" ", "").replace("_", "")
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([a-z]*)", text)
    if match is None or match[2] not in _FACTORS or float(match[1]) <= 0:
        msg = f"wanted a size such as '256 MB', '1.5 GiB' or a number of bytes, got {value!r}"
        raise ValueError(msg)
    return int(float(match[1]) * _FACTORS[match[2]])


ByteSize = Annotated[int, BeforeValidator(parse_bytes)]
"""A pydantic field that takes ``"256 MB"`` and holds an int of bytes."""


def format_bytes(count: float) -> str:
    """Bytes for a person, in powers of 1000."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count) < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def format_seconds(seconds: float) -> str:
    """A duration for a person.

    >>> format_seconds(4.26), format_seconds(75)
    ('4.3 s', '1 min 15 s')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def format_count(count: int) -> str:
    """An integer with thousands separators."""
    return f"{count:,}"
