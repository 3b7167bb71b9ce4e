"""The folders stand at the root, the package links to them, and no root folder can shadow a standard module."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT

PACKAGE = ROOT / "src" / "gristmill"
FOLDERS = ("pipelines", "filters", "dedup", "tokenize", "train_hooks", "reports")
SOURCES = sorted(
    [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    + [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in FOLDERS]
)
CODE_FOLDERS = sorted(
    {path.parent for name in ("tests", "benchmarks", "examples") for path in (ROOT / name).rglob("*.py")}
)
MOST_FILES = 16


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_root_folder_is_real_and_linked_relatively(folder: str) -> None:
    assert (ROOT / folder).is_dir()
    assert not (ROOT / folder).is_symlink()
    link = PACKAGE / folder
    assert link.is_symlink()
    assert link.readlink() == Path("../../") / folder


def test_root_folders_have_no_init_file() -> None:
    assert [str(path) for folder in FOLDERS for path in (ROOT / folder).rglob("__init__.py")] == []


def test_no_module_is_named_like_a_standard_one() -> None:
    assert [str(path) for path in SOURCES if path.stem in sys.stdlib_module_names] == []


def test_standard_tokenize_and_getsource_work_with_the_root_as_current_directory() -> None:
    code = (
        "import tokenize, inspect, linecache, sys, gristmill.tokenize.order as order;"
        "assert 'open' in dir(tokenize), tokenize.__file__;"
        "assert 'def ranks' in inspect.getsource(order);"
        "print(tokenize.__file__)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stdout.startswith(str(ROOT / "tokenize"))


def test_setup_finds_every_folder_of_modules() -> None:
    code = "import setuptools; setuptools.setup = lambda **given: print(*given['packages']); import setup"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    holding = {
        ".".join(("gristmill", *path.parent.relative_to(PACKAGE if PACKAGE in path.parents else ROOT).parts))
        for path in SOURCES
    }
    listed = set(done.stdout.split())
    assert holding <= listed
    assert all(any(name.startswith(f"{extra}.") for name in holding) for extra in listed - holding)


def test_no_folder_of_code_is_a_flat_hall() -> None:
    folders = {*(path.parent for path in SOURCES), *CODE_FOLDERS}
    crowded = {
        str(folder.relative_to(ROOT)): count
        for folder in folders
        if (count := sum(path.stem != "__init__" for path in folder.glob("*.py"))) > MOST_FILES
    }
    assert crowded == {}, f"more than {MOST_FILES} files: make a room; the rooms of today: {_rooms(folders)}"


def _rooms(folders: set[Path]) -> str:
    return ", ".join(sorted(str(folder.relative_to(ROOT)) for folder in folders))


def test_files_and_functions_stay_short() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in SOURCES}
    assert {str(path): count for path, count in lengths.items() if count > 400} == {}
    assert sorted(lengths.values())[len(lengths) // 2] < 150
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and _code_lines(node) > 60
    ]
    assert long == []


def test_every_public_name_is_documented() -> None:
    bare = []
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        if path.stem != "__init__" and ast.get_docstring(tree) is None:
            bare.append(str(path))
        for node in tree.body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if public and ast.get_docstring(node) is None:  # type: ignore[arg-type]
                bare.append(f"{path}:{node.lineno}")
    assert bare == []


def test_setup_and_package_name_the_same_version() -> None:
    from gristmill.version import VERSION

    assert f'version="{VERSION}"' in (ROOT / "setup.py").read_text()


def _code_lines(node: ast.FunctionDef) -> int:
    """Lines of a function without its docstring."""
    whole = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        whole -= (first.end_lineno or first.lineno) - first.lineno + 1
    return whole


def test_the_public_names_of_the_package_are_those_it_lists() -> None:
    import gristmill

    assert all(hasattr(gristmill, name) for name in gristmill.__all__)
    assert sorted(gristmill.__all__) == list(gristmill.__all__)
    assert inspect.getdoc(gristmill)
