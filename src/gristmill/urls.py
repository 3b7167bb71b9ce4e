"""Web addresses in one canonical form, so that two spellings of one address are one string.

The canonical form of an address is ``host[:port][/path][?query]``, and these spellings are the same address:

* ``http`` and ``https``, or no scheme at all (another scheme stays in front: ``ftp://...``);
* any case of the host, its international form and its ``xn--`` form (which is the canonical one), full-width letters
  and ideographic full stops, percent-escapes in it, dots at its end, with or without ``www.`` in front;
* IPv4 addresses as ``127.0.0.1``, ``127.1``, ``0x7f000001`` or ``2130706433``, IPv6 addresses however shortened;
* a user name and password, a port 80 or 443, a fragment (but ``#!...``, which names a page), slashes at the end of the
  path, ``.`` and ``..`` in it, backslashes for slashes;
* percent-escapes of letters, digits, ``-._~`` and of whole UTF-8 characters, and those characters themselves. Other
  escapes stay escapes, in upper-case hex; spaces and control characters become escapes;
* tracking parameters (``utm_*``, ``gclid``, ``dclid``, ``fbclid``, ``msclkid``) and empty ones in the query.

The case and order of everything else counts, as it may to the server. What has no host (``urn:x``, ``mailto:x``, a port
that is no number, a space in the host) is left as it is, without white space at its ends. Sources: RFC 3986 section
6.2, the WHATWG URL Standard, and ``normalize_url`` of C4's code (tensorflow_datasets/text/c4_utils.py), which drops
scheme, ``www.`` and the slash at the end too. The international form follows UTS 46 without transitional processing:
NFKC and lower case, ß stays.
"""

from __future__ import annotations

import functools
import ipaddress
import unicodedata
import urllib.parse
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from gristmill.errors import InputError
from gristmill.kernels.url_kernels import ODD, OPAQUE, Bytes, Int64s, find_parts, write_forms

_LONGEST_HOST_CHARS = 1024
"""A longer text is no host (names end at 253), and Python's punycode would take quadratic time on it."""

_NO_PART_OF_A_HOST = frozenset(" /?#@:%<>\\^|[]\t\n\r\0")


class Urls(NamedTuple):
    """Addresses in canonical form.

    Attributes:
        hosts: uint8 and int64 of shape (addresses + 1,): each host in canonical form with its ``www.``; empty where
            the address has none.
        addresses: the same pair for the whole addresses.
        spans: int64 of shape (addresses, 8): where the parts lie in what was given
            (`gristmill.kernels.url_kernels.SPANS`).
    """

    hosts: tuple[Bytes, Int64s]
    addresses: tuple[Bytes, Int64s]
    spans: Int64s


def canonical_urls(urls: pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    """The canonical form of each address.

    Args:
        urls: string or large_string, without nulls.

    Raises:
        InputError: the column is not a string column, or has nulls.

    >>> canonical_urls(pa.array(["HTTPS://www.Example.com:443/a/../b/?utm_source=x#top", "example.com/b"])).to_pylist()
    ['example.com/b', 'example.com/b']
    """
    data, offsets = parse_urls(*url_buffer(urls)).addresses
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))


def canonical_url(url: str) -> str:
    """The canonical form of one address.

    >>> canonical_url("http://Bücher.example/%7Eanna/?q=%e2%82%ac")
    'xn--bcher-kva.example/~anna?q=€'
    """
    form: str = canonical_urls(pa.array([url], pa.large_string()))[0].as_py()
    return form


def url_buffer(urls: pa.Array | pa.ChunkedArray) -> tuple[Bytes, Int64s]:
    """A string column as one run of UTF-8 and the offsets that cut it, copied.

    Raises:
        InputError: the column is not a string column, or has nulls.
    """
    if not (pa.types.is_string(urls.type) or pa.types.is_large_string(urls.type)):
        message = f"addresses must be an Arrow string or large_string array, got {urls.type}; cast it first"
        raise InputError(message)
    if urls.null_count:
        message = f"addresses must not be null, but {urls.null_count} of {len(urls)} are; give an empty string instead"
        raise InputError(message)
    array = urls.cast(pa.large_string())
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], pa.large_string())
    if not len(array):
        return np.zeros(0, np.uint8), np.zeros(1, np.int64)
    _, offset_bytes, value_bytes = array.buffers()
    offsets = np.frombuffer(offset_bytes, np.int64)[array.offset : array.offset + len(array) + 1]
    first, last = int(offsets[0]), int(offsets[-1])
    values = np.zeros(0, np.uint8) if value_bytes is None else np.frombuffer(value_bytes, np.uint8)[first:last]
    return values.copy(), offsets - first


def parse_urls(data: Bytes, offsets: Int64s) -> Urls:
    """Hosts and canonical addresses of the addresses in a buffer of UTF-8, as `url_buffer` gives it.

    >>> urls = parse_urls(*url_buffer(pa.array(["http://u:p@WWW.Example.com.:8080/"])))
    >>> bytes(urls.hosts[0]), bytes(urls.addresses[0])
    (b'www.example.com', b'example.com:8080')
    """
    spans = find_parts(data, offsets)
    odd = np.full(len(spans), -1, np.int64)
    rows = np.flatnonzero(spans[:, 0] == ODD)
    odd[rows] = np.arange(len(rows))
    found = [canonical_host(_text(data, spans[row])).encode("utf-8", "replace") for row in rows.tolist()]
    spans[rows, 0] = [ODD if host else OPAQUE for host in found]
    odd_offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(host) for host in found], out=odd_offsets[1:])
    odd_data = np.frombuffer(bytearray(b"".join(found)), np.uint8)
    hosts, host_offsets, out, out_offsets = write_forms(data, spans, odd, odd_data, odd_offsets)
    return Urls((hosts, host_offsets), (out, out_offsets), spans)


def _text(data: Bytes, span: Int64s) -> str:
    return bytes(data[span[4] : span[5]]).decode("utf-8", "replace")


@functools.lru_cache(maxsize=1 << 16)
def canonical_host(host: str) -> str:
    """A host in canonical form: lower case, ``xn--`` labels, plain IP addresses, no dot at the end.

    What cannot be a host (a space or another reserved character in it, more than 1,024 characters) gives an empty text.

    >>> [canonical_host(host) for host in ("Straße.DE.", "Example。com", "127.1", "[0:0::1]", "ex%61mple.com")]
    ['xn--strae-oqa.de', 'example.com', '127.0.0.1', '[::1]', 'example.com']
    """
    if len(host) > _LONGEST_HOST_CHARS:
        return ""
    if host.startswith("[") and host.endswith("]"):
        try:
            return f"[{ipaddress.IPv6Address(host[1:-1])}]"
        except ValueError:
            return ""
    text = unicodedata.normalize("NFKC", urllib.parse.unquote(host, errors="replace").lower())
    text = text.replace("。", ".").lower().rstrip(".")
    if not text or not _NO_PART_OF_A_HOST.isdisjoint(text):
        return ""
    return _ipv4(text) or ".".join(_label(label) for label in text.split("."))


def readable_host(host: str) -> str:
    """A canonical host with its ``xn--`` labels as the letters they stand for.

    >>> readable_host("www.xn--bcher-kva.example")
    'www.bücher.example'
    """
    labels = []
    for label in host.split("."):
        try:
            labels.append(label[4:].encode().decode("punycode") if label.startswith("xn--") else label)
        except UnicodeError:
            labels.append(label)
    return ".".join(labels)


def _label(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()


def _ipv4(text: str) -> str | None:
    """The dotted form of a host that a browser reads as an IPv4 address: 1 to 4 numbers, decimal, octal or hex."""
    parts = text.split(".")
    if len(parts) > 4:
        return None
    numbers = []
    for part in parts:
        try:
            base = 16 if part[:2] == "0x" else 8 if len(part) > 1 and part[0] == "0" else 10
            numbers.append(int(part[2:] or "0", 16) if base == 16 else int(part, base))
        except ValueError:
            return None
        if not part.isascii() or "_" in part or "+" in part or "-" in part:
            return None
    *head, last = numbers
    if any(number > 255 for number in head) or last >= 256 ** (5 - len(parts)):
        return None
    value = last + sum(number << 8 * (3 - i) for i, number in enumerate(head))
    return str(ipaddress.IPv4Address(value))
