"""Every example in a docstring runs.

Modules are imported by their own name: pytest's own doctest collection would import the linked folders as `src.gristmill.…`,
a second copy of each module, and numba would cache kernels under that name.
"""

import doctest
import importlib

import pytest

from tests.places import ROOT

PACKAGE = ROOT / "src" / "gristmill"
ROOT_FOLDERS = ("filters", "dedup", "tokenize", "reports", "pipelines", "train_hooks")
MODULES = sorted(
    ".".join(("gristmill", *path.relative_to(base).with_suffix("").parts))
    for base, folder in [(PACKAGE, PACKAGE), *((ROOT, ROOT / name) for name in ROOT_FOLDERS)]
    for path in folder.rglob("*.py")
    if path.stem != "__init__"
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_give_what_they_show(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


def test_some_examples_were_found() -> None:
    finder = doctest.DocTestFinder()
    counts = [len([case for case in finder.find(importlib.import_module(name)) if case.examples]) for name in MODULES]
    assert sum(counts) > 50
