r"""The score of a fastText quality classifier, with DCLM's preparation and DCLM's reading of the answer.

The text is stripped, its lines are joined by spaces, and the model hears all of it. The score is the probability of one
label: where the model has two labels, p of the top label or 1 - p, as in DCLM's
``baselines/mappers/enrichers/quality_prediction_enrichers_calc_fasttext.py``; where it has more, the label's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gristmill.config.filter_config import ClassifierSection
from gristmill.errors import ConfigError, unknown_name
from gristmill.filters.classifier.model import classifier_sha256, load_classifier, model_labels, read_card
from gristmill.filters.counts.measure import Signal
from gristmill.filters.fasttext.lines import TOP, answer_lines
from gristmill.filters.fasttext.model import LABEL_PREFIX, FastTextModel
from gristmill.filters.text.arrays import Floats
from gristmill.filters.text.buffers import text_buffer

SCORE = Signal(
    "classifier_score", "float64", "probability", "-0.00001 to 1.00001",
    "the model's probability of the configured label on the whole text, lines joined by spaces; 0 without any word",
    "Li et al. 2024, arXiv:2406.11794, as mlfoundations/dclm at 361714b; Joulin et al. 2016, arXiv:1607.01759",
)  # fmt: skip

_BLOCK_DOCUMENTS = 256
# What fastText takes for white space, and the two words it does not read as words.
_RESERVED = re.compile(rf"(?<![^ \n\r\t\v\f\0])(?:</s>|{LABEL_PREFIX}[^ \n\r\t\v\f\0]*)(?![^ \n\r\t\v\f\0])")
_NOTHING = " \n\r\t\v\f\0"


def one_line(text: str) -> str:
    r"""A text as the one line that fastText is given: stripped, its lines joined by spaces.

    A word ``</s>`` would end the line, and a word that begins with ``__label__`` would be read as a label: both go.

    >>> one_line("\n Two lines\r\nof text </s> and\u2028more \n")
    'Two lines of text   and more'
    """
    line = " ".join(text.strip().splitlines())
    if "</s>" in line or LABEL_PREFIX in line:
        line = _RESERVED.sub(" ", line)
    return line


def scores(texts: Iterable[str], model: FastTextModel, label: str) -> Floats:
    """The probability of a label for each text.

    Args:
        texts: whole documents.
        model: from `gristmill.filters.classifier.model.load_classifier`.
        label: a label of the model, without ``__label__``.

    Returns:
        float64 of shape (texts,); 0 for a text without any word. fastText adds 0.00001 to every probability, so the
        range is -0.00001 to 1.00001; cut to 0 to 1, the surest documents would all tie.
    """
    lines = [one_line(text) for text in texts]
    found = np.zeros(len(lines), np.float64)
    asked = [row for row, line in enumerate(lines) if line.strip(_NOTHING)]
    wanted, two = model.labels.index(label), len(model.labels) == 2
    for first in range(0, len(asked), _BLOCK_DOCUMENTS):
        rows = asked[first : first + _BLOCK_DOCUMENTS]
        block = text_buffer(pa.array([lines[row] for row in rows], pa.large_string()))
        labels, chances = answer_lines(block, model, TOP if two else wanted)
        found[rows] = np.where((labels == wanted) | (labels < 0), chances, 1.0 - chances.astype(np.float64))
    return found


def resolve_classifier(section: ClassifierSection) -> ClassifierSection:
    """The section with its label and threshold filled in from the model's card, where it has one.

    Raises:
        ConfigError: no such model; its card is not its own; no label is given and there is no card; the model does not
            have the label.
    """
    labels = model_labels(load_classifier(section.path))
    card = read_card(section.path)
    label = section.label if section.label is not None else (card["label"] if card else None)
    if label is None:
        message = (
            f"[classifier] label is missing: {section.path} has no card beside it that names the label to score; "
            f"its labels are {', '.join(labels)}"
        )
        raise ConfigError(message)
    label = label.removeprefix(LABEL_PREFIX)
    if label not in labels:
        raise ConfigError(unknown_name(f"label of the classifier {section.path}", label, labels))
    threshold = section.threshold
    if threshold is None and card is not None and card["label"] == label:
        threshold = card["threshold"]
    return section.model_copy(update={"label": label, "threshold": threshold})


@dataclass(frozen=True)
class ClassifierScore:
    """The extra that makes `SCORE`.

    Attributes:
        path: uri of the model.
        label: the label whose probability is the score.
    """

    path: str
    label: str

    @property
    def signals(self) -> tuple[Signal, ...]:
        """One column."""
        return (SCORE,)

    def key(self) -> object:
        """The model's checksum and the label."""
        return ["classifier", classifier_sha256(self.path), self.label]

    def measure(self, documents: pa.RecordBatch) -> Sequence[pa.Array]:
        """The score of each document; the model is loaded once per process."""
        texts = documents.column("text").to_pylist()
        return [pa.array(scores(texts, load_classifier(self.path), self.label), pa.float64())]
