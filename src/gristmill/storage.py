"""Files by uri: local paths, ``s3://`` and ``gs://``, read whole or by range, written whole or not at all.

Everything that writes goes through :func:`committing`: the bytes are made under a scratch path and appear under their
final name only when complete (fsync and rename locally, a completed upload on an object store). Everything that reads a
raw shard goes through :func:`local_copy`, so readers only ever see local files.

>>> join("s3://bucket/run", "tokens", "manifest.json")
's3://bucket/run/tokens/manifest.json'
>>> root_of("data/web/2024-*/*.warc.gz")
'data/web'
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from gristmill.errors import InputError
from gristmill.storage_backends import FileStat, LocalStorage, Storage, backend

_WILDCARD = re.compile(r"[*?\[]")


def is_remote(uri: str) -> bool:
    """True for ``scheme://`` uris.

    >>> is_remote("gs://bucket/x"), is_remote("/tmp/x")
    (True, False)
    """
    return "://" in uri


def join(base: str, *parts: str) -> str:
    """Joins path parts with ``/`` on any storage."""
    return "/".join([base.rstrip("/") if base != "/" else "", *(part.strip("/") for part in parts)])


def has_wildcard(pattern: str) -> bool:
    """True when ``pattern`` holds ``*``, ``?`` or ``[``."""
    return _WILDCARD.search(pattern) is not None


def root_of(pattern: str) -> str:
    """The directory before the first wildcard; for a plain file, its directory.

    >>> root_of("s3://bucket/crawl/a.warc.gz")
    's3://bucket/crawl'
    >>> root_of("*.txt")
    '.'
    """
    match = _WILDCARD.search(pattern)
    head = pattern[: match.start()] if match else pattern.rstrip("/")
    folder, slash, _ = head.rpartition("/")
    if folder:
        return folder
    return "/" if slash else "."


def glob_regex(pattern: str) -> re.Pattern[str]:
    r"""A compiled regex for a glob: ``*`` and ``?`` stay inside one path part, ``**/`` crosses any number of them.

    >>> bool(glob_regex("a/**/*.gz").fullmatch("a/b/c/d.gz")), bool(glob_regex("a/*.gz").fullmatch("a/b/d.gz"))
    (True, False)
    """
    out, i = [], 0
    while i < len(pattern):
        if pattern.startswith("**/", i):
            out.append("(?:[^/]+/)*")
            i += 3
        elif pattern.startswith("**", i):
            out.append(".*")
            i += 2
        elif pattern[i] == "*":
            out.append("[^/]*")
            i += 1
        elif pattern[i] == "?":
            out.append("[^/]")
            i += 1
        elif pattern[i] == "[" and (end := pattern.find("]", i + 2)) > 0:
            body = pattern[i + 1 : end]
            out.append("[" + ("^" + body[1:] if body[0] == "!" else body) + "]")
            i = end + 1
        else:
            out.append(re.escape(pattern[i]))
            i += 1
    return re.compile("".join(out), re.DOTALL)


def find(pattern: str, *, directories: bool = False) -> list[FileStat]:
    """Files that match, sorted by uri.

    Args:
        pattern: a uri or a glob. A uri without wildcard may also name a local directory.
        directories: a glob matches local directories too.
    """
    store = backend(pattern)
    if not has_wildcard(pattern):
        stat = store.stat(pattern.rstrip("/"))
        return [] if stat is None else [stat]
    regex = glob_regex(pattern)
    entries = store.walk(root_of(pattern))
    if directories and isinstance(store, LocalStorage):
        entries = itertools.chain(entries, store.walk_directories(root_of(pattern)))
    return sorted(stat for stat in entries if regex.fullmatch(stat.uri))


def walk(base: str) -> list[FileStat]:
    """All files under ``base``, sorted by uri; empty when there is no such place."""
    return sorted(backend(base).walk(base))


def stat(uri: str) -> FileStat | None:
    """Size and change tag of a file, or None when it does not exist."""
    return backend(uri).stat(uri)


def exists(uri: str) -> bool:
    """True when there is a file (or local directory) at ``uri``."""
    return stat(uri) is not None


def delete(uri: str) -> None:
    """Removes one file; no error when it is gone already."""
    backend(uri).delete(uri)


def delete_tree(base: str) -> None:
    """Removes everything under ``base``."""
    if is_remote(base):
        for entry in walk(base):
            delete(entry.uri)
    else:
        shutil.rmtree(base, ignore_errors=True)


def open_read(uri: str) -> BinaryIO:
    """A seekable binary stream; on an object store only the ranges that are read are fetched."""
    return backend(uri).open_read(uri)


def read_bytes(uri: str) -> bytes:
    """The whole file.

    Raises:
        InputError: there is no such file.
    """
    try:
        with open_read(uri) as stream:
            return stream.read()
    except FileNotFoundError as error:
        msg = f"no such file: {uri}"
        raise InputError(msg) from error


def write_bytes(uri: str, data: bytes, *, run: str) -> None:
    """Writes a small file atomically; ``run`` is the run directory whose scratch folder may be used."""
    with committing(uri, run=run) as path:
        path.write_bytes(data)


@contextlib.contextmanager
def local_copy(uri: str) -> Iterator[Path]:
    """A local path with the bytes of ``uri``: the path itself, or a download that is removed afterwards."""
    if not is_remote(uri):
        yield Path(uri)
        return
    with tempfile.TemporaryDirectory(prefix="gristmill-") as folder:
        path = Path(folder) / uri.rsplit("/", 1)[-1]
        backend(uri).fetch(uri, path)
        yield path


@contextlib.contextmanager
def committing(uri: str, *, run: str) -> Iterator[Path]:
    """A scratch path that becomes ``uri`` when the block ends without an error, and vanishes otherwise.

    Args:
        uri: the final name.
        run: the run directory; a local run keeps its scratch under ``RUN/_tmp`` so that the rename stays on one disk.
    """
    if is_remote(uri):
        folder = Path(tempfile.gettempdir())
    else:
        folder = Path(run) / "_tmp" / "partial"
        folder.mkdir(parents=True, exist_ok=True)
    # The scratch name is random so that two attempts at one shard never share it; it is never part of any output.
    path = folder / f"gristmill-{uuid.uuid4().hex}-{uri.rsplit('/', 1)[-1]}"
    try:
        yield path
        _store(uri).commit(path, uri)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108  one call, no stat


def _store(uri: str) -> Storage:
    return backend(uri)
