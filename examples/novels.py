"""Turns the lines of Jane Austen's novels, as ``r-cran-janeaustenr`` carries them, into EPUB chapters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from examples.epub import Book, Chapter, write_epub
from examples.rdata import read_vectors

_HEADING = re.compile(r"chapter (?:[ivxlc]+|\d+)\.?", re.IGNORECASE)
_NOT_PROSE = re.compile(r"\s*(?:volume [ivx]+|finis|the end)\.?\s*", re.IGNORECASE)
_NOTE = "A NOTE ON THE TEXT"  # a modern publisher's word after Northanger Abbey, no part of the novel
_RIGHTS = "Public domain: Jane Austen died in 1817."
_SOURCE = "Debian r-cran-janeaustenr 1.0.0-1, made from Project Gutenberg's texts"

NOVELS = {
    "sense-and-sensibility": ("Sense and Sensibility", "1811", "sensesensibility"),
    "pride-and-prejudice": ("Pride and Prejudice", "1813", "prideprejudice"),
    "mansfield-park": ("Mansfield Park", "1814", "mansfieldpark"),
    "emma": ("Emma", "1815", "emma"),
    "northanger-abbey": ("Northanger Abbey", "1818", "northangerabbey"),
    "persuasion": ("Persuasion", "1818", "persuasion"),
}


def chapters(lines: Sequence[str], title: str) -> tuple[Chapter, ...]:
    """Splits a novel at its chapter headings and joins wrapped lines into paragraphs; front matter is left out.

    >>> text = ["EMMA", "", "CHAPTER I", "", "One", "line.", "", "Next.", "", "FINIS"]
    >>> chapters(text, "Emma")
    (Chapter(heading='Emma, Chapter I', paragraphs=('One line.', 'Next.')),)
    """
    found: list[Chapter] = []
    lines = lines[: lines.index(_NOTE)] if _NOTE in lines else lines
    starts = [at for at, line in enumerate(lines) if _HEADING.fullmatch(line.strip())]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        number = lines[start].strip().split()[1].rstrip(".").upper()
        prose = ["" if _NOT_PROSE.fullmatch(line) else line.strip() for line in lines[start + 1 : end]]
        paragraphs = [re.sub(r"\s+", " ", part).strip() for part in "\n".join(prose).split("\n\n")]
        found.append(Chapter(f"{title}, Chapter {number}", tuple(part for part in paragraphs if part)))
    return tuple(found)


def write_novels(package: Path, target: Path) -> list[Path]:
    """Writes seven EPUBs of the six novels; returns their paths.

    *Northanger Abbey* and *Persuasion* came out together in December 1817 (dated 1818), so they make one EPUB 3 here,
    and *Persuasion* is there a second time by itself as EPUB 2: two editions of one text, for the duplicates.

    Args:
        package: the unpacked Debian package.
        target: the folder for the EPUBs.
    """
    vectors = read_vectors(package / "usr/lib/R/site-library/janeaustenr/data/Rdata")
    texts = {slug: chapters(vectors[name], title) for slug, (title, _, name) in NOVELS.items()}
    books = {
        slug: Book(title, "Jane Austen", "en", _RIGHTS, year, _SOURCE, texts[slug])
        for slug, (title, year, _) in NOVELS.items()
        if slug not in {"northanger-abbey", "persuasion"}
    }
    joint = texts["northanger-abbey"] + texts["persuasion"]
    books["northanger-abbey-and-persuasion"] = Book(
        "Northanger Abbey; and Persuasion", "Jane Austen", "en", _RIGHTS, "1818", _SOURCE, joint
    )
    books["persuasion"] = Book(
        "Persuasion", "Jane Austen", "en", _RIGHTS, "1818", _SOURCE, texts["persuasion"], version="2.0"
    )
    paths = []
    for slug, book in sorted(books.items()):
        paths.append(target / f"austen-{slug}.epub")
        write_epub(paths[-1], book)
    return paths
