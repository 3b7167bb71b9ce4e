"""Zip members read within bounds: no member unpacks beyond a size or a ratio, however small it looks."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gristmill.pipelines.sources.reading.base import UnreadableError

ZIP_ERRORS = (
    zipfile.BadZipFile,
    RuntimeError,
    NotImplementedError,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    KeyError,
)
"""What ``zipfile`` raises for damaged, encrypted or unknown members (``NotImplementedError`` is a ``RuntimeError``)."""

FREE_BYTES = 1 << 20
"""Members up to this size may have any ratio: a small file of one repeated line is no bomb."""


class ArchiveError(UnreadableError):
    """A member that must not or cannot be read."""


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Opens a zip file.

    Raises:
        ArchiveError: it is none, or its directory is damaged.
    """
    try:
        archive = zipfile.ZipFile(path)
    except ZIP_ERRORS as error:
        msg = f"{type(error).__name__}: {error}"
        raise ArchiveError(msg, reason="bad-zip") from error
    with archive:
        yield archive


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, max_bytes: int, max_ratio: int) -> bytes:
    """The bytes of one member.

    Raises:
        ArchiveError: damaged, encrypted, longer than ``max_bytes``, or more than ``max_ratio`` times its packed size.
    """
    allowed = min(max_bytes, max(FREE_BYTES, member.compress_size * max_ratio))
    try:
        with archive.open(member) as file:
            data = file.read(allowed + 1)
    except ZIP_ERRORS as error:
        reason = "encrypted-member" if member.flag_bits & 1 else "bad-zip-member"
        message = f"{member.filename}: {type(error).__name__}: {error}"
        raise ArchiveError(message, reason=reason) from error
    if len(data) > max_bytes:
        message = f"{member.filename} unpacks to more than {max_bytes} bytes"
        raise ArchiveError(message, reason="record-too-large")
    if len(data) > allowed:
        message = f"{member.filename} unpacks to more than {max_ratio} times its {member.compress_size} packed bytes"
        raise ArchiveError(message, reason="archive-bomb")
    return data
