"""Every way a command can end is on the page of troubles, and the page names no other."""

from __future__ import annotations

import ast
import re

from gristmill import errors
from gristmill.errors import GristmillError
from tests.docs.pages import DOCS
from tests.places import ROOT

PAGE = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| (.+?) \|", PAGE, re.MULTILINE)
CLASSES = {
    name: value for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, GristmillError)
}


def exits(name: str) -> set[int]:
    """The numbers that a module hands to ``sys.exit``."""
    calls = [node for node in ast.walk(ast.parse((ROOT / name).read_text())) if isinstance(node, ast.Call)]
    given = [call.args[0] for call in calls if ast.unparse(call.func) == "sys.exit" and call.args]
    return {argument.value for argument in given if isinstance(argument, ast.Constant) and type(argument.value) is int}


def test_every_error_stands_in_the_table_with_its_code() -> None:
    assert {(str(cls.exit_code), f"`{name}`") for name, cls in CLASSES.items()} <= set(ROWS)


def test_every_error_but_the_base_has_a_section() -> None:
    sections = set(re.findall(r"^### `(\w+Error)`$", PAGE, re.MULTILINE))
    assert sections == set(CLASSES) - {"GristmillError"}


def test_the_table_holds_every_exit_code_and_no_other() -> None:
    codes = {0} | {cls.exit_code for cls in CLASSES.values()} | exits("src/gristmill/cli.py")
    assert 130 in codes
    assert {int(code) for code, _ in ROWS} == codes
