"""Code points written as UTF-8 inside kernels."""

from __future__ import annotations

from gristmill.dedup.text_buffers import Bytes, Integer
from gristmill.kernel import kernel


@kernel
def encode(code: Integer, out: Bytes, at: Integer) -> Integer:
    """Writes a code point as UTF-8 at ``out[at:]`` and returns the position after it."""
    if code < 0x80:
        out[at] = code
        return at + 1
    if code < 0x800:
        out[at] = 0xC0 | (code >> 6)
        out[at + 1] = 0x80 | (code & 0x3F)
        return at + 2
    if code < 0x10000:
        out[at] = 0xE0 | (code >> 12)
        out[at + 1] = 0x80 | ((code >> 6) & 0x3F)
        out[at + 2] = 0x80 | (code & 0x3F)
        return at + 3
    out[at] = 0xF0 | (code >> 18)
    out[at + 1] = 0x80 | ((code >> 12) & 0x3F)
    out[at + 2] = 0x80 | ((code >> 6) & 0x3F)
    out[at + 3] = 0x80 | (code & 0x3F)
    return at + 4
