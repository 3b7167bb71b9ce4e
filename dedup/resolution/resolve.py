"""Resolution: which documents of a candidate component stay, and which kept document each other one duplicates.

To remove a whole connected component but one lets a chain A ~ B ~ C ~ ... delete documents with nothing in common. Here
the component only limits who is compared with whom; it removes nothing by itself:

1. Exact duplicates share the fate of the first of them in the order of preference; this also covers documents shorter
   than a shingle, which are compared in no other way.
2. The others are visited in that order, best first. One whose true Jaccard similarity with a document *kept so far*
   reaches the minimum becomes a duplicate of it; of several, of the most similar, and of equally similar ones of the
   earliest in the order.
3. Any other is kept.

So every duplicate is verified against the document that stays, and no two kept documents of a component are similar or
exactly equal. The result does not depend on the order of the input. Time is about linear in the shingles of a component
even if it holds 100,000 copies (`gristmill.dedup.resolution.similar`); memory 40 bytes per shingle of the largest
component. Where that is too much, `gristmill.dedup.resolution.blocks` resolves one component by the same rules from a
part of it at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill.dedup.resolution.similar import SMALL_GROUP, resolve_groups
from gristmill.dedup.signatures.digests import halves
from gristmill.dedup.signatures.text_buffers import Offsets
from gristmill.dedup.signatures.word_hashes import Hashes
from gristmill.errors import ConfigError, InputError

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Resolution:
    """The fate of each document, in the order they were given.

    Attributes:
        kept: bool.
        duplicate_of: int64, index of the kept document it duplicates; -1 where it is kept.
        similarity: float32, true Jaccard with that document (1 for exact duplicates); NaN where it is kept.
        cluster_size: int32, documents resolved to the same kept one, itself included; the same for all of them.
        compared: true Jaccard comparisons made.
    """

    kept: npt.NDArray[np.bool_]
    duplicate_of: Ids
    similarity: npt.NDArray[np.float32]
    cluster_size: npt.NDArray[np.int32]
    compared: int


def _exact_columns(exact: pa.FixedSizeBinaryArray | npt.NDArray[np.integer]) -> list[npt.NDArray[np.generic]]:
    """Sort keys under which exact duplicates are neighbours."""
    if isinstance(exact, np.ndarray):
        return [exact]
    both = halves(exact)
    return [both[:, 1], both[:, 0]]


def _check(component: Ids, order: Ids, sets: int, exact_length: int, min_jaccard: float) -> None:
    count = len(component)
    if not 0.0 < min_jaccard <= 1.0:
        message = f"min_jaccard must be above 0 and at most 1, got {min_jaccard}; 0.8 is usual"
        raise ConfigError(message)
    if not (len(order) == exact_length == sets == count):
        message = (
            f"component, order, exact and the shingle sets must be of one length, got {count}, {len(order)}, "
            f"{exact_length} and {sets}"
        )
        raise InputError(message)
    if len(np.unique(order)) != count:
        message = f"order must be unique, got {count - len(np.unique(order))} repeats; use `preference`"
        raise InputError(message)


def representatives(component: Ids, order: Ids, exact: pa.FixedSizeBinaryArray | npt.NDArray[np.integer]) -> Ids:
    """For each document the best of its component that is exactly equal to it, which may be itself.

    >>> representatives(np.zeros(3, int), np.array([1, 0, 2]), np.array([7, 7, 8])).tolist()
    [1, 1, 2]
    """
    columns = _exact_columns(exact)
    ordered = np.lexsort((order, *columns, component))
    first = np.ones(len(ordered), bool)
    for column in (component, *columns):
        first[1:] &= column[ordered[1:]] == column[ordered[:-1]]
    first[1:] = ~first[1:]
    first[:1] = True
    representative = np.empty(len(ordered), np.int64)
    representative[ordered] = ordered[first][np.cumsum(first) - 1]
    return representative


def resolve(
    component: Ids,
    order: Ids,
    offsets: Offsets,
    values: Hashes,
    exact: pa.FixedSizeBinaryArray | npt.NDArray[np.integer],
    *,
    min_jaccard: float,
    small_group: int = SMALL_GROUP,
) -> Resolution:
    """Decides within each component which documents stay, by the rules at the head of this module.

    Documents of different components are never compared: let exact hashes join as one more band
    (`gristmill.dedup.signatures.exact.exact_keys`), so that exact duplicates share a component.

    Args:
        component: int64 label per document.
        order: int64 unique rank per document, smallest first (`gristmill.dedup.resolution.preference.preference`).
        offsets: int64 of length ``n + 1``, of the shingle sets.
        values: uint64, shingle sets, sorted and unique within each
            (`gristmill.dedup.signatures.shingles.shingle_sets`).
        exact: exact hash per document (`gristmill.dedup.signatures.exact.exact_hashes`), or integers equal for equal
            documents.
        min_jaccard: least similarity of a duplicate, in (0, 1].
        small_group: components up to this size are compared outright; changes speed, never the result.

    Returns:
        The fate of each document.

    Raises:
        ConfigError: ``min_jaccard`` is not in (0, 1].
        InputError: lengths differ, or ranks repeat.

    >>> offsets, values = np.array([0, 4, 8, 8, 8]), np.array([1, 2, 3, 4, 1, 2, 3, 5], np.uint64)
    >>> fate = resolve(np.zeros(4, int), np.arange(4), offsets, values, np.array([7, 8, 9, 9]), min_jaccard=0.6)
    >>> fate.duplicate_of.tolist(), (100 * fate.similarity).round().tolist(), fate.cluster_size.tolist()
    ([-1, 0, -1, 2], [nan, 60.0, nan, 100.0], [2, 2, 2, 2])
    """
    _check(component, order, len(offsets) - 1, len(exact), min_jaccard)
    representative = representatives(component, order, exact)
    members = np.flatnonzero(representative == np.arange(len(component)))
    members = members[np.lexsort((order[members], component[members]))]
    labels = component[members]
    bounds = np.concatenate([[0], np.flatnonzero(labels[1:] != labels[:-1]) + 1, [len(members)]]).astype(np.int64)
    resolved = np.full(len(component), -1, np.int64)
    similarity = np.zeros(len(component), np.float64)
    compared = resolve_groups(
        members, bounds, offsets, values, min_jaccard, resolved, similarity, small_group=small_group
    )
    return resolution(representative, resolved, similarity, compared)


def resolution(representative: Ids, resolved: Ids, similarity: npt.NDArray[np.float64], compared: int) -> Resolution:
    """The fate of every document from that of the representatives.

    Args:
        representative: see :func:`representatives`.
        resolved: int64, for each representative the kept document it duplicates, or -1.
        similarity: float64, its similarity with that.
        compared: comparisons made.

    >>> found = resolution(np.array([0, 0, 2]), np.array([-1, -1, 0]), np.array([0.0, 0.0, 0.9]), 1)
    >>> found.duplicate_of.tolist(), found.cluster_size.tolist()
    ([-1, 0, 0], [3, 3, 3])
    """
    fate = np.where(resolved[representative] == -1, representative, resolved[representative])
    kept = fate == np.arange(len(fate))
    similarity = np.where(resolved[representative] == -1, 1.0, similarity[representative])
    return Resolution(
        kept=kept,
        duplicate_of=np.where(kept, -1, fate),
        similarity=np.where(kept, np.nan, similarity).astype(np.float32),
        cluster_size=np.bincount(fate, minlength=len(fate))[fate].astype(np.int32),
        compared=compared,
    )
