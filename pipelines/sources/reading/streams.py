"""Opens a raw shard for reading, decompressed as its first bytes say, whatever its name says.

Decompression is Arrow's: it reads concatenated members (one gzip member per record is how web archives are written),
checks their checksums, holds one buffer in memory however far the data expands, and says so when the last member is cut
short. Python's own ``gzip`` does the same at half the speed; FastWARC's readers end without a word on a cut member.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pyarrow as pa

READ_BYTES = 1 << 20
"""Size of one read from a stream."""

_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"BZh", "bz2"),
)


class ByteStream(Protocol):
    """The part of a binary file that the readers use."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes, none at the end."""
        ...

    def close(self) -> None:
        """Lets go of the file."""
        ...


def compression(head: bytes) -> str | None:
    r"""The compression that the first bytes of a file announce, ``None`` for none of the known ones.

    A zstd file may start with a skippable frame (that is where zstd web archives keep their dictionary).

    >>> compression(b"\x1f\x8b\x08"), compression(b"WARC/1.0")
    ('gzip', None)
    """
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if len(head) >= 4 and head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50:
        return "zstd"
    return None


def file_compression(path: Path) -> str | None:
    """The compression of a file by its first bytes."""
    with path.open("rb") as file:
        return compression(file.read(4))


def open_stream(path: Path) -> ByteStream:
    """Opens a file for sequential reading, decompressed on the fly.

    Errors: reading raises ``OSError`` where the compressed data is damaged or cut short; what was read before is good.
    """
    codec = file_compression(path)
    if codec is None:
        return path.open("rb")
    stream: ByteStream = pa.CompressedInputStream(pa.OSFile(str(path)), codec)
    return stream


def broken_stream_reason(error: OSError) -> str:
    """The stable reason of a dead letter for a stream that failed.

    >>> broken_stream_reason(OSError("Truncated compressed stream"))
    'truncated-compression'
    """
    return "truncated-compression" if "runcated" in str(error) else "corrupt-compression"
