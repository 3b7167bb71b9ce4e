"""The index of what is looked for: every run of words of every evaluation item, by hash, loaded once per process.

Some runs would be found everywhere and say nothing. They are left out and counted:

* *spelled*: fewer than two bytes a word on average, such as ``1 2 3 4`` or ``a b c d``;
* *common*: in more than ``max_items`` items, such as the instruction that stands before every question;
* *ignored*: inside a phrase that the user listed, such as a prayer, an oath or a licence that items quote.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from gristmill.errors import ConfigError
from gristmill.filters.contamination.evaluation_items import EvaluationFiles, Item, read_items
from gristmill.filters.contamination.passages import Entries, entries_of, plain_words, read_item_words, suffix_words
from gristmill.filters.text.arrays import Bytes, Flags, Hashes, Int32s, Int64s

CHUNK_BYTES = 4 << 20
"""Text of items that is split into runs at a time; bounds the memory of building."""

LEAST_WORD_BYTES = 2
_FILTER_BITS_EACH = 16


@dataclass(frozen=True)
class Search:
    """What is looked for, and how.

    Attributes:
        sets: the evaluation sets.
        ngram: words in a matched run.
        min_item_words: words that a shorter passage needs to be looked for whole.
        min_bounded_words: words that a still shorter item needs to be looked for between two boundaries; how its
            default was chosen is in docs/decontamination.md.
        max_items: runs that stand in more items than this are common.
        phrases: phrases whose runs are ignored.
    """

    sets: tuple[EvaluationFiles, ...]
    ngram: int = 13
    min_item_words: int = 8
    max_items: int = 100
    phrases: tuple[str, ...] = ()
    min_bounded_words: int = 5

    @property
    def least_words(self) -> int:
        """``min_item_words``, or ``ngram`` if that is less."""
        return min(self.min_item_words, self.ngram)

    @property
    def least_bounded_words(self) -> int:
        """``min_bounded_words``, or `least_words` if that is less."""
        return min(self.min_bounded_words, self.least_words)


class Table(NamedTuple):
    """An open-addressing table from the hash of a run to its entries.

    Attributes:
        bits: uint64; a bit for each hash, tried first.
        slots: int32; number of a group, or -1.
        group_hash: uint64 of each group.
        group_start: int64; group ``g`` has the entries ``group_start[g]`` to ``group_start[g + 1]``.
    """

    bits: Hashes
    slots: Int32s
    group_hash: Hashes
    group_start: Int64s


class Runs(NamedTuple):
    """The entries of a table, grouped by hash, and the words they are made of; see `Entries` and `ItemWords`."""

    item: Int32s
    size: Int32s
    head: Int32s
    first: Int64s
    second: Int64s
    bounded: Flags
    folded_start: Int64s
    folded: Bytes
    plain_first: Int32s
    plain_last: Int32s


@dataclass(frozen=True)
class SetCounts:
    """What became of the items of one set.

    Attributes:
        name: the set.
        items: items read.
        runs: runs of words that are looked for.
        whole: items found by a short passage as a whole only, wherever it stands.
        bounded: items found by a short passage between two boundaries only.
        unsearchable: items of which nothing is looked for.
        spelled: runs left out because their words are single letters and digits.
        common: runs left out because they stand in too many items.
        ignored: runs left out because they stand in a listed phrase.
    """

    name: str
    items: int
    runs: int
    whole: int
    bounded: int
    unsearchable: int
    spelled: int
    common: int
    ignored: int


@dataclass(frozen=True)
class Index:
    """Everything that a search needs.

    Attributes:
        table: hash to entries.
        runs: the entries and their words.
        item_words: int32, plain words of each item.
        item_set: int32, number of the set of each item.
        names: name of each item in the ledger.
        ngram: words in a run.
        suffix: words that a short passage is found by; 0 if there is none.
        counts: what became of the items of each set.
    """

    table: Table
    runs: Runs
    item_words: Int32s
    item_set: Int32s
    names: pa.Array
    ngram: int
    suffix: int
    counts: tuple[SetCounts, ...]


_lock = threading.Lock()


@functools.lru_cache(maxsize=2)
def _load(search: Search) -> Index:
    return build_index([(files.name, read_items(files)) for files in search.sets], search)


def load_index(search: Search) -> Index:
    """The index of a search, read and built once per process.

    Raises:
        ConfigError, EmptyResultError, InputError, IntegrityError: as `read_items` and `build_index`.
    """
    with _lock:
        return _load(search)


def build_index(sets: Sequence[tuple[str, Sequence[Item]]], search: Search) -> Index:
    """Builds the index of named lists of items.

    Raises:
        ConfigError: nothing of a whole set can be looked for.

    >>> index = build_index([("quiz", [Item("quiz:1", (("which is the longest river of them all",),))])], Search(()))
    >>> index.counts[0].whole, index.counts[0].unsearchable
    (1, 0)
    """
    items = [item for _, members in sets for item in members]
    set_of = np.repeat(np.arange(len(sets), dtype=np.int32), [len(members) for _, members in sets])
    entries, words, item_words = _all_entries(items, search)
    spelled = _folded_bytes(entries, words.folded_start) < LEAST_WORD_BYTES * entries.size
    ignored = _in_phrases(entries, search) & ~spelled
    common = _common(entries, search.max_items) & ~spelled & ~ignored
    kept = ~(spelled | ignored | common)
    counts = tuple(
        _counted(name, number, set_of, entries, search, kept, (spelled, common, ignored))
        for number, (name, _) in enumerate(sets)
    )
    for count in counts:
        if count.items and count.unsearchable == count.items:
            message = (
                f"decontamination.sets {count.name!r}: nothing can be looked for in its {count.items} items; they need "
                f"{search.ngram} words, or a plain string of {search.least_words}, or {search.least_bounded_words} in "
                "all; name the fields that hold the text in reading order, or lower ngram, min_item_words or "
                "min_bounded_words"
            )
            raise ConfigError(message)
    table, order = _make_table(entries.suffix, np.flatnonzero(kept))
    runs = Runs(
        entries.item[order], entries.size[order], entries.head[order], entries.first[order], entries.second[order],
        entries.bounded[order], words.folded_start, words.folded, words.plain_first, words.plain_last,
    )  # fmt: skip
    suffix = suffix_words(search.least_bounded_words) if (runs.size < search.ngram).any() else 0
    names = pa.array([item.name for item in items], pa.string())
    return Index(table, runs, item_words, set_of, names, search.ngram, suffix, counts)


class _Words(NamedTuple):
    folded_start: Int64s
    folded: Bytes
    plain_first: Int32s
    plain_last: Int32s


def _all_entries(items: Sequence[Item], search: Search) -> tuple[Entries, _Words, Int32s]:
    """Entries of all items with numbers that hold for all, their words, and the plain words of each item."""
    parts: list[Entries] = []
    words: list[_Words] = []
    sizes: list[Int64s] = []
    word_base = folded_base = 0
    for start, stop in _chunks(items):
        chunk = items[start:stop]
        found = read_item_words(chunk)
        entries = entries_of(chunk, found, search.ngram, search.least_words, search.least_bounded_words)
        parts.append(
            entries._replace(
                item=entries.item + np.int32(start), first=entries.first + word_base, second=entries.second + word_base
            )
        )
        bounds = plain_words(chunk, found)
        sizes.append(np.diff(bounds))
        # A word belongs to the item whose plain words it covers, and is counted from that item's first one.
        base = bounds[np.searchsorted(bounds, found.plain_first, side="right") - 1]
        words.append(
            _Words(
                found.words.folded_start[:-1] + folded_base,
                found.words.folded,
                (found.plain_first - base).astype(np.int32),
                (found.plain_last - base).astype(np.int32),
            )
        )
        word_base += len(found.plain_first)
        folded_base += len(found.words.folded)
    whole = _Words(*(np.concatenate(columns) for columns in zip(*words, strict=True)))
    whole = whole._replace(folded_start=np.append(whole.folded_start, np.int64(folded_base)))
    entries = Entries(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return entries, whole, np.concatenate(sizes).astype(np.int32)


def _chunks(items: Sequence[Item]) -> list[tuple[int, int]]:
    """Ranges of items with about `CHUNK_BYTES` of text each."""
    chunks, start, size = [], 0, 0
    for number, item in enumerate(items):
        size += sum(len(text) for field in item.fields for text in field)
        if size >= CHUNK_BYTES:
            chunks.append((start, number + 1))
            start, size = number + 1, 0
    if start < len(items) or not items:
        chunks.append((start, len(items)))
    return chunks


def _folded_bytes(entries: Entries, folded_start: Int64s) -> Int64s:
    """Bytes of the words of each entry."""
    head = folded_start[entries.first + entries.head] - folded_start[entries.first]
    tail = folded_start[entries.second + entries.size - entries.head] - folded_start[entries.second]
    both: Int64s = head + np.where(entries.head < entries.size, tail, 0)
    return both


def _in_phrases(entries: Entries, search: Search) -> Flags:
    if not search.phrases:
        return np.zeros(len(entries.item), bool)
    phrases = [Item("", ((phrase,),)) for phrase in search.phrases]
    found = read_item_words(phrases)
    inside = entries_of(phrases, found, search.ngram, 1, 1)
    return np.isin(entries.hash, inside.hash)


def _common(entries: Entries, max_items: int) -> Flags:
    _, group, copies = np.unique(entries.hash, return_inverse=True, return_counts=True)
    common: Flags = copies[group] > max_items
    return common


def _counted(
    name: str,
    number: int,
    set_of: Int32s,
    entries: Entries,
    search: Search,
    kept: Flags,
    left_out: tuple[Flags, Flags, Flags],
) -> SetCounts:
    mine = set_of[entries.item] == number if len(set_of) else np.zeros(0, bool)
    size = int((set_of == number).sum())
    searched = np.unique(entries.item[mine & kept])
    by_ngram = np.unique(entries.item[mine & kept & (entries.size == search.ngram)])
    anywhere = np.unique(entries.item[mine & kept & ~entries.bounded])
    spelled, common, ignored = (int((flags & mine).sum()) for flags in left_out)
    return SetCounts(
        name, size, int((mine & kept).sum()), len(anywhere) - len(by_ngram), len(searched) - len(anywhere),
        size - len(searched), spelled, common, ignored,
    )  # fmt: skip


def _make_table(keys: Hashes, rows: Int64s) -> tuple[Table, Int64s]:
    """The table over the keys of some rows, and those rows grouped by key."""
    order = rows[np.argsort(keys[rows], kind="stable")]
    group_hash, start = np.unique(keys[order], return_index=True)
    group_start = np.append(start, len(order)).astype(np.int64)
    slots = np.full(1 << max(4, (2 * len(group_hash)).bit_length()), -1, np.int32)
    _fill_slots(group_hash, slots)
    bits = np.zeros(1 << max(4, (_FILTER_BITS_EACH * len(group_hash) // 64).bit_length()), np.uint64)
    where = group_hash >> np.uint64(32)
    np.bitwise_or.at(bits, where & np.uint64(len(bits) - 1), np.uint64(1) << (group_hash >> np.uint64(58)))
    return Table(bits, slots, group_hash, group_start), order


def _fill_slots(group_hash: Hashes, slots: Int32s) -> None:
    mask = np.uint64(len(slots) - 1)
    left = np.arange(len(group_hash), dtype=np.int32)
    place = (group_hash & mask).astype(np.int64)
    # All groups try their next slot at once; of those that want the same free one, the first gets it.
    while len(left):
        free = slots[place] < 0
        _, first = np.unique(place[free], return_index=True)
        winners = np.flatnonzero(free)[first]
        slots[place[winners]] = left[winners]
        lost = np.ones(len(left), bool)
        lost[winners] = False
        left, place = left[lost], (place[lost] + 1) & np.int64(mask)
