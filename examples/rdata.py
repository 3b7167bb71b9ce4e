"""Reads character vectors out of an installed R package (``data/Rdata.rdx`` and ``data/Rdata.rdb``).

Debian ships Jane Austen's novels as an R package, ``r-cran-janeaustenr``. Its "lazy-load database" is an index of byte
ranges and a file of zlib-compressed R values in the XDR serialization that *R Internals*, section 1.8, describes. Only
the types that such an index and a character vector use are read; anything else is an error.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

_SYMBOL, _PAIRLIST, _CHARSXP, _LOGICAL, _INTEGER, _STRINGS, _LIST = 1, 2, 9, 10, 13, 16, 19
_NIL, _REFERENCE = 0xFE, 0xFF
_HAS_ATTRIBUTES, _HAS_TAG = 1 << 9, 1 << 10


class _Reader:
    """A cursor over one serialized R value, with the table of symbols that later references point into."""

    def __init__(self, data: bytes) -> None:
        if data[:2] != b"X\n":
            msg = f"R data is not in XDR form: wanted the bytes b'X\\n' at the start, got {data[:2]!r}"
            raise ValueError(msg)
        self._data = data
        self._at = 2
        self._symbols: list[object] = []
        version, _, _ = self._integer(), self._integer(), self._integer()
        if version == 3:
            self._take(self._integer())  # the name of the native encoding

    def _take(self, size: int) -> bytes:
        self._at += size
        if self._at > len(self._data):
            msg = f"R data ends at byte {len(self._data)}, wanted {self._at}"
            raise ValueError(msg)
        return self._data[self._at - size : self._at]

    def _integer(self) -> int:
        return int(struct.unpack(">i", self._take(4))[0])

    def _pairs(self, flags: int) -> dict[str, object]:
        pairs: dict[str, object] = {}
        while flags & 0xFF != _NIL:
            if flags & _HAS_ATTRIBUTES:
                self.value()
            tag = self.value() if flags & _HAS_TAG else len(pairs)
            pairs[str(tag)] = self.value()
            flags = self._integer()
        return pairs

    def value(self) -> object:
        """The next value: str, list of str or int, dict for a named list, or None."""
        flags = self._integer()
        kind = flags & 0xFF
        if kind == _NIL:
            return None
        if kind == _REFERENCE:
            return self._symbols[(flags >> 8) - 1]
        if kind == _SYMBOL:
            self._symbols.append(self.value())
            return self._symbols[-1]
        if kind == _PAIRLIST:
            return self._pairs(flags)
        if kind == _CHARSXP:
            size = self._integer()
            return None if size < 0 else self._take(size).decode("utf-8")
        if kind not in {_LOGICAL, _INTEGER, _STRINGS, _LIST}:
            msg = f"R type {kind} at byte {self._at - 4} is not one of those this reader knows"
            raise ValueError(msg)
        read = self._integer if kind in {_LOGICAL, _INTEGER} else self.value
        values: list[object] = [read() for _ in range(self._integer())]
        attributes = self._pairs(self._integer()) if flags & _HAS_ATTRIBUTES else {}
        names = attributes.get("names")
        return dict(zip(map(str, names), values, strict=True)) if isinstance(names, list) else values


def read_vectors(base: Path) -> dict[str, list[str]]:
    """All character vectors of an R lazy-load database, by name.

    Args:
        base: the path without its suffix, such as ``site-library/janeaustenr/data/Rdata``.

    Raises:
        TypeError: the files hold something other than character vectors.
        ValueError: the files are damaged or use R types unknown here.
    """
    index = _Reader(gzip.decompress(base.with_suffix(".rdx").read_bytes())).value()
    variables = index.get("variables") if isinstance(index, dict) else None
    if not isinstance(variables, dict):
        msg = f"{base}.rdx has no table of variables"
        raise TypeError(msg)
    stored = base.with_suffix(".rdb").read_bytes()
    vectors: dict[str, list[str]] = {}
    for name, (offset, size) in sorted(variables.items()):
        vector = _Reader(zlib.decompress(stored[offset + 4 : offset + size])).value()  # 4 bytes: the length unpacked
        if not isinstance(vector, list):
            msg = f"{name} in {base}.rdb is not a vector"
            raise TypeError(msg)
        vectors[name] = [str(line) for line in vector]
    return vectors
