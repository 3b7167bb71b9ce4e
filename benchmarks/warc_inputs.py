"""The WARC files that both tools read, and how many HTML pages are in them, counted by neither."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data" / "web" / "trafilatura_eval"
EXAMPLE = ROOT / "examples" / "data" / "web" / "manuals.warc.gz"
HTML = {"text/html", "application/xhtml+xml"}


@dataclass(frozen=True)
class Page:
    """One HTML response.

    Attributes:
        offset: of its record in the compressed file, bytes.
        body: the HTTP body, content encoding undone.
    """

    offset: int
    body: bytes


def default_files() -> list[Path]:
    """The 770 evaluation pages beside the repository where they are, else the 90 of the example that both tools read.

    Of the example's other archives datatrove reads nothing: one is XHTML, which libmagic calls XML, and the other ends
    in a record that is cut off, at which it stops with an error.
    """
    return sorted(SHARED.glob("*.warc.gz")) or [EXAMPLE]


def pages(file: Path) -> Iterator[Page]:
    """The HTTP responses with status 200 and an HTML type, in order."""
    with file.open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True):
            if record.http_content_type in HTML and record.http_headers.status_code == 200:
                yield Page(record.stream_pos, record.reader.read())


def copy_pages(files: list[Path], folder: Path, limit: int | None = None) -> tuple[int, int]:
    """Copies the files, or as much of their beginning as holds ``limit`` pages, into an empty folder.

    Args:
        files: WARC files compressed record by record, so that a beginning of the file is a WARC file too.
        folder: made if need be.
        limit: pages in all; None for all of them.

    Returns:
        Pages and bytes of their bodies.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count = payload_bytes = 0
    for file in files:
        end = file.stat().st_size
        for page in pages(file):
            if count == limit:
                end = page.offset
                break
            count, payload_bytes = count + 1, payload_bytes + len(page.body)
        with file.open("rb") as whole:
            (folder / file.name).write_bytes(whole.read(end))
        if count == limit:
            break
    return count, payload_bytes
