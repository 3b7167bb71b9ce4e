"""Crowded buckets, thinned where they are seen first: what a bucket costs a shuffle does not grow with its documents.

One band key may belong to every document of a corpus: a licence, an error page, one line repeated. All its rows go to
the worker of one partition. So each chunk of a corpus sends only the `STAYING` smallest ids of a bucket, and joins the
others to the smallest by itself. The smallest of every chunk meet in the partition, so the components are the same,
and no document is lost; the rows that travel are bounded by the chunks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gristmill.dedup.candidates.buckets import EXAMPLE_IDS, Ids, runs, unique_edges
from gristmill.dedup.signatures.banding import BandKeys

STAYING = EXAMPLE_IDS
"""Members of a bucket that one chunk sends on; as many as are named of a hot bucket, so its examples stay the same."""


@dataclass(frozen=True)
class Thinned:
    """The rows of a chunk that travel, sorted by key, and the edges of those that do not.

    Attributes:
        keys: uint64, ascending.
        ids: int64, the document of each key.
        held: int32, on the smallest id of a bucket: how many of its members were held back here; 0 elsewhere.
        left: int64, the smallest id of the bucket of each member held back.
        right: int64, that member. Edges are unique and sorted by (left, right).
    """

    keys: BandKeys
    ids: Ids
    held: npt.NDArray[np.int32]
    left: Ids
    right: Ids


def thin_buckets(keys: BandKeys, ids: Ids, *, staying: int = STAYING) -> Thinned:
    """Holds back all but the ``staying`` smallest ids of each bucket, joined to its smallest.

    Args:
        keys: uint64, band keys of one chunk; 1-D.
        ids: int64, the document of each key; same length.
        staying: members of a bucket that go on; at least 1.

    >>> found = thin_buckets(np.array([7, 7, 7, 3], np.uint64), np.array([4, 2, 9, 1]), staying=2)
    >>> found.ids.tolist(), found.held.tolist(), list(zip(found.left.tolist(), found.right.tolist()))
    ([1, 2, 4], [0, 1, 0], [(2, 9)])
    """
    order = np.argsort(keys)
    keys, ids = keys[order], ids[order]
    starts, sizes = runs(keys)
    held = np.zeros(len(keys), np.int32)
    if not len(sizes) or int(sizes.max()) <= staying:
        return Thinned(keys, ids, held, np.empty(0, np.int64), np.empty(0, np.int64))
    crowded = np.flatnonzero(np.repeat(sizes > staying, sizes))
    ids[crowded] = ids[crowded[np.lexsort((ids[crowded], keys[crowded]))]]
    stays = np.arange(len(keys)) - np.repeat(starts, sizes) < staying
    centres = ids[np.repeat(starts, sizes)]
    held[starts] = np.maximum(sizes - staying, 0)
    apart = ~stays & (centres != ids)
    left, right = unique_edges(centres[apart], ids[apart])
    return Thinned(keys[stays], ids[stays], held[stays], left, right)
