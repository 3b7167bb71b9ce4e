"""Runs the command line in a process of its own, as a user does."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

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
