"""Asking an index: which of its documents may be copies of new ones, by exact hash or signature alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill.dedup.index.files import Index
from gristmill.dedup.index.lookup import Ids, best_of_each, estimates, lookup
from gristmill.dedup.signatures.banding import band_keys
from gristmill.dedup.signatures.digests import halves
from gristmill.dedup.signatures.exact import exact_keys
from gristmill.dedup.signatures.minhash import Signatures, has_signature

MOST_CANDIDATES = 8
"""Indexed documents that a new one is compared with: those of highest estimated similarity."""


@dataclass(frozen=True)
class Candidates:
    """Pairs of a new document and an indexed one that may be its original, sorted by (row, segment, document).

    Attributes:
        row: int64, row of the new document.
        segment: int64, place of the segment in the index.
        document: int64, row of the indexed document in the segment.
        exact: bool, their normalized texts are equal; a document with such a pair has no other.
        estimate: float64, share of equal signature values; 1 for exact pairs.
        crowded: keys whose bucket was cut short.
    """

    row: Ids
    segment: Ids
    document: Ids
    exact: npt.NDArray[np.bool_]
    estimate: npt.NDArray[np.float64]
    crowded: int


def candidates(
    index: Index,
    exact: pa.Array,
    signatures: Signatures,
    *,
    by_exact: bool = True,
    by_signature: bool = True,
    without: Collection[int] = (),
) -> Candidates:
    """The indexed documents that may be originals of new ones.

    Args:
        index: of the same parameters as the signatures.
        exact: ``fixed_size_binary[16]`` exact hash of each new document.
        signatures: uint32 ``(n, num_perm)`` of the new documents.
        by_exact: find exact duplicates.
        by_signature: find near-duplicates.
        without: numbers of the index's runs whose documents do not count.
    """
    wanted, asking = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    plan = index.head.parameters.plan
    if by_exact:
        wanted.append(exact_keys(exact))
        asking.append(np.arange(len(exact)))
    if by_signature and plan:
        long_enough = np.flatnonzero(has_signature(signatures))
        wanted.append(band_keys(signatures[long_enough], plan).reshape(-1))
        asking.append(np.repeat(long_enough, plan.bands))
    all_wanted, all_asking = np.concatenate(wanted), np.concatenate(asking)
    hashes = halves(exact)
    parts = [
        _of_segment(index, number, all_wanted, all_asking, hashes, signatures, without)
        for number in range(len(index.segments))
    ]
    joined = [np.concatenate(columns) for columns in zip(*(part[:5] for part in parts), strict=True)]
    if not joined:
        joined = [np.empty(0, dtype) for dtype in (np.int64, np.int64, np.int64, bool, np.float64)]
    row, segment, document, equal, estimate = joined
    if not by_exact:
        equal = np.zeros(len(equal), bool)
    if not by_signature:
        row, segment, document, estimate, equal = (
            column[equal] for column in (row, segment, document, estimate, equal)
        )
    # An exact duplicate needs no comparison, so its other candidates, and all but the oldest copy, need none either.
    order = np.where(equal, 2.0, estimate)
    place = segment << 32 | document
    has_exact = np.isin(row, row[equal])
    chosen = np.where(has_exact, best_of_each(row, order, place, 1), best_of_each(row, order, place, MOST_CANDIDATES))
    chosen = np.flatnonzero(chosen)
    chosen = chosen[np.lexsort((place[chosen], row[chosen]))]
    return Candidates(
        row[chosen],
        segment[chosen],
        document[chosen],
        equal[chosen],
        estimate[chosen],
        sum(int(part[5]) for part in parts),
    )


def _of_segment(
    index: Index,
    number: int,
    wanted: npt.NDArray[np.uint64],
    asking: Ids,
    hashes: npt.NDArray[np.uint64],
    signatures: Signatures,
    without: Collection[int],
) -> tuple[Ids, Ids, Ids, npt.NDArray[np.bool_], npt.NDArray[np.float64], int]:
    """Row, segment, document, exact, estimate of every pair of one segment, and its crowded keys."""
    part = index.segments[number]
    found = lookup(part.keys, part.holders, wanted, asking)
    shown = part.visible(found.document, index.hidden(part.segment.sequence))
    if without:
        runs = part.documents.column("run").take(pa.array(found.document)).to_numpy()
        shown &= ~np.isin(runs, np.array(sorted(without)))
    row, document = found.asking[shown], found.document[shown]
    old = halves(part.documents.column("exact").take(pa.array(document)).combine_chunks())
    equal = np.asarray((old == hashes[row]).all(axis=1))
    estimate = np.where(equal, 1.0, estimates(signatures, part.signatures, row, document))
    return row, np.full(len(row), number, np.int64), document, equal, estimate, found.crowded
