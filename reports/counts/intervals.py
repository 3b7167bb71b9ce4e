"""Intervals for shares and for ratios of shares, from counts alone.

All take integer counts and return plain floats, so that two machines that counted the same documents print the same
report. The confidence level is 95 % throughout.

Sources:
    Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference, JASA 22:209-212.
    Newcombe, R. G. (1998), Interval estimation for the difference between independent proportions, Statistics in
    Medicine 17:873-890 (method 10).
    Walter, S. D. (1975), The distribution of Levin's measure of attributable risk, Biometrika 62:371-374; recommended
    in Fagerland, Lydersen & Laake (2015), Statistical Methods in Medical Research 24:224-254.
    Greenland, S. & Robins, J. M. (1985), Estimation of a common effect parameter from sparse follow-up data,
    Biometrics 41:55-68.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

Z_95 = 1.959963984540054
"""The standard normal deviate that leaves 2.5 % above it."""


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval; ``low`` and ``high`` enclose ``value``."""

    value: float
    low: float
    high: float


def wilson(successes: int, trials: int) -> Estimate:
    """The share ``successes / trials`` with Wilson's score interval.

    Unlike the textbook interval it stays within 0 and 1 and has width even when nothing, or everything, succeeded.

    Raises:
        ValueError: ``trials`` is not positive, or ``successes`` is not between 0 and ``trials``.

    >>> estimate = wilson(81, 263)
    >>> round(estimate.value, 4), round(estimate.low, 4), round(estimate.high, 4)
    (0.308, 0.2553, 0.3662)
    """
    if trials <= 0 or not 0 <= successes <= trials:
        message = f"wilson wants 0 <= successes <= trials and trials > 0, got {successes} of {trials}"
        raise ValueError(message)
    share = successes / trials
    squared = Z_95 * Z_95
    centre = (share + squared / (2 * trials)) / (1 + squared / trials)
    half = Z_95 / (1 + squared / trials) * math.sqrt(share * (1 - share) / trials + squared / (4 * trials * trials))
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return Estimate(share, low, high)


def newcombe(first: int, first_trials: int, second: int, second_trials: int) -> Estimate:
    """The difference of two shares, first minus second, with Newcombe's hybrid score interval.

    >>> estimate = newcombe(56, 70, 48, 80)
    >>> round(estimate.value, 4), round(estimate.low, 4), round(estimate.high, 4)
    (0.2, 0.0524, 0.3339)
    """
    one, two = wilson(first, first_trials), wilson(second, second_trials)
    difference = one.value - two.value
    below = math.hypot(one.value - one.low, two.high - two.value)
    above = math.hypot(one.high - one.value, two.value - two.low)
    return Estimate(difference, difference - below, difference + above)


def share_ratio(first: int, first_trials: int, second: int, second_trials: int) -> Estimate:
    """The ratio of two shares, first over second, with Walter's adjusted log interval.

    Half a document is added to each count, so the ratio is defined when a count is zero.

    >>> estimate = share_ratio(30, 100, 20, 100)
    >>> round(estimate.value, 3), round(estimate.low, 3), round(estimate.high, 3)
    (1.488, 0.914, 2.421)
    """
    for successes, trials in ((first, first_trials), (second, second_trials)):
        if trials <= 0 or not 0 <= successes <= trials:
            message = f"share_ratio wants 0 <= successes <= trials and trials > 0, got {successes} of {trials}"
            raise ValueError(message)
    log_ratio = math.log((first + 0.5) / (first_trials + 0.5)) - math.log((second + 0.5) / (second_trials + 0.5))
    variance = 1 / (first + 0.5) - 1 / (first_trials + 0.5) + 1 / (second + 0.5) - 1 / (second_trials + 0.5)
    half = Z_95 * math.sqrt(max(variance, 0.0))
    return Estimate(math.exp(log_ratio), math.exp(log_ratio - half), math.exp(log_ratio + half))


@dataclass(frozen=True)
class Stratum:
    """One two-by-two table: ``kept`` of ``documents`` in the group, and in the rest, among comparable documents."""

    group_kept: int
    group_documents: int
    rest_kept: int
    rest_documents: int


def stratified_ratio(strata: Iterable[Stratum]) -> Estimate | None:
    """The Mantel-Haenszel ratio of shares over strata, with Greenland and Robins' interval; None if undefined.

    A stratum without a group document, or without any other, says nothing about the ratio and drops out.

    >>> equal = [Stratum(5, 10, 50, 100), Stratum(18, 20, 9, 10)]
    >>> stratified_ratio(equal).value
    1.0
    """
    group_sum = rest_sum = variance_sum = 0.0
    for stratum in strata:
        total = stratum.group_documents + stratum.rest_documents
        if stratum.group_documents == 0 or stratum.rest_documents == 0:
            continue
        kept = stratum.group_kept + stratum.rest_kept
        group_sum += stratum.group_kept * stratum.rest_documents / total
        rest_sum += stratum.rest_kept * stratum.group_documents / total
        variance_sum += (
            stratum.group_documents * stratum.rest_documents * kept - stratum.group_kept * stratum.rest_kept * total
        ) / (total * total)
    if group_sum <= 0.0 or rest_sum <= 0.0:
        return None
    log_ratio = math.log(group_sum / rest_sum)
    half = Z_95 * math.sqrt(max(variance_sum, 0.0) / (group_sum * rest_sum))
    return Estimate(math.exp(log_ratio), math.exp(log_ratio - half), math.exp(log_ratio + half))
