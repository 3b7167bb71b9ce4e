"""The pages that a benchmark counts are those that are there, counted here without any WARC library."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from tests.places import ROOT

WARCS = sorted((ROOT / "examples" / "data" / "web").glob("*.warc.gz"))
HTML_RESPONSE = re.compile(
    rb"^WARC/1\.\d\r\n(?:[^\r\n]+\r\n)*?WARC-Type: response\r\n(?:[^\r\n]+\r\n)*\r\n"
    rb"HTTP/1\.\d 200[^\r\n]*\r\n(?:[^\r\n]+\r\n)*?Content-Type: text/html",
    re.MULTILINE | re.IGNORECASE,
)


def readable(file: Path) -> bytes:
    # One archive of the example ends in a record that is cut off.
    content = b""
    with gzip.open(file) as stream:
        try:
            while block := stream.read(65536):
                content += block
        except EOFError:
            pass
    return content


@pytest.mark.parametrize("file", WARCS[:2], ids=lambda file: file.name)
def test_pages_are_the_html_responses_of_the_archive(file: Path) -> None:
    from benchmarks.warc_inputs import pages

    found = [page.body for page in pages(file)]
    assert len(found) == len(HTML_RESPONSE.findall(readable(file)))
    assert all(b"<" in body for body in found)


@pytest.mark.parametrize("limit", [1, 7, 89, 90, 91, 250])
def test_a_limited_copy_holds_exactly_the_first_pages(tmp_path: Path, limit: int) -> None:
    from benchmarks.warc_inputs import copy_pages, pages

    files = [WARCS[1], WARCS[0]]
    wanted = [page.body for file in files for page in pages(file)][:limit]
    assert copy_pages(files, tmp_path / "part", limit) == (limit, sum(map(len, wanted)))
    copies = [tmp_path / "part" / file.name for file in files if (tmp_path / "part" / file.name).exists()]
    assert [page.body for copy in copies for page in pages(copy)] == wanted


def test_a_whole_copy_is_the_same_bytes(tmp_path: Path) -> None:
    from benchmarks.warc_inputs import copy_pages

    copy_pages(WARCS[:2], tmp_path / "whole")
    for file in WARCS[:2]:
        assert (tmp_path / "whole" / file.name).read_bytes() == file.read_bytes()
