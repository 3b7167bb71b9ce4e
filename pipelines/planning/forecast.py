"""What a whole run will hold and cost, from what a sample of its raw shards held and cost: numbers in, numbers out.

Every amount of a source is estimated by the ratio estimator: the sample's amount per raw byte times the raw bytes of
the source. Its standard error is the one of cluster sampling without replacement, with the shard as the cluster
(Cochran 1977, *Sampling Techniques*, section 6.3). Amounts of several sources add; so do their variances, because the
sources are sampled independently.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence

import numpy as np

KEY_BYTES = 16
"""Bytes that one band key (or exact key) and its document number take in the shuffle."""

BYTES_PER_TOKEN = 2
"""Of a token in the shuffle and in the shards, where the vocabulary fits 16 bits."""

WORKER_BASE_BYTES = 700 << 20
"""What a worker holds before any data: interpreter, libraries, kernels, language model, tokenizer."""

SORT_COPIES = 4
"""How many times its keys a join worker holds at most: received, as one table, sorted, and as edges."""


@dataclasses.dataclass(frozen=True)
class Estimate:
    """An amount with its standard error (NaN where one shard was all there was to sample from several).

    >>> print(Estimate(2000.0, 100.0) + Estimate(500.0, 0.0))
    2500 ± 100
    """

    value: float
    error: float

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(self.value + other.value, math.hypot(self.error, other.error))

    def __mul__(self, factor: float) -> Estimate:
        return Estimate(self.value * factor, self.error * factor)

    def __str__(self) -> str:
        return f"{self.value:.0f} ± {self.error:.0f}"


def estimate_total(amounts: Sequence[float], raw_bytes: Sequence[float], all_bytes: float, all_shards: int) -> Estimate:
    """A source's total of some amount.

    Args:
        amounts: of each sampled shard.
        raw_bytes: size of each sampled shard.
        all_bytes: size of the whole source.
        all_shards: shards of the whole source.

    >>> estimate_total([10, 20], [100, 200], 3000, 20)
    Estimate(value=300.0, error=0.0)
    >>> estimate_total([10, 30], [100, 200], 300, 2)  # all of it was read
    Estimate(value=40.0, error=0.0)
    """
    y, x = np.asarray(amounts, float), np.asarray(raw_bytes, float)
    if not x.sum():
        return Estimate(float(y.sum()), 0.0)
    ratio = y.sum() / x.sum()
    count = len(y)
    if count >= all_shards:
        return Estimate(float(y.sum()), 0.0)
    if count < 2:
        return Estimate(float(ratio * all_bytes), math.nan)
    spread = float(((y - ratio * x) ** 2).sum() / (count - 1))
    error = all_shards * math.sqrt(spread * (1 - count / all_shards) / count)
    return Estimate(float(ratio * all_bytes), error)


@dataclasses.dataclass(frozen=True)
class Duplicates:
    """How many documents near-deduplication may remove or compare, between two bounds.

    A sample of a share f of the documents sees all repeats that lie within one shard, but only f of the partners of a
    document whose copies lie anywhere. So the number found per document is the least to expect, and f times more copies
    the most.

    Attributes:
        least: as the sample shows it.
        most: if all copies lie in other shards; never more than there are documents.
    """

    least: float
    most: float


def duplicates_range(found: int, sampled: int, documents: float) -> Duplicates:
    """The range of documents that have a partner.

    Args:
        found: documents of the sample with a partner in the sample.
        sampled: documents of the sample.
        documents: of the whole corpus.

    >>> duplicates_range(10, 1000, 10_000)
    Duplicates(least=100.0, most=1000.0)
    """
    if not sampled:
        return Duplicates(0.0, 0.0)
    least = documents * found / sampled
    return Duplicates(least, min(documents, least * max(1.0, documents / sampled)))


@dataclasses.dataclass(frozen=True)
class Machines:
    """What runs it.

    Attributes:
        workers: processes, one core each.
        dollars_per_core_hour: price; 0 where it does not matter.
    """

    workers: int
    dollars_per_core_hour: float = 0.0


def step_seconds(points: tuple[tuple[float, float], tuple[float, float]], text: Estimate, workers: int) -> Estimate:
    """Time of a step: what it takes to start, and what it takes for each byte of text, spread over the workers.

    Args:
        points: text bytes and seconds of a small sample, then of a large one, both on one core.
        text: text bytes of the whole run.
        workers: cores.

    >>> step_seconds(((100.0, 3.0), (1100.0, 5.0)), Estimate(10_000.0, 1_000.0), 2)
    Estimate(value=12.8, error=1.0)
    """
    (small, start), (large, end) = points
    slope = max(0.0, end - start) / (large - small) if large > small else end / max(large, 1.0)
    fixed = max(0.0, end - slope * large)
    return Estimate(fixed + slope * text.value / workers, slope * text.error / workers)


def add_all(estimates: Iterable[Estimate]) -> Estimate:
    """The sum of independent estimates."""
    total = Estimate(0.0, 0.0)
    for estimate in estimates:
        total += estimate
    return total


def join_bytes(passed: float, bands: int, exact: bool) -> float:
    """Bytes of keys that the candidate join shuffles.

    >>> join_bytes(1_000_000, 14, True) / 1e6
    240.0
    """
    return passed * (bands + exact) * KEY_BYTES


def worker_bytes(partition_bytes: int) -> int:
    """The most that one worker holds: its base, and the copies of one partition."""
    return WORKER_BASE_BYTES + SORT_COPIES * partition_bytes
