"""Writes a small, valid EPUB from chapters of plain text, with the same bytes every time.

EPUB 3.3 asks for a stored ``mimetype`` entry first, ``META-INF/container.xml``, a package document (OPF) with its
metadata, manifest and spine, and a navigation document; EPUB 2.0.1 asks for an NCX in place of the latter. Archive
dates are fixed at the earliest that ZIP can express.
"""

from __future__ import annotations

import re
import uuid
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

_CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
  <rootfiles><rootfile full-path="OEBPS/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
_XHTML = """<?xml version="1.0" encoding="UTF-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" xml:lang="{language}">
<head><title>{title}</title></head>
<body>
{body}
</body>
</html>
"""


@dataclass(frozen=True)
class Chapter:
    """One chapter: its heading and its paragraphs, plain text with ``_words_`` in italics."""

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Book:
    """What an EPUB says about itself, and its chapters in reading order. ``version`` is "3.0" or "2.0"."""

    title: str
    author: str
    language: str
    rights: str
    published: str
    source: str
    chapters: tuple[Chapter, ...]
    version: str = "3.0"


def _inline(text: str) -> str:
    return re.sub(r"_([^_]+)_", r"<em>\1</em>", escape(text))


def _chapter_page(book: Book, chapter: Chapter) -> str:
    body = "\n".join(
        [f"<h1>{escape(chapter.heading)}</h1>", *(f"<p>{_inline(text)}</p>" for text in chapter.paragraphs)]
    )
    return _XHTML.format(language=book.language, title=escape(chapter.heading), body=body)


def _navigation(book: Book) -> str:
    items = "\n".join(
        f'<li><a href="chapter{number:03}.xhtml">{escape(chapter.heading)}</a></li>'
        for number, chapter in enumerate(book.chapters, 1)
    )
    body = f'<nav epub:type="toc"><h1>Contents</h1><ol>\n{items}\n</ol></nav>'
    return _XHTML.format(language=book.language, title=escape(book.title), body=body)


def _ncx(book: Book, identifier: str) -> str:
    points = "\n".join(
        f'<navPoint id="p{number}" playOrder="{number}"><navLabel><text>{escape(chapter.heading)}</text></navLabel>'
        f'<content src="chapter{number:03}.xhtml"/></navPoint>'
        for number, chapter in enumerate(book.chapters, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1">\n'
        f'<head><meta name="dtb:uid" content="{identifier}"/></head>\n'
        f"<docTitle><text>{escape(book.title)}</text></docTitle>\n<navMap>\n{points}\n</navMap>\n</ncx>\n"
    )


def _package(book: Book, identifier: str) -> str:
    numbers = range(1, len(book.chapters) + 1)
    items = [f'<item id="c{n}" href="chapter{n:03}.xhtml" media-type="application/xhtml+xml"/>' for n in numbers]
    spine = "".join(f'<itemref idref="c{n}"/>' for n in numbers)
    if book.version == "2.0":
        modified, toc = "", ' toc="ncx"'
        items.append('<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>')
    else:
        modified, toc = '<meta property="dcterms:modified">1980-01-01T00:00:00Z</meta>', ""
        items.append('<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>')
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<package xmlns="http://www.idpf.org/2007/opf" version="{book.version}" unique-identifier="id">\n'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f'<dc:identifier id="id">{identifier}</dc:identifier>\n<dc:title>{escape(book.title)}</dc:title>\n'
        f"<dc:creator>{escape(book.author)}</dc:creator>\n<dc:language>{book.language}</dc:language>\n"
        f"<dc:date>{book.published}</dc:date>\n<dc:rights>{escape(book.rights)}</dc:rights>\n"
        f"<dc:source>{escape(book.source)}</dc:source>\n{modified}\n</metadata>\n"
        f"<manifest>\n{chr(10).join(items)}\n</manifest>\n<spine{toc}>{spine}</spine>\n</package>\n"
    )


def write_epub(path: Path, book: Book) -> None:
    """Writes ``book`` to ``path``; the bytes depend on the book alone (and on the zlib that compresses it)."""
    identifier = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{book.author}/{book.title}/{book.version}')}"
    entries = {"META-INF/container.xml": _CONTAINER, "OEBPS/package.opf": _package(book, identifier)}
    if book.version == "2.0":
        entries["OEBPS/toc.ncx"] = _ncx(book, identifier)
    else:
        entries["OEBPS/nav.xhtml"] = _navigation(book)
    for number, chapter in enumerate(book.chapters, 1):
        entries[f"OEBPS/chapter{number:03}.xhtml"] = _chapter_page(book, chapter)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/epub+zip", zipfile.ZIP_STORED)
        for name, text in entries.items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED, compresslevel=9)
