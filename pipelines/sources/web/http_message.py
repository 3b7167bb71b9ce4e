"""HTTP responses as web archives store them: headers by FastWARC, bodies undone here.

Crawlers write what they like: ``Transfer-Encoding: chunked`` over a body they have already joined, or
``Content-Encoding: gzip`` over one they have already unpacked. Both are taken as they are. A body that really is packed
and is damaged is an error. No body unpacks beyond the bound it is given.
"""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass

from fastwarc.stream_io import BrotliReader, ZstdReader
from fastwarc.warc import WarcRecord, WarcRecordType

from gristmill.pipelines.sources.reading.base import UnreadableError

_CHUNK_HEADER = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]{0,1024})?\r?\n")
_HEADERS_END = re.compile(rb"\n\r?\n")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.\-]+)", re.IGNORECASE)
_IDENTITY = frozenset({"", "identity", "none", "utf-8", "8bit", "binary", "iso-8859-1", "text/html"})


class HttpMessageError(UnreadableError):
    """A response that cannot be read."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """The parts of a response that extraction needs.

    Attributes:
        status: the status code, ``None`` if the status line has none.
        content_type: media type in lower case without parameters, ``None`` if absent.
        charset: the label in the content type.
        last_modified: the header's text.
        language: the ``Content-Language`` header's text.
        link: the ``Link`` header's text.
        transfer_encoding: names of transfer codings, in lower case.
        content_encoding: names of content codings, in lower case.
        raw_body: the body as stored.
    """

    status: int | None
    content_type: str | None
    charset: str | None
    last_modified: str | None
    language: str | None
    link: str
    transfer_encoding: str
    content_encoding: str
    raw_body: bytes


def parse_response(content: bytes) -> HttpResponse:
    r"""Splits the block of a response record into headers and body.

    Raises:
        HttpMessageError: no status line, headers without a blank line at their end, or headers beyond 64 kB.

    >>> parse_response(b"HTTP/1.1 200 OK\r\nContent-Type: text/HTML; charset=utf-8\r\n\r\nhi").content_type
    'text/html'
    """
    if not content.startswith(b"HTTP/"):
        message = f"expected a status line HTTP/..., got {content[:40]!r}"
        raise HttpMessageError(message, reason="bad-http-status-line")
    end = _HEADERS_END.search(content, 0, 1 << 16)
    if end is None:
        message = "no blank line ends the HTTP headers within 65536 bytes"
        raise HttpMessageError(message, reason="http-headers-unterminated")
    record = WarcRecord()
    record.init_headers(WarcRecordType.response)
    record.set_bytes_content(content[: end.end()])
    record.is_http = True
    try:
        record.parse_http(auto_decode="none", quirks_mode=True)
    except OSError as error:
        raise HttpMessageError(str(error), reason="bad-http-headers") from error
    headers = record.http_headers
    declared = headers.get("Content-Type") or ""
    charset = _CHARSET.search(declared)
    return HttpResponse(
        status=headers.status_code,
        content_type=declared.partition(";")[0].partition(",")[0].strip().lower() or None,
        charset=charset[1] if charset else None,
        last_modified=headers.get("Last-Modified"),
        language=headers.get("Content-Language"),
        link=headers.get("Link") or "",
        transfer_encoding=(headers.get("Transfer-Encoding") or "").lower(),
        content_encoding=(headers.get("Content-Encoding") or "").lower(),
        raw_body=content[end.end() :],
    )


def response_body(response: HttpResponse, max_bytes: int) -> bytes:
    """The body with transfer and content codings undone.

    Raises:
        HttpMessageError: a damaged coding, one that is not known, or a body that unpacks beyond ``max_bytes``.
    """
    body = response.raw_body
    if "chunked" in response.transfer_encoding:
        body = dechunk(body)
    codings = [name.strip() for name in response.content_encoding.split(",")]
    for coding in reversed(codings):
        if coding not in _IDENTITY:
            body = _decode(body, coding, max_bytes)
    if len(body) > max_bytes:
        message = f"the body has {len(body)} bytes, more than {max_bytes}"
        raise HttpMessageError(message, reason="record-too-large")
    return body


def dechunk(body: bytes) -> bytes:
    r"""Joins a chunked body (RFC 9112 section 7.1, extensions and trailers dropped).

    A body whose first line is no chunk size was joined by the crawler and is given back as it is.

    Raises:
        HttpMessageError: the body starts as chunks and then breaks off.

    >>> dechunk(b"5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: a\r\n\r\n"), dechunk(b"<p>joined</p>")
    (b'hello!', b'<p>joined</p>')
    """
    parts: list[bytes] = []
    position = 0
    while True:
        match = _CHUNK_HEADER.match(body, position)
        if match is None:
            if not parts:
                return body
            message = f"no chunk size at byte {position} of the body: {body[position : position + 20]!r}"
            raise HttpMessageError(message, reason="bad-chunked-encoding")
        size = int(match[1], 16)
        if size == 0:
            return b"".join(parts)
        position = match.end()
        if position + size > len(body):
            if not parts and body[:position].strip().isdigit():
                return body  # a page that starts with a line of digits
            message = f"a chunk of {size} bytes at byte {position} of the body runs past its end"
            raise HttpMessageError(message, reason="bad-chunked-encoding")
        parts.append(body[position : position + size])
        position += size
        if body[position : position + 2] == b"\r\n":
            position += 2
        elif body[position : position + 1] == b"\n":
            position += 1


def _decode(body: bytes, coding: str, max_bytes: int) -> bytes:
    if coding in {"gzip", "x-gzip"}:
        return body if not body.startswith(b"\x1f\x8b") else _inflate(body, 31, coding, max_bytes)
    if coding == "deflate":
        return _undeflate(body, max_bytes)
    if coding in {"br", "zstd"}:
        packed = io.BytesIO(body)
        reader = BrotliReader(packed) if coding == "br" else ZstdReader(packed)
        try:
            data: bytes = reader.read(max_bytes + 1)
        except OSError as error:
            if _looks_like_text(body):
                return body
            msg = f"{coding}: {error}"
            raise HttpMessageError(msg, reason="bad-content-encoding") from error
        return _bounded(data, coding, max_bytes)
    message = f"unknown content coding {coding!r}; known: gzip, deflate, br, zstd"
    raise HttpMessageError(message, reason="unknown-content-encoding")


def _looks_like_text(body: bytes) -> bool:
    return body.lstrip()[:1] == b"<"


def _undeflate(body: bytes, max_bytes: int) -> bytes:
    if _looks_like_text(body):
        return body
    # "deflate" is zlib's format; many servers send the bare stream (RFC 9110 section 8.4.1.2).
    zlib_header = len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return _inflate(body, 15 if zlib_header else -15, "deflate", max_bytes)


def _inflate(body: bytes, window_bits: int, coding: str, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    rest = body
    while rest:
        decoder = zlib.decompressobj(window_bits)
        try:
            data = decoder.decompress(rest, max_bytes + 1 - size)
        except zlib.error as error:
            if parts and coding != "deflate":
                break  # padding behind a whole member
            msg = f"{coding}: {error}"
            raise HttpMessageError(msg, reason="bad-content-encoding") from error
        parts.append(data)
        size += len(data)
        if size > max_bytes:
            return _bounded(data, coding, 0)
        if not decoder.eof:
            message = f"{coding}: the body ends before its data does"
            raise HttpMessageError(message, reason="truncated-content-encoding")
        rest = decoder.unused_data if window_bits == 31 else b""
    return b"".join(parts)


def _bounded(data: bytes, coding: str, max_bytes: int) -> bytes:
    if len(data) > max_bytes:
        message = f"{coding}: the body unpacks beyond the allowed bytes"
        raise HttpMessageError(message, reason="record-too-large")
    return data
