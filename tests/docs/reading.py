"""A page read from its top to its end: every block run, every output compared."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, blocks, name_of
from tests.docs.prepared import PREPARED
from tests.docs.running import Reader, check_shown

NEEDED = {"docs/classifier.md": "fasttext", "docs/training.md": "torch", "docs/tutorials/train-elsewhere.md": "torch"}
"""Page: the package it needs that not every supported Python has a wheel of."""

WITH_RUN_BLOCKS = [page for page in PAGES if any(block.is_run for block in blocks(page))]

WALKS = [
    *sorted((DOCS / "tutorials").glob("*.md")),
    *(DOCS / name for name in ("plugins.md", "troubleshooting.md", "upgrades.md")),
]
"""The pages that lead through whole runs. They take half of the time and have a file of tests of their own, since files are
what parallel processes share out."""


def read_page(page: Path, finished_run: Path, folder: Path) -> None:
    """Does what a page says, in an empty folder with the example's finished run."""
    if name_of(page) in NEEDED:
        pytest.importorskip(NEEDED[name_of(page)])
    with Reader(folder) as reader:
        shutil.copytree(finished_run, reader.folder / "runs" / "quickstart")
        if name_of(page) in PREPARED:
            PREPARED[name_of(page)](reader.folder)
        printed = ""
        for block in blocks(page):
            if block.language == "output":
                check_shown(block, block.text, printed)
            elif block.is_run or block.file:
                printed = reader.do(block)
