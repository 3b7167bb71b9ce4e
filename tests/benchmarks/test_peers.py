"""The peers' environments: pinned, complete, made once."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

import pytest


def test_every_peer_package_is_pinned() -> None:
    from benchmarks.peers import REQUIREMENTS, peers

    assert peers()
    for name in peers():
        for line in (REQUIREMENTS / f"{name}.txt").read_text().splitlines():
            assert re.fullmatch(r"[A-Za-z0-9_.\-]+==[A-Za-z0-9.]+", line), line


def test_the_extractor_of_the_peer_can_import_what_it_needs() -> None:
    # Without this package each page is reported as a timeout, and the peer looks 20 times slower than it is.
    from benchmarks.peers import pinned

    assert pinned("datatrove", "lxml_html_clean", "trafilatura")["trafilatura"].startswith("1.")


def test_an_environment_is_made_once_and_again_when_a_pin_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks import peers

    commands: list[list[str]] = []

    def record(command: list[object], **_: object) -> None:
        commands.append([str(part) for part in command])

    monkeypatch.setattr(peers, "ROOT", tmp_path)
    monkeypatch.setattr(peers, "REQUIREMENTS", tmp_path)
    monkeypatch.setattr(subprocess, "run", record)
    requirements = tmp_path / "mill.txt"
    requirements.write_text("mill==1.0\n")
    (tmp_path / ".venv-mill").mkdir()
    assert peers.peer_python("mill") == tmp_path / ".venv-mill" / "bin" / "python"
    assert [command[1:3] for command in commands] == [["-m", "venv"], ["-m", "pip"]]
    peers.peer_python("mill")
    assert len(commands) == 2
    requirements.write_text("mill==1.1\n")
    peers.peer_python("mill")
    assert len(commands) == 4
    stamp = (tmp_path / ".venv-mill" / ".installed").read_text()
    assert stamp == hashlib.sha256(b"mill==1.1\n").hexdigest()
