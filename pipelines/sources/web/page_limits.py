"""Refuses the few pages on which an HTML library would spend minutes or hours.

Measured with Resiliparse 2.0.1: main-content extraction is quadratic in the nesting of ``<div>`` and ``<article>``
(500 kB of opening tags run for over ten minutes), parsing is quadratic in the attributes of one tag. Real pages stay
far below both limits; browsers cut nesting at 512 levels themselves.
"""

from __future__ import annotations

import re

MAX_HTML_BYTES = 8 << 20
"""A longer page is refused. Common Crawl cuts pages at 1 MB."""

MAX_NESTING = 512
MAX_TAG_SPACES = 10_000

_LONG_TAG_BYTES = 1 << 16
_OPENING = (b"<div", b"<article")
_BLOCK_TAG = re.compile(rb"<(/?)(?:div|article)\b")
_TAG_OPEN = re.compile(rb"<[A-Za-z]")


def refusal(data: bytes) -> tuple[str, str] | None:
    """Why a page is not to be parsed, as ``(reason, detail)``; ``None`` for nearly all.

    >>> refusal(b"<p>Hello.")
    >>> refusal(b"<div>" * 2000)
    ('html-too-deep', 'elements are nested more than 512 levels deep')
    """
    if len(data) > MAX_HTML_BYTES:
        return "html-too-large", f"the page has {len(data)} bytes, more than {MAX_HTML_BYTES}"
    if _too_deep(data):
        return "html-too-deep", f"elements are nested more than {MAX_NESTING} levels deep"
    if len(data) > _LONG_TAG_BYTES and _too_many_attributes(data):
        return "html-too-many-attributes", f"a tag has more than {MAX_TAG_SPACES} attributes"
    return None


def _too_deep(data: bytes) -> bool:
    lowered = data.lower()
    if sum(map(lowered.count, _OPENING)) <= MAX_NESTING:
        return False
    depth = 0
    for match in _BLOCK_TAG.finditer(lowered):
        if match[1]:
            if depth:
                depth -= 1
        else:
            depth += 1
            if depth > MAX_NESTING:
                return True
    return False


def _too_many_attributes(data: bytes) -> bool:
    start = 0
    while len(data) - start > _LONG_TAG_BYTES:
        end = data.rfind(b">", start, start + _LONG_TAG_BYTES)
        if end < 0:
            end = data.find(b">", start)
            end = len(data) if end < 0 else end
            tag = _TAG_OPEN.search(data, start, end)
            if tag is not None and len(data[tag.start() : end].split()) > MAX_TAG_SPACES:
                return True
        start = end + 1
    return False
