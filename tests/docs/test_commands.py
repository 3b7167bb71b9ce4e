"""Every command that a page names exists, with every option it is given there."""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import commands as commands_module
from tests.docs.commands import commands, fault_of, known_options
from tests.docs.pages import PAGES, PROGRAMS, RUN_LANGUAGES, blocks, name_of, spans
from tests.docs.running import dialogue


def shell_lines(page: Path) -> Iterator[tuple[int, str]]:
    for block in blocks(page):
        if block.language == "console":
            yield from ((block.line, command.replace("\\\n", " ")) for command, _ in dialogue(block.text))
        elif block.language in RUN_LANGUAGES - {"python", "sql"} and "<<" not in block.text:
            yield from ((block.line, line) for line in block.text.replace("\\\n", " ").splitlines())


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_and_options_that_a_page_names_exist(page: Path) -> None:
    wrong = []
    inline = [(number, text) for number, text in spans(page) if text.startswith(tuple(f"{name} " for name in PROGRAMS))]
    for number, line in [*shell_lines(page), *inline]:
        for words in commands(line):
            fault = fault_of(words)
            if fault:
                wrong.append(f"{name_of(page)}:{number} {fault}: {line}")
    for number, text in spans(page):
        option = re.match(r"--[a-z][a-z_-]*", text)
        if option and option.group() not in known_options():
            wrong.append(f"{name_of(page)}:{number} no program of ours has the option {text}")
    assert wrong == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("gristmill rnu a.toml", "no command rnu"),
        ("gristmill index biuld RUN", "no command biuld"),
        ("gristmill verify RUN --jsn", "verify has no option --jsn"),
        ("gristmill run a.toml --projct P", "run has no option --projct"),
        ("gristmill run a.toml --project=P --runner R", None),
        ("gristmill COMMAND --help", None),
        ("python -m benchmarks.run_all --sav", "benchmarks.run_all has no option --sav"),
        ("python -m benchmarks.no_such", "no module benchmarks.no_such"),
        ("torchrun --nproc-per-node 8 -m gristmill.train_hooks.pretrain CONFIG --output x", None),
        ("make dmeo", "no target dmeo"),
        ("pip install 'gristmill[trian]'", "no extra trian"),
    ],
)
def test_what_is_wrong_is_found(line: str, fault: str | None) -> None:
    assert [fault_of(words) for words in commands(line)] == [fault]


def test_docstring_examples_hold() -> None:
    assert doctest.testmod(commands_module).failed == 0
