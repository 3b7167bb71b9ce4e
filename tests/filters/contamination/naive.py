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


def _fold(character: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", character).casefold())
    return unicodedata.normalize("NFKC", folded.casefold())


def places(text: str, reading: int = 0) -> list[tuple[str, int, int]]:
    """The words of a text, each with its first character and the one after its last."""
    vanishing = {0: {"ignored"}, 1: {"ignored", "apostrophe"}, 2: {"ignored", "apostrophe", "other"}}[reading]
    found: list[tuple[str, int, int]] = []
    open_word = ""
    for at, character in enumerate(text):
        for part in _fold(character):
            kind = _kind(part)
            if kind in vanishing:
                continue
            if (kind == "mark" and open_word) or (kind == "word" and open_word == "word"):
                found[-1] = (found[-1][0] + part, found[-1][1], at + 1)
            elif kind in {"word", "unspaced"}:
                found.append((part, at, at + 1))
            if kind != "mark":
                open_word = kind if kind in {"word", "unspaced"} else ""
    return found


def words(text: str, reading: int = 0) -> list[str]:
    """The words of a text; ``reading`` 1 joins over apostrophes, 2 over all punctuation."""
    return [word for word, _, _ in places(text, reading)]


def parts(between: str) -> bool:
    """Whether what stands between two words parts lines, sentences or fields."""
    for character in between:
        folded = _fold(character)
        if len(folded) != 1 or (folded.isspace() and (folded < " " or folded in "\x85\u2028\u2029")):
            return True
        if _kind(folded) == "other" and folded not in ",\u060c\u3001-\u2010\u2011\u2012\u2013\u2014\u2015\u2212":
            return True
    return "," in between and not any(_fold(character).isspace() for character in between)


def runs_of(item: Item, ngram: int, min_item_words: int, min_bounded_words: int) -> dict[tuple[str, ...], bool]:
    """All runs of words that are looked for, and whether each counts between boundaries only."""
    least = min(min_bounded_words, min_item_words)
    strings = [text for field in item.fields for text in field]
    alone = sum(any(text.strip() for text in field) for field in item.fields) == 1
    plain_fields = [len(field) == 1 for field in item.fields for _ in field]
    passages: list[tuple[tuple[str, ...], int]] = []
    for text, one in zip(strings, plain_fields, strict=True):
        passages.append(((text,), (least if alone else min_item_words) if one else ngram))
    passages += [((strings[a], strings[b]), least) for a, b in item.pairs()]
    if len(item.fields) > 2 and all(len(field) == 1 for field in item.fields[:-1]):
        before = tuple(field[0] for field in item.fields[:-1])
        passages += [((*before, last), least) for last in item.fields[-1]]
    found: dict[tuple[str, ...], bool] = {}
    for passage, needed in passages:
        plain_words = sum(len(words(text)) for text in passage)
        for reading in range(3):
            read = [words(text, reading) for text in passage]
            first, last = [word for one in read[:-1] for word in one], read[-1]
            both = tuple(first + last)
            if len(passage) > 1 and not (first and last):
                continue
            if len(both) >= ngram:
                starts = [i for i in range(len(both) - ngram + 1) if len(passage) == 1 or i < len(first) < i + ngram]
                found |= {both[i : i + ngram]: False for i in starts}
            elif plain_words >= needed and len(both) >= max(1, needed - 2):
                anywhere = plain_words >= min_item_words and len(both) >= min_item_words - 2
                found[both] = found.get(both, True) and not anywhere
    return {run: bounded for run, bounded in found.items() if sum(len(word.encode()) for word in run) >= 2 * len(run)}


def hits(text: str, item: Item, ngram: int, min_item_words: int, min_bounded_words: int) -> set[tuple[int, int]]:
    """First and last word of every run of the text that stands in the item."""
    read = places(text)
    sought = runs_of(item, ngram, min_item_words, min_bounded_words)

    def alone(i: int, j: int) -> bool:
        before = i == 0 or parts(text[read[i - 1][2] : read[i][1]])
        return before and (j == len(read) or parts(text[read[j - 1][2] : read[j][1]]))

    found = set()
    for i in range(len(read)):
        for j in range(i + 1, min(len(read), i + ngram) + 1):
            bounded = sought.get(tuple(word for word, _, _ in read[i:j]))
            if bounded is not None and (not bounded or alone(i, j)):
                found.add((i, j - 1))
    return found
