"""Banding: signatures cut into bands, so that similar documents share a whole band with known probability.

A plan of ``b`` bands of ``r`` rows brings two documents of Jaccard similarity ``s`` together with probability
``1 - (1 - s**r)**b`` (Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, section 3.4.2).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from types import MappingProxyType

import numba
import numpy as np
import numpy.typing as npt

from gristmill.dedup.minhash import Signatures
from gristmill.dedup.shingles import fmix64
from gristmill.dedup.text_buffers import frozen
from gristmill.errors import ConfigError, unknown_name

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

    def curve(self, steps: int = 20) -> list[tuple[float, float]]:
        """The pairs (similarity, probability) at ``steps + 1`` equal distances from 0 to 1."""
        return [(i / steps, self.probability(i / steps)) for i in range(steps + 1)]


PUBLISHED = MappingProxyType(
    {
        "fineweb": BandPlan(14, 8),  # datatrove, examples/fineweb.py
        "refinedweb": BandPlan(450, 20),  # arXiv 2306.01116, after Lee et al. 2021, arXiv 2107.06499
        "rpv2": BandPlan(14, 9),  # RedPajama-Data, app/src/run_lsh.py at similarity 0.7
        "slimpajama": BandPlan(9, 13),  # Cerebras modelzoo, datasketch's optimum for 0.8 and 128 values
        "dolma3": BandPlan(26, 11),  # allenai/duplodocus, the OLMo 3 configuration
    }
)
"""Bands and rows of published data sets. Their shingles differ (words, characters, tokens), so the same plan does not
make the same data."""


def published(name: str) -> BandPlan:
    """The plan of a published data set.

    Raises:
        ConfigError: the name is unknown; the message lists the known ones.

    >>> published("fineweb")
    BandPlan(bands=14, rows=8)
    """
    if name not in PUBLISHED:
        raise ConfigError(unknown_name("band plan", name, PUBLISHED))
    return PUBLISHED[name]


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


@numba.njit(nogil=True, cache=True)
def _band_keys(rows: Signatures, bands: int, rows_per_band: int, out: BandKeys) -> None:
    for i in range(len(rows)):
        for band in range(bands):
            key = fmix64(np.uint64(band + 1) * np.uint64(0x9E3779B97F4A7C15))
            for k in range(band * rows_per_band, (band + 1) * rows_per_band):
                key = (key ^ np.uint64(rows[i, k])) * np.uint64(0x9FB21C651E98DF25)
                key ^= key >> np.uint64(32)
            out[i, band] = fmix64(key)


def band_keys(signatures: Signatures, plan: BandPlan) -> BandKeys:
    """One 64-bit key per document and band; documents that agree on a whole band have equal keys there.

    The band's number enters the key, so keys of different bands may share a table; two unequal bands share a key with
    probability 2**-64. Rows without a signature get keys too: leave them out first with
    `gristmill.dedup.minhash.has_signature`, or they fill one bucket per band.

    Args:
        signatures: uint32 ``(n, num_perm)`` with ``num_perm >= plan.num_perm``; further values are not used.
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
    _band_keys(frozen(signatures, np.uint32), plan.bands, plan.rows, out)
    return out
