# ruff: noqa: RUF001 - marks of many scripts are meant
"""spaCy's English tokenizer in plain Python and regular expressions: slow, and written apart from the kernel.

Affixes are the patterns that spaCy 3.8 documents, on the alphabets that `PIECES` of the tests use (Latin, Cyrillic,
Han, Arabic); the list of exceptions is the kernel's own, which is compared with spaCy's where spaCy is at hand.
"""

from __future__ import annotations

import re

from gristmill.filters.token_exceptions import TOKEN_EXCEPTIONS

UNCASED = "\u0620-\u064a\u0900-\u097f\u2ff0-\u30ff\u4e00-\u9fff\uac00-\ud7af"
LOW = "a-zà-öø-ÿа-яё" + UNCASED
UP = "A-ZÀ-ÖØ-ÞА-ЯЁ" + UNCASED
ANY = LOW + UP
MARKS = re.escape("…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪")
QUOTES = re.escape("'\"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉⟦⟧")
ICONS = "\u2600-\u266e\U0001f680-\U0001f6c5\U0001f300-\U0001f5ff\xa9\xae\xb0"
MONEY = re.escape("$£€¥")
UNITS = "km|km²|km³|m|m²|m³|cm|mm|ha|nm|yd|in|ft|kg|g|mg|t|lb|oz|m/s|km/h|kmh|mph|Pa|mb|MB|kb|KB|gb|GB|tb|TB|T|G|M|K|%"

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
