"""The lists of the ``[url]`` section: files read into tables, block by block.

One entry a line. White space around it and what follows a ``#`` at the beginning of a line or after white space do not
count. A file whose name ends in ``.gz`` is unpacked as it is read. In a list of domains a line may be one of a hosts
file (``0.0.0.0 ads.example``), and ``*.example.com`` and ``.example.com`` mean ``example.com``.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill import storage
from gristmill.errors import ConfigError, InputError
from gristmill.filters.text.arrays import Bytes, Flags, Hashes, Int64s
from gristmill.filters.url.lines import list_entries
from gristmill.filters.url.tables import hash_hosts, hash_rows
from gristmill.kernels.url_kernels import OPAQUE
from gristmill.urls import parse_urls

_BLOCK_BYTES = 1 << 24
_LOG = logging.getLogger(__name__)

Strings = tuple[Bytes, Int64s]


class ListFile(NamedTuple):
    """One file of a list.

    Attributes:
        uri: where it lies.
        name: what the evidence calls it: its base name, with its folder where two files share that.
        sha256: of its bytes as stored.
        hashes: of its entries.
        texts: the entries themselves, where they were asked for.
    """

    uri: str
    name: str
    sha256: str
    hashes: Hashes
    texts: tuple[bytes, ...]


def read_list(uri: str, name: str, key: str, *, keep_texts: bool = False) -> ListFile:
    """Reads one file.

    Args:
        uri: the file.
        name: for the evidence.
        key: the key of the section that names it: says what an entry is.
        keep_texts: keep the entries, not only their hashes.

    Raises:
        ConfigError: it cannot be read, is empty, or none of its entries can be what the list holds.
    """
    form = _FORMS[key]
    hashes: list[Hashes] = []
    texts: list[bytes] = []
    entries, bad, first_bad, line = 0, 0, 0, 0
    hasher = hashlib.sha256()
    try:
        with storage.open_read(uri) as stream:
            while block := stream.read(_BLOCK_BYTES):
                hasher.update(block)
        for block in _blocks(uri):
            data, offsets, numbers, lines = list_entries(np.frombuffer(block, np.uint8).copy(), key in _HOSTS)
            forms, good = form(data, offsets)
            if not good.all():
                first_bad = first_bad or line + int(numbers[np.argmin(good)])
                bad += int((~good).sum())
            hashes.append((hash_hosts if key in _HOSTS else hash_rows)(*forms)[good])
            if keep_texts:
                texts += [text for text, fits in zip(_texts(forms), good.tolist(), strict=True) if fits]
            entries, line = entries + len(good), line + lines
    except (InputError, OSError, EOFError, zlib.error) as error:
        message = f"url.{key}: {uri} cannot be read: {error}; give a readable text file, plain or .gz"
        raise ConfigError(message) from error
    if entries == 0:
        message = f"url.{key}: {uri} has no entry; write one a line, or take it out of the configuration"
        raise ConfigError(message)
    if bad == entries:
        message = f"url.{key}: no entry of {uri} is {_WANTED[key]}; the first that is not stands in line {first_bad}"
        raise ConfigError(message)
    if bad:
        _LOG.warning("url.%s: %d of %d entries of %s are not %s (first: line %d)", key, bad, entries, uri,
                     _WANTED[key], first_bad)  # fmt: skip
    return ListFile(uri, name, hasher.hexdigest(), np.unique(np.concatenate(hashes)), tuple(dict.fromkeys(texts)))


def list_names(uris: list[str]) -> list[str]:
    """What the evidence calls each file.

    >>> list_names(["lists/adult/domains", "lists/ads/domains", "mine.txt"])
    ['adult/domains', 'ads/domains', 'mine.txt']
    """
    parts = [uri.replace("\\", "/").split("/") for uri in uris]
    depth = 1
    while len({"/".join(part[-depth:]) for part in parts}) < len(set(uris)):
        depth += 1
    bases = [part[-1] for part in parts]
    return [part[-1] if bases.count(part[-1]) == 1 else "/".join(part[-max(depth, 2) :]) for part in parts]


def _blocks(uri: str) -> Iterator[bytes]:
    """The file in blocks of whole lines."""
    with storage.open_read(uri) as raw:
        stream = gzip.GzipFile(fileobj=raw) if uri.endswith(".gz") else raw
        rest = b""
        while block := stream.read(_BLOCK_BYTES):
            joined = rest + block
            cut = joined.rfind(b"\n") + 1
            rest = joined[cut:]
            if cut:
                yield joined[:cut]
        if rest:
            yield rest


def _domains(data: Bytes, offsets: Int64s) -> tuple[Strings, Flags]:
    urls = parse_urls(data, offsets)
    form, stop, scheme, port, rest = (urls.spans[:, column] for column in (0, 2, 3, 6, 7))
    bare = (form != OPAQUE) & (stop - rest <= 1) & (port < 0) & (scheme == urls.spans[:, 1])
    return urls.hosts, bare


def _addresses(data: Bytes, offsets: Int64s) -> tuple[Strings, Flags]:
    urls = parse_urls(data, offsets)
    return urls.addresses, urls.spans[:, 0] != OPAQUE


def _words(data: Bytes, offsets: Int64s) -> tuple[Strings, Flags]:
    """Letters and digits of each entry, in lower case."""
    plain = pc.replace_substring_regex(_column(data, offsets), pattern=r"[^\p{L}\p{N}]+", replacement="")
    return _lower(plain)


def _substrings(data: Bytes, offsets: Int64s) -> tuple[Strings, Flags]:
    """Each entry without - and ., in lower case."""
    return _lower(pc.replace_substring_regex(_column(data, offsets), pattern=r"[-.]+", replacement=""))


def _column(data: Bytes, offsets: Int64s) -> pa.Array:
    raw = bytes(data)
    if not _is_utf8(raw):
        raw = raw.decode("latin-1").encode("ascii", "replace")
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(raw))


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _lower(column: pa.Array) -> tuple[Strings, Flags]:
    lower = pc.utf8_lower(column)
    strings = string_buffers(lower)
    return strings, np.diff(strings[1]) > 0


def string_buffers(column: pa.Array) -> Strings:
    """Bytes and offsets of a large_string column, copied."""
    if not len(column):
        return np.zeros(0, np.uint8), np.zeros(1, np.int64)
    _, offsets, values = column.buffers()
    bounds = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
    data = np.zeros(0, np.uint8) if values is None else np.frombuffer(values, np.uint8)[bounds[0] : bounds[-1]]
    return data.copy(), bounds - bounds[0]


def _texts(strings: Strings) -> list[bytes]:
    raw, bounds = bytes(strings[0]), strings[1].tolist()
    return [raw[bounds[i] : bounds[i + 1]] for i in range(len(bounds) - 1)]


_FORMS: dict[str, Callable[[Bytes, Int64s], tuple[Strings, Flags]]] = {
    "domains": _domains,
    "allow": _domains,
    "urls": _addresses,
    "words": _words,
    "soft_words": _words,
    "substrings": _substrings,
}
_HOSTS = ("domains", "allow")
_WANTED = {
    "domains": "a domain",
    "allow": "a domain",
    "urls": "an address with a host",
    "words": "a word",
    "soft_words": "a word",
    "substrings": "a string",
}
