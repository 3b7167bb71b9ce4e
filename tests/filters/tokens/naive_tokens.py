# ruff: noqa: RUF001 - marks of many scripts are meant
"""spaCy's English tokenizer in plain Python and regular expressions: slow, and written apart from the kernel.

Affixes are the patterns of spaCy 3.8. The classes of characters and the list of exceptions are the kernel's own: the
steps are what is written a second time.
"""

from __future__ import annotations

import re

import numpy as np

from gristmill.filters.tokens.affixes import UNITS as UNIT_LIST
from gristmill.filters.tokens.classes import CURRENCY, ICON, LETTER, LOWER, UPPER, token_class_table
from gristmill.filters.tokens.exceptions import TOKEN_EXCEPTIONS


def charset(bit: int) -> str:
    """The characters of a class, as what stands between the brackets of a regular expression."""
    points = [int(point) for point in np.flatnonzero(token_class_table() & bit) if not 0xD800 <= point < 0xE000]
    starts = [point for point, before in zip(points, [-2, *points], strict=False) if point != before + 1]
    stops = [point for point, after in zip(points, [*points[1:], -2], strict=True) if after != point + 1]
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in zip(starts, stops, strict=True))


LOW, UP, ANY, ICONS = charset(LOWER), charset(UPPER), charset(LETTER), charset(ICON)
MARKS = re.escape("…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪")
QUOTES = re.escape("'\"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉⟦⟧")
MONEY = charset(CURRENCY)
UNITS = "|".join(map(re.escape, UNIT_LIST))

PREFIX = re.compile(rf"^(?:[§%=—–]|\+(?![0-9])|[{MARKS}]|\.\.+|[{QUOTES}]|[{MONEY}]|US\$|C\$|A\$|[{ICONS}])")
SUFFIX = re.compile(
    rf"(?:……|[{MARKS}]|\.\.+|[{QUOTES}]|[{ICONS}]|'s|'S|’s|’S|—|–|(?<=[0-9])\+|(?<=°[FfCcKk])\.|(?<=[0-9])[{MONEY}]"
    rf"|(?<=[0-9])(?:US\$|C\$|A\$)|(?<=[0-9])(?:{UNITS})|(?<=[0-9{LOW}%²\-+{MARKS}{QUOTES}|(?:)])\.|(?<=[{UP}][{UP}])\.)$"
)
INFIX = re.compile(
    rf"\.\.+|…|[{ICONS}]|(?<=[0-9])[+\-*^](?=[0-9-])|(?<=[{LOW}{QUOTES}])\.(?=[{UP}{QUOTES}])|(?<=[{ANY}]),(?=[{ANY}])"
    rf"|(?<=[{ANY}0-9])(?:-|–|—|--|---|——|~)(?=[{ANY}])|(?<=[{ANY}0-9])[:<>=/](?=[{ANY}])"
)
ADDRESS = re.compile(
    r"^(?:(?:[\w+\-.]{2,})://)?(?:\S+(?::\S*)?@)?(?:(?:(?:[A-Za-z0-9\u00a1-\uffff][A-Za-z0-9\u00a1-\uffff_-]{0,62})?"
    rf"[A-Za-z0-9\u00a1-\uffff]\.)+(?:[{LOW}]{{2,63}}))(?::\d{{2,5}})?(?:[/?#]\S*)?$"
)


def tokens_of_word(word: str) -> list[str]:
    before, middle, behind = _strip(word)
    if middle in TOKEN_EXCEPTIONS:
        inner = list(TOKEN_EXCEPTIONS[middle])
    elif not middle or ADDRESS.match(middle):
        inner = [middle] if middle else []
    else:
        inner = _split_inside(middle)
    return _join_listed([*before, *inner, *behind[::-1]])


def _strip(word: str) -> tuple[list[str], str, list[str]]:
    before: list[str] = []
    behind: list[str] = []
    last = ""
    while word and word not in TOKEN_EXCEPTIONS and word != last:
        last = word
        found = PREFIX.search(word)
        pre = found.end() if found else 0
        if pre and word[pre:] in TOKEN_EXCEPTIONS:
            return [*before, word[:pre]], word[pre:], behind
        tail = SUFFIX.search(word[pre:])
        suf = len(word) - pre - tail.start() if tail else 0
        if suf and word[: len(word) - suf] in TOKEN_EXCEPTIONS:
            return before, word[: len(word) - suf], [*behind, word[-suf:]]
        if pre:
            before.append(word[:pre])
        if suf:
            behind.append(word[-suf:])
        word = word[pre : len(word) - suf]
    return before, word, behind


def _split_inside(word: str) -> list[str]:
    found: list[str] = []
    start = 0
    for infix in INFIX.finditer(word):
        if infix.start() == 0:
            continue
        if infix.start() > start:
            found.append(word[start : infix.start()])
        found.append(infix.group())
        start = infix.end()
    return found + ([word[start:]] if word[start:] else [])


def _join_listed(tokens: list[str]) -> list[str]:
    for many in range(min(len(tokens) - 1, 6), 1, -1):
        joined: list[str] = []
        k = 0
        while k < len(tokens):
            pieces = TOKEN_EXCEPTIONS.get("".join(tokens[k : k + many])) if k + many <= len(tokens) else None
            if pieces and len(pieces) < many:
                joined += pieces
                k += many
            else:
                joined.append(tokens[k])
                k += 1
        tokens = joined
    return tokens
