"""One finished run of the example for all pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.running import Reader


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``examples/quickstart.toml`` run once, as the README says."""
    with Reader(tmp_path_factory.mktemp("finished")) as reader:
        reader.shell("gristmill run examples/quickstart.toml --quiet")
        return reader.folder / "runs" / "quickstart"
