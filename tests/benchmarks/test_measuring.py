"""What a measurement counts, and that a broken program gives none. No test compares times with a limit from above."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BURN = "import time\nwhile time.process_time() < 0.4: pass"


def test_cpu_seconds_include_the_children_of_the_program(tmp_path: Path) -> None:
    from benchmarks.measuring import run_measured

    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN!r}], check=True)\nprint('done')"
    measured = run_measured([sys.executable, "-c", parent], tmp_path)
    assert measured.cpu_seconds >= 0.4
    assert measured.stdout == "done\n"


def test_a_program_that_fails_gives_no_figure_but_its_last_words(tmp_path: Path) -> None:
    from benchmarks.measuring import ProgramFailedError, run_measured

    with pytest.raises(ProgramFailedError, match="status 3:\nno such mill"):
        run_measured(
            [sys.executable, "-c", "import sys; print('no such mill', file=sys.stderr); sys.exit(3)"], tmp_path
        )


def test_the_environment_given_is_added(tmp_path: Path) -> None:
    from benchmarks.measuring import run_measured

    code = "import os; print(os.environ['GRAIN'], 'PATH' in os.environ)"
    assert run_measured([sys.executable, "-c", code], tmp_path, {"GRAIN": "rye"}).stdout == "rye True\n"
