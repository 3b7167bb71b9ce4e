"""n-grams of words that repeat in a document: one kernel for every stream of words and every way to count.

A *stream* is a sequence of words with their lengths and 64-bit hashes: white-space words
(`gristmill.filters.text.segment`), normalized words, tokens. An **n-gram** is n consecutive words of a document, across
line breaks; two are equal when their words are, one by one (never joined without a separator, which would make ``ab c``
equal ``a bc``). Its characters are those of its words.

For n = 2, 3, 4 the **top n-gram** is counted, for n = 5 to 10 **duplicate n-grams**, as each peer counts them:

* ``top``: characters times copies of the most frequent n-gram (ties: the one that comes first), even if it occurs once;
  ``top_copies``: its copies, 0 if the document has no n words.
* ``top_covered``: the most frequent n-gram that occurs at least twice (ties: most characters, then first); characters
  inside any of its occurrences, each once.
* ``covered``: characters inside any n-gram that occurs at least twice, each once.
* ``greedy``: from left to right, an n-gram that was seen before counts and the next n words are passed over; what is
  passed over is not remembered.
* ``mass``: characters of all n-grams that occur at least twice, overlaps and all; ``all_mass``: of all n-grams.

An n-gram can only repeat where the (n-1)-gram it begins with does, so each length looks only at the places that were
left by the one before. For n = 2 a table of one byte a slot, eight slots a word, first passes over the bigrams whose
slot was met once: in ordinary text that leaves a third of them to the exact table.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gristmill.filters.text.arrays import Bytes, Hashes, Int32s, Int64s
from gristmill.filters.text.repeats import first_copies, table_size
from gristmill.kernels.arena import Arena
from gristmill.kernels.kernel import kernel
from gristmill.kernels.swar import multiply_folded

TOP_LENGTHS = (2, 3, 4)
DUPLICATE_LENGTHS = (5, 6, 7, 8, 9, 10)

COLUMNS = (
    "chars", "work",
    *(f"{kind}_{n}" for n in TOP_LENGTHS for kind in ("top", "top_copies", "top_covered")),
    *(f"{kind}_{n}" for n in DUPLICATE_LENGTHS for kind in ("covered", "greedy", "mass", "all_mass")),
)  # fmt: skip
"""Columns of the array that `count_grams` returns: characters of all words, steps of work, then by length."""

_FACTOR, _ONE = np.uint64(0x9E3779B97F4A7C15), np.uint64(1)
_SLOTS_EACH = 8


class Stream(NamedTuple):
    """A sequence of words per document.

    Attributes:
        bounds: of shape (documents + 1,); document d has the words ``bounds[d]`` to ``bounds[d + 1]``.
        chars: code points of each word.
        hash: 64 well-mixed bits of each word.
    """

    bounds: Int64s
    chars: Int32s
    hash: Hashes


class _Scratch(NamedTuple):
    places: Int32s
    first: Int32s
    copies: Int32s
    table: Int32s
    met: Bytes
    running: Hashes
    mixed: Hashes
    reach: Int64s


def count_grams(stream: Stream, arena: Arena | None = None) -> Int64s:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS)); scratch lies in ``arena``, if given."""
    room = arena or Arena()
    counts = np.zeros((len(stream.bounds) - 1, len(COLUMNS)), np.int64)
    most = int(np.diff(stream.bounds).max(initial=0))
    scratch = _Scratch(
        places=room.empty(most + 1, np.int32),
        first=room.empty(most + 1, np.int32),
        copies=room.empty(most + 1, np.int32),
        table=room.empty(table_size(most), np.int32),
        met=room.empty(_SLOTS_EACH * table_size(most), np.uint8),
        running=room.empty(most + 1, np.uint64),
        mixed=room.empty(most + 1, np.uint64),
        reach=room.empty(most + 1, np.int64),
    )
    _count_grams(stream, scratch, counts)
    return counts


@kernel
def _mixed(running: np.uint64) -> np.uint64:
    """Spreads every bit of a polynomial of well-mixed hashes over all 64."""
    return multiply_folded(running, _FACTOR)


@kernel
def _begin(hashes: Hashes, words: int, scratch: _Scratch) -> tuple[int, int]:
    """Lists the places whose bigram may repeat, with its hash; how many, and the work done."""
    places, met, running, mixed = scratch.places, scratch.met, scratch.running, scratch.mixed
    slots = 8
    while slots < words * _SLOTS_EACH:
        slots *= 2
    mask = np.uint64(slots - 1)
    met[:slots] = 0
    for word in range(words - 1):
        place = np.uint64(word)
        value = _mixed(hashes[place] * _FACTOR + hashes[place + _ONE])
        mixed[place] = value
        met[value & mask] = min(met[value & mask] + 1, 2)
    kept = 0
    for word in range(words - 1):  # without a branch, for which of them are kept cannot be foreseen
        place, place_kept = np.uint64(word), np.uint64(kept)
        value = mixed[place]
        places[place_kept], mixed[place_kept] = word, value
        running[place_kept] = hashes[place] * _FACTOR + hashes[place + _ONE]
        kept += met[value & mask] > 1
    return kept, slots + 2 * words


@kernel
def _grow(hashes: Hashes, words: int, length: int, many: int, scratch: _Scratch) -> int:
    """Adds a word to the n-gram of each place, and drops the places where the document ends."""
    places, running, mixed = scratch.places, scratch.running, scratch.mixed
    kept = 0
    for k in range(many):
        if places[k] + length <= words:
            places[kept] = places[k]
            running[kept] = running[k] * _FACTOR + hashes[places[k] + length - 1]
            mixed[kept] = _mixed(running[kept])
            kept += 1
    return kept


@kernel
def _keep_repeated(many: int, scratch: _Scratch) -> int:
    """Drops the places whose n-gram occurs once. ``first`` of the kept ones still tells equal from different."""
    places, first, copies, running = scratch.places, scratch.first, scratch.copies, scratch.running
    kept = 0
    for k in range(many):
        if copies[first[k]] > 1:
            places[kept], running[kept], first[kept] = places[k], running[k], first[k]
            kept += 1
    return kept


@kernel
def _count_top(scratch: _Scratch, many: int, words: int, length: int, row: Int64s) -> None:
    """``top``, ``top_copies`` and ``top_covered``, before the places are thinned out."""
    places, first, copies, reach = scratch.places, scratch.first, scratch.copies, scratch.reach
    best = plain = -1
    best_chars, best_copies = 0, 1
    for k in range(many):
        if first[k] != k or copies[k] < 2 or copies[k] < best_copies:
            continue
        chars = reach[places[k] + length] - reach[places[k]]
        if copies[k] > best_copies:
            plain = best = k
            best_copies, best_chars = copies[k], chars
        elif chars > best_chars:
            best, best_chars = k, chars
    if plain < 0:
        if words >= length:
            row[0], row[1] = reach[length], 1
        return
    row[0] = (reach[places[plain] + length] - reach[places[plain]]) * best_copies
    row[1] = best_copies
    done = 0
    for k in range(many):
        if first[k] == best:
            start, end = max(places[k], done), places[k] + length
            row[2] += reach[end] - reach[start]
            done = end


@kernel
def _count_duplicates(scratch: _Scratch, many: int, words: int, length: int, row: Int64s) -> None:
    """``covered``, ``greedy``, ``mass`` and ``all_mass`` of the places whose n-gram repeats."""
    places, first, seen, reach = scratch.places, scratch.first, scratch.copies, scratch.reach
    done = resume = 0
    for k in range(many):
        start, end = places[k], places[k] + length
        row[0] += reach[end] - reach[max(start, done)]
        row[2] += reach[end] - reach[start]
        done = end
        if start < resume:
            continue
        # A repeated n-gram has two copies or more; the mark for "seen" is 0, which no such count is.
        if seen[first[k]] == 0:
            row[1] += reach[end] - reach[start]
            resume = end
        else:
            seen[first[k]] = 0
    # All n-grams together: what stands in the middle is added as often as it is taken away.
    for place in range(min(length, words - length + 1)):
        row[3] -= reach[place]
        row[3] += reach[words - place]


@kernel
def _count_grams(stream: Stream, scratch: _Scratch, counts: Int64s) -> None:
    scratch.reach[0] = 0
    for document in range(counts.shape[0]):
        start, words = stream.bounds[document], stream.bounds[document + 1] - stream.bounds[document]
        hashes, chars, row = stream.hash[start:], stream.chars[start:], counts[document]
        for word in range(words):
            scratch.reach[word + 1] = scratch.reach[word] + chars[word]
        row[0] = scratch.reach[words]
        many, row[1] = _begin(hashes, words, scratch)
        for length in range(2, 11):
            if length > 2:
                many = _grow(hashes, words, length, many, scratch)
            row[1] += many + first_copies(scratch.mixed, many, scratch.first, scratch.copies, scratch.table)
            if length <= TOP_LENGTHS[-1]:
                _count_top(scratch, many, words, length, row[3 * length - 4 : 3 * length - 1])
                many = _keep_repeated(many, scratch)
            else:
                many = _keep_repeated(many, scratch)
                _count_duplicates(scratch, many, words, length, row[4 * length - 9 : 4 * length - 5])
