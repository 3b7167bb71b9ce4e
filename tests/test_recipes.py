"""Every recipe is a valid configuration over input that is there."""

from pathlib import Path

import pytest

from gristmill import storage
from gristmill.config.config import load_config
from gristmill.filters.rules.rules import parse_use, resolve
from tests.places import ROOT

RECIPES = sorted((ROOT / "recipes").glob("*.toml"))


def test_every_recipe_is_listed_with_what_it_leaves_out() -> None:
    page = (ROOT / "recipes" / "README.md").read_text()
    assert RECIPES
    assert [path.name for path in RECIPES if f"({path.name})" not in page] == []


@pytest.mark.parametrize("path", RECIPES, ids=[path.stem for path in RECIPES])
def test_a_recipe_is_valid_and_its_rules_and_inputs_exist(path: Path) -> None:
    config = load_config(path)
    assert config.run.output == f"runs/{path.stem}"
    assert resolve([parse_use(entry) for entry in config.rules.use], keep_languages=config.language.keep)
    for source in config.source:
        for pattern in source.paths:
            assert storage.find(str(ROOT / pattern)), pattern
