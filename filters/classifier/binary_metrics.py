"""How well a score tells positives from negatives: exact figures on arrays of scores, ties included."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gristmill.errors import InputError
from gristmill.filters.text.arrays import Flags, Floats

KEPT_SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
"""Shares for which `threshold_table` gives the threshold."""

CALIBRATION_BINS = 10


def area_under_curve(scores: Floats, positive: Flags) -> float:
    """Area under the ROC curve: how often a positive scores above a negative, a tie counting half; exact.

    Args:
        scores: one per document.
        positive: which documents are positives.

    Returns:
        0 to 1; NaN if either class is empty.

    >>> area_under_curve(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False]))
    0.875
    """
    above, below = scores[positive], np.sort(scores[~positive])
    if not len(above) or not len(below):
        return math.nan
    wins = np.searchsorted(below, above, side="left") + np.searchsorted(below, above, side="right")
    return int(wins.sum()) / (2 * len(above) * len(below))


def at_threshold(scores: Floats, positive: Flags, threshold: float) -> dict[str, float]:
    """Precision, recall and F1 of keeping what scores at least ``threshold``; 0 where nothing is to divide by.

    >>> at_threshold(np.array([0.9, 0.5, 0.4, 0.1]), np.array([True, False, True, False]), 0.5)
    {'precision': 0.5, 'recall': 0.5, 'f1': 0.5, 'kept_share': 0.5}
    """
    kept = scores >= threshold
    true = int((kept & positive).sum())
    precision = true / max(1, int(kept.sum()))
    recall = true / max(1, int(positive.sum()))
    both = precision + recall
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / both if both else 0.0,
        "kept_share": int(kept.sum()) / max(1, len(scores)),
    }


def threshold_for_share(scores: Floats, share: float) -> float:
    """The highest threshold that keeps at least ``share`` of the documents (one document at least).

    Documents that tie with the last one kept are kept too, so more than ``share`` may be.

    Raises:
        InputError: there is no score.

    >>> threshold_for_share(np.array([0.1, 0.2, 0.3, 0.4]), 0.5)
    0.3
    """
    if not len(scores):
        message = "no document to choose a threshold on; give files that hold some"
        raise InputError(message)
    # The product of a share and a count can pass the whole number that is meant by a rounding error.
    kept = min(len(scores), max(1, math.ceil(share * len(scores) - 1e-9)))
    return float(np.partition(scores, len(scores) - kept)[len(scores) - kept])


def threshold_table(pool: Floats, scores: Floats, positive: Flags) -> list[dict[str, float]]:
    """For each of `KEPT_SHARES` the threshold that keeps it of ``pool``, and what it does to labelled documents.

    Args:
        pool: scores of the documents that are to be filtered.
        scores: scores of labelled documents.
        positive: which of them are positives.

    >>> table = threshold_table(np.array([0.2, 0.8]), np.array([0.2, 0.8]), np.array([False, True]))
    >>> table[0]["share"], table[0]["threshold"], table[0]["recall"]
    (0.01, 0.8, 1.0)
    """
    rows = []
    for share in KEPT_SHARES:
        threshold = threshold_for_share(pool, share)
        found = at_threshold(scores, positive, threshold)
        kept = float((pool >= threshold).mean())
        rows.append(
            {
                "share": share,
                "threshold": threshold,
                "kept_share": kept,
                "precision": found["precision"],
                "recall": found["recall"],
            }
        )
    return rows


def calibration_table(scores: Floats, positive: Flags) -> list[dict[str, Any]]:
    """In each tenth of the scores' range, how many documents there are, their mean score and the share of positives.

    A calibrated score has the two equal. Empty tenths are left out.

    >>> calibration_table(np.array([0.05, 0.07, 1.0]), np.array([False, True, True]))[0]["positive_share"]
    0.5
    """
    bins = np.clip((scores * CALIBRATION_BINS).astype(np.int64), 0, CALIBRATION_BINS - 1)
    rows = []
    for number in range(CALIBRATION_BINS):
        inside = bins == number
        if inside.any():
            rows.append(
                {
                    "from": number / CALIBRATION_BINS,
                    "documents": int(inside.sum()),
                    "mean_score": float(scores[inside].mean()),
                    "positive_share": float(positive[inside].mean()),
                }
            )
    return rows
