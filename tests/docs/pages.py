"""The pages of the documentation, and the fenced blocks on them.

A block is what stands between two fences, with the word behind the first fence as its language. ``RUN_LANGUAGES`` are run by
``test_blocks.py``, unless the line above the fence says why not::

    <!-- not run: needs a Google Cloud project -->

``<!-- file: corpus.toml -->`` above a fence makes the block a file of that name; an ``output`` block shows what the block
above it printed. Blocks without a language are pictures and must hide no command.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

from tests.places import ROOT

DOCS = ROOT / "docs"
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(DOCS.rglob("*.md")),
    *(ROOT / folder / "README.md" for folder in ("recipes", "examples", "benchmarks")),
)
RUN_LANGUAGES = frozenset({"console", "bash", "sh", "python", "sql"})
LANGUAGES = RUN_LANGUAGES | {"", "output", "text", "toml", "json", "dockerfile"}
PROGRAMS = ("gristmill", "python", "make", "pip", "torchrun")
"""What a line outside a block that is run must not begin with."""

_FENCE = re.compile(r"(?P<indent> *)(?P<fence>```+)(?P<language>.*)")
_REMARK = re.compile(r"<!-- (?P<kind>not run|file): (?P<value>.+) -->")
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        line: number of its first line inside the fences, from 1.
        not_run: why it is not run, if it says so.
        file: name of the file that it is, if it is one.
    """

    page: Path
    line: int
    language: str
    text: str
    not_run: str | None = None
    file: str | None = None

    @property
    def place(self) -> str:
        return f"{name_of(self.page)}:{self.line}"

    @property
    def is_run(self) -> bool:
        return self.language in RUN_LANGUAGES and self.not_run is None and self.file is None


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [part for part in _parts(page) if isinstance(part, Block)]


def prose(page: Path) -> list[tuple[int, str]]:
    """The lines of a page outside its blocks, with their numbers."""
    return [part for part in _parts(page) if not isinstance(part, Block)]


def spans(page: Path) -> list[tuple[int, str]]:
    """What stands in backticks outside the blocks, with the line it begins on; a line break in it is a space."""
    lines = prose(page)
    found = []
    for group in _runs(lines):
        text = "\n".join(line for _, line in group)
        for match in _SPAN.finditer(text):
            number = group[0][0] + text[: match.start()].count("\n")
            found.append((number, re.sub(r"\s*\n\s*", " ", match.group(2)).replace("\\|", "|").strip()))
    return found


def _runs(lines: list[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """Paragraphs: runs of adjacent lines none of which is blank."""
    group: list[tuple[int, str]] = []
    for number, line in lines:
        if group and (not line.strip() or number != group[-1][0] + 1 or line.startswith("|")):
            yield group
            group = []
        if line.strip():
            group.append((number, line))
    if group:
        yield group


def _parts(page: Path) -> Iterator[Block | tuple[int, str]]:
    remark: dict[str, str] = {}
    opened: re.Match[str] | None = None
    inside: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.fullmatch(line)
        if opened is not None:
            if fence and fence["fence"] == opened["fence"] and not fence["language"]:
                text = "".join(f"{row.removeprefix(opened['indent'])}\n" for row in inside)
                first = number - len(inside)
                language = opened["language"].strip()
                yield Block(page, first, language, text, remark.get("not run"), remark.get("file"))
                opened, inside, remark = None, [], {}
            else:
                inside.append(line)
        elif fence:
            opened = fence
        else:
            said = _REMARK.fullmatch(line.strip())
            remark = {said["kind"]: said["value"]} if said else {}
            yield number, line
    assert opened is None, f"{name_of(page)}: a fence is never closed"
