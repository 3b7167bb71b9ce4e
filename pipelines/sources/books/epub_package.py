"""The package file of an EPUB: what the book is, which files make it up and in which order they are read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from gristmill.pipelines.sources.reading.dates import parse_iso_date
from gristmill.pipelines.sources.reading.licenses import license_from_statement, license_from_url
from gristmill.pipelines.sources.reading.safe_xml import Node, XmlError, parse_xml

_TEXT_TYPES = frozenset({"application/xhtml+xml", "text/html", "text/x-oeb1-document"})


@dataclass(frozen=True, slots=True)
class Package:
    """What a package file says.

    Attributes:
        version: ``2.0`` or ``3.0``.
        title: the main title.
        creator: authors, joined by ``; ``.
        language: the first declared language tag.
        rights: the statement of rights.
        license: SPDX identifier of the licence that the rights name.
        published: the publication date.
        spine: addresses of the content documents in reading order, without the navigation document.
        nav: address of the EPUB 3 navigation document.
        ncx: address of the EPUB 2 table of contents.
    """

    version: str
    title: str | None
    creator: str | None
    language: str | None
    rights: str | None
    license: str | None
    published: dt.datetime | None
    spine: tuple[str, ...]
    nav: str | None
    ncx: str | None


def rootfile_path(container: bytes) -> str | None:
    """The package file's path in the archive, from ``META-INF/container.xml``.

    >>> rootfile_path(b'<container><rootfiles><rootfile full-path="OPS/a.opf"/></rootfiles></container>')
    'OPS/a.opf'
    """
    for node in parse_xml(container).iterate("rootfile"):
        if node.attributes.get("full-path"):
            return node.attributes["full-path"]
    return None


def read_package(data: bytes) -> Package:
    """Reads a package file.

    Raises:
        XmlError: it is not well-formed, or has no spine.
    """
    root = parse_xml(data)
    spine_node = next(root.iterate("spine"), None)
    if spine_node is None:
        message = "the package file has no spine"
        raise XmlError(message)
    items = {node.attributes.get("id", ""): node for node in root.iterate("item")}
    nav = next(
        (
            node.attributes.get("href")
            for node in items.values()
            if "nav" in node.attributes.get("properties", "").split()
        ),
        None,
    )
    ncx_item = items.get(spine_node.attributes.get("toc", ""))
    if ncx_item is None:
        ncx_item = next((n for n in items.values() if n.attributes.get("media-type", "").endswith("dtbncx+xml")), None)
    metadata = next(root.iterate("metadata"), Node("metadata", {}))
    rights = _all(metadata, "rights")
    return Package(
        version=root.attributes.get("version", "2.0"),
        title=_title(metadata),
        creator="; ".join(dict.fromkeys(_all(metadata, "creator"))) or None,
        language=next(iter(_all(metadata, "language")), None),
        rights=" ".join(dict.fromkeys(rights)) or None,
        license=_license(metadata, rights),
        published=_published(metadata),
        spine=_spine(spine_node, items, nav),
        nav=nav,
        ncx=ncx_item.attributes.get("href") if ncx_item is not None else None,
    )


def _all(metadata: Node, tag: str) -> list[str]:
    return [text for node in metadata.iterate(tag) if (text := node.all_text())]


def _title(metadata: Node) -> str | None:
    main = {
        node.attributes.get("refines", "").lstrip("#")
        for node in metadata.iterate("meta")
        if node.attributes.get("property") == "title-type" and node.text == "main"
    }
    titles = list(metadata.iterate("title"))
    titles.sort(key=lambda node: node.attributes.get("id", "") not in main)
    return next((text for node in titles if (text := node.all_text())), None)


def _license(metadata: Node, rights: list[str]) -> str | None:
    for node in metadata.iterate("link"):
        if node.attributes.get("rel", "").rpartition(":")[2] == "license":
            named = license_from_url(node.attributes.get("href", ""))
            if named:
                return named
    return next((named for text in rights if (named := license_from_statement(text))), None)


def _published(metadata: Node) -> dt.datetime | None:
    dates = list(metadata.iterate("date"))
    order = {"publication": 0, "original-publication": 0, "": 1}
    dated = [node for node in dates if node.attributes.get("event", "") in order]
    dated.sort(key=lambda node: order[node.attributes.get("event", "")])
    return next((value for node in dated if (value := parse_iso_date(node.text)) is not None), None)


def _spine(spine: Node, items: dict[str, Node], nav: str | None) -> tuple[str, ...]:
    addresses: list[str] = []
    for reference in spine.iterate("itemref"):
        item = items.get(reference.attributes.get("idref", ""))
        href = item.attributes.get("href") if item is not None else None
        if item is None or not href or href == nav or href in addresses:
            continue
        if item.attributes.get("media-type", "application/xhtml+xml") in _TEXT_TYPES:
            addresses.append(href)
    return tuple(addresses)


def chapter_titles(data: bytes, *, is_ncx: bool) -> list[tuple[str, str]]:
    """Pairs of address and title from a table of contents, in its order.

    Args:
        data: an NCX (EPUB 2) or a navigation document (EPUB 3).
        is_ncx: which of the two.

    Raises:
        XmlError: it is not well-formed.

    >>> chapter_titles(b'<nav type="toc"><ol><li><a href="a#b">One <i>x</i></a></li></ol></nav>', is_ncx=False)
    [('a#b', 'One x')]
    """
    root = parse_xml(data)
    pairs: list[tuple[str, str]] = []
    if is_ncx:
        for point in root.iterate("navPoint"):
            label = next((node for node in point.children if node.tag == "navLabel"), None)
            content = next((node for node in point.children if node.tag == "content"), None)
            if label is not None and content is not None:
                pairs.append((content.attributes.get("src", ""), label.all_text()))
    else:
        navs = list(root.iterate("nav"))
        toc = next((nav for nav in navs if "toc" in nav.attributes.get("type", "").split()), navs[0] if navs else None)
        if toc is not None:
            pairs = [(node.attributes.get("href", ""), node.all_text()) for node in toc.iterate("a")]
    return [(address, title) for address, title in pairs if address and title]
