"""``epub``: EPUB 2 and 3 books (IDPF OPF 2.0.1; EPUB 3.3), one document a book, chapters in spine order.

Text comes from the spine's content documents alone: no navigation document, script or style. What the package file says
of title, author, language, date and rights is taken over; where chapters begin is kept in ``meta``.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from gristmill.documents import normalize_text
from gristmill.pipelines.sources.books.book_document import BookFile, book_document
from gristmill.pipelines.sources.books.epub_package import Package, chapter_titles, read_package, rootfile_path
from gristmill.pipelines.sources.books.epub_text import first_heading, read_content
from gristmill.pipelines.sources.reading.base import Item, SourceOptions, failed, storable
from gristmill.pipelines.sources.reading.bounded_zip import ArchiveError, open_zip, read_member
from gristmill.pipelines.sources.reading.safe_xml import XmlError, parse_xml
from gristmill.pipelines.sources.web.page import PageError


@dataclass(frozen=True, slots=True)
class _Book:
    """The members of an EPUB by path, read within one budget of bytes for the whole book."""

    archive: zipfile.ZipFile
    members: dict[str, zipfile.ZipInfo]
    options: SourceOptions
    spent: list[int]

    def read(self, path: str) -> bytes:
        left = self.options.max_record_bytes - self.spent[0]
        data = read_member(self.archive, self.members[path], max(left, 0), self.options.max_archive_ratio)
        self.spent[0] += len(data)
        return data


def read_epub(path: Path, name: str, options: SourceOptions) -> Iterator[Item]:
    """Yields the one item of a book. See :mod:`gristmill.pipelines.sources.reading.base`."""
    if path.stat().st_size == 0:
        return
    try:
        with open_zip(path) as archive:
            members = archive.infolist()
            if len(members) > options.max_members:
                yield failed(name, 0, "too-many-members", f"{len(members)} members, more than {options.max_members}")
                return
            book = _Book(archive, {member.filename: member for member in members}, options, [0])
            item = _document(book, name, path.stat().st_size)
    except (ArchiveError, XmlError, PageError) as error:
        reason = error.reason if isinstance(error, ArchiveError) else "bad-epub-xml"
        item = failed(name, 0, reason, error)
    yield item


def _document(book: _Book, name: str, size_bytes: int) -> Item:
    package_path = _package_path(book)
    if package_path is None:
        return failed(name, 0, "epub-without-opf", "neither META-INF/container.xml nor a single .opf names the package")
    package = read_package(book.read(package_path))
    folder = posixpath.dirname(package_path)
    encrypted = _encrypted(book)
    chapters: list[tuple[str, str]] = []
    missing = 0
    for href in package.spine:
        member = member_path(folder, href)
        if member in encrypted:
            return failed(name, 0, "encrypted-epub", f"{member} is encrypted")
        if member not in book.members:
            missing += 1
            continue
        chapters.append((member, normalize_text(read_content(book.read(member)).text).strip()))
    titles = _titles(book, package, folder)
    text, contents = join_chapters(chapters, titles)
    meta: dict[str, object] = {"format": f"epub{package.version[:1]}", "chapters": contents}
    for key, value in (("author", package.creator), ("language", package.language), ("rights", package.rights)):
        if value:
            meta[key] = storable(value)[:500]
    if missing:
        meta["missing_spine_items"] = missing
    return book_document(
        BookFile(name, size_bytes, "book"),
        text,
        title=package.title,
        published=package.published,
        stated_license=package.license,
        meta=meta,
        options=book.options,
    )


def _package_path(book: _Book) -> str | None:
    container = "META-INF/container.xml"
    if container in book.members:
        path = rootfile_path(book.read(container))
        if path in book.members:
            return path
    packages = [path for path in book.members if path.lower().endswith(".opf")]
    return packages[0] if len(packages) == 1 else None


def _encrypted(book: _Book) -> frozenset[str]:
    """Members that cannot be read without a key. Obfuscated fonts stand in the same list and do not matter."""
    listing = "META-INF/encryption.xml"
    if listing not in book.members:
        return frozenset()
    root = parse_xml(book.read(listing))
    return frozenset(unquote(node.attributes.get("URI", "")) for node in root.iterate("CipherReference"))


def member_path(folder: str, href: str) -> str:
    """The path in the archive of an address relative to a folder.

    >>> member_path("OPS", "text/ch%201.xhtml#top"), member_path("", "../x")
    ('OPS/text/ch 1.xhtml', '../x')
    """
    return posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0])))


def _titles(book: _Book, package: Package, folder: str) -> dict[str, str]:
    """Chapter titles by member, from the EPUB 3 navigation document, else from the NCX."""
    for href, is_ncx in ((package.nav, False), (package.ncx, True)):
        member = member_path(folder, href) if href else ""
        if member not in book.members:
            continue
        try:
            entries = chapter_titles(book.read(member), is_ncx=is_ncx)
        except XmlError:
            continue
        base = posixpath.dirname(member)
        titles: dict[str, str] = {}
        for target, title in entries:
            titles.setdefault(member_path(base, target), normalize_text(title)[:300])
        if titles:
            return titles
    return {}


def join_chapters(chapters: list[tuple[str, str]], titles: dict[str, str]) -> tuple[str, list[dict[str, object]]]:
    r"""The book's text, and where in it each chapter starts (in characters).

    A chapter whose title is not in its first lines gets it as a heading of its own.

    >>> join_chapters([("a", "One\n\nIt was."), ("b", ""), ("c", "Then.")], {"a": "One", "c": "Two"})
    ('One\n\nIt was.\n\nTwo\n\nThen.', [{'title': 'One', 'start': 0}, {'title': 'Two', 'start': 14}])
    """
    parts: list[str] = []
    contents: list[dict[str, object]] = []
    position = 0
    for member, chapter in chapters:
        if not chapter:
            continue
        title = titles.get(member)
        if title and _squeezed(title) not in _squeezed(chapter[: 400 + len(title)]):
            chapter = f"{title}\n\n{chapter}"  # noqa: PLW2901 - the chapter with its heading
        contents.append({"title": title or first_heading(chapter), "start": position})
        parts.append(chapter)
        position += len(chapter) + 2
    return "\n\n".join(parts), contents


def _squeezed(text: str) -> str:
    return "".join(text.split()).casefold()
