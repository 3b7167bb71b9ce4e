"""The page on upgrades names every step, every library in a key, and every format."""

from __future__ import annotations

import re

from gristmill.dedup.index.format import FORMAT as INDEX
from gristmill.pipelines.engine.stage_keys import LIBRARIES, VERSIONS
from gristmill.runs import FORMAT as RUN
from gristmill.tokenize.manifest import FORMAT as TOKENS
from tests.docs.pages import DOCS
from tests.places import ROOT

PAGE = (DOCS / "upgrades.md").read_text(encoding="utf-8")


def test_every_step_stands_in_the_table_with_the_libraries_of_its_key() -> None:
    table = PAGE.split("## The steps")[1].split("\n\n")[1]
    found: dict[str, tuple[str, ...]] = {}
    for row in table.splitlines()[2:]:
        steps, _, libraries = (cell.strip() for cell in row.strip("|").split("|"))
        for step in re.findall(r"`(\w+)`", steps):
            found[step] = tuple(filter(None, libraries.split(", ")))
    assert found == {step: LIBRARIES.get(step, ()) for step in VERSIONS}


def test_every_format_is_named() -> None:
    checkpoint = re.search(r'^FORMAT = "(.+)"$', (ROOT / "train_hooks/trainer/checkpoint.py").read_text(), re.MULTILINE)
    assert checkpoint
    table = PAGE.split("## Formats")[1]
    assert [name for name in (RUN, TOKENS, INDEX, checkpoint[1]) if f"`{name}`" not in table] == []
