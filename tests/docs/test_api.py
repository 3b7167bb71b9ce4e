"""The API reference is built from the sources, holds every public name, and its links lead somewhere."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gristmill
from tests.places import ROOT
from tests.test_doctests import MODULES


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The text of every page, by file name."""
    output = tmp_path_factory.mktemp("reference") / "api"
    command = [sys.executable, "-I", "-S", str(ROOT / "docs" / "api.py"), str(output)]  # with no package at all
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path_factory.mktemp("elsewhere"))
    return {path.name: path.read_text(encoding="utf-8") for path in output.iterdir()}


def anchors(text: str) -> set[str]:
    return set(re.findall(r'^<a id="(.+)"></a>$', text, re.MULTILINE))


def test_every_public_name_of_every_module_is_there(pages: dict[str, str]) -> None:
    found = set().union(*map(anchors, pages.values()))
    missing = []
    for module in MODULES:
        made = importlib.import_module(module)
        names = [
            name
            for name, value in vars(made).items()
            if not name.startswith("_") and getattr(value, "__module__", None) == module and callable(value)
        ]
        methods = [
            f"{name}.{method}"
            for name in names
            if inspect.isclass(getattr(made, name))
            for method, value in vars(getattr(made, name)).items()
            if not method.startswith("_") and inspect.isfunction(value) and value.__module__ == module
        ]
        missing += [f"{module}.{name}" for name in (*names, *methods) if f"{module}.{name}" not in found]
    assert missing == []
    assert {"gristmill.documents.DOCUMENT_SCHEMA", "gristmill.runs.RunDirectory.path"} <= found


def test_the_first_page_tells_every_name_of_the_package(pages: dict[str, str]) -> None:
    first = pages["python-api.md"]
    assert re.findall(r"^## gristmill\.(.+)$", first, re.MULTILINE) == gristmill.__all__
    assert all(page == "README.md" or f"({page})" in pages["README.md"] for page in pages)


def test_every_link_leads_to_a_page_and_a_name(pages: dict[str, str]) -> None:
    broken = []
    for page, text in pages.items():
        for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)]+))?\)", _without_code(text)):
            name = target or page
            if "://" not in target and (name not in pages or (anchor and anchor not in anchors(pages[name]))):
                broken.append(f"{page}: {target}#{anchor}")
    assert broken == []


def test_docstrings_become_markdown(pages: dict[str, str]) -> None:
    text = pages["gristmill.dedup.resolution.md"].split(
        '<a id="gristmill.dedup.resolution.preference.preference"></a>'
    )[1]
    shown = text.split("<a id=")[0]
    assert "### preference\n\n```python\ndef preference(\n    lengths: npt.NDArray[np.int64],\n" in shown
    assert "\n**Args**\n\n* `lengths`: int64, characters or bytes of each text.\n" in shown
    assert "\n**Raises**\n\n* `ConfigError`: " in shown
    assert "\n```python\n>>> ids = pa.array(" in shown
    assert "* `seed`: seed of the global shuffle of documents" in pages["gristmill.config.md"]
    assert all(text.count("\n```") % 2 == 0 for text in pages.values())


def _without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def test_the_makefile_builds_where_git_does_not_look() -> None:
    assert "build/\n" in (Path(ROOT) / ".gitignore").read_text()
    assert "docs/api.py" in (ROOT / "Makefile").read_text()
