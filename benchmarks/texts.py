"""The same real texts for our kernels and for a peer: the main content of the pages, as a list and as a file."""

from __future__ import annotations

import json
from itertools import chain, islice
from pathlib import Path

from benchmarks.warc_inputs import default_files, pages
from gristmill.documents import normalize_text
from gristmill.pipelines.sources.web.page import read_page


def page_texts(limit: int | None = None) -> list[str]:
    """The non-empty main content of the first ``limit`` pages of the default WARC files, by Resiliparse."""
    found = islice(chain.from_iterable(pages(file) for file in default_files()), limit)
    texts = (normalize_text(read_page(page.body).text).strip() for page in found)
    return [text for text in texts if text]


def write_jsonl(texts: list[str], path: Path) -> None:
    """One JSON string a line, which a peer's interpreter can read without any package."""
    path.write_text("".join(json.dumps(text) + "\n" for text in texts), encoding="utf-8")


def megabytes(texts: list[str]) -> float:
    """UTF-8 bytes in 10^6.

    >>> megabytes(["a" * 500_000, "é" * 250_000])
    1.0
    """
    return sum(len(text.encode()) for text in texts) / 1e6
