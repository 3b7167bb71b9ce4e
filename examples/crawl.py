"""Makes three WARC files from the HTML manuals of three Debian packages, as if a crawler had met them on the web."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from examples.warc import Archive, Page

_HTML = "text/html; charset=UTF-8"
_CC_BY_SA = "https://creativecommons.org/licenses/by-sa/3.0/"
_MIT = "https://opensource.org/license/mit/"
_PUBLIC_DOMAIN = "https://creativecommons.org/publicdomain/mark/1.0/"
_MIRROR = "https://docs.mirror.example"
_ONE_IN = {"en-US": 1, "de-DE": 6, "fr-FR": 6, "es-ES": 7, "ja-JP": 9, "ru-RU": 9, "hr-HR": 6}
"""Of the handbook's 127 pages in a language, one in so many is taken. The Croatian ones are mostly still English."""

_SQLITE = (
    "about affcase1 appfileformat arch atomiccommit autoinc backup bytecodevtab chronology cintro codeofethics "
    "consortium copyright datatype3 different doclist docs errlog famous faq fasterthanfs features fileformat "
    "fileformat2 flextypegood foreignkeys fullsql howitworks howtocompile howtocorrupt intern-v-extern-blob "
    "isolation keyword_index limits lockingv3 lts malloc mmap news nulls oldnews optoverview privatebranch "
    "prosupport queryplanner queryplanner-ng quirks rescode rowidtable rtree security serverless sharedcache "
    "speed tempfiles testing th3 threadsafe unlock_notify useovernet versionnumbers vfs wal walformat "
    "whentouse whyc whynotgit withoutrowid"
)

_MIRRORED = (
    "debian-internals apt-get config-bootloader dist-upgrade graphical-desktops hotplug http-web-server "
    "installation-steps kernel-compilation package-meta-information rights-management role-of-distributions "
    "why-debian source-package-structure"
)


def _page(path: Path, uri: str, licence: str) -> Page:
    modified = dt.datetime.fromtimestamp(int(path.stat().st_mtime), tz=dt.UTC)
    types = {".css": "text/css", ".png": "image/png", ".gif": "image/gif"}
    return Page(uri, path.read_bytes(), types.get(path.suffix, _HTML), modified, licence)


def _start(day: int) -> dt.datetime:
    return dt.datetime(2025, 6, day, 8, 0, 0, tzinfo=dt.UTC)


def _handbook_pages(folder: Path, language: str) -> Iterator[Page]:
    base = "https://debian-handbook.info/browse/" + ("" if language == "en-US" else f"{language}/") + "stable"
    for path in sorted((folder / language).glob("*.html"))[:: _ONE_IN[language]]:
        yield _page(path, f"{base}/{path.name}", _CC_BY_SA)


def handbook_archive(package: Path) -> bytes:
    """The Debian Administrator's Handbook in seven languages, with its style sheet and some pictures.

    Args:
        package: the unpacked Debian package ``debian-handbook``.
    """
    folder = package / "usr/share/doc/debian-handbook/html"
    archive = Archive("handbook.warc.gz", _start(1), "The Debian Administrator's Handbook, CC BY-SA 3.0")
    for language in _ONE_IN:
        for number, page in enumerate(_handbook_pages(folder, language)):
            if number % 10 == 0:
                archive.request(page)
            archive.response(page)
    common = folder / "en-US/Common_Content"
    for name in ("css/default.css", "images/note.png", "images/warning.png", "images/stock-home.png"):
        archive.response(_page(common / name, f"https://debian-handbook.info/browse/stable/Common_Content/{name}", ""))
    return archive.to_bytes()


def manuals_archive(sqlite: Path, debmake: Path) -> bytes:
    """SQLite's documentation and the Guide for Debian Maintainers in English and (half translated) German.

    Args:
        sqlite: the unpacked Debian package ``sqlite3-doc``.
        debmake: the unpacked Debian package ``debmake-doc``.
    """
    archive = Archive("manuals.warc.gz", _start(2), "SQLite documentation, public domain; debmake-doc, MIT")
    folder = sqlite / "usr/share/doc/sqlite3"
    for number, name in enumerate(_SQLITE.split()):
        page = _page(folder / f"{name}.html", f"https://www.sqlite.org/{name}.html", _PUBLIC_DOMAIN)
        if number % 10 == 0:
            archive.request(page)
        record_id = archive.response(page)
        if number % 20 == 0:
            archive.metadata(page, record_id, {"fetchTimeMs": str(40 + number), "hopsFromSeed": "1"})
    archive.response(_page(folder / "sqlite.css", "https://www.sqlite.org/sqlite.css", ""))
    chapters = debmake / "usr/share/doc/debmake-doc/html"
    for path in sorted([*chapters.glob("*.en.html"), *chapters.glob("*.de.html")]):
        archive.response(_page(path, f"https://www.debian.org/doc/manuals/debmake-doc/{path.name}", _MIT))
    return archive.to_bytes()


def _mirrored(page: Page, number: int) -> Page:
    """The page as a mirror shows it: a banner on top, which also says that the page was changed, and another foot."""
    day = f"2025-05-{number + 1:02}"
    banner = f"<div class='mirror'><p>This is a mirrored copy, fetched on {day}; this notice was added to it.</p></div>"
    foot = "<p>Mirror statistics are updated every night and are kept for thirty days.</p>"
    body = page.body.replace(b"<body>", b"<body>" + banner.encode(), 1).replace(b"</body>", foot.encode() + b"</body>")
    name = page.uri.rsplit("/", 1)[1]
    transfer = {0: "chunked", 1: "gzip"}.get(number, "")
    return Page(f"{_MIRROR}/handbook/{name}", body, _HTML, _start(3), page.licence, transfer=transfer)


def mirror_archive(package: Path) -> bytes:
    """A mirror of some of the handbook's pages: near-duplicates, revisits, redirects, missing pages, and one lost end.

    The last record is cut off in the middle of its compressed bytes, as when a crawler loses its connection or its disk
    fills up. It is the one record of the example that cannot be read.
    """
    folder = package / "usr/share/doc/debian-handbook/html/en-US"
    archive = Archive("mirror.warc.gz", _start(3), "Pages of the Debian Administrator's Handbook, CC BY-SA 3.0")
    for number, name in enumerate(_MIRRORED.split()):
        origin = f"https://debian-handbook.info/browse/stable/sect.{name}.html"
        page = _mirrored(_page(folder / f"sect.{name}.html", origin, _CC_BY_SA), number)
        archive.request(page)
        record_id = archive.response(page)
        if number % 4 == 0:
            archive.revisit(page, record_id)
    for name in ("robots.html", "old/apt.html", "statistics.html"):
        body = f"<html><head><title>404</title></head><body><h1>Not Found</h1><p>/{name}</p></body></html>"
        archive.response(Page(f"{_MIRROR}/{name}", body.encode(), _HTML, status=404))
    moved = b"<html><head><title>301</title></head><body><p>The document has moved.</p></body></html>"
    archive.response(Page(f"{_MIRROR}/", moved, _HTML, status=301, location=f"{_MIRROR}/handbook/"))
    archive.response(Page(f"{_MIRROR}/robots.txt", b"User-agent: *\nAllow: /\n", "text/plain"))
    last = _page(folder / "sect.virtualization.html", f"{_MIRROR}/handbook/sect.virtualization.html", _CC_BY_SA)
    archive.response(last)
    return archive.to_bytes(cut_last_by_bytes=6000)
