"""Finds, document by document, the most similar one among those already kept, by true Jaccard and without missing any.

Small groups are compared outright. Larger ones use prefix filtering (Chaudhuri, Ganti, Kaushik: A Primitive Operator for
Similarity Joins, ICDE 2006; Bayardo, Ma, Srikant: Scaling Up All Pairs Similarity Search, WWW 2007): order the shingles of
each set by how rare they are in the group; two sets that have at least ``o`` shingles in common share one among the first
``|x| - o + 1`` and ``|y| - o + 1`` of them. With Jaccard ``>= t`` and ``|x| >= |y|`` the overlap is at least ``t * |x|`` and at
least ``2t / (1 + t) * |y|``, so the larger set needs its *long* prefix ``|x| - t|x| + 1`` and the smaller only its *short* one
``|y| - 2t/(1+t)|y| + 1``. The filter is exact: it drops no pair, whatever the counts.

Documents of a template with a remainder of their own (Jaccard a little below ``t``) have enough rare shingles to fill the
short prefix, so they are not compared with each other and a hot bucket of them does not cost its square. Groups built
against this, of many documents that are all pairwise nearly similar with no rare shingles, still do.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from gristmill.dedup.verify import intersection_size

SMALL_GROUP = 24
"""Groups up to this size are compared pair by pair, which is faster than an index."""

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_POSITION_BITS = 32  # a set has fewer than 2**32 values, a group fewer than 2**31 of one value
_POSITION_MASK = (1 << _POSITION_BITS) - 1
_EPSILON = 1e-9  # keeps a product such as 0.8 * 5 from rounding up past the integer it stands for


@numba.njit(nogil=True, cache=True)
def _at_least(amount):  # type: ignore[no-untyped-def]
    """The smallest integer not below ``amount``, forgiving the last bits of a float."""
    return np.int64(math.ceil(amount * (1.0 - _EPSILON)))


@numba.njit(nogil=True, cache=True)
def _verified(offsets, values, x, y, threshold):  # type: ignore[no-untyped-def]
    """The Jaccard similarity of sets ``x`` and ``y`` if it reaches the threshold, else -1."""
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
def _resolve_small(members, offsets, values, threshold, duplicate_of, similarity):  # type: ignore[no-untyped-def]
    """Compares each member with every kept one before it; returns the comparisons made."""
    compared = 0
    for at in range(len(members)):
        y = members[at]
        for earlier in range(at):
            x = members[earlier]
            if duplicate_of[x] != -1:
                continue
            compared += 1
            found = _verified(offsets, values, x, y, threshold)
            if found > similarity[y]:
                similarity[y] = found
                duplicate_of[y] = x
    return compared


@numba.njit(nogil=True, cache=True)
def _slot(value, bits):  # type: ignore[no-untyped-def]
    return np.int64((value * _SPREAD) >> np.uint64(64 - bits))


@numba.njit(nogil=True, cache=True)
def _count_values(members, offsets, values):  # type: ignore[no-untyped-def]
    """How often each value occurs in the group, by slot of a hash table (so never too low), and the table's bits."""
    total = 0
    for y in members:
        total += offsets[y + 1] - offsets[y]
    bits = 10
    while bits < 24 and (1 << bits) < 2 * total:
        bits += 1
    counts = np.zeros(1 << bits, np.int64)
    for y in members:
        for i in range(offsets[y], offsets[y + 1]):
            counts[_slot(values[i], bits)] += 1
    return counts, bits


@numba.njit(nogil=True, cache=True)
def _grown(array, used):  # type: ignore[no-untyped-def]
    larger = np.empty((2 * len(array),) + array.shape[1:], array.dtype)
    larger[:used] = array[:used]
    return larger


@numba.njit(nogil=True, cache=True)
def _resolve_large(members, offsets, values, threshold, duplicate_of, similarity):  # type: ignore[no-untyped-def]
    """As `_resolve_small`, through an inverted index of the prefixes of kept members."""
    counts, bits = _count_values(members, offsets, values)
    heads = np.full((2, len(counts)), -1, np.int64)  # 0: long prefixes, 1: short ones
    posted_value = np.empty(1024, np.uint64)
    posted = np.empty((1024, 2), np.int64)  # position of the member, next posting of the slot
    used = 0
    seen_by = np.full(len(members), -1, np.int64)
    compared = 0
    for at in range(len(members)):
        y = members[at]
        size = offsets[y + 1] - offsets[y]
        if size == 0:
            continue
        own = values[offsets[y] : offsets[y + 1]]
        # Values ascend, so (count, position) orders as (count, value): the same order for every member.
        rarest = np.empty(size, np.int64)
        for i in range(size):
            rarest[i] = counts[_slot(own[i], bits)] << _POSITION_BITS | i
        rarest.sort()
        long_prefix = size - _at_least(threshold * size) + 1
        short_prefix = size - _at_least(2.0 * threshold / (1.0 + threshold) * size) + 1
        best_at = -1
        for i in range(min(long_prefix, size)):
            if rarest[i] >> _POSITION_BITS == 1:
                continue
            value = own[rarest[i] & _POSITION_MASK]
            slot = _slot(value, bits)
            for side in range(2):
                if side == 0 and i >= short_prefix:
                    continue
                posting = heads[side, slot]
                while posting != -1:
                    other = posted[posting, 0]
                    same = posted_value[posting] == value
                    posting = posted[posting, 1]
                    if not same or seen_by[other] == at:
                        continue
                    seen_by[other] = at
                    compared += 1
                    found = _verified(offsets, values, members[other], y, threshold)
                    if found > similarity[y] or (found == similarity[y] and found > 0.0 and other < best_at):
                        similarity[y] = found
                        duplicate_of[y] = members[other]
                        best_at = other
        if best_at != -1:
            continue
        for i in range(min(long_prefix, size)):
            if rarest[i] >> _POSITION_BITS == 1:
                continue
            value = own[rarest[i] & _POSITION_MASK]
            slot = _slot(value, bits)
            for side in range(2):
                if side == 1 and i >= short_prefix:
                    continue
                if used == len(posted_value):
                    posted_value = _grown(posted_value, used)
                    posted = _grown(posted, used)
                posted_value[used] = value
                posted[used, 0] = at
                posted[used, 1] = heads[side, slot]
                heads[side, slot] = used
                used += 1
    return compared


@numba.njit(nogil=True, cache=True)
def resolve_groups(  # type: ignore[no-untyped-def]
    members, bounds, offsets, values, threshold, duplicate_of, similarity, small_group
):
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
    compared = 0
    for group in range(len(bounds) - 1):
        own = members[bounds[group] : bounds[group + 1]]
        if len(own) <= small_group:
            compared += _resolve_small(own, offsets, values, threshold, duplicate_of, similarity)
        else:
            compared += _resolve_large(own, offsets, values, threshold, duplicate_of, similarity)
    return compared
