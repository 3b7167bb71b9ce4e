"""The list of raw shards: found once, checksummed, and kept in ``inputs.parquet``; it never rides in a Beam graph.

A raw shard is known by its source and by its uri relative to the source's root, so the same corpus at another place has
the same shard names, document ids and checksums.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from gristmill import storage
from gristmill.config.config import SourceSection
from gristmill.errors import ConfigError, EmptyResultError
from gristmill.storage_backends import FileStat

_BLOCK_BYTES = 1 << 20

INPUT_SCHEMA = pa.schema(
    [
        pa.field("index", pa.int64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("shard", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("uri", pa.string(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("tag", pa.string(), nullable=False),
        pa.field("checksum", pa.string(), nullable=False),
        pa.field("records", pa.int64()),
    ]
)
"""``records`` is null until the shard has been extracted."""


@dataclasses.dataclass(frozen=True, slots=True)
class RawShard:
    """One raw input: a file, or for code a directory.

    Attributes:
        index: its place in the order of (source, shard); the key that rides in a Beam graph.
        shard: uri relative to the source's root.
        name: file-safe name of every output made from it.
        tag: changes when the file may have changed.
        checksum: of the content: ``xxh3:`` for local files, ``etag:`` on an object store.
    """

    index: int
    source: str
    shard: str
    name: str
    uri: str
    bytes: int
    tag: str
    checksum: str
    records: int | None = None


def shard_name(shard: str) -> str:
    """A readable file name that is unique to a relative uri.

    >>> shard_name("crawl/a b.warc.gz")
    'a_b.warc.gz-cee3f119'
    """
    base = re.sub(r"[^A-Za-z0-9._-]", "_", shard.rsplit("/", 1)[-1])[:80].lstrip("._") or "shard"
    return f"{base}-{xxhash.xxh3_64_hexdigest(shard.encode())[:8]}"


def list_inputs(sources: Sequence[SourceSection], previous: Mapping[str, RawShard] | None = None) -> list[RawShard]:
    """All raw shards of some sources, ordered by source name and relative uri whatever order they were found in.

    Args:
        sources: of the run's configuration.
        previous: shards of an earlier listing by uri; one whose tag is unchanged is not read again for its checksum.

    Raises:
        EmptyResultError: a pattern matched nothing.
        ConfigError: two inputs have one name, or a path is not what its kind reads.
    """
    found: list[RawShard] = []
    for source in sources:
        root = source.root or common_root(source.paths)
        stats = {stat.uri: stat for pattern in source.paths for stat in _expand(source, pattern)}
        found.extend(_unchecked(source.name, root, stat) for stat in stats.values())
    found.sort(key=lambda shard: (shard.source, shard.shard))
    for one, other in itertools.pairwise(found):
        if (one.source, one.name) == (other.source, other.name):
            msg = f"source {one.source!r}: {one.uri} and {other.uri} have the same name {one.shard!r}; set `root`"
            raise ConfigError(msg)
    known = previous or {}
    with ThreadPoolExecutor(max_workers=min(16, 2 * (os.cpu_count() or 1))) as pool:
        return list(pool.map(lambda pair: _checked(pair[0], pair[1], known), enumerate(found)))


def common_root(patterns: Sequence[str]) -> str:
    """The deepest directory that holds every pattern of a source.

    >>> common_root(["data/web/a/*.gz", "data/web/b/x.gz"])
    'data/web'
    """
    roots = [storage.root_of(pattern).split("/") for pattern in patterns]
    shared = roots[0]
    for root in roots[1:]:
        same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(shared, root, strict=False))
        shared = [part for part, _ in same]
    return "/".join(shared) or ("/" if roots[0][0] == "" else ".")


def read_inputs(uri: str) -> list[RawShard]:
    """The shards listed in an ``inputs.parquet``."""
    with storage.open_read(uri) as stream, pq.ParquetFile(stream, pre_buffer=False) as file:
        return [RawShard(**row) for row in file.read(use_threads=False).to_pylist()]


def write_inputs(uri: str, shards: Sequence[RawShard], *, run: str) -> None:
    """Writes ``inputs.parquet``."""
    table = pa.Table.from_pylist([dataclasses.asdict(shard) for shard in shards], schema=INPUT_SCHEMA)
    with storage.committing(uri, run=run) as path:
        pq.write_table(table, path, compression="zstd")


def _expand(source: SourceSection, pattern: str) -> list[FileStat]:
    matches = storage.find(pattern, directories=source.kind == "code")
    if not matches:
        msg = (
            f"source {source.name!r}: the path {pattern!r} matched no file "
            f"(current directory: {Path.cwd()}); correct the pattern or remove it"
        )
        raise EmptyResultError(msg)
    for stat in matches:
        if stat.is_directory and source.kind != "code":
            msg = (
                f"source {source.name!r}: {stat.uri} is a directory, and kind {source.kind!r} reads files; "
                f"write {storage.join(stat.uri, '*')!r} or {storage.join(stat.uri, '**/*')!r}"
            )
            raise ConfigError(msg)
    return matches


def _unchecked(source: str, root: str, stat: FileStat) -> RawShard:
    prefix = "" if root == "." else root.rstrip("/") + "/"
    shard = stat.uri.removeprefix("./") if root == "." else stat.uri
    if prefix and not shard.startswith(prefix):
        msg = f"source {source!r}: {stat.uri} is not below its root {root!r}; correct `root`"
        raise ConfigError(msg)
    shard = shard[len(prefix) :]
    return RawShard(-1, source, shard, shard_name(shard), stat.uri, stat.bytes, stat.tag, "")


def _checked(index: int, shard: RawShard, known: Mapping[str, RawShard]) -> RawShard:
    path = Path(shard.uri)
    if storage.is_remote(shard.uri):
        return dataclasses.replace(shard, index=index, checksum=f"etag:{shard.tag}")
    if path.is_dir():
        digest, size_bytes = _directory_checksum(path)
        return dataclasses.replace(shard, index=index, checksum=digest, bytes=size_bytes)
    before = known.get(shard.uri)
    if before is not None and before.tag == shard.tag:
        return dataclasses.replace(shard, index=index, checksum=before.checksum)
    return dataclasses.replace(shard, index=index, checksum=file_checksum(path))


def file_checksum(path: Path) -> str:
    """``xxh3:`` and 128 bits of a file's content, read once in blocks."""
    hasher = xxhash.xxh3_128()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            hasher.update(block)
    return f"xxh3:{hasher.hexdigest()}"


def _directory_checksum(folder: Path) -> tuple[str, int]:
    """Checksum over relative names and contents, and the bytes of all files; links are not followed."""
    hasher, size_bytes = xxhash.xxh3_128(), 0
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(parent) / name
            if path.is_symlink() or not path.is_file():
                continue
            size_bytes += path.stat().st_size
            hasher.update(f"{path.relative_to(folder).as_posix()}\0{file_checksum(path)}\0".encode())
    return f"xxh3:{hasher.hexdigest()}", size_bytes
