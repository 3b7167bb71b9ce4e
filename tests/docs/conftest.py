"""One finished run of the example for all pages."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from tests.docs.running import Reader


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``examples/quickstart.toml`` run once, as the README says, for all processes that test in parallel."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = shared / "finished-run", shared / "finished-run.done"
    with (shared / "finished-run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            folder.mkdir()
            with Reader(folder) as reader:
                reader.shell("gristmill run examples/quickstart.toml --quiet")
            done.touch()
    return folder / "work" / "runs" / "quickstart"
