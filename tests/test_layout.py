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
    + list(PACKAGE.glob("*.py"))
    + list((PACKAGE / "commands").glob("*.py"))
)


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


def test_every_package_is_listed_in_setup() -> None:
    text = (ROOT / "setup.py").read_text()
    listed = ast.literal_eval(text.split("FOLDERS = ")[1].split("\n)\n")[0] + "\n)")
    holding = {str(path.parent.relative_to(ROOT)).replace("/", ".") for path in SOURCES if PACKAGE not in path.parents}
    assert holding == set(listed)


def test_files_and_functions_stay_short() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in SOURCES}
    assert {str(path): count for path, count in lengths.items() if count > 400} == {}
    assert sorted(lengths.values())[len(lengths) // 2] < 200
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
