"""Runs the blocks of a page in their order, in one folder, as a reader who copies them would."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.docs.pages import Block
from tests.places import ROOT

TIMEOUT_SECONDS = 300
LINKED = ("examples", "recipes", "docs", "benchmarks", "setup.py")
"""What of the repository a page finds in its folder."""

_WRAPPERS = {
    "gristmill": "-m gristmill.cli",
    "python": "",
    "python3": "",
    "torchrun": "-m torch.distributed.run",
    "pip": "-m pip",
}


class Reader:
    """Somebody who reads a page from top to bottom and does what it says.

    Args:
        folder: an empty folder; the commands are typed in its subfolder ``work``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        for name in LINKED:
            (self.folder / name).symlink_to(ROOT / name)
        programs = folder / "bin"
        programs.mkdir()
        for name, arguments in _WRAPPERS.items():
            (programs / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {arguments} "$@"\n')
            (programs / name).chmod(0o755)
        self.environment = os.environ | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT / "src"), os.environ.get("PYTHONPATH")))),
            "HF_HOME": str(folder / "huggingface"),
            "HF_DATASETS_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",  # small models train faster so beside other tests
        }
        self._python: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._python is not None:
            assert self._python.stdin is not None
            assert self._python.stdout is not None
            self._python.stdin.close()
            self._python.wait(timeout=TIMEOUT_SECONDS)
            self._python.stdout.close()

    def do(self, block: Block) -> str:
        """Writes a block that is a file, runs any other; what it printed."""
        if block.file is not None:
            path = self.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
            return ""
        if block.language == "console":
            return self._typed(block)
        if block.language == "python":
            return self._executed(block, block.text)
        if block.language == "sql":
            return self._executed(block, f"import duckdb; print(duckdb.sql({block.text!r}))")
        return self.shell(block.text, block.place)

    def shell(self, script: str, place: str = "") -> str:
        """A script of bash, which must succeed; what it and its programs printed on either stream."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{place}: exit {done.returncode}\n{script}\n{done.stdout[-3000:]}"
        return done.stdout

    def _typed(self, block: Block) -> str:
        """A `console` block: each command is run, and prints what the lines below it show."""
        everything = ""
        for command, shown in dialogue(block.text):
            printed = self.shell(command, block.place)
            check_shown(block, shown, printed)
            everything += printed
        return everything

    def _executed(self, block: Block, code: str) -> str:
        if self._python is None:
            self._python = subprocess.Popen(
                [sys.executable, str(ROOT / "tests" / "docs" / "driver.py")],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._python.stdin is not None
        assert self._python.stdout is not None
        request = {"code": code, "file": str(block.page), "line": block.line}
        self._python.stdin.write(json.dumps(request) + "\n")
        self._python.stdin.flush()
        answer = json.loads(self._python.stdout.readline())
        assert answer["error"] is None, f"{block.place}\n{code}\n{answer['error']}"
        return str(answer["printed"])


def dialogue(text: str) -> list[tuple[str, str]]:
    r"""The commands of a `console` block, each with what the page shows below it.

    >>> dialogue("$ echo a \\\n    b\na b\n$ true\n")
    [('echo a \\\n    b', 'a b'), ('true', '')]
    """
    found: list[tuple[list[str], list[str]]] = []
    continued = False
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append(([line.removeprefix("$ ")], []))
        else:
            assert found, f"a console block begins with '$ ': {line!r}"
            found[-1][0 if continued else 1].append(line)
        continued = (line.startswith("$ ") or continued) and line.endswith("\\")
    return [("\n".join(command), "\n".join(shown)) for command, shown in found]


def check_shown(block: Block, shown: str, printed: str) -> None:
    """Every line that a page shows was printed, in this order; runs of white space are one blank, `…` is anything."""
    rest = iter([" ".join(line.split()) for line in printed.splitlines()])
    for line in shown.splitlines():
        parts = " ".join(line.split()).split("…")
        if any(part.strip() for part in parts):
            pattern = re.compile(".*".join(map(re.escape, parts)))
            found = any(pattern.fullmatch(row) for row in rest)
            assert found, f"{block.place} shows {line!r}, which is not printed there:\n{printed[-4000:]}"
