"""Project Gutenberg's header, footer and licence: found, removed, and what the header says kept.

Three generations of files are known: ``*** START OF THIS PROJECT GUTENBERG EBOOK … ***`` with its ``END`` (since 2002),
the "small print" header that ends with ``*END*THE SMALL PRINT!…*END*`` (1993-2002), and files without any, which are
left alone.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from gristmill.pipelines.sources.reading.dates import parse_iso_date

_START = re.compile(
    r"^[ \t]*\*\*\*[ ]?START OF (?:THIS|THE) PROJECT GUTENBERG E-?(?:BOOK|TEXT)[^\n]*(?:\n[^\n]*\*\*\*[ \t]*$)?",
    re.IGNORECASE | re.MULTILINE,
)
_SMALL_PRINT_END = re.compile(
    r"^[ \t]*\*END[ *]*THE SMALL PRINT! FOR [^\n]*\*END\*[^\n]*$", re.IGNORECASE | re.MULTILINE
)
_END = re.compile(
    r"^[ \t]*(?:\*\*\*[ ]?END OF (?:THIS|THE) PROJECT GUTENBERG\b|"
    r"(?:\*\*\*)?[ ]?End of (?:the |this )?Project Gutenberg(?:['\u2019]s\b| e-?book\b| e-?text\b))",
    re.IGNORECASE | re.MULTILINE,
)
_FIELD = re.compile(
    r"^[ \t]*(Title|Author|Language|Release Date|Translator|Editor):[ \t]*([^\n]+(?:\n[ \t]{6,}\S[^\n]*)*)",
    re.MULTILINE,
)
_OLD_TITLE = re.compile(
    r"^\**[ ]?The Project Gutenberg E-?(?:text|book) of ([^\n*]+?)(?:, by [^\n*]+)?\**$", re.IGNORECASE | re.MULTILINE
)
_NUMBER = re.compile(r"\[\s*(?:E-?Book|E-?text)\s*#\s*(\d{1,6})\s*\]", re.IGNORECASE)
_CREDITS = re.compile(
    r"\A\s*((?:Produced|Transcribed|Scanned|Prepared) by\b|E-?text prepared by\b|"
    r"This e-?(?:text|book) was (?:produced|prepared))[^\n]*(?:\n(?!\n)[^\n]*)*",
    re.IGNORECASE,
)
_LONG_DATE = re.compile(r"([A-Z][a-z]{2})[a-z]*\.?\s*(\d{1,2})?,?\s+(\d{4})")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HEADER_CHARS = 30_000


@dataclass(frozen=True, slots=True)
class GutenbergText:
    """A book without what Project Gutenberg wrapped around it.

    Attributes:
        body: the book's own text.
        number: its number in the collection.
        title: from the header.
        author: from the header.
        language: from the header, in English (``Dutch``).
        released: when this electronic text was released; not when the book was written.
        header_chars: how many characters were removed in front.
        footer_chars: how many were removed behind.
    """

    body: str
    number: int | None
    title: str | None
    author: str | None
    language: str | None
    released: dt.datetime | None
    header_chars: int
    footer_chars: int


def strip_gutenberg(text: str) -> GutenbergText | None:
    r"""Takes a Project Gutenberg file apart; ``None`` if the text is not one.

    Args:
        text: the whole file, in normal form (line ends are single line feeds).

    >>> mark = "*** START OF THIS PROJECT GUTENBERG EBOOK T ***"
    >>> book = strip_gutenberg(f"Title: T\n{mark}\nHi.\nEnd of Project Gutenberg's T")
    >>> book.body, book.title
    ('Hi.', 'T')
    """
    head = text[:_HEADER_CHARS]
    start = _START.search(head) or _SMALL_PRINT_END.search(head)
    if start is None:
        return None
    begin = start.end()
    credit = _CREDITS.match(text, begin) or _CREDITS.match(text[begin : begin + 4000])
    end = _END.search(text, begin)
    finish = end.start() if end is not None else len(text)
    body = text[begin:finish]
    if credit is not None:
        body = body[len(credit[0]) :]
    fields = {name: " ".join(value.split()) for name, value in reversed(_FIELD.findall(head[:begin]))}
    number = _NUMBER.search(head)
    old_title = _OLD_TITLE.search(head[:begin])
    stripped = body.strip()
    header_chars = text.find(stripped, begin) if stripped else finish
    return GutenbergText(
        body=stripped,
        number=int(number[1]) if number else None,
        title=fields.get("Title") or (old_title[1].strip() if old_title else None),
        author=fields.get("Author"),
        language=fields.get("Language"),
        released=parse_long_date(fields.get("Release Date", "")),
        header_chars=header_chars,
        footer_chars=len(text) - header_chars - len(stripped),
    )


def parse_long_date(text: str) -> dt.datetime | None:
    """Reads the dates of these headers.

    >>> parse_long_date("June 25, 2008 [EBook #11]").date().isoformat(), parse_long_date("Jun, 1998").date().isoformat()
    ('2008-06-25', '1998-06-01')
    """
    match = _LONG_DATE.search(text)
    if match is None or match[1] not in _MONTHS:
        return None
    return parse_iso_date(f"{match[3]}-{_MONTHS.index(match[1]) + 1:02d}-{int(match[2] or 1):02d}")
