"""The page on the architecture names every room and file that it should, and none that is gone."""

from __future__ import annotations

import itertools
import re

from tests.docs.pages import DOCS
from tests.places import ROOT
from tests.test_imports import ALLOWED, FLOORS

PAGE = (DOCS / "architecture.md").read_text(encoding="utf-8")
INSIDE = {"shared": "src/gristmill", "cli": "src/gristmill"}


def shown(layer: str, room: str) -> str:
    """A room as the page names it: a folder with a slash behind it, a file with its suffix."""
    path = f"{INSIDE.get(layer, layer)}/{room}"
    return f"{path}/" if (ROOT / path).is_dir() else f"{path}.py"


def test_every_room_has_its_row_below_those_of_lower_floors() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)
    for layer, floors in FLOORS.items():
        places = [[rows.index(shown(layer, room)) for room in rooms] for rooms in floors]
        for lower, higher in itertools.pairwise(places):
            assert max(lower) < min(higher), (layer, lower, higher)


def test_every_row_is_a_room_or_a_layer() -> None:
    rows = set(re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE))
    rooms = {shown(layer, room) for layer, floors in FLOORS.items() for rooms in floors for room in rooms}
    assert rows - rooms == {f"{layer}/" for layer in ALLOWED if (ROOT / layer).is_dir()}


def test_every_module_that_is_named_is_there() -> None:
    named = re.findall(r"`gristmill((?:\.[a-z_]+)+)", PAGE)
    assert named
    for name in named:
        parts = name.removeprefix(".").split(".")
        bases = [ROOT / "src" / "gristmill", ROOT]
        found = [base.joinpath(*some) for base in bases for some in (parts, parts[:-1]) if some]
        assert any(path.is_dir() or path.with_suffix(".py").is_file() for path in found), name
