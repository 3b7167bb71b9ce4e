"""Goes through source trees and archives, member by member, and lets nothing out of them.

Directories, tar files (plain or compressed) and zip files give the same members. Names that climb out, absolute names,
links that lead outside and devices become dead letters; so do archives that unpack out of proportion.
"""

from __future__ import annotations

import lzma
import os
import posixpath
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tarfile import EmptyHeaderError, InvalidHeaderError, TruncatedHeaderError  # type: ignore[attr-defined]
from typing import Self, cast

from gristmill.pipelines.sources.reading.base import Failed, Skipped, SourceOptions, failed
from gristmill.pipelines.sources.reading.bounded_zip import ArchiveError, open_zip, read_member
from gristmill.pipelines.sources.reading.streams import ByteStream, broken_stream_reason, compression, open_stream

_HEADER_BUDGET_BYTES = 64 << 20
_FREE_BYTES = 64 << 20
_XZ_MAGIC = b"\xfd7zXZ\x00"
_SKIPPED_FOLDERS = frozenset({".git", ".hg", ".svn", ".bzr"})


@dataclass(frozen=True, slots=True)
class Member:
    """One regular file of a tree.

    Attributes:
        path: its path inside the tree, normalised, with ``/``.
        size_bytes: its declared size.
        offset: where it lies in the raw shard, -1 in compressed tar files.
        length: bytes it takes there, -1 where unknown.
        read: gives its bytes. May be called once, before the next member is asked for. Raises ``ArchiveError``.
    """

    path: str
    size_bytes: int
    offset: int
    length: int
    read: Callable[[], bytes]


def members(path: Path, name: str, options: SourceOptions) -> Iterator[Member | Skipped | Failed]:
    """The members of a directory or archive, in its order; of a directory, sorted by path.

    Args:
        path: a directory, a tar or zip file, or a single source file.
        name: the shard's name, for dead letters.
        options: bounds.
    """
    if path.is_dir():
        yield from _directory(path, name, options)
        return
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        return
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        yield from _zip(path, name, options)
    elif head.startswith((_XZ_MAGIC, b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18")) or (
        head[257:262] == b"ustar" or path.suffix == ".tar"
    ):
        yield from _tar(path, name, options)
    else:
        size = path.stat().st_size
        yield Member(posixpath.basename(name), size, 0, size, lambda: _read_file(path, options.max_record_bytes))


def unsafe_path(path: str) -> str | None:
    r"""Why a member's name must not be used: ``absolute-path``, ``path-outside``, ``bad-path``; ``None`` if it is fine.

    >>> unsafe_path("a/../b"), unsafe_path("a/../../b"), unsafe_path("/etc/passwd"), unsafe_path("C:\\x")
    (None, 'path-outside', 'absolute-path', 'absolute-path')
    """
    slashed = path.replace("\\", "/")
    if not slashed.strip("/") or "\x00" in path:
        return "bad-path"
    if slashed.startswith("/") or (len(slashed) > 1 and slashed[1] == ":" and slashed[0].isalpha()):
        return "absolute-path"
    clean = posixpath.normpath(slashed)
    return "path-outside" if clean == ".." or clean.startswith("../") else None


def link_leads_outside(path: str, target: str, *, from_root: bool) -> bool:
    """Whether a link at ``path`` leads out of the tree. Hard links in tar files are named from the root.

    >>> link_leads_outside("a/b", "../c", from_root=False), link_leads_outside("a/b", "../../c", from_root=False)
    (False, True)
    """
    if unsafe_path(target) == "absolute-path":
        return True
    return unsafe_path(target if from_root else posixpath.join(posixpath.dirname(path), target)) == "path-outside"


def _read_file(path: Path, max_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise ArchiveError(str(error), reason="unreadable-file") from error
    if len(data) > max_bytes:
        message = f"more than max_record_bytes = {max_bytes} bytes"
        raise ArchiveError(message, reason="record-too-large")
    return data


def _directory(root: Path, name: str, options: SourceOptions) -> Iterator[Member | Skipped | Failed]:
    inside = root.resolve()
    count = 0
    for folder, folders, files in os.walk(root):
        kept = []
        for child in sorted(folders):
            if child in _SKIPPED_FOLDERS:
                yield Skipped("version-control")
            elif (Path(folder) / child).is_symlink():
                files.append(child)
            else:
                kept.append(child)
        folders[:] = kept
        for child in sorted(files):
            count += 1
            if count > options.max_members:
                yield failed(name, -1, "too-many-members", f"more than {options.max_members} files")
                return
            file = Path(folder) / child
            yield _directory_entry(file, file.relative_to(root).as_posix(), inside, name, options)


def _directory_entry(
    file: Path, path: str, inside: Path, name: str, options: SourceOptions
) -> Member | Skipped | Failed:
    uri = f"{name}/{path}"
    if file.is_symlink():
        target = Path(os.path.realpath(file))
        if not target.is_relative_to(inside):
            return failed(uri, -1, "link-outside", f"{path} links to a place outside the tree")
        return Skipped("link")
    try:
        status = file.lstat()
    except OSError as error:
        return failed(uri, -1, "unreadable-file", error)
    if not stat.S_ISREG(status.st_mode):
        return failed(uri, -1, "device", f"{path} is no regular file")
    return Member(path, status.st_size, 0, status.st_size, lambda: _read_file(file, options.max_record_bytes))


def _zip(path: Path, name: str, options: SourceOptions) -> Iterator[Member | Skipped | Failed]:
    try:
        with open_zip(path) as archive:
            budget = _Budget(name, options)
            for index, info in enumerate(archive.infolist()):
                if index >= options.max_members:
                    yield failed(name, -1, "too-many-members", f"more than {options.max_members} members")
                    return
                entry = _zip_entry(archive, info, name, options)
                if isinstance(entry, Member):
                    over = budget.spend(min(info.file_size, options.max_record_bytes))
                    if over is not None:
                        yield over
                        return
                yield entry
    except ArchiveError as error:
        yield failed(name, 0, error.reason, error)


def _zip_entry(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, options: SourceOptions
) -> Member | Skipped | Failed:
    uri = f"{name}/{info.filename}"
    reason = unsafe_path(info.filename)
    if reason is not None:
        return failed(uri, info.header_offset, reason, f"member name {info.filename!r}")
    if info.is_dir():
        return Skipped("directory")
    mode = stat.S_IFMT(info.external_attr >> 16)
    path = posixpath.normpath(info.filename.replace("\\", "/"))
    if mode == stat.S_IFLNK:
        try:
            target = read_member(archive, info, 4096, options.max_archive_ratio).decode("utf-8", "replace")
        except ArchiveError as error:
            return failed(uri, info.header_offset, error.reason, error)
        if link_leads_outside(path, target, from_root=False):
            return failed(uri, info.header_offset, "link-outside", f"{path} links to {target!r}")
        return Skipped("link")
    if mode not in {0, stat.S_IFREG}:
        return failed(uri, info.header_offset, "device", f"{path} is no regular file")

    def read() -> bytes:
        return read_member(archive, info, options.max_record_bytes, options.max_archive_ratio)

    return Member(path, info.file_size, info.header_offset, info.compress_size, read)


class _Budget:
    """Counts unpacked bytes of an archive against its bound."""

    def __init__(self, name: str, options: SourceOptions) -> None:
        self._name = name
        self._left = options.max_archive_bytes

    def spend(self, size_bytes: int) -> Failed | None:
        self._left -= size_bytes
        if self._left >= 0:
            return None
        return failed(self._name, -1, "archive-too-large", "the archive unpacks to more than max_archive_bytes")


class _BoundedStream:
    """A decompressed tar stream that stops an archive which unpacks out of proportion.

    Args:
        stream: the decompressed bytes.
        packed_bytes: size of the archive as stored.
        options: bounds.
    """

    def __init__(self, stream: ByteStream, packed_bytes: int, options: SourceOptions) -> None:
        self._stream = stream
        self._most = min(options.max_archive_bytes, max(_FREE_BYTES, packed_bytes * options.max_archive_ratio))
        self._read = 0
        self.header_budget = _HEADER_BUDGET_BYTES
        self.broken = False

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._read += len(data)
        self.header_budget -= len(data)
        if self._read > self._most:
            message = f"the archive unpacks to more than {self._most} bytes"
            raise ArchiveError(message, reason="archive-bomb")
        if self.header_budget < 0:
            message = f"a header of more than {_HEADER_BUDGET_BYTES} bytes"
            raise ArchiveError(message, reason="bad-tar")
        return data


def _tar(path: Path, name: str, options: SourceOptions) -> Iterator[Member | Skipped | Failed]:
    with path.open("rb") as file:
        head = file.read(6)
    xz = head.startswith(_XZ_MAGIC)
    source = cast("ByteStream", lzma.open(path)) if xz else open_stream(path)  # noqa: SIM115 - closed below
    plain = not xz and compression(head) is None
    stream = _BoundedStream(source, path.stat().st_size, options)
    try:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=1 << 18, tarinfo=_StrictTarInfo) as archive:  # type: ignore[call-overload]
            yield from _tar_members(archive, stream, name, options, plain=plain)
    except _TAR_ERRORS as error:
        yield failed(name, -1, _tar_reason(error), error)
    finally:
        source.close()


_TAR_ERRORS = (tarfile.TarError, lzma.LZMAError, EOFError, ValueError, OSError)


def _tar_reason(error: Exception) -> str:
    """The stable reason of a dead letter for what reading a tar file raised."""
    if isinstance(error, ArchiveError):
        return error.reason
    if isinstance(error, OSError) and not isinstance(error, tarfile.TarError):
        return broken_stream_reason(error)
    cut = "unexpected end" in str(error) or "end-of-stream" in str(error)
    return "truncated-archive" if cut else "bad-tar"


def _tar_members(
    archive: tarfile.TarFile, stream: _BoundedStream, name: str, options: SourceOptions, *, plain: bool
) -> Iterator[Member | Skipped | Failed]:
    count = 0
    while True:
        stream.header_budget = _HEADER_BUDGET_BYTES
        info = archive.next()
        if info is None:
            return
        archive.members = []  # type: ignore[attr-defined]  # or every header of the archive stays in memory
        stream.header_budget = max(info.size, 0) + _HEADER_BUDGET_BYTES
        count += 1
        if count > options.max_members:
            yield failed(name, -1, "too-many-members", f"more than {options.max_members} members")
            return
        yield _tar_entry(archive, info, stream, name, options, plain=plain)
        if stream.broken:
            return  # said by the dead letter of the member that broke
        _drain(archive)


def _drain(archive: tarfile.TarFile) -> None:
    """Steps over what was not read of a member, so that the next header's budget is the header's alone."""
    file = archive.fileobj
    if file is not None and file.tell() < archive.offset:
        file.seek(archive.offset)


class _BrokenTar(tarfile.TarError):
    """The archive stops making sense after its first member, where ``tarfile`` would simply end."""


class _StrictTarInfo(tarfile.TarInfo):
    """Headers that are damaged or missing are errors, also in the middle of an archive."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile)
        except (InvalidHeaderError, TruncatedHeaderError, EmptyHeaderError) as error:
            if tarfile.offset == 0:
                raise
            cut = "" if isinstance(error, InvalidHeaderError) else "unexpected end, no end-of-archive mark: "
            message = f"{cut}{error} at byte {tarfile.offset} of the unpacked archive"
            raise _BrokenTar(message) from error


def _tar_entry(
    archive: tarfile.TarFile,
    info: tarfile.TarInfo,
    stream: _BoundedStream,
    name: str,
    options: SourceOptions,
    *,
    plain: bool,
) -> Member | Skipped | Failed:
    uri = f"{name}/{info.name}"
    offset = info.offset_data if plain else -1
    reason = unsafe_path(info.name) if not (info.isdir() and info.name.strip("/") in {"", "."}) else None
    if reason is not None:
        return failed(uri, offset, reason, f"member name {info.name!r}")
    path = posixpath.normpath(info.name.replace("\\", "/"))
    if info.issym() or info.islnk():
        if link_leads_outside(path, info.linkname, from_root=info.islnk()):
            return failed(uri, offset, "link-outside", f"{path} links to {info.linkname!r}")
        return Skipped("link")
    if info.isdir():
        return Skipped("directory")
    if not info.isreg():
        return failed(uri, offset, "device", f"{path} is no regular file (tar type {info.type!r})")

    def read() -> bytes:
        if info.size > options.max_record_bytes:
            message = f"{info.size} bytes, more than max_record_bytes = {options.max_record_bytes}"
            raise ArchiveError(message, reason="record-too-large")
        try:
            file = archive.extractfile(info)
            data = file.read() if file is not None else b""
        except _TAR_ERRORS as error:
            stream.broken = True
            raise ArchiveError(str(error), reason=_tar_reason(error)) from error
        if len(data) < info.size:
            stream.broken = True
            message = f"{info.name}: unexpected end of the archive"
            raise ArchiveError(message, reason="truncated-archive")
        return data

    return Member(path, info.size, offset, info.size if plain else -1, read)
