"""What is looked for: the n-grams of evaluation items, and short items whole, as rows of numbers.

A passage is one string of an item, a string and the one read after it, or all strings of the item. It gives all its
runs of ``ngram`` words; a passage with fewer words, but at least ``min_item_words``, gives itself. Alternatives (the
choices of a question) give n-grams but are never looked for whole on their own: an answer is a common sentence more
often than a question is.

A still shorter passage of at least ``min_bounded_words`` gives itself where it stands between two boundaries
(`gristmill.filters.contamination.boundaries`), unless it is only one of an item's strings: the goal "How to start a
blog" is a common headline, and the item only with its solution.

The words of a short passage are counted in the plain reading. Read with its punctuation joined it may have fewer, by
`JOINED` at most: ``don't go`` has three words, ``dont go`` two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
import pyarrow as pa

from gristmill.documents import normalize_text
from gristmill.filters.contamination.evaluation_items import Item
from gristmill.filters.contamination.normal_form import FoldTables, fold_tables
from gristmill.filters.contamination.words import READINGS, Words, read_words, room_for_words
from gristmill.filters.text.arrays import Flags, Hashes, Int32s, Int64s
from gristmill.filters.text.buffers import TextBuffer, text_buffer

Columns = TypeVar("Columns", bound=tuple[Any, ...])

NGRAM_FACTOR = np.uint64(0xD6E8FEB86659FD93)


JOINED = 2
"""Words by which a joined reading of a short passage may be shorter than the least that is asked of it."""


_ITEM = 0
_PART = 1
_ALTERNATIVE = 2


def suffix_words(least_words: int) -> int:
    """Words that every short passage has in every reading: it is found by its last so many words.

    >>> suffix_words(8), suffix_words(1)
    (6, 1)
    """
    return max(1, least_words - JOINED)


class Entries(NamedTuple):
    """Runs of words of items, one row each.

    Attributes:
        item: int32, number of the item.
        size: int32, words in the run.
        head: int32, how many of them are in the first string; the others begin the second.
        first: int64, number of the run's first word among all words.
        second: int64, number of the first word of the second string.
        bounded: whether it counts only between two boundaries.
        hash: uint64 of all its words.
        suffix: uint64 of its last `suffix_words`; of all of them for an n-gram.
    """

    item: Int32s
    size: Int32s
    head: Int32s
    first: Int64s
    second: Int64s
    bounded: Flags
    hash: Hashes
    suffix: Hashes


class ItemWords(NamedTuple):
    """All words of all items, in every reading.

    Attributes:
        words: where they stand, their hashes and folded bytes.
        bounds: int64; string ``s`` in reading ``r`` has the words ``bounds[k]`` to ``bounds[k + 1]``, with
            ``k = r * strings + s``.
        plain_first: int64, for each word the first word of the plain reading that it covers.
        plain_last: int64, the last such word.
    """

    words: Words
    bounds: Int64s
    plain_first: Int64s
    plain_last: Int64s


def read_item_words(items: Sequence[Item]) -> ItemWords:
    """The words of all strings of all items, in all readings."""
    strings = [normalize_text(text) for item in items for field in item.fields for text in field]
    buffer = text_buffer(pa.array(strings, pa.large_string()))
    words = room_for_words(len(READINGS) * int(buffer.offsets[-1]))
    bounds = np.zeros(len(READINGS) * len(strings) + 1, np.int64)
    _read_strings(buffer, fold_tables(), words, bounds)
    count, plain = int(bounds[-1]), int(bounds[len(strings)])
    folded = words.folded[: int(words.folded_start[count])].copy()
    kept = Words(
        words.start[:count].copy(), words.end[:count].copy(), words.folded_start[: count + 1].copy(),
        words.hash[:count].copy(), folded,
    )  # fmt: skip
    first = np.searchsorted(kept.end[:plain], kept.start, side="right")
    last = np.searchsorted(kept.start[:plain], kept.end, side="left") - 1
    return ItemWords(kept, bounds, first, np.maximum(first, last))


@numba.njit(nogil=True, cache=True)
def _read_strings(buffer: TextBuffer, tables: FoldTables, words: Words, bounds: Int64s) -> None:
    strings = buffer.offsets.size - 1
    count = 0
    for reading in range(3):
        for string in range(strings):
            count = read_words(
                buffer.data, buffer.offsets[string], buffer.offsets[string + 1], tables, reading, words, count
            )
            bounds[reading * strings + string + 1] = count


class Passages(NamedTuple):
    """Strings of items that are read one after the other, one row each.

    Attributes:
        item: int32, number of the item.
        first: int64, number of its first string among all strings.
        strings: int64, how many strings in a row it begins with.
        second: int64, number of the string after those; -1 for none.
        kind: int64: an item (or two strings of it), one string of several, or an alternative.
    """

    item: Int32s
    first: Int64s
    strings: Int64s
    second: Int64s
    kind: Int64s


def passages_of(items: Sequence[Item]) -> Passages:
    """All passages of some items."""
    rows: list[tuple[int, int, int, int, int]] = []
    string = 0
    for number, item in enumerate(items):
        rows += [(number, string + first, 1, string + second, _ITEM) for first, second in item.pairs()]
        rows += [(number, string, before, string + last, _ITEM) for before, last in item.wholes()]
        single = _ITEM if sum(any(text.strip() for text in field) for field in item.fields) == 1 else _PART
        for field in item.fields:
            kind = single if len(field) == 1 else _ALTERNATIVE
            rows += [(number, string + place, 1, -1, kind) for place in range(len(field))]
            string += len(field)
    table = np.ascontiguousarray(np.array(rows, np.int64).reshape(-1, 5).T)
    return Passages(table[0].astype(np.int32), table[1], table[2], table[3], table[4])


def entries_of(
    items: Sequence[Item], found: ItemWords, ngram: int, min_item_words: int, min_bounded_words: int
) -> Entries:
    """All runs of words to look for, repeats within an item left out, in the order of the items."""
    passages = passages_of(items)
    strings = sum(len(field) for one in items for field in one.fields)
    count = int(found.bounds[strings])
    most = len(READINGS) * (count + len(passages.item) * ngram + 1)
    out = Entries(
        np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most, np.int64),
        np.empty(most, np.int64), np.empty(most, np.bool_), np.empty(most, np.uint64), np.empty(most, np.uint64),
    )  # fmt: skip
    suffix = suffix_words(min_bounded_words)
    made = _make_entries(found, strings, passages, ngram, min_item_words, min_bounded_words, suffix, out)
    made_rows = picked(out, np.arange(made))
    # Of equal runs the first stays, but one that counts everywhere before one that counts between boundaries only.
    order = np.lexsort((np.arange(made), made_rows.bounded, made_rows.size, made_rows.hash, made_rows.item))
    same = np.ones(made, bool)
    if made:
        before, after = order[:-1], order[1:]
        same[1:] = (
            (made_rows.item[before] != made_rows.item[after])
            | (made_rows.hash[before] != made_rows.hash[after])
            | (made_rows.size[before] != made_rows.size[after])
        )
    chosen = np.sort(order[same[: len(order)]])
    return picked(made_rows, chosen)


@numba.njit(nogil=True, cache=True)
def _make_entries(
    found: ItemWords,
    strings: int,
    passages: Passages,
    ngram: int,
    min_item_words: int,
    min_bounded_words: int,
    suffix: int,
    out: Entries,
) -> int:
    made = 0
    for passage in range(passages.item.size):
        plain = np.int64(0)
        kind = passages.kind[passage]
        for reading in range(3):
            a = reading * strings + passages.first[passage]
            first = found.bounds[a]
            first_words = found.bounds[a + passages.strings[passage]] - first
            second = second_words = np.int64(0)
            if passages.second[passage] >= 0:
                b = reading * strings + passages.second[passage]
                second, second_words = found.bounds[b], found.bounds[b + 1] - found.bounds[b]
                if second_words == 0:
                    continue
            total = first_words + second_words
            size = min(np.int64(ngram), total)
            if reading == 0:
                plain = total
            least = min_bounded_words if kind == _ITEM else min_item_words
            if size < ngram and (plain < least or size < max(1, least - JOINED) or kind == _ALTERNATIVE):
                continue
            for begin in range(total - size + 1):
                head = min(max(first_words - begin, np.int64(0)), size)
                if second_words and head in (0, size):
                    continue  # inside one string: that string is a passage of its own
                out.item[made], out.size[made], out.head[made] = passages.item[passage], size, head
                out.first[made], out.second[made] = first + begin, second
                out.bounded[made] = size < ngram and (plain < min_item_words or size < min_item_words - JOINED)
                state = tail = np.uint64(0)
                for k in range(size):
                    word = first + begin + k if k < head else second + k - head
                    state = state * NGRAM_FACTOR + found.words.hash[word]
                    if k >= size - suffix:
                        tail = tail * NGRAM_FACTOR + found.words.hash[word]
                out.hash[made] = state
                out.suffix[made] = state if size == ngram else tail
                made += 1
    return made


def picked(columns: Columns, rows: Int64s) -> Columns:
    """The same columns with only those rows, in that order.

    >>> picked((np.array([5, 6, 7]), np.array([1, 2, 3])), np.array([2, 0]))
    (array([7, 5]), array([3, 1]))
    """
    make: Any = getattr(type(columns), "_make", type(columns))
    found: Columns = make([column[rows] for column in columns])
    return found


def plain_words(items: Sequence[Item], found: ItemWords) -> Int64s:
    """Where the plain words of each item begin: item ``i`` has the words ``bounds[i]`` to ``bounds[i + 1]``."""
    strings = np.cumsum([0, *(sum(len(field) for field in item.fields) for item in items)])
    bounds: Int64s = found.bounds[strings]
    return bounds
