"""Every command and every Python block of every page runs as it stands, or says why it is not run."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from tests.docs import running
from tests.docs.pages import LANGUAGES, PAGES, PROGRAMS, Block, blocks, name_of, prose
from tests.docs.prepared import PREPARED
from tests.docs.reading import NEEDED, WALKS, WITH_RUN_BLOCKS, read_page
from tests.docs.running import Reader, check_shown

COMMAND = re.compile(rf"\s*(\$ )?({'|'.join(PROGRAMS)}) ")


@pytest.mark.parametrize("page", [page for page in WITH_RUN_BLOCKS if page not in WALKS], ids=name_of)
def test_the_blocks_of_a_page_run_in_their_order(page: Path, finished_run: Path, tmp_path: Path) -> None:
    read_page(page, finished_run, tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_command_hides_in_a_block_that_is_not_run(page: Path) -> None:
    found = blocks(page)
    assert [block.place for block in found if block.language not in LANGUAGES] == []
    pictures = [block for block in found if block.language in {"", "text"}]
    assert [block.place for block in pictures if any(map(COMMAND.match, block.text.splitlines()))] == []
    assert [number for number, line in prose(page) if line.startswith("    ") and COMMAND.match(line)] == []
    assert [block.place for block in found if block.not_run and len(block.not_run.split()) < 2] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_an_output_stands_below_what_printed_it(page: Path) -> None:
    found = blocks(page)
    for before, block in zip([None, *found], found, strict=False):
        if block.language == "output":
            assert before is not None, block.place
            assert before.is_run, block.place


def test_what_is_prepared_and_needed_belongs_to_pages_that_run() -> None:
    assert {*PREPARED, *NEEDED, *map(name_of, WALKS)} <= {name_of(page) for page in WITH_RUN_BLOCKS}


def test_what_a_console_block_shows_is_compared() -> None:
    assert doctest.testmod(running).failed == 0
    block = Block(PAGES[0], 1, "console", "")
    check_shown(block, "a  1\n…\nb … c\n", "x\na 1\ny\nb 22 c\n")
    with pytest.raises(AssertionError, match="not printed"):
        check_shown(block, "b\na\n", "a\nb\n")
    with pytest.raises(AssertionError, match="not printed"):
        check_shown(block, "a 1", "a 12")


def test_a_block_that_fails_is_named_with_its_page_and_line(tmp_path: Path) -> None:
    with Reader(tmp_path) as reader:
        reader.do(Block(PAGES[0], 3, "python", "one = 1\n"))
        assert reader.do(Block(PAGES[0], 5, "python", "print(one)\n")) == "1\n"
        with pytest.raises(AssertionError, match=r'README.md", line 8'):
            reader.do(Block(PAGES[0], 7, "python", "one\nno_such_name\n"))
        with pytest.raises(AssertionError, match=r"README.md:9: exit 3"):
            reader.do(Block(PAGES[0], 9, "sh", "exit 3\n"))
