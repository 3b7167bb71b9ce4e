"""What an estimated similarity is good for: where the texts are gone, only a signature is left to compare.

Of ``n`` values, two documents of Jaccard similarity ``J`` agree in a binomial number with mean ``n * J``. So documents
below a minimum can look as if they reached it, and an estimate may decide only with a margin.
"""

from __future__ import annotations

import functools
import math

from gristmill.errors import ConfigError

ESTIMATE_ERROR = 1e-6
"""Largest probability that a pair below the minimum passes `least_estimate`."""


@functools.lru_cache(maxsize=64)
def least_estimate(min_jaccard: float, num_perm: int, error: float = ESTIMATE_ERROR) -> float:
    """The smallest share of equal values on which a document may be removed without its copy's text.

    It is the smallest that a pair of similarity just below ``min_jaccard`` reaches with at most the probability
    ``error``; pairs of less similarity reach it far more seldom.

    Args:
        min_jaccard: least true similarity of a duplicate, in (0, 1].
        num_perm: values in a signature.
        error: the probability.

    Returns:
        The share, or infinity where even equal signatures are not evidence enough: then only exact duplicates count.

    Raises:
        ConfigError: a value is outside its range.

    >>> round(least_estimate(0.8, 112), 3), least_estimate(0.9, 112), round(least_estimate(0.8, 9000), 3)
    (0.964, inf, 0.82)
    """
    if not (0.0 < min_jaccard <= 1.0 and num_perm >= 1 and 0.0 < error < 1.0):
        message = (
            f"wanted 0 < min_jaccard <= 1, num_perm >= 1 and 0 < error < 1, got {min_jaccard}, {num_perm}, {error}"
        )
        raise ConfigError(message)
    from scipy.special import bdtrc  # noqa: PLC0415  takes a third of a second, and few runs ask an index

    for agreeing in range(math.ceil(min_jaccard * num_perm), num_perm + 1):
        if bdtrc(agreeing - 1, num_perm, min_jaccard) <= error:
            return agreeing / num_perm
    return math.inf
