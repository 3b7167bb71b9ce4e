"""Writes WARC/1.1 records whose bytes depend on their content alone: ids, dates and gzip headers are fixed.

The format is ISO 28500:2017. Every record is its own gzip member, as crawlers write it, so a reader can seek.
"""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import hashlib
import uuid
from dataclasses import dataclass
from email.utils import format_datetime

_REASONS = {200: "OK", 301: "Moved Permanently", 404: "Not Found"}
_REVISIT = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"


@dataclass(frozen=True)
class Page:
    """What a server answers: an address, a body and the headers that describe it.

    Attributes:
        licence: address of the licence, sent as ``Link: <...>; rel="license"`` (RFC 8288); empty for none.
        transfer: "" for the body as it is, "chunked" for chunked transfer coding, "gzip" for a gzip content coding.
        location: where a redirect leads.
    """

    uri: str
    body: bytes
    content_type: str
    modified: dt.datetime | None = None
    licence: str = ""
    status: int = 200
    transfer: str = ""
    location: str = ""


def _digest(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode("ascii")


def _lines(first: str, headers: dict[str, str]) -> bytes:
    return "\r\n".join([first, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode("utf-8")


def _chunked(body: bytes, size: int = 4096) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def http_response(page: Page, date: dt.datetime) -> bytes:
    """The HTTP/1.1 answer, head and body, as it would have come over the wire."""
    headers = {"Date": format_datetime(date, usegmt=True), "Content-Type": page.content_type}
    if page.modified:
        headers["Last-Modified"] = format_datetime(page.modified, usegmt=True)
    if page.licence:
        headers["Link"] = f'<{page.licence}>; rel="license"'
    if page.location:
        headers["Location"] = page.location
    body = page.body
    if page.transfer == "chunked":
        headers["Transfer-Encoding"] = "chunked"
        body = _chunked(body)
    else:
        if page.transfer == "gzip":
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, 9, mtime=0)
        headers["Content-Length"] = str(len(body))
    return _lines(f"HTTP/1.1 {page.status} {_REASONS[page.status]}", headers) + body


class Archive:
    """One WARC file in memory; records are dated one second after another from ``start``."""

    def __init__(self, name: str, start: dt.datetime, about: str) -> None:
        self._date = start
        self._members: list[bytes] = []
        fields = {"software": "examples/warc.py", "format": "WARC File Format 1.1", "description": about}
        headers = {"WARC-Filename": name, "Content-Type": "application/warc-fields"}
        self._record("warcinfo", headers, _lines("", fields)[2:])

    def _record(self, kind: str, headers: dict[str, str], block: bytes) -> str:
        uri = headers.get("WARC-Target-URI", "")
        name = f"{kind} {uri} {hashlib.sha256(block).hexdigest()}"
        record_id = f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}>"
        head = {
            "WARC-Type": kind,
            "WARC-Record-ID": record_id,
            "WARC-Date": self._date.strftime("%Y-%m-%dT%H:%M:%SZ"),
            **headers,
            "WARC-Block-Digest": _digest(block),
            "Content-Length": str(len(block)),
        }
        self._members.append(gzip.compress(_lines("WARC/1.1", head) + block + b"\r\n\r\n", 9, mtime=0))
        self._date += dt.timedelta(seconds=1)
        return record_id

    def request(self, page: Page) -> None:
        """Adds the request that a crawler would have sent for ``page``."""
        host, _, path = page.uri.removeprefix("https://").partition("/")
        block = _lines(f"GET /{path} HTTP/1.1", {"Host": host, "User-Agent": "example-crawler", "Accept": "*/*"})
        headers = {"WARC-Target-URI": page.uri, "Content-Type": "application/http; msgtype=request"}
        self._record("request", headers, block)

    def response(self, page: Page) -> str:
        """Adds the answer and returns its record id."""
        headers = {
            "WARC-Target-URI": page.uri,
            "Content-Type": "application/http; msgtype=response",
            "WARC-Payload-Digest": _digest(page.body),
        }
        return self._record("response", headers, http_response(page, self._date))

    def metadata(self, page: Page, concurrent_to: str, fields: dict[str, str]) -> None:
        """Adds what the crawler noted about the response ``concurrent_to``."""
        headers = {
            "WARC-Target-URI": page.uri,
            "WARC-Concurrent-To": concurrent_to,
            "Content-Type": "application/warc-fields",
        }
        self._record("metadata", headers, _lines("", fields)[2:])

    def revisit(self, page: Page, refers_to: str) -> None:
        """Adds a revisit: the same bytes were met again, so only the head of the answer is kept."""
        headers = {
            "WARC-Target-URI": page.uri,
            "WARC-Refers-To": refers_to,
            "WARC-Profile": _REVISIT,
            "Content-Type": "application/http; msgtype=response",
            "WARC-Payload-Digest": _digest(page.body),
        }
        head = http_response(page, self._date).split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n"
        self._record("revisit", headers, head)

    def to_bytes(self, cut_last_by_bytes: int = 0) -> bytes:
        """The whole file, or all but its last bytes: a gzip member that ends too early, as after a lost connection."""
        data = b"".join(self._members)
        return data[: len(data) - cut_last_by_bytes]
