"""Resolution of one component a part at a time: the rules of `gristmill.dedup.resolution.resolve`, in bounded memory.

A component may hold more shingles than a memory: pages of one template, licences, a chain of edits. Its documents are
cut, in the order of preference, into blocks. Each block is first compared with what was kept of every earlier one, then
resolved by itself. A document meets every document kept before it, exactly as if all were there at once, so the result
is the same; two blocks are in memory at a time, and each kept document is loaded once for every later block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill.dedup.resolution.resolve import Ids, Resolution, representatives, resolution
from gristmill.dedup.resolution.similar import resolve_group
from gristmill.dedup.signatures.text_buffers import Offsets
from gristmill.dedup.signatures.word_hashes import Hashes

LoadSets = Callable[[Ids], tuple[Offsets, Hashes]]
"""Indices of documents in, their shingle sets out, in that order: offsets (int64, n + 1) and values (uint64)."""

_OF_EARLIER = -2  # a duplicate of a document of an earlier block: it does not stay, and is no index of this block


def cut(members: Ids, sizes: npt.NDArray[np.int64], block_shingles: int) -> Iterator[Ids]:
    """Consecutive runs of members whose sizes add up to at most ``block_shingles``, or of one member.

    >>> [part.tolist() for part in cut(np.array([3, 0, 1, 2]), np.array([4, 4, 9, 2]), 8)]
    [[3, 0], [1], [2]]
    """
    begin, total = 0, 0
    for at, member in enumerate(members.tolist()):
        size = int(sizes[member])
        if at > begin and total + size > block_shingles:
            yield members[begin:at]
            begin, total = at, 0
        total += size
    if begin < len(members):
        yield members[begin:]


def resolve_in_blocks(
    order: Ids,
    exact: pa.FixedSizeBinaryArray | npt.NDArray[np.integer],
    sizes: npt.NDArray[np.int64],
    load: LoadSets,
    *,
    min_jaccard: float,
    block_shingles: int,
) -> Resolution:
    """Decides which documents of one component stay; equal to `resolve.resolve` on all of it.

    Args:
        order: int64 unique rank per document, smallest first.
        exact: exact hash per document, or integers equal for equal documents.
        sizes: int64, shingles of each document.
        load: reads shingle sets from where they lie.
        min_jaccard: least similarity of a duplicate, in (0, 1].
        block_shingles: shingles of one block; memory is about 80 bytes for each.

    >>> sets = [[1, 2, 3, 4], [1, 2, 3, 5], [7, 8], [1, 2, 3, 4, 6]]
    >>> def load(rows):
    ...     chosen = [sets[row] for row in rows.tolist()]
    ...     offsets = np.cumsum([0, *map(len, chosen)])
    ...     return offsets, np.array(sum(chosen, []), np.uint64)
    >>> every = np.arange(4)
    >>> fate = resolve_in_blocks(every, every, np.array([4, 4, 2, 5]), load, min_jaccard=0.6, block_shingles=4)
    >>> fate.duplicate_of.tolist()
    [-1, 0, -1, 0]
    """
    representative = representatives(np.zeros(len(order), np.int64), order, exact)
    members = np.flatnonzero(representative == np.arange(len(order)))
    members = members[np.argsort(order[members])]
    resolved = np.full(len(order), -1, np.int64)
    similarity = np.zeros(len(order), np.float64)
    kept: list[Ids] = [np.zeros(0, np.int64)]
    compared = 0
    for block in cut(members, sizes, block_shingles):
        sets = load(block)
        for earlier in cut(np.concatenate(kept), sizes, block_shingles):
            compared += _against(earlier, load(earlier), block, sets, min_jaccard, resolved, similarity)
        fate = np.where(resolved[block] == -1, -1, _OF_EARLIER)
        likeness = similarity[block]
        compared += resolve_group(*sets, min_jaccard, fate, likeness, staying=len(block))
        here = fate >= 0
        resolved[block[here]] = block[fate[here]]
        similarity[block[here]] = likeness[here]
        kept.append(block[resolved[block] == -1])
    return resolution(representative, resolved, similarity, compared)


def _against(
    earlier: Ids,
    earlier_sets: tuple[Offsets, Hashes],
    block: Ids,
    sets: tuple[Offsets, Hashes],
    min_jaccard: float,
    resolved: Ids,
    similarity: npt.NDArray[np.float64],
) -> int:
    """Finds for each document of a block the most similar one among kept documents of earlier blocks."""
    offsets = np.concatenate([earlier_sets[0], sets[0][1:] - sets[0][0] + earlier_sets[0][-1]])
    values = np.concatenate([earlier_sets[1], sets[1]])
    fate = np.concatenate([np.full(len(earlier), -1, np.int64), resolved[block]])
    fate[fate >= 0] = _OF_EARLIER
    likeness = np.concatenate([np.zeros(len(earlier)), similarity[block]])
    compared = resolve_group(offsets, values, min_jaccard, fate, likeness, staying=len(earlier))
    found = fate[len(earlier) :]
    better = found >= 0
    resolved[block[better]] = earlier[found[better]]
    similarity[block[better]] = likeness[len(earlier) :][better]
    return compared
