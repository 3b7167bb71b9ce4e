"""The command that an error gives for a missing extra is one that works for the copy that is running."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gristmill.commands.doctor import OPTIONAL
from gristmill.errors import MissingExtraError
from gristmill.installed import cure_for_extra, packages, requirement
from tests.places import ROOT

GIT = {
    "url": "https://host/a/mill.git",
    "vcs_info": {"vcs": "git", "commit_id": "0123abc", "requested_revision": "main"},
}


def test_a_checkout_is_installed_with_the_extra_by_its_own_interpreter() -> None:
    assert shlex.split(cure_for_extra("train")) == [sys.executable, "-m", "pip", "install", "-e", f"{ROOT}[train]"]


def test_every_extra_that_a_cure_names_is_one_of_the_package() -> None:
    code = "import setuptools; setuptools.setup = lambda **given: print(*given['extras_require']); import setup"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    extras = set(done.stdout.split())
    assert set(OPTIONAL.values()) == extras - {"dev"}
    folders = ("src", "filters", "pipelines", "train_hooks")
    texts = [path.read_text() for folder in folders for path in (ROOT / folder).rglob("*.py")]
    named = {
        name for text in texts for name in re.findall(r'cure_for_extra\("(\w+)"\)|, "(\w+)", "[^"]*"\) from', text)
    }
    assert {name for pair in named for name in pair if name} <= extras


def test_an_error_has_the_command() -> None:
    error = str(MissingExtraError("torch", "train", "`gristmill pretrain`"))
    assert error.startswith("`gristmill pretrain` needs the package 'torch' of the extra 'train'")
    assert error.endswith(f"install it with: {cure_for_extra('train')}")


def test_what_came_from_git_comes_from_the_same_commit_again() -> None:
    assert requirement("gcp", GIT) == "gristmill[gcp] @ git+https://host/a/mill.git@0123abc"


def test_an_archive_or_a_folder_is_named_while_it_is_there(tmp_path: Path) -> None:
    wheel = tmp_path / "a b.whl"
    origin = {"url": wheel.as_uri(), "archive_info": {}}
    assert requirement("train", origin) is None
    wheel.touch()
    assert requirement("train", origin) == f"gristmill[train] @ {wheel.as_uri()}"
    assert requirement("train", {}) is None


def test_where_nothing_is_known_the_packages_are_named() -> None:
    requires = [
        "numpy<2.5,>=2",
        "torch>=2.4; extra == 'train'",
        'safetensors>=0.4; extra == "train"',
        'x; extra == "trainer"',
    ]
    assert packages("train", requires) == ["torch>=2.4", "safetensors>=0.4"]


@pytest.mark.parametrize(
    "folder", ["src", "filters", "dedup", "tokenize", "pipelines", "reports", "train_hooks", "docs"]
)
def test_no_page_and_no_message_asks_an_index_for_gristmill(folder: str) -> None:
    files = [path for kind in ("*.py", "*.md") for path in (ROOT / folder).rglob(kind)]
    assert [str(path) for path in files if re.search(r"install [^\n`]*'gristmill\[\w+\]'", path.read_text())] == []
