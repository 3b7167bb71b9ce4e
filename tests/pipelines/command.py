"""Runs `gristmill` as its users do, in a process of its own, and reads back what it wrote."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

TIMEOUT_SECONDS = 600


def gristmill(
    folder: Path, *args: str, env: Mapping[str, str] | None = None, fails: bool = False
) -> subprocess.CompletedProcess[str]:
    """Runs a command with ``folder`` as current directory.

    Args:
        folder: current directory.
        args: the command line after ``gristmill``.
        env: variables added to this process's own.
        fails: whether the command is expected to fail; the other outcome is an assertion error with its output.
    """
    done = subprocess.run(
        [sys.executable, "-m", "gristmill.cli", *args],
        cwd=folder,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert (done.returncode != 0) == fails, f"gristmill {' '.join(args)}\n{done.stdout}\n{done.stderr}"
    return done


def contents(run: Path, *folders: str) -> dict[str, bytes]:
    """The bytes of every file below some folders of a run, by path relative to the run."""
    files = [path for folder in folders for path in sorted((run / folder).rglob("*")) if path.is_file()]
    assert files, f"no file below {', '.join(folders)} of {run}"
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in files}


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes], timeout_seconds: float = 120) -> None:
    """Returns when a process listens on a loopback port; an assertion error when it ends or takes too long."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended with code {process.returncode}"
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    msg = f"nothing listens on port {port} after {timeout_seconds} seconds"
    raise AssertionError(msg)
