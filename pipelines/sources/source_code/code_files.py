"""``code``: source trees and archives, one document a source file.

A file's licence is the one it names itself (``SPDX-License-Identifier``), else that of the nearest licence file
above it, else the configuration's. What is not source is counted by its reason: ``unknown-language``, ``binary``,
``minified``, ``generated``, ``vendored``, ``license-file``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path

from gristmill.documents import Document, normalize_text
from gristmill.pipelines.sources.reading.base import Item, Skipped, SourceOptions, failed, storable
from gristmill.pipelines.sources.reading.bounded_zip import ArchiveError
from gristmill.pipelines.sources.reading.decoding import check_encoding, decode
from gristmill.pipelines.sources.reading.licenses import license_from_tag
from gristmill.pipelines.sources.reading.record_keys import RecordKeys
from gristmill.pipelines.sources.source_code.archives import Member, members
from gristmill.pipelines.sources.source_code.languages import language_of
from gristmill.pipelines.sources.source_code.license_files import is_license_file, license_from_text
from gristmill.pipelines.sources.web.web_document import choose_license

MAX_LICENSE_FILE_BYTES = 1 << 20
_TAG_BYTES = 4096
_SNIFF_BYTES = 8192
_VENDORED = frozenset({"node_modules", "bower_components", "vendor", "third_party", "thirdparty", "site-packages"})
_GENERATED = frozenset(
    {
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "cargo.lock",
        "poetry.lock",
        "composer.lock",
        "gemfile.lock",
        "go.sum",
        "npm-shrinkwrap.json",
    }
)
_MINIFIABLE = frozenset({"JavaScript", "CSS", "JSON", "HTML"})


class FolderLicenses:
    """The licences that licence files give to the folders of a tree.

    >>> licenses = FolderLicenses()
    >>> licenses.add("a/LICENSE", "This is free and unencumbered software released into the public domain.")
    >>> licenses.of("a/b/c.py"), licenses.of("d.py")
    ('Unlicense', None)
    """

    def __init__(self) -> None:
        self._found: dict[str, dict[str, str]] = {}

    def add(self, path: str, text: str) -> None:
        """Takes in one licence file."""
        named = license_from_text(text)
        if named is not None:
            folder, name = posixpath.split(path)
            self._found.setdefault(folder, {})[name.lower()] = named

    def of(self, path: str) -> str | None:
        """The licence of the nearest folder above a file that has one, ``None`` if its licence files disagree."""
        folder = posixpath.dirname(path)
        while True:
            if folder in self._found:
                return _agreed(self._found[folder])
            if not folder:
                return None
            folder = posixpath.dirname(folder)


def _agreed(by_name: dict[str, str]) -> str | None:
    names = set(by_name.values())
    lesser = [name for name in names if name.startswith("LGPL-")]
    if len(lesser) == 1 and all(name.startswith(("LGPL-", "GPL-")) for name in names):
        return lesser[0]  # the LGPL is an addition to the GPL and travels with its text
    if len(names) == 1:
        return names.pop()
    for main in ("license", "license.txt", "license.md", "licence", "copying"):
        if main in by_name:
            return by_name[main]
    return None


def read_code(path: Path, name: str, options: SourceOptions) -> Iterator[Item]:
    """Yields one item per member of a tree or archive. See :mod:`gristmill.pipelines.sources.reading.base`.

    The archive is gone through twice: licence files may come after the files they cover.
    """
    licenses = _folder_licenses(path, name, options)
    keys = RecordKeys()
    for member in members(path, name, options):
        if isinstance(member, Member):
            key = keys.key(storable(member.path))
            yield _member_item(member, key, name, licenses, options)
        else:
            yield member


def _folder_licenses(path: Path, name: str, options: SourceOptions) -> FolderLicenses:
    licenses = FolderLicenses()
    for member in members(path, name, options):
        if not isinstance(member, Member) or member.size_bytes > MAX_LICENSE_FILE_BYTES:
            continue
        if is_license_file(posixpath.basename(member.path)):
            try:
                licenses.add(member.path, decode(member.read()).text)
            except ArchiveError:
                continue  # reported when the file's own turn comes
    return licenses


def skip_by_name(path: str) -> str | None:
    """Why a file is left out for its name alone.

    >>> skip_by_name("node_modules/a/index.js"), skip_by_name("a.min.js"), skip_by_name("LICENSE"), skip_by_name("a.py")
    ('vendored', 'minified', 'license-file', None)
    """
    *folders, name = path.lower().split("/")
    if _VENDORED.intersection(folders):
        return "vendored"
    if is_license_file(name):
        return "license-file"
    if name in _GENERATED:
        return "generated"
    if ".min." in name or name.endswith((".map", "-min.js")):
        return "minified"
    return None


def _member_item(member: Member, key: str, name: str, licenses: FolderLicenses, options: SourceOptions) -> Item:
    uri = f"{name}/{member.path}"
    by_name = skip_by_name(member.path)
    if by_name is not None:
        return Skipped(by_name)
    base = posixpath.basename(member.path)
    if language_of(base) is None and "." in base:
        return Skipped("unknown-language")
    try:
        data = member.read()
    except ArchiveError as error:
        return failed(uri, member.offset, error.reason, error)
    language = language_of(base, data[:256])
    if language is None:
        return Skipped("unknown-language")
    if b"\x00" in data[:_SNIFF_BYTES] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Skipped("binary")
    decoded = decode(data, config=options.encoding)
    text = normalize_text(decoded.text)
    if not text.strip():
        return Skipped("no-text")
    if language in _MINIFIABLE and looks_minified(text):
        return Skipped("minified")
    license_name, evidence = _license(member.path, data, licenses, options)
    meta: dict[str, object] = {"path": storable(member.path), "programming_language": language}
    if decoded.encoding != "utf-8":
        meta["charset"] = decoded.encoding
    return Document(
        record_key=key,
        uri=storable(uri),
        offset=member.offset,
        length=member.length,
        text=text,
        title=None,
        published=None,
        date_evidence="none",
        license=license_name,
        license_evidence=evidence,
        meta=meta,
    )


def _license(path: str, data: bytes, licenses: FolderLicenses, options: SourceOptions) -> tuple[str | None, str]:
    tag = license_from_tag(data[:_TAG_BYTES])
    if tag is not None:
        return tag, "document"
    return choose_license(licenses.of(path), options, evidence="detected")


def looks_minified(text: str) -> bool:
    r"""Whether lines are as long as only programs write them: 500 characters on average.

    >>> looks_minified("var a=1;" * 1000), looks_minified("var a = 1;\n" * 1000)
    (True, False)
    """
    return len(text) > 1000 and len(text) / (text.count("\n") + 1) > 500


def check_code(path: Path, options: SourceOptions) -> None:  # noqa: ARG001 - the checks of all kinds have one shape
    """Raises ``ConfigError`` for an encoding that is not known."""
    check_encoding(options.encoding)
