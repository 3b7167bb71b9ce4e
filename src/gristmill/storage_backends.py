"""The three places files can be: a local disk, S3 through boto3, Google Cloud Storage through its own client.

Clients are made once per process and are safe to share between threads. Credentials and endpoints come from the usual
environment of each client (``AWS_ENDPOINT_URL``, ``GOOGLE_APPLICATION_CREDENTIALS``, …) and are never stored.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, cast

from gristmill.errors import ConfigError, MissingExtraError, unknown_name

_RANGE_BYTES = 1 << 20


class FileStat(NamedTuple):
    """One file: ``tag`` changes when its content does (an etag, or size and modification time in nanoseconds)."""

    uri: str
    bytes: int
    tag: str
    is_directory: bool = False


class Storage(Protocol):
    """What every place must be able to do. ``commit`` makes a local file appear at ``uri`` whole or not at all."""

    def stat(self, uri: str) -> FileStat | None: ...  # noqa: D102
    def walk(self, base: str) -> Iterator[FileStat]: ...  # noqa: D102
    def open_read(self, uri: str) -> BinaryIO: ...  # noqa: D102
    def fetch(self, uri: str, path: Path) -> None: ...  # noqa: D102
    def commit(self, path: Path, uri: str) -> None: ...  # noqa: D102
    def delete(self, uri: str) -> None: ...  # noqa: D102


def backend(uri: str) -> Storage:
    """The storage that holds ``uri``.

    Raises:
        ConfigError: the scheme is not one we read.
    """
    scheme, separator, _ = uri.partition("://")
    if not separator:
        return LocalStorage()
    makers: dict[str, Callable[[], Storage]] = {"s3": _s3, "gs": _gcs}
    if scheme not in makers:
        raise ConfigError(unknown_name("storage scheme", scheme, makers) + f" (in {uri})")
    return makers[scheme]()


class LocalStorage:
    """Files on a mounted disk."""

    def stat(self, uri: str) -> FileStat | None:
        """Size and change tag, or None."""
        path = Path(uri)
        try:
            found = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return FileStat(uri, found.st_size, f"{found.st_size}-{found.st_mtime_ns}", path.is_dir())

    def walk(self, base: str) -> Iterator[FileStat]:
        """All regular files below ``base``; uris keep the form ``base`` was given in."""
        for prefix, _, files in self._folders(base):
            for name in sorted(files):
                # A file may vanish between the listing and the stat while a run is writing beside us.
                if (stat := self.stat(f"{prefix}{name}")) is not None:
                    yield stat

    def walk_directories(self, base: str) -> Iterator[FileStat]:
        """All directories below ``base``."""
        for prefix, folders, _ in self._folders(base):
            for name in folders:
                if (stat := self.stat(f"{prefix}{name}")) is not None:
                    yield stat

    def _folders(self, base: str) -> Iterator[tuple[str, list[str], list[str]]]:
        for folder, folders, files in os.walk(base):
            folders.sort()
            prefix = "" if folder == "." else f"{folder}/"
            # A base of "." gives "./a/b": patterns are written without the "./".
            yield (prefix.removeprefix("./") if base == "." else prefix), folders, files

    def open_read(self, uri: str) -> BinaryIO:
        """An ordinary binary file."""
        return Path(uri).open("rb")

    def fetch(self, uri: str, path: Path) -> None:
        """Copies ``uri`` to ``path``."""
        path.write_bytes(Path(uri).read_bytes())

    def commit(self, path: Path, uri: str) -> None:
        """Fsyncs and renames, then fsyncs the folder so that the name survives a power cut too."""
        target = Path(uri)
        target.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
        path.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def delete(self, uri: str) -> None:
        """Removes the file if it is there."""
        with contextlib.suppress(FileNotFoundError):
            Path(uri).unlink()


class S3Storage:
    """Objects on anything that speaks S3, through boto3 with its standard retries."""

    def __init__(self) -> None:
        import boto3  # noqa: PLC0415  0.3 s of import that only S3 users pay
        from botocore.config import Config  # noqa: PLC0415

        config = Config(retries={"mode": "standard", "max_attempts": 8}, connect_timeout=20, read_timeout=120)
        self._client: Any = boto3.client("s3", config=config)

    def stat(self, uri: str) -> FileStat | None:
        """Size and etag, or None."""
        from botocore.exceptions import ClientError  # noqa: PLC0415

        bucket, key = _split(uri)
        try:
            head = self._client.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
                return None
            raise
        return FileStat(uri, int(head["ContentLength"]), str(head["ETag"]).strip('"'))

    def walk(self, base: str) -> Iterator[FileStat]:
        """All objects whose key begins with ``base/``."""
        bucket, prefix = _split(base)
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=f"{prefix.rstrip('/')}/" if prefix else ""
        )
        for page in pages:
            for item in page.get("Contents", ()):
                if not item["Key"].endswith("/"):
                    yield FileStat(f"s3://{bucket}/{item['Key']}", int(item["Size"]), str(item["ETag"]).strip('"'))

    def open_read(self, uri: str) -> BinaryIO:
        """A buffered stream that fetches ranges."""
        stat = self.stat(uri)
        if stat is None:
            raise FileNotFoundError(uri)
        return cast("BinaryIO", io.BufferedReader(_S3Ranges(self._client, uri, stat.bytes), _RANGE_BYTES))

    def fetch(self, uri: str, path: Path) -> None:
        """Downloads to ``path``, in parallel ranges for large objects."""
        bucket, key = _split(uri)
        self._client.download_file(bucket, key, str(path))

    def commit(self, path: Path, uri: str) -> None:
        """Uploads; an object appears only when its (multipart) upload is complete."""
        bucket, key = _split(uri)
        self._client.upload_file(str(path), bucket, key)

    def delete(self, uri: str) -> None:
        """Removes the object if it is there."""
        bucket, key = _split(uri)
        self._client.delete_object(Bucket=bucket, Key=key)


class _S3Ranges(io.RawIOBase):
    """A seekable view of one object; every read is one ranged GET."""

    def __init__(self, client: Any, uri: str, size_bytes: int) -> None:
        super().__init__()
        self._client, self._size, self._position = client, size_bytes, 0
        self._bucket, self._key = _split(uri)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        end = min(self._position + len(buffer), self._size)
        if end <= self._position:
            return 0
        span = f"bytes={self._position}-{end - 1}"
        body = self._client.get_object(Bucket=self._bucket, Key=self._key, Range=span)["Body"].read()
        buffer[: len(body)] = body
        self._position += len(body)
        return len(body)


class GcsStorage:
    """Objects on Google Cloud Storage; with ``STORAGE_EMULATOR_HOST`` set, an emulator without credentials."""

    def __init__(self) -> None:
        try:
            from google.cloud.storage import Client  # noqa: PLC0415  an optional extra
        except ImportError as error:
            package = "google.cloud.storage"
            raise MissingExtraError(package, "gcp", "a gs:// path") from error
        emulated = "STORAGE_EMULATOR_HOST" in os.environ
        self._client: Any = Client.create_anonymous_client() if emulated else Client()

    def _blob(self, uri: str) -> Any:
        bucket, key = _split(uri)
        return self._client.bucket(bucket).blob(key)

    def stat(self, uri: str) -> FileStat | None:
        """Size and MD5 (or CRC32C for composed objects), or None."""
        bucket, key = _split(uri)
        blob = self._client.bucket(bucket).get_blob(key)
        return None if blob is None else FileStat(uri, int(blob.size), str(blob.md5_hash or blob.crc32c))

    def walk(self, base: str) -> Iterator[FileStat]:
        """All objects whose name begins with ``base/``."""
        bucket, prefix = _split(base)
        for blob in self._client.list_blobs(bucket, prefix=f"{prefix.rstrip('/')}/" if prefix else None):
            if not blob.name.endswith("/"):
                yield FileStat(f"gs://{bucket}/{blob.name}", int(blob.size), str(blob.md5_hash or blob.crc32c))

    def open_read(self, uri: str) -> BinaryIO:
        """A stream that fetches ranges."""
        if self.stat(uri) is None:
            raise FileNotFoundError(uri)
        return cast("BinaryIO", self._blob(uri).open("rb", chunk_size=_RANGE_BYTES))

    def fetch(self, uri: str, path: Path) -> None:
        """Downloads to ``path``."""
        self._blob(uri).download_to_filename(str(path))

    def commit(self, path: Path, uri: str) -> None:
        """Uploads; an object appears only when its upload is complete."""
        self._blob(uri).upload_from_filename(str(path))

    def delete(self, uri: str) -> None:
        """Removes the object if it is there."""
        from google.api_core.exceptions import NotFound  # noqa: PLC0415

        with contextlib.suppress(NotFound):
            self._blob(uri).delete()


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.partition("://")[2].partition("/")
    return bucket, key


@functools.lru_cache(maxsize=1)
def _s3() -> S3Storage:
    return S3Storage()


@functools.lru_cache(maxsize=1)
def _gcs() -> GcsStorage:
    return GcsStorage()
