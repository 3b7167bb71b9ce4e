"""The documentation says what the code does."""

import re
import tomllib
from pathlib import Path

import pytest

from gristmill.cli import cli
from gristmill.commands.catalog import config_keys, markdown_keys
from gristmill.config.config import Config
from gristmill.filters.signals import SIGNALS
from gristmill.pipelines.sources.table import SOURCES
from tests.docs.pages import DOCS, PAGES, blocks, name_of, prose
from tests.places import ROOT, filter_pages


def headings(page: Path) -> set[str]:
    """What a link may name behind its `#`: headings in lower case, their punctuation out and blanks as hyphens."""
    lines = [line.lstrip("#").strip() for _, line in prose(page) if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def test_the_page_of_configuration_keys_is_what_the_command_prints() -> None:
    assert (DOCS / "configuration.md").read_text() == markdown_keys()


def test_every_configuration_key_says_what_it_means() -> None:
    assert [row["key"] for row in config_keys() if not row["meaning"]] == []


def test_every_signal_and_every_source_kind_is_documented() -> None:
    filters, sources = filter_pages(), (DOCS / "sources.md").read_text()
    assert [name for name in SIGNALS if name not in filters] == []
    assert [name for name in SOURCES if f"`{name}`" not in sources] == []


def test_every_command_is_in_the_readme_and_shows_an_example() -> None:
    readme = (ROOT / "README.md").read_text()
    for name, command in cli.commands.items():
        assert f"gristmill {name}" in readme, name
        assert f"gristmill {name}" in (command.help or ""), name


def test_every_page_is_in_the_contents_of_its_folder() -> None:
    contents = (DOCS / "README.md").read_text() + (DOCS / "filters" / "README.md").read_text()
    pages = [page for page in DOCS.rglob("*.md") if page.parent.name != "decisions" and page.name != "README.md"]
    assert [name_of(page) for page in pages if f"{page.name})" not in contents] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_configuration_on_a_page_is_valid(page: Path) -> None:
    for block in blocks(page):
        if block.language == "toml":
            given = tomllib.loads(block.text)
            given.setdefault("run", {}).setdefault("output", "runs/x")
            given.setdefault("source", [{"name": "web", "kind": "warc", "paths": ["*.warc.gz"]}])
            given.setdefault("tokenizer", {"path": "tokenizer.json"})
            Config.model_validate(given)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_relative_links_lead_somewhere(page: Path) -> None:
    for target, heading in re.findall(r"\]\(([^)#\s]*)(?:#([^)]*))?\)", page.read_text()):
        if "://" not in target:
            found = page.parent / target if target else page
            assert found.exists(), target
            assert not heading or heading in headings(found), f"{target}#{heading}"
