"""Gzip with its member boundaries: web archives put one record in each member, whose place is its address."""

from __future__ import annotations

import zlib
from collections import deque
from pathlib import Path

_INPUT_BYTES = 1 << 16
_MAGIC = b"\x1f\x8b\x08"


class GzipMembers:
    """A decompressed byte stream over concatenated gzip members that can say where a record lies in the file.

    Reading raises ``OSError`` where a member is damaged or cut short; :meth:`skip_damage` then finds the next good one.

    Args:
        path: the file.
        wanted: how the text of a good member starts; only used to find one behind damage.
    """

    def __init__(self, path: Path, wanted: bytes) -> None:
        self._file = path.open("rb")
        self._wanted = wanted
        self._input = b""
        self._consumed = 0
        self._decoder: zlib._Decompress | None = None
        self._position = 0
        self._members: deque[tuple[int, int]] = deque()
        self._member_start = 0

    @property
    def position(self) -> int:
        """Decompressed bytes read so far."""
        return self._position

    @property
    def damage(self) -> int:
        """Offset of the member being read, which is where damage was met."""
        return self._member_start

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _more(self) -> bool:
        data = self._file.read(_INPUT_BYTES)
        self._input += data
        return bool(data)

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` decompressed bytes of one member, none at the end of the file."""
        while True:
            if self._decoder is None and not self._start_member():
                return b""
            assert self._decoder is not None
            if not self._input and not self._more():
                message = f"Truncated gzip member that starts at byte {self._member_start}"
                raise OSError(message)
            before = len(self._input)
            try:
                data = self._decoder.decompress(self._input, size)
            except zlib.error as error:
                message = f"corrupt gzip member that starts at byte {self._member_start}: {error}"
                raise OSError(message) from error
            self._input = self._decoder.unused_data if self._decoder.eof else self._decoder.unconsumed_tail
            self._consumed += before - len(self._input)
            if self._decoder.eof:
                self._decoder = None
            if data:
                self._position += len(data)
                return data

    def _start_member(self) -> bool:
        while True:
            padding = len(self._input) - len(self._input.lstrip(b"\x00"))
            self._consumed += padding
            self._input = self._input[padding:]
            if self._input:
                break
            if not self._more():
                return False
        self._member_start = self._consumed
        if self._members and self._members[-1][0] == self._position:
            self._members.pop()
        self._members.append((self._position, self._consumed))
        self._decoder = zlib.decompressobj(31)
        return True

    def extent(self, start: int, end: int) -> tuple[int, int]:
        """Where the decompressed bytes ``start`` to ``end`` lie in the file: offset of their member, and its length.

        The length is -1 when the bytes do not fill members of their own. Positions must not go back from call to call.
        """
        while len(self._members) > 1 and self._members[1][0] <= start:
            self._members.popleft()
        if not self._members:
            return -1, -1
        first_position, offset = self._members[0]
        if first_position != start:
            return offset, -1
        for position, member in self._members:
            if position == end:
                return offset, member - offset
        return offset, self._consumed - offset if self._decoder is None and self._position == end else -1

    def skip_damage(self) -> bool:
        """After an error, goes on at the next member whose text starts as wanted; false if there is none."""
        self._file.seek(self._member_start + 1)
        start, data = self._member_start + 1, b""
        while True:
            found = data.find(_MAGIC)
            if found >= 0:
                start, data = start + found, data[found:]
                if self._starts_well(start):
                    break
                start, data = start + 1, data[1:]
                continue
            kept = data[-2:]
            chunk = self._file.read(_INPUT_BYTES)
            if not chunk:
                return False
            start, data = start + len(data) - len(kept), kept + chunk
        self._file.seek(start)
        self._input, self._consumed, self._decoder = b"", start, None
        return True

    def _starts_well(self, start: int) -> bool:
        here = self._file.tell()
        self._file.seek(start)
        head = self._file.read(1 << 12)
        self._file.seek(here)
        try:
            return zlib.decompressobj(31).decompress(head, len(self._wanted)) == self._wanted
        except zlib.error:
            return False
