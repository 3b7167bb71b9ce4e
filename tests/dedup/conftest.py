"""Naive definitions that the kernels are checked against, written from the docstrings and not from the kernels."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable

import pytest

from tests.places import SHARED

INVISIBLE = set("\u00ad\u200c\u200d\u2060\ufeff") | {chr(c) for c in [*range(0xFE00, 0xFE10), *range(0x180B, 0x1810)]}
INVISIBLE |= {chr(c) for c in range(0xE0100, 0xE01F0)}
UNSPACED_NAMES = ("CJK", "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "YI ")
MASK = (1 << 64) - 1


def lowered(character: str) -> str:
    """The stated lower case of one character."""
    return "\u03c3" if character == "\u03c2" else character.lower()[0]


def split_words(text: str) -> list[str]:
    """The words of a text, by the rules of `gristmill.dedup.signatures.characters`."""
    words: list[str] = []
    open_word = alone = False
    for character in text:
        if character in INVISIBLE:
            continue
        if character.isalnum() or character == "_":
            name = unicodedata.name(character, "")
            unspaced = name.startswith(UNSPACED_NAMES) and not character.isdecimal()
            if open_word and not alone and not unspaced:
                words[-1] += lowered(character)
            else:
                words.append(lowered(character))
            open_word, alone = True, unspaced
        elif open_word and unicodedata.category(character)[0] == "M":
            words[-1] += lowered(character)
        else:
            open_word = alone = False
    return words


def fmix64(value: int) -> int:
    value = (value ^ (value >> 33)) * 0xFF51AFD7ED558CCD & MASK
    value = (value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53 & MASK
    return value ^ (value >> 33)


def word_hash(word: str) -> int:
    raw = word.encode("utf-8", "surrogatepass")
    running = 0x9AE16A3B2F90404F
    for start in range(0, len(raw), 8):
        running = (running ^ int.from_bytes(raw[start : start + 8], "big")) * 0x9FB21C651E98DF25 & MASK
        running ^= running >> 32
    return fmix64(running)


def shingle_hashes(text: str, shingle: int) -> list[int]:
    hashed = [word_hash(word) for word in split_words(text)]
    return [
        fmix64(
            sum(w * pow(0xD6E8FEB86659FD93, shingle - 1 - j, 1 << 64) for j, w in enumerate(hashed[i : i + shingle]))
            & MASK
        )
        for i in range(len(hashed) - shingle + 1)
    ]


@pytest.fixture(scope="session")
def naive_words() -> Callable[[str], list[str]]:
    return split_words


@pytest.fixture(scope="session")
def naive_shingles() -> Callable[[str, int], list[int]]:
    return shingle_hashes


@pytest.fixture(scope="session")
def licences() -> dict[str, str]:
    """745 real licence texts by id, with many near-duplicates among them."""
    path = SHARED / "neardup" / "licences" / "docs.jsonl"
    if not path.exists():
        pytest.skip("shared/data/neardup/licences is not beside the repository")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {row["id"]: row["text"] for row in rows}


@pytest.fixture(scope="session")
def licence_pairs(licences: dict[str, str]) -> dict[tuple[str, str], float]:
    r"""Every pair of licences of Jaccard similarity 0.5 or more over lower-cased \w+ 5-grams, by brute force."""
    path = SHARED / "neardup" / "licences" / "pairs_jaccard5w_ge0.5.tsv"
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    return {(a, b): float(similarity) for a, b, similarity in lines}
