"""Finding the documents of sorted band keys that share a key with others: binary search, no table in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gristmill.dedup.signatures.banding import BandKeys
from gristmill.dedup.signatures.minhash import Signatures, estimated_jaccard

Ids = npt.NDArray[np.int64]

MOST_IN_BUCKET = 1000
"""Documents of one key that are looked at; the further ones of a crowded bucket are left out and counted."""

_BLOCK_ROWS = 1 << 16


@dataclass(frozen=True)
class Found:
    """Pairs of an asking document and an indexed one with a key in common.

    Attributes:
        asking: int64, number of the asking document.
        document: int64, number of the indexed one. Pairs are unique and sorted by (asking, document).
        crowded: keys asked for whose bucket holds more than `MOST_IN_BUCKET` documents.
    """

    asking: Ids
    document: Ids
    crowded: int


def sort_keys(keys: BandKeys, documents: Ids) -> tuple[BandKeys, npt.NDArray[np.uint32]]:
    """Keys in ascending order, each with its document; of equal keys the smaller document first.

    >>> keys, documents = sort_keys(np.array([9, 7, 9], np.uint64), np.array([2, 1, 0]))
    >>> keys.tolist(), documents.tolist()
    ([7, 9, 9], [1, 0, 2])
    """
    order = np.lexsort((documents, keys))
    return keys[order], documents[order].astype(np.uint32)


def lookup(
    keys: BandKeys,
    documents: npt.NDArray[np.uint32],
    wanted: BandKeys,
    asking: Ids,
    *,
    most: int = MOST_IN_BUCKET,
) -> Found:
    """The documents that hold one of the wanted keys.

    Reads about ``log2(len(keys))`` places of ``keys`` for each wanted one, in ascending order, so a memory-mapped
    column is paged in where it is asked for and nowhere else.

    Args:
        keys: uint64, ascending.
        documents: uint32, of each key.
        wanted: uint64, 1-D.
        asking: int64, who asks for each.
        most: documents of one key that are looked at, smallest number first.

    >>> found = lookup(np.array([7, 9, 9], np.uint64), np.array([1, 0, 2], np.uint32),
    ...                np.array([9, 8], np.uint64), np.array([5, 6]))
    >>> found.asking.tolist(), found.document.tolist(), found.crowded
    ([5, 5], [0, 2], 0)
    """
    order = np.argsort(wanted, kind="stable")
    wanted, asking = wanted[order], asking[order]
    first = np.searchsorted(keys, wanted, side="left")
    hit = keys[np.minimum(first, len(keys) - 1)] == wanted if len(keys) else np.zeros(len(wanted), bool)
    first, wanted, asking = first[hit], wanted[hit], asking[hit]
    sizes = np.searchsorted(keys, wanted, side="right") - first
    crowded = int((sizes > most).sum())
    sizes = np.minimum(sizes, most)
    within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    pairs = np.stack([np.repeat(asking, sizes), documents[np.repeat(first, sizes) + within].astype(np.int64)], axis=1)
    pairs = np.unique(pairs, axis=0) if len(pairs) else pairs.astype(np.int64)
    return Found(pairs[:, 0].copy(), pairs[:, 1].copy(), crowded)


def estimates(asking: Signatures, indexed: Signatures, rows: Ids, documents: Ids) -> npt.NDArray[np.float64]:
    """The estimated similarity of pairs, a block at a time, so that only the rows named are read.

    Args:
        asking: uint32 ``(n, num_perm)``.
        indexed: uint32 ``(m, num_perm)``, usually memory-mapped.
        rows: int64, row of ``asking`` of each pair.
        documents: int64, row of ``indexed`` of each pair.
    """
    out = np.empty(len(rows), np.float64)
    for start in range(0, len(rows), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        out[block] = estimated_jaccard(asking[rows[block]], indexed[documents[block]])
    return out


def best_of_each(asking: Ids, order: npt.NDArray[np.float64], document: Ids, most: int) -> npt.NDArray[np.bool_]:
    """Which pairs are among the ``most`` of highest ``order`` of their asking document, ties by smaller document.

    >>> best_of_each(np.array([1, 1, 1]), np.array([0.5, 0.9, 0.9]), np.array([1, 8, 3]), 1).tolist()
    [False, False, True]
    """
    ranked = np.lexsort((document, -order, asking))
    first = np.ones(len(ranked), bool)
    first[1:] = asking[ranked][1:] != asking[ranked][:-1]
    starts = np.flatnonzero(first)
    place = np.arange(len(ranked)) - np.repeat(starts, np.diff(np.append(starts, len(ranked))))
    chosen = np.zeros(len(ranked), bool)
    chosen[ranked[place < most]] = True
    return chosen
