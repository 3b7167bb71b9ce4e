"""Banding: signatures cut into bands, so that similar documents share a whole band with known probability.

A plan of ``b`` bands of ``r`` rows brings two documents of Jaccard similarity ``s`` together with probability
``1 - (1 - s**r)**b`` (Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, section 3.4.2).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from gristmill.dedup.signatures.minhash import Signatures
from gristmill.dedup.signatures.text_buffers import frozen
from gristmill.dedup.signatures.word_hashes import Hashes, fmix64
from gristmill.errors import ConfigError

BandKeys = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class BandPlan:
    """How a signature is cut: ``bands`` bands of ``rows`` values each.

    >>> plan = BandPlan(bands=14, rows=8)
    >>> plan.num_perm, round(plan.probability(0.8), 3), round(plan.threshold, 2)
    (112, 0.924, 0.72)
    """

    bands: int
    rows: int

    def __post_init__(self) -> None:
        if self.bands < 1 or self.rows < 1:
            message = f"a band plan needs at least 1 band of 1 row, got {self.bands} x {self.rows}; FineWeb uses 14 x 8"
            raise ConfigError(message)

    @property
    def num_perm(self) -> int:
        """Signature values the plan uses."""
        return self.bands * self.rows

    @property
    def threshold(self) -> float:
        """The similarity ``(1 / bands) ** (1 / rows)`` about which the curve is steepest."""
        return float((1.0 / self.bands) ** (1.0 / self.rows))

    def probability(self, similarity: float) -> float:
        """The chance that two documents of this Jaccard similarity become candidates."""
        return float(1.0 - (1.0 - similarity**self.rows) ** self.bands)

    def false_positives(self, similarity: float) -> float:
        """The mean of the curve below a similarity, by the midpoint rule on 1,000 points.

        It is the share of pairs below it that become candidates, if all similarities were equally common.
        """
        below = (np.arange(1000) + 0.5) / 1000 * similarity
        return float((1.0 - (1.0 - below**self.rows) ** self.bands).mean())

    def curve(self, steps: int = 20) -> list[tuple[float, float]]:
        """The pairs (similarity, probability) at ``steps + 1`` equal distances from 0 to 1."""
        return [(i / steps, self.probability(i / steps)) for i in range(steps + 1)]


@functools.lru_cache(maxsize=64)
def optimal(threshold: float, num_perm: int, *, false_positive_weight: float = 0.5) -> BandPlan:
    """The plan of at most ``num_perm`` values with the least weighted error at a similarity threshold.

    The error is datasketch's (``datasketch/lsh.py``, ``_optimal_param``): the area under the curve below the threshold,
    weighted, plus the area above the curve beyond it. Integrated here by the midpoint rule on 1,000 points; of equal
    plans the one with fewest bands counts.

    >>> optimal(0.8, 128)
    BandPlan(bands=9, rows=13)
    """
    if not 0.0 < threshold < 1.0 or num_perm < 1:
        message = f"wanted 0 < threshold < 1 and num_perm >= 1, got threshold={threshold}, num_perm={num_perm}"
        raise ConfigError(message)
    grid = (np.arange(1000) + 0.5) / 1000
    below = grid * threshold
    above = threshold + grid * (1.0 - threshold)
    best, least = BandPlan(1, 1), np.inf
    for bands in range(1, num_perm + 1):
        for rows in range(1, num_perm // bands + 1):
            false_positive = float((1.0 - (1.0 - below**rows) ** bands).mean()) * threshold
            false_negative = float(((1.0 - above**rows) ** bands).mean()) * (1.0 - threshold)
            error = false_positive_weight * false_positive + (1.0 - false_positive_weight) * false_negative
            if error < least:
                best, least = BandPlan(bands, rows), error
    return best


MOST_PERMUTATIONS = 16_384
"""No plan found by `choose` uses more signature values: a signature of 64 KB."""


def choose(similarity: float, recall: float, *, false_positives: float = 0.2) -> BandPlan:
    """The plan of the fewest signature values that reaches a recall and keeps to a rate of false positives.

    Args:
        similarity: pairs of this Jaccard similarity and above are wanted, in (0, 1).
        recall: least probability that a pair of just this similarity becomes a candidate, in (0, 1).
        false_positives: largest mean probability below it (`BandPlan.false_positives`), in (0, 1). They cost a
            comparison each, never a document.

    Returns:
        The plan; of several with as few values the one with fewest bands.

    Raises:
        ConfigError: a value is outside its range, or no plan of at most `MOST_PERMUTATIONS` values does it.

    >>> plan = choose(0.8, 0.95, false_positives=0.2)
    >>> plan, round(plan.probability(0.8), 3), round(plan.false_positives(0.8), 3)
    (BandPlan(bands=13, rows=7), 0.953, 0.196)
    """
    if not all(0.0 < value < 1.0 for value in (similarity, recall, false_positives)):
        message = (
            "wanted similarity, recall and false_positives between 0 and 1, "
            f"got {similarity}, {recall} and {false_positives}"
        )
        raise ConfigError(message)
    best: BandPlan | None = None
    for rows in range(1, MOST_PERMUTATIONS + 1):
        missed = -math.expm1(rows * math.log(similarity))
        # A similarity so far below one that its power vanishes needs more bands than any plan may have.
        bands = math.ceil(math.log1p(-recall) / math.log(missed)) if missed < 1.0 else MOST_PERMUTATIONS + 1
        if bands * rows > MOST_PERMUTATIONS:
            break
        plan = BandPlan(bands, rows)
        if plan.false_positives(similarity) > false_positives:
            continue
        if best is None or (plan.num_perm, plan.bands) < (best.num_perm, best.bands):
            best = plan
    if best is None:
        message = (
            f"no plan of at most {MOST_PERMUTATIONS:,} values finds {recall:.1%} of pairs at {similarity} with "
            f"{false_positives:.1%} below it; allow more false positives or a lower recall"
        )
        raise ConfigError(message)
    return best


@numba.njit(nogil=True, cache=True)
def _band_keys(rows: Signatures | Hashes, bands: int, rows_per_band: int, out: BandKeys) -> None:
    for i in range(len(rows)):
        for band in range(bands):
            key = fmix64(np.uint64(band + 1) * np.uint64(0x9E3779B97F4A7C15))
            for k in range(band * rows_per_band, (band + 1) * rows_per_band):
                key = (key ^ np.uint64(rows[i, k])) * np.uint64(0x9FB21C651E98DF25)
                key ^= key >> np.uint64(32)
            out[i, band] = fmix64(key)


def band_keys(signatures: Signatures | Hashes, plan: BandPlan) -> BandKeys:
    """One 64-bit key per document and band; documents that agree on a whole band have equal keys there.

    The band's number enters the key, so keys of different bands may share a table; two unequal bands share a key with
    probability 2**-64. Rows without a signature get keys too: leave them out first with
    `gristmill.dedup.signatures.minhash.has_signature`, or they fill one bucket per band.

    Args:
        signatures: uint32 or uint64 ``(n, num_perm)`` with ``num_perm >= plan.num_perm``; further values are not used.
        plan: bands and rows.

    Returns:
        uint64 of shape ``(n, plan.bands)``.

    Raises:
        ConfigError: the signatures are shorter than the plan.

    >>> keys = band_keys(np.zeros((2, 6), np.uint32), BandPlan(bands=3, rows=2))
    >>> keys.shape, bool((keys[0] == keys[1]).all()), len(set(keys[0].tolist()))
    ((2, 3), True, 3)
    """
    if signatures.ndim != 2 or signatures.shape[1] < plan.num_perm:
        message = (
            f"a plan of {plan.bands} x {plan.rows} needs signatures of {plan.num_perm} values, "
            f"got shape {signatures.shape}; compute them with num_perm={plan.num_perm}"
        )
        raise ConfigError(message)
    out = np.empty((len(signatures), plan.bands), np.uint64)
    wide = signatures.dtype == np.uint64
    _band_keys(frozen(signatures, np.uint64 if wide else np.uint32), plan.bands, plan.rows, out)
    return out
