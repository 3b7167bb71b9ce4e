"""Buckets: the documents that share a band key, joined as stars by sorting.

A bucket of ``m`` documents gives ``m - 1`` edges, from its smallest id to each other one, never the
``m * (m - 1) / 2`` of a clique. The star connects the bucket, and `gristmill.dedup.resolution.resolve.resolve` finds
every similar pair within a component by itself, so no pair is lost by leaving out the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gristmill.dedup.signatures.banding import BandKeys
from gristmill.errors import ConfigError

Ids = npt.NDArray[np.int64]

EXAMPLE_IDS = 5
"""How many members of a hot bucket are named."""


@dataclass(frozen=True)
class HotBucket:
    """A bucket of more than ``max_bucket`` documents: usually a template, a licence or an error page.

    Attributes:
        key: the band key.
        size: distinct documents in it.
        examples: its `EXAMPLE_IDS` smallest ids.
    """

    key: int
    size: int
    examples: tuple[int, ...]


@dataclass(frozen=True)
class Buckets:
    """The edges of one partition of band keys, and what was seen on the way.

    Attributes:
        left: int64, the centre of the star of each edge; always the smaller id.
        right: int64, the other end. Edges are unique and sorted by (left, right).
        documents: keys seen, repeats of the same document in the same bucket left out.
        buckets: buckets with at least two documents.
        largest: documents in the largest bucket (0 where there is no key).
        hot: every bucket above ``max_bucket``, largest first.
        unlinked: members of hot buckets not joined to their bucket's smallest id, because the bucket was split.
    """

    left: Ids
    right: Ids
    documents: int
    buckets: int
    largest: int
    hot: tuple[HotBucket, ...]
    unlinked: int


def runs(keys: BandKeys) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Start and length of each run of equal values in sorted ``keys``.

    >>> [part.tolist() for part in runs(np.array([3, 3, 8], np.uint64))]
    [[0, 2], [2, 1]]
    """
    if len(keys) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return starts, np.diff(np.append(starts, len(keys)))


def _shared(keys: BandKeys, ids: Ids) -> tuple[Ids, int]:
    """Rows of keys that occur more than once, each (key, id) once and sorted, and how many keys occur once."""
    order = np.argsort(keys)
    _, sizes = runs(keys[order])
    members = order[np.repeat(sizes > 1, sizes)]
    members = members[np.lexsort((ids[members], keys[members]))]
    first = np.ones(len(members), bool)
    first[1:] = (keys[members[1:]] != keys[members[:-1]]) | (ids[members[1:]] != ids[members[:-1]])
    return members[first], int((sizes == 1).sum())


def unique_edges(left: Ids, right: Ids) -> tuple[Ids, Ids]:
    """Each edge once, sorted by (left, right).

    >>> [part.tolist() for part in unique_edges(np.array([5, 1, 5]), np.array([6, 2, 6]))]
    [[1, 5], [2, 6]]
    """
    order = np.lexsort((right, left))
    left, right = left[order], right[order]
    first = np.ones(len(left), bool)
    first[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
    return left[first], right[first]


def star_edges(
    keys: BandKeys,
    ids: Ids,
    *,
    max_bucket: int,
    split_hot: bool = False,
    held: npt.NDArray[np.integer] | None = None,
) -> Buckets:
    """Joins the documents of each bucket to the smallest id in it.

    The result depends on the set of (key, id) pairs only: not on their order, nor on repeats.

    A bucket of more than ``max_bucket`` documents is hot. It is counted and returned with examples, and its star is
    emitted like any other: a star is linear in the bucket, so nothing need be lost. With ``split_hot`` the members, in
    ascending order, are cut into runs of ``max_bucket`` with one star each. That bounds what one bucket can connect;
    similar documents in different runs then meet only if another bucket joins them. How many were parted from their
    bucket's smallest id is returned as ``unlinked``.

    Args:
        keys: uint64, band keys (flattened from ``(n, bands)``); 1-D.
        ids: int64, the document of each key; same length.
        max_bucket: documents above which a bucket is hot; at least 2.
        split_hot: cut hot buckets into runs.
        held: for each row, further members of its bucket that `gristmill.dedup.candidates.crowded.thin_buckets` joined
            already. They count in the size of the bucket.

    Returns:
        Edges, counts and hot buckets.

    Raises:
        ConfigError: ``max_bucket`` is below 2, or the arrays differ in shape.

    >>> keys, ids = np.array([7, 9, 7, 7], np.uint64), np.array([4, 1, 2, 3])
    >>> found = star_edges(keys, ids, max_bucket=2)
    >>> list(zip(found.left.tolist(), found.right.tolist())), found.hot
    ([(2, 3), (2, 4)], (HotBucket(key=7, size=3, examples=(2, 3, 4)),))
    """
    if max_bucket < 2:
        message = f"max_bucket must be at least 2 documents, got {max_bucket}"
        raise ConfigError(message)
    if keys.ndim != 1 or keys.shape != ids.shape:
        message = f"keys and ids must be 1-D and of one length, got {keys.shape} and {ids.shape}"
        raise ConfigError(message)
    rows, alone = _shared(keys, ids)
    shared_keys, shared_ids = keys[rows], ids[rows]
    starts, present = runs(shared_keys)
    sizes = present
    if held is not None and len(starts):
        sizes = present + np.add.reduceat(held[rows], starts)
    rank = np.arange(len(shared_ids)) - np.repeat(starts, present)
    hot_rows = np.repeat(sizes > max_bucket, present)
    centre_rank = np.where(hot_rows, rank // max_bucket * max_bucket, 0) if split_hot else 0
    centres = shared_ids[np.repeat(starts, present) + centre_rank]
    is_edge = centres != shared_ids
    left, right = unique_edges(centres[is_edge], shared_ids[is_edge])
    hot = [
        HotBucket(
            int(shared_keys[start]), int(size), tuple(shared_ids[start : start + min(there, EXAMPLE_IDS)].tolist())
        )
        for start, size, there in zip(*(column[sizes > max_bucket] for column in (starts, sizes, present)), strict=True)
    ]
    return Buckets(
        left=left,
        right=right,
        documents=alone + int(sizes.sum()),
        buckets=int((sizes > 1).sum()),
        largest=int(sizes.max()) if len(sizes) else min(alone, 1),
        hot=tuple(sorted(hot, key=lambda bucket: (-bucket.size, bucket.key))),
        unlinked=int((np.broadcast_to(centre_rank, rank.shape) > 0).sum()),
    )
