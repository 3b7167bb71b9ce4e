"""The text of one XHTML content document, as HTML sees it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from gristmill.pipelines.sources.reading.decoding import Decoded, declared_in_html, decode
from gristmill.pipelines.sources.web.page import PageError
from gristmill.pipelines.sources.web.page_limits import refusal

_SELF_CLOSED = re.compile(r"<([A-Za-z][\w:.-]*)(\s[^<>]*)?/>")
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
_SKIPPED = ["script", "style", "nav", "head", "template", "[role=doc-pagebreak]", "svg", "math annotation"]


def expand_empty_elements(xhtml: str) -> str:
    """Writes XHTML's ``<a/>`` as ``<a></a>``.

    To an HTML parser ``<title/>`` opens a title that never ends, and the rest of the chapter would be its text.

    >>> expand_empty_elements('<script src="x"/><br/><a id="p1"/>')
    '<script src="x"></script><br/><a id="p1"></a>'
    """
    return _SELF_CLOSED.sub(_expanded, xhtml)


def _expanded(match: re.Match[str]) -> str:
    name = match[1]
    return match[0] if name.lower() in _VOID else f"<{name}{match[2] or ''}></{name}>"


@dataclass(frozen=True, slots=True)
class Content:
    """The text and title of a content document, and how its bytes were decoded."""

    text: str
    title: str | None
    decoded: Decoded


def read_content(data: bytes, config: str | None = None) -> Content:
    r"""All text of a content document: paragraphs, lists and tables, without scripts, styles and navigation.

    Args:
        data: an HTML or XHTML document.
        config: an encoding label that overrides what the document says.

    Raises:
        PageError: the document is beyond the limits of HTML parsing, or the parser gave up.

    >>> read_content(b"<html><head><title/></head><body><h1>I</h1><p>Call me<br/>Ishmael.</p></body></html>").text
    'I\n\nCall me\nIshmael.'
    """
    refused = refusal(data)
    if refused is not None:
        raise PageError(refused[1])
    decoded = decode(data, config=config, meta=declared_in_html(data))
    try:
        tree = HTMLTree.parse(expand_empty_elements(decoded.text))
        text: str = extract_plain_text(tree, preserve_formatting=True, alt_texts=False, skip_elements=_SKIPPED)
    except (ValueError, RuntimeError, RecursionError) as error:
        raise PageError(str(error)) from error
    return Content(text, " ".join(tree.title.split()) if tree.title else None, decoded)


def first_heading(text: str) -> str | None:
    r"""The first line of a chapter if it is short enough to be its heading.

    >>> first_heading("CHAPTER I\n\nIt was")
    'CHAPTER I'
    """
    line = text.partition("\n")[0].strip()
    return line if 0 < len(line) <= 120 else None
