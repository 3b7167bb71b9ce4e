"""Runs `gristmill` as its users do, in a process of its own, and reads back what it wrote."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

TIMEOUT_SECONDS = 600

COMMITTED = ("documents", "signals", "decisions", "dedup", "ledger", "tokens")
"""Folders of outputs that a resumed run must leave as they are."""


def gristmill(
    *arguments: str, folder: Path, environment: dict[str, str] | None = None, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """One command with ``folder`` as current directory; fails unless it exits with ``code``."""
    done = subprocess.run(
        [sys.executable, "-m", "gristmill.cli", *arguments],
        cwd=folder,
        env=os.environ | (environment or {}),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done


def contents(run: Path, folders: tuple[str, ...] = ("ledger", "tokens")) -> dict[str, str]:
    """SHA-256 of every file below some folders of a run, by relative name."""
    return {
        str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted((run / folder).rglob("*"))
        if path.is_file()
    }


def stamps(run: Path, folders: tuple[str, ...] = COMMITTED) -> dict[str, tuple[int, int]]:
    """Inode and modification time of every committed file: what changes when a file is written again."""
    found = {}
    for folder in folders:
        for path in sorted((run / folder).rglob("*")):
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            if path.is_file():
                found[str(path.relative_to(run))] = (stat.st_ino, stat.st_mtime_ns)
    return found


def file_bytes(run: Path, *folders: str) -> dict[str, bytes]:
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
