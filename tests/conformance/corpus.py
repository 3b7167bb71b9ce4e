# ruff: noqa: RUF001
"""The documents on which our rules are held against the peers' own code: real ones beside the repository, and made ones.

A document is known by the hash of its text, so a stored figure can never be compared with another text.
"""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import xxhash

from gristmill.documents import normalize_text
from tests.places import ROOT

SHARED = ROOT.parent / "shared" / "data"

MOST_CHARS = 12_000
"""A longer document gives its beginning only: the peers' splitters are slow."""

PASSAGES = 8
"""Passages of each book, spread over it."""


def text_hash(text: str) -> str:
    """What a stored figure is found by."""
    return xxhash.xxh3_128_hexdigest(text.encode())


def real_documents() -> dict[str, str]:
    """Web pages, books, code and declarations of human rights in some 390 languages: text by name, none empty.

    >>> len(real_documents()) == 0 or len(real_documents()) > 2000
    True
    """
    if not SHARED.is_dir():
        return {}
    found = [*_pages(), *_books(), *_code(), *_declarations()]
    clipped = {name: normalize_text(text)[:MOST_CHARS] for name, text in found}
    return {name: text for name, text in clipped.items() if text.strip()}


def _pages() -> Iterator[tuple[str, str]]:
    from benchmarks.texts import page_texts  # needs the archive reader, which the made documents do not

    for number, text in enumerate(page_texts()):
        yield f"web/{number}", text


def _books() -> Iterator[tuple[str, str]]:
    for path in sorted((SHARED / "books" / "text").rglob("*.txt")):
        raw = path.read_bytes()
        text = raw.decode("cp932" if path.parent.name == "jpn" else "utf-8", "replace")
        for passage in range(PASSAGES):
            begin = len(text) * passage // PASSAGES
            yield f"book/{path.parent.name}/{path.stem}/{passage}", text[begin : begin + 6000]


def _code() -> Iterator[tuple[str, str]]:
    lines = (SHARED / "code" / "code_sample.jsonl").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        yield f"code/{number}", json.loads(line)["text"]


def _declarations() -> Iterator[tuple[str, str]]:
    with zipfile.ZipFile(SHARED / "lang" / "udhr2.zip") as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".txt"):
                yield f"rights/{Path(name).stem}", archive.read(name).decode("utf-8", "replace")
    with tarfile.open(fileobj=io.BytesIO((SHARED / "lang" / "lingua_testdata.tar.gz").read_bytes())) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            stream = archive.extractfile(member) if "/sentences/" in f"/{member.name}" else None
            if stream is not None:
                yield f"sentences/{Path(member.name).stem}", stream.read().decode("utf-8", "replace")


def made_documents() -> dict[str, str]:
    """Edge cases that need no data: short, empty-ish, repeated, symbols, other scripts; text by name."""
    prose = (
        "The miller's wheel turns with the river, and the flour that it grinds is sold to the town. "
        "Nobody knows how old the mill is; the oldest stone bears no date. "
    )
    cases = {
        "one word": "word",
        "three words": "one two three",
        "prose": prose * 3,
        "prose in lines": "\n".join(prose.split(". ") * 4),
        "same line": (prose + "\n") * 12,
        "same paragraph": (prose + "\n\n") * 8,
        "spread boilerplate": "\n".join(f"Part {n} begins here. Click to read our terms today. {n * n}" for n in range(30)),
        "only newlines": "\n" * 40,
        "spaces and newlines": " \n \n\t\n" * 9,
        "hashes": "# " * 60 + prose,
        "ellipses": "and then ... " * 40,
        "unicode ellipses": "and then … " * 40,
        "ellipsis lines": "so it goes on...\n" * 60,
        "bullets": "\n".join(f"• item {n} of the list to have" for n in range(60)),
        "dashes": "\n".join(f"- item {n} of the list to be" for n in range(60)),
        "stars": "\n".join(f"* item {n} of the list to be" for n in range(60)),
        "indented bullets": "\n".join(f"   • item {n} of the list and that" for n in range(60)),
        "numbers": " ".join(str(n * 7919) for n in range(200)),
        "contractions": "I'm sure they don't, can't and won't; it's that we'll have what you'd be. " * 8,
        "quotes": '"To be," he said, "or not to be - that is the question."\n' * 3 + prose,
        "dialogue": "\n".join(f'"No." "Yes!" "And why {n}?" "Because." - "Oh..."' for n in range(40)),
        "addresses": "See https://example.org/a/b?c=d&e=f#g or write to someone@example.org (or www.example.net). " * 9,
        "hyphens": "state-of-the-art well-known mother-in-law e-mail re-use co-operate 1-2 a-1 1-a " * 9,
        "units": "5km 10kg 3.5m 20% $5 €7 7pm 8a.m. 10:30 1,000,000 3/4 1e5 " * 10,
        "punctuation": "?!;:,.()[]{}<>/\\|@#$%^&*_+=~` " * 20,
        "abbreviations": "Mr. Smith, Dr. Jones, e.g. this, i.e. that, U.S. and U.K. vs. the U.N. at 5 p.m. etc. " * 8,
        "lorem ipsum": "Lorem ipsum dolor sit amet. " + prose * 3,
        "curly": "function f() { return 1; }\n" + prose * 3,
        "javascript": "Please enable Javascript to view this page.\n" + prose * 3,
        "policy": "By using this site you accept our privacy policy and the use of cookies.\n" + prose * 3,
        "citations": "The mill is old [1] and the wheel is new [citation needed].\nIt grinds [edit] well and long.\n" * 4,
        "chinese": "天地玄黃，宇宙洪荒。日月盈昃，辰宿列張。寒來暑往，秋收冬藏。\n" * 6,
        "japanese": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n" * 6,
        "thai": "ภาษาไทยเป็นภาษาที่เขียนติดกันโดยไม่มีช่องว่างระหว่างคำ\n" * 8,
        "arabic": "في البدء كان الكلمة، والكلمة كان عند الله.\n" * 8,
        "russian": "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему.\n" * 6,
        "greek": "Ἄνδρα μοι ἔννεπε, Μοῦσα, πολύτροπον, ὃς μάλα πολλὰ πλάγχθη.\n" * 6,
        "emoji": "Great! 👍🏽 Loved it 😍😍😍 #mill #flour 👨‍👩‍👧‍👦 10/10 " * 12,
        "combining": normalize_text("e\u0301a\u0308o\u0302 n\u0303 " * 80),
        "long word": "a" * 1200 + " " + prose * 3,
        "no spaces": "abcdefghij" * 200,
        "trailing newline": prose * 3 + "\n",
        "leading newlines": "\n\n\n" + prose * 3,
        "carriage of tabs": "a\tb\tc\td the of and to be have\n" * 30,
        "vertical space": "the line\x0bof text\x0cand that\x85have\u2028with be\n" * 20,
        "poem": "O mill, O mill, beside the stream,\n  you turn, you turn, as in a dream.\n\n" * 4 + prose,
        "table": "\n".join(f"| {n} | {n * 3} | value {n % 7} |" for n in range(60)),
        "short lines": "\n".join(f"line {n}" for n in range(90)),
        "no end marks": "\n".join(f"this is the sentence number {n} without an end to it that we have" for n in range(20)),
    }  # fmt: skip
    return {f"made/{name}": normalize_text(text) for name, text in cases.items()}
