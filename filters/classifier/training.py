"""Training a quality classifier: which documents are held out, what is trained on the others, how good it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from gristmill.errors import InputError
from gristmill.filters.classifier.binary_metrics import (
    area_under_curve,
    at_threshold,
    calibration_table,
    threshold_for_share,
    threshold_table,
)
from gristmill.filters.classifier.classifier import one_line, scores
from gristmill.filters.classifier.fit import FitOptions, fit
from gristmill.filters.fasttext.model import LABEL_PREFIX, FastTextModel
from gristmill.filters.text.arrays import Flags, Floats

POSITIVE, NEGATIVE = "positive", "negative"
"""The labels of a model trained here; the score is the probability of the first."""

DEFAULT_THRESHOLD = 0.5
"""Where no share to keep is asked for: the label is more probable than not."""


@dataclass(frozen=True)
class Labelled:
    """Documents of two classes, each text once, in an order that depends on the texts and the seed only.

    Attributes:
        texts: one line each, see `gristmill.filters.classifier.classifier.one_line`.
        positive: which are positives.
        held_out: which are kept for evaluation.
        repeated: further copies of a text in its own class, left out.
        in_both: texts that stand in both classes, left out of both.
        empty: texts without a word, left out.
    """

    texts: tuple[str, ...]
    positive: Flags
    held_out: Flags
    repeated: int
    in_both: int
    empty: int


def label_texts(positive: Iterable[str], negative: Iterable[str], *, held_out_share: float, seed: int) -> Labelled:
    """Puts two classes together and holds a share of them out, by the hash of each text.

    The same text is on the same side of the split whatever else is in the files; copies cannot stand on both sides.

    Raises:
        InputError: a class has no document to train on, or none to evaluate on.

    >>> both = label_texts(["good text", "fine"], ["bad", "fine"], held_out_share=0, seed=1)
    >>> sorted(both.texts), both.in_both
    (['bad', 'good text'], 1)
    """
    classes: list[dict[str, int]] = []
    repeated = empty = 0
    for texts in (positive, negative):
        found: dict[str, int] = {}
        for text in texts:
            line = one_line(text)
            if not line.strip():
                empty += 1
            elif line in found:
                repeated += 1
            else:
                found[line] = xxhash.xxh3_128_intdigest(line.encode(), seed=seed)
        classes.append(found)
    good, bad = classes
    both = good.keys() & bad.keys()
    rows = [(digest, line, True) for line, digest in good.items() if line not in both]
    rows += [(digest, line, False) for line, digest in bad.items() if line not in both]
    rows.sort()
    # The order is by the high bits of the hash and the split by the low ones, so neither says anything of the other.
    limit = int(held_out_share * 2**64)
    held_out = np.array([digest & (2**64 - 1) < limit for digest, _, _ in rows], bool)
    labels = np.array([label for _, _, label in rows], bool)
    _check_classes(labels, held_out, needs_held_out=held_out_share > 0)
    return Labelled(tuple(line for _, line, _ in rows), labels, held_out, repeated, len(both), empty)


def _check_classes(positive: Flags, held_out: Flags, *, needs_held_out: bool) -> None:
    for name, chosen in ((POSITIVE, positive), (NEGATIVE, ~positive)):
        for part, side in (("train on", ~held_out), ("hold out", held_out)):
            if not (chosen & side).any() and (part == "train on" or needs_held_out):
                message = (
                    f"no {name} document to {part}: wanted at least 1 of the {int(chosen.sum())} {name} documents that "
                    "are not empty and not in both classes; give more files, or another held-out share"
                )
                raise InputError(message)


def train_classifier(documents: Labelled, options: FitOptions, path: Path) -> FastTextModel:
    """Trains on what is not held out and leaves the model's file at ``path``; errors as `fit`."""
    names = {True: LABEL_PREFIX + POSITIVE, False: LABEL_PREFIX + NEGATIVE}
    rows = zip(documents.texts, documents.positive.tolist(), documents.held_out.tolist(), strict=True)
    return fit((f"{names[label]} {line}" for line, label, out in rows if not out), options, path)


def held_out_scores(documents: Labelled, model: FastTextModel) -> tuple[Floats, Flags]:
    """Scores and labels of the documents that were held out."""
    chosen = np.flatnonzero(documents.held_out)
    return scores([documents.texts[row] for row in chosen], model, POSITIVE), documents.positive[chosen]


def evaluate(
    found: Floats, positive: Flags, pool: Floats | None = None, keep_share: float | None = None
) -> dict[str, Any]:
    """The threshold and the held-out figures of a model.

    Args:
        found: scores of the held-out documents.
        positive: which of them are positives.
        pool: scores of the documents to be filtered; the held-out documents if None.
        keep_share: share of ``pool`` to keep, which sets the threshold; `DEFAULT_THRESHOLD` if None.

    Returns:
        JSON values: ``threshold``, ``keep_share``, ``held_out``, ``thresholds`` and ``calibration``.
    """
    judged = found if pool is None else pool
    threshold = DEFAULT_THRESHOLD if keep_share is None else threshold_for_share(judged, keep_share)
    return {
        "threshold": threshold,
        "keep_share": keep_share,
        "held_out": {
            "documents": len(found),
            "positives": int(positive.sum()),
            "auc": area_under_curve(found, positive),
            **at_threshold(found, positive, threshold),
        },
        "thresholds": threshold_table(judged, found, positive),
        "thresholds_on": "held-out documents" if pool is None else "the documents to be filtered",
        "calibration": calibration_table(found, positive),
    }


def describe(
    documents: Labelled, options: FitOptions, inputs: dict[str, Sequence[dict[str, Any]]], held_out_share: float
) -> dict[str, Any]:
    """The part of the card that says what a model was made from: nothing of where or when."""
    trained = ~documents.held_out
    return {
        "label": POSITIVE,
        "training": {
            **asdict(options),
            "held_out_share": held_out_share,
            "positives": int((documents.positive & trained).sum()),
            "negatives": int((~documents.positive & trained).sum()),
            "repeated": documents.repeated,
            "in_both_classes": documents.in_both,
            "empty": documents.empty,
        },
        "inputs": {name: list(files) for name, files in inputs.items()},
    }
