"""Finds, document by document, the most similar one among those already kept, by true Jaccard and missing none.

Small groups are compared outright. Larger ones use prefix filtering (Chaudhuri, Ganti, Kaushik: A Primitive Operator
for Similarity Joins, ICDE 2006; Bayardo, Ma, Srikant: Scaling Up All Pairs Similarity Search, WWW 2007): order the
shingles of each set by how rare they are in the group; two sets with at least ``o`` shingles in common share one among
the first ``|x| - o + 1`` and ``|y| - o + 1`` of them. With Jaccard ``>= t`` and ``|x| >= |y|`` the overlap is at least
``t * |x|`` and at least ``2t / (1 + t) * |y|``, so the larger set needs its *long* prefix ``|x| - t|x| + 1`` and the
smaller only its *short* one ``|y| - 2t/(1+t)|y| + 1``. The filter is exact: it drops no pair, whatever the counts.

Documents of a template with a remainder of their own (Jaccard a little below ``t``) have enough rare shingles to fill
the short prefix, so they are not compared with each other, and a hot bucket of them does not cost its square. Groups
of many documents that are pairwise nearly similar with no rare shingles still do.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from gristmill.dedup.resolution.verify import intersection_size
from gristmill.dedup.signatures.radix import sort_prefix
from gristmill.dedup.signatures.text_buffers import Integer, Offsets, frozen
from gristmill.dedup.signatures.word_hashes import Hashes

Ids = npt.NDArray[np.int64]
Similarities = npt.NDArray[np.float64]

SMALL_GROUP = 24
"""Groups up to this size are compared pair by pair, which is faster than an index."""

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_POSITION_BITS = 32  # a set has fewer than 2**32 values, a group fewer than 2**31 of one value
_POSITION_MASK = (1 << _POSITION_BITS) - 1
_EPSILON = 1e-9  # keeps a product such as 0.8 * 5 from rounding up past the integer it stands for
_LONG = 0
_SHORT = 1


class _Sets(NamedTuple):
    """The sets that are compared, and from which Jaccard similarity on two of them are similar."""

    offsets: Offsets
    values: Hashes  # sorted and unique within each set
    threshold: float


class _Fates(NamedTuple):
    """What is known of each set: the kept one that it duplicates, or -1, and how similar the two are."""

    duplicate_of: Ids
    similarity: Similarities


class _Index(NamedTuple):
    """Postings of kept members: for each side and slot of a hash table, a chain of (value, member) entries."""

    heads: Ids  # (2, slots): newest posting, of long and of short prefixes; -1 where there is none
    value: Hashes  # (capacity,)
    member: Ids  # (capacity,): position in the group
    following: Ids  # (capacity,): next posting of the chain


@numba.njit(nogil=True, cache=True)
def _at_least(amount: float) -> Integer:
    """The smallest integer not below ``amount``, forgiving the last bits of a float."""
    return np.int64(math.ceil(amount * (1.0 - _EPSILON)))


@numba.njit(nogil=True, cache=True)
def _verified(sets: _Sets, x: int, y: int) -> float:
    """The Jaccard similarity of sets ``x`` and ``y`` if it reaches the threshold, else -1."""
    offsets, values, threshold = sets
    size_x = offsets[x + 1] - offsets[x]
    size_y = offsets[y + 1] - offsets[y]
    if min(size_x, size_y) < _at_least(threshold * max(size_x, size_y)):
        return -1.0
    wanted = _at_least(threshold / (1.0 + threshold) * (size_x + size_y))
    common = intersection_size(values, offsets[x], offsets[x + 1], offsets[y], offsets[y + 1], wanted)
    if common <= 0:
        return -1.0
    similarity = common / (size_x + size_y - common)
    return similarity if similarity >= threshold else -1.0


@numba.njit(nogil=True, cache=True)
def _settle(fates: _Fates, y: int, x: int, found: float) -> None:
    """Makes set ``y`` a duplicate of ``x`` if that is more similar than what is known."""
    if found > fates.similarity[y]:
        fates.similarity[y] = found
        fates.duplicate_of[y] = x


@numba.njit(nogil=True, cache=True)
def _resolve_small(members: Ids, sets: _Sets, fates: _Fates, staying: int) -> int:
    """Compares each member with every kept one before it; returns the comparisons made."""
    compared = 0
    for at in range(len(members)):
        y = members[at]
        for earlier in range(min(at, staying)):
            x = members[earlier]
            if fates.duplicate_of[x] != -1:
                continue
            compared += 1
            _settle(fates, y, x, _verified(sets, x, y))
    return compared


@numba.njit(nogil=True, cache=True)
def _slot(value: np.uint64, bits: int) -> Integer:
    return np.int64((value * _SPREAD) >> np.uint64(64 - bits))


@numba.njit(nogil=True, cache=True)
def _count_values(members: Ids, offsets: Offsets, values: Hashes) -> tuple[Ids, int, int]:
    """How often each value occurs in the group, the bits of the table, and the size of the largest set.

    Counted by slot of a hash table, so that a count may be too high and never too low.
    """
    total = 0
    largest = 0
    for y in members:
        total += offsets[y + 1] - offsets[y]
        largest = max(largest, offsets[y + 1] - offsets[y])
    bits = 10
    while bits < 24 and (1 << bits) < 2 * total:
        bits += 1
    counts = np.zeros(1 << bits, np.int64)
    for y in members:
        for i in range(offsets[y], offsets[y + 1]):
            counts[_slot(values[i], bits)] += 1
    return counts, bits, largest


@numba.njit(nogil=True, cache=True)
def _grown(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A copy with room for as many values again."""
    larger = np.empty(2 * len(array), array.dtype)
    for i in range(len(array)):  # numba compiles a slice assignment for seconds
        larger[i] = array[i]
    return larger


@numba.njit(nogil=True, cache=True)
def _post(index: _Index, used: int, side: int, slot: Integer, value: np.uint64, at: int) -> _Index:
    """Adds a posting in front of its chain; returns the index, whose arrays are new ones where they had to grow."""
    if used == len(index.value):
        index = _Index(index.heads, _grown(index.value), _grown(index.member), _grown(index.following))
    index.value[used] = value
    index.member[used] = at
    index.following[used] = index.heads[side, slot]
    index.heads[side, slot] = used
    return index


@numba.njit(nogil=True, cache=True)
def _best_kept(
    index: _Index,
    prefix: Hashes,
    lengths: tuple[int, int],
    bits: int,
    at: int,
    members: Ids,
    sets: _Sets,
    seen_by: Ids,
) -> tuple[int, float, int]:
    """Position and similarity of the kept member most similar to member ``at`` (-1 for none), and comparisons made.

    A larger kept set has posted its long prefix, and meets the short prefix of this one; a smaller kept set has posted
    its short prefix, and meets the long one. Which it was need not be checked: meeting is only a reason to compare.
    """
    best = -1
    highest = 0.0
    compared = 0
    for i in range(lengths[_LONG]):
        slot = _slot(prefix[i], bits)
        for side in range(2):
            if side == _LONG and i >= lengths[_SHORT]:
                continue
            posting = index.heads[side, slot]
            while posting != -1:
                other = index.member[posting]
                if index.value[posting] == prefix[i] and seen_by[other] != at:
                    seen_by[other] = at
                    compared += 1
                    found = _verified(sets, members[other], members[at])
                    if found > highest or (found == highest and best != -1 and other < best):
                        highest = found
                        best = other
                posting = index.following[posting]
    return best, highest, compared


@numba.njit(nogil=True, cache=True)
def _shared_prefix(
    own: Hashes, counts: Ids, bits: int, threshold: float, ranks: Hashes, scratch: Hashes, prefix: Hashes
) -> tuple[int, int]:
    """Writes the rarest values of a set to ``prefix``; returns the lengths of its long and short prefix there.

    Values of no other member are left out: they count in a prefix but match nothing.
    """
    size = len(own)
    # Values ascend, so (count, position) orders as (count, value): the same order for every member.
    for i in range(size):
        ranks[i] = np.uint64(counts[_slot(own[i], bits)] << _POSITION_BITS | i)
    sort_prefix(ranks, size, scratch)
    long_length = min(size, size - _at_least(threshold * size) + 1)
    short_length = size - _at_least(2.0 * threshold / (1.0 + threshold) * size) + 1
    written = 0
    written_short = 0
    for i in range(long_length):
        rank = np.int64(ranks[i])
        if rank >> _POSITION_BITS > 1:
            prefix[written] = own[rank & _POSITION_MASK]
            written += 1
            if i < short_length:
                written_short = written
    return written, written_short


@numba.njit(nogil=True, cache=True)
def _resolve_large(members: Ids, sets: _Sets, fates: _Fates, staying: int) -> int:
    """As `_resolve_small`, through an inverted index of the prefixes of kept members."""
    offsets, values, threshold = sets
    counts, bits, largest = _count_values(members, offsets, values)
    index = _Index(
        np.full((2, len(counts)), -1, np.int64),
        np.empty(1024, np.uint64),
        np.empty(1024, np.int64),
        np.empty(1024, np.int64),
    )
    used = 0
    ranks = np.empty(largest, np.uint64)
    scratch = np.empty(largest, np.uint64)
    prefix = np.empty(largest, np.uint64)
    seen_by = np.full(len(members), -1, np.int64)
    compared = 0
    for at in range(len(members)):
        y = members[at]
        own = values[offsets[y] : offsets[y + 1]]
        lengths = _shared_prefix(own, counts, bits, threshold, ranks, scratch, prefix)
        best, highest, made = _best_kept(index, prefix, lengths, bits, at, members, sets, seen_by)
        compared += made
        if best != -1:
            _settle(fates, y, members[best], highest)
        if fates.duplicate_of[y] != -1 or at >= staying:
            continue
        for side in range(2):
            for i in range(lengths[side]):
                index = _post(index, used, side, _slot(prefix[i], bits), prefix[i], at)
                used += 1
    return compared


@numba.njit(nogil=True, cache=True)
def _resolve_small_groups(members: Ids, bounds: Ids, small_group: int, sets: _Sets, fates: _Fates) -> int:
    compared = 0
    for group in range(len(bounds) - 1):
        if bounds[group + 1] - bounds[group] <= small_group:
            own = members[bounds[group] : bounds[group + 1]]
            compared += _resolve_small(own, sets, fates, len(own))
    return compared


def resolve_groups(
    members: Ids,
    bounds: Ids,
    offsets: Offsets,
    values: Hashes,
    threshold: float,
    duplicate_of: Ids,
    similarity: Similarities,
    *,
    small_group: int = SMALL_GROUP,
) -> int:
    """Visits the members of each group in order and makes each a duplicate of the most similar kept one, or keeps it.

    Args:
        members: int64, indices of sets, group after group, best first within a group.
        bounds: int64, group ``g`` is ``members[bounds[g]:bounds[g + 1]]``.
        offsets: int64, of the sets.
        values: uint64, sorted and unique within each set.
        threshold: least Jaccard similarity of a duplicate, in (0, 1].
        duplicate_of: int64 per set, -1 on entry; set to the kept one for each duplicate.
        similarity: float64 per set, 0 on entry; set for each duplicate.
        small_group: largest group that is compared outright.

    Returns:
        Comparisons made.
    """
    members, bounds = frozen(members, np.int64), frozen(bounds, np.int64)
    sets, fates = _sets(offsets, values, threshold), _Fates(duplicate_of, similarity)
    compared = int(_resolve_small_groups(members, bounds, small_group, sets, fates))
    # Few groups are large, so this loop is short, and without any the larger kernel is never compiled.
    for group in np.flatnonzero(np.diff(bounds) > small_group).tolist():
        own = members[bounds[group] : bounds[group + 1]]
        compared += int(_resolve_large(own, sets, fates, len(own)))
    return compared


def resolve_group(
    offsets: Offsets,
    values: Hashes,
    threshold: float,
    duplicate_of: Ids,
    similarity: Similarities,
    *,
    staying: int,
) -> int:
    """One group in which something is known already: all sets, in the order given.

    A set whose ``duplicate_of`` is not -1 on entry never stays; a kept one replaces what is known only if it is more
    similar than ``similarity`` says. Sets from ``staying`` on are only compared with those before it, and never stay
    for one another.

    Args:
        offsets: int64, of the sets.
        values: uint64, sorted and unique within each set.
        threshold: least Jaccard similarity of a duplicate, in (0, 1].
        duplicate_of: int64 per set; on return the set it duplicates where a better one was found.
        similarity: float64 per set; likewise.
        staying: how many sets may be kept.

    Returns:
        Comparisons made.
    """
    members = np.arange(len(offsets) - 1)
    work = _resolve_small if len(members) <= SMALL_GROUP else _resolve_large
    sets, fates = _sets(offsets, values, threshold), _Fates(duplicate_of, similarity)
    return int(work(frozen(members, np.int64), sets, fates, int(staying)))


def _sets(offsets: Offsets, values: Hashes, threshold: float) -> _Sets:
    return _Sets(frozen(offsets, np.int64), frozen(values, np.uint64), float(threshold))
