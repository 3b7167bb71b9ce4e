"""Where two texts differ: a few passages of the words that were taken out and put in, found in bounded time.

Two texts of millions of words must not take minutes. What both begin with and end with is skipped. Runs of words that
occur once in each text are anchors, as in Bram Cohen's patience diff: a longest ascending chain of them cuts both texts
into equal runs and gaps, in time that hardly grows faster than the text. A gap of few words is aligned by ``difflib``;
a longer one is one passage.
"""

from __future__ import annotations

import bisect
import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

ANCHOR_WORDS = 5
"""Words of an anchor: as many as a shingle has by default."""

GAP_WORDS = 300
"""Words of a gap that are aligned one by one: difflib's time grows with their square at worst."""

MOST_WORDS = 200_000
"""Words of each text that are compared, from the first that differs."""

MOST_PASSAGES = 5
CONTEXT_WORDS = 6
SHOWN_CHARS = 160
"""Characters of a passage that are shown."""

_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Passage:
    """One place where two texts differ.

    Attributes:
        word: number of the first differing word in the first text, from 0.
        before: the common words ahead of it, at most `CONTEXT_WORDS`.
        first: what only the first text has there; may be empty.
        second: what only the second text has there; may be empty.
    """

    word: int
    before: str
    first: str
    second: str

    def to_json(self) -> dict[str, int | str]:
        """As JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Difference:
    """How two texts differ.

    Attributes:
        passages: the first places, in the order of the text.
        complete: whether these are all.
        first_words: words of the first text.
        second_words: words of the second.
    """

    passages: tuple[Passage, ...]
    complete: bool
    first_words: int
    second_words: int


def differing_passages(first: str, second: str, *, most: int = MOST_PASSAGES) -> Difference:
    """The first places where two texts differ, by words between white space.

    Args:
        first: one text.
        second: the other.
        most: passages at most.

    >>> found = differing_passages("the old mill by the river stood", "the old barn by the river stood still")
    >>> [(p.word, p.before, p.first, p.second) for p in found.passages], found.complete
    ([(2, 'the old', 'mill', 'barn'), (7, 'old mill by the river stood', '', 'still')], True)
    """
    left, right = _WORD.findall(first), _WORD.findall(second)
    head = _common_head(left, right)
    tail = _common_tail(left[head:], right[head:])
    ends = len(left) - tail, len(right) - tail
    cut = min(ends[0], head + MOST_WORDS), min(ends[1], head + MOST_WORDS)
    passages: list[Passage] = []
    for begin, end, start, stop in _differences(left[head : cut[0]], right[head : cut[1]]):
        if len(passages) == most:
            return Difference(tuple(passages), False, len(left), len(right))
        before = " ".join(left[max(0, head + begin - CONTEXT_WORDS) : head + begin])
        shown = _shown(left[head + begin : head + end]), _shown(right[head + start : head + stop])
        passages.append(Passage(head + begin, before, *shown))
    return Difference(tuple(passages), cut == ends, len(left), len(right))


Span = tuple[int, int, int, int]


def _differences(left: Sequence[str], right: Sequence[str]) -> Iterator[Span]:
    """Spans (begin, end) of the first and (start, stop) of the second text that differ, in order."""
    i, j = 0, 0
    for at, other in [*_anchors(left, right), (len(left), len(right))]:
        if at < i or other < j:
            continue  # inside the run that the anchor before began
        yield from _gap(left, right, (i, at, j, other))
        i, j = at, other
        while i < len(left) and j < len(right) and left[i] == right[j]:
            i, j = i + 1, j + 1


def _anchors(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """Places of the runs of `ANCHOR_WORDS` that occur once in each text: a longest chain that ascends in both."""
    there = _once(right)
    pairs = [(at, there[run]) for run, at in _once(left).items() if run in there]
    tops: list[int] = []  # the smallest end of a chain of each length
    holders: list[int] = []
    before = [-1] * len(pairs)
    for number, (_, other) in enumerate(pairs):
        length = bisect.bisect_left(tops, other)
        tops[length : length + 1] = [other]
        holders[length : length + 1] = [number]
        before[number] = holders[length - 1] if length else -1
    chain = []
    number = holders[-1] if holders else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


def _once(words: Sequence[str]) -> dict[tuple[str, ...], int]:
    """The runs that occur once, with their place, in order."""
    places: dict[tuple[str, ...], int] = {}
    for at, run in enumerate(zip(*(words[shift:] for shift in range(ANCHOR_WORDS)), strict=False)):
        places[run] = -1 if run in places else at
    return {run: at for run, at in places.items() if at >= 0}


def _gap(left: Sequence[str], right: Sequence[str], span: Span) -> Iterator[Span]:
    """The differing spans between two equal runs."""
    begin, end, start, stop = span
    a, b = left[begin:end], right[start:stop]
    head = _common_head(a, b)
    tail = _common_tail(a[head:], b[head:])
    begin, end, start, stop = begin + head, end - tail, start + head, stop - tail
    a, b = left[begin:end], right[start:stop]
    if not a and not b:
        return
    if max(len(a), len(b)) > GAP_WORDS or not a or not b:
        yield begin, end, start, stop
        return
    for tag, i, i_end, j, j_end in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag != "equal":
            yield begin + i, begin + i_end, start + j, start + j_end


def _common_head(left: Sequence[str], right: Sequence[str]) -> int:
    """How many words both begin with."""
    count = 0
    while count < min(len(left), len(right)) and left[count] == right[count]:
        count += 1
    return count


def _common_tail(left: Sequence[str], right: Sequence[str]) -> int:
    """How many words both end with."""
    count = 0
    while count < min(len(left), len(right)) and left[-1 - count] == right[-1 - count]:
        count += 1
    return count


def _shown(words: Sequence[str]) -> str:
    """Words as one line, cut in the middle where they are many.

    >>> _shown(["a" * 100, "b" * 100])[:4]
    'aaaa'
    """
    text = " ".join(word[:SHOWN_CHARS] for word in words[: SHOWN_CHARS // 2])
    if len(text) <= SHOWN_CHARS and len(words) <= SHOWN_CHARS // 2:
        return text
    return f"{text[:SHOWN_CHARS]} … ({len(words):,} words)"
