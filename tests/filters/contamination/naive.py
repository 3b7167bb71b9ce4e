"""The definitions of decontamination in plain Python, written without its kernels."""

from __future__ import annotations

import unicodedata

from gristmill.filters.contamination.evaluation_items import Item
from gristmill.writing_systems import UNSPACED_RANGES

_APOSTROPHES = "'`\u02bc\u2018\u2019\u201b\u2032"
_VANISHING = {
    *(0x34F,),
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
    *range(0xE0001, 0xE0080),
    *range(0xE0100, 0xE01F0),
}


def _kind(character: str) -> str:
    code = ord(character)
    if character in _APOSTROPHES:
        return "apostrophe"
    category = unicodedata.category(character)
    if category == "Cf" or code in _VANISHING:
        return "ignored"
    if character.isspace():
        return "space"
    if character.isalnum():
        unspaced = any(first <= code <= last for first, last in UNSPACED_RANGES)
        return "unspaced" if unspaced and not character.isdecimal() else "word"
    return "mark" if category.startswith("M") else "other"


def words(text: str, reading: int = 0) -> list[str]:
    """The words of a text; ``reading`` 1 joins over apostrophes, 2 over all punctuation."""
    vanishing = {0: {"ignored"}, 1: {"ignored", "apostrophe"}, 2: {"ignored", "apostrophe", "other"}}[reading]
    found: list[str] = []
    open_word = ""
    for character in text:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", character).casefold())
        for part in unicodedata.normalize("NFKC", folded.casefold()):
            kind = _kind(part)
            if kind in vanishing:
                continue
            if kind == "mark":
                if open_word:
                    found[-1] += part
                continue
            if kind == "word" and open_word == "word":
                found[-1] += part
            elif kind in {"word", "unspaced"}:
                found.append(part)
            open_word = kind if kind in {"word", "unspaced"} else ""
    return found


def runs_of(item: Item, ngram: int, min_item_words: int) -> set[tuple[str, ...]]:
    """All runs of words that are looked for."""
    strings = [(text, len(field) == 1) for field in item.fields for text in field]
    found = set()
    for reading in range(3):
        read = [words(text, reading) for text, _ in strings]
        count = [len(words(text)) for text, _ in strings]
        passages = [(one, size if whole else 0) for one, size, (_, whole) in zip(read, count, strings, strict=True)]
        passages += [(read[a] + read[b], count[a] + count[b]) for a, b in item.pairs() if read[a] and read[b]]
        for passage, plain_words in passages:
            if len(passage) >= ngram:
                found |= {tuple(passage[i : i + ngram]) for i in range(len(passage) - ngram + 1)}
            elif plain_words >= min_item_words and len(passage) >= max(1, min_item_words - 2):
                found.add(tuple(passage))
    return {run for run in found if sum(len(word.encode()) for word in run) >= 2 * len(run)}


def hits(text: str, item: Item, ngram: int, min_item_words: int) -> set[tuple[int, int]]:
    """First and last word of every run of the text that stands in the item."""
    read = words(text)
    sought = runs_of(item, ngram, min_item_words)
    return {
        (i, j - 1) for i in range(len(read)) for j in range(i + 1, min(len(read), i + ngram) + 1)
        if tuple(read[i:j]) in sought
    }  # fmt: skip
