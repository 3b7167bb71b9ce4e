"""The pages that lead through whole runs do what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import name_of
from tests.docs.reading import WALKS, read_page


@pytest.mark.parametrize("page", WALKS, ids=name_of)
def test_the_blocks_of_a_walk_run_in_their_order(page: Path, finished_run: Path, tmp_path: Path) -> None:
    read_page(page, finished_run, tmp_path)
