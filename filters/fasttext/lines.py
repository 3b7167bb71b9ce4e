"""fastText's own answer for whole lines, to the last bit: what a classifier's score is made of.

Each number is computed from the same numbers in the same order and precision as in facebookresearch/fastText 0.9.2
(``FastText::predictLine``, ``Loss::predict``, ``HierarchicalSoftmaxLoss::dfs``), so that a score that fastText stored
and one of this kernel are equal. That holds for builds of fastText that round every product and every sum, as those for
x86-64 do; one for a processor that rounds both at once differs in the last bits.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from gristmill.errors import ConfigError
from gristmill.filters.fasttext.features import add_words, end_line, is_end, is_space, most_rows, most_words
from gristmill.filters.fasttext.matrices import Codes, Floats32, add_code_row
from gristmill.filters.fasttext.model import HIERARCHICAL_SOFTMAX, SOFTMAX, Arrays, FastTextModel
from gristmill.filters.text.arrays import Bytes, Int32s, Int64s
from gristmill.filters.text.buffers import TextBuffer
from gristmill.kernels.kernel import kernel

TOP = -1
"""Asks for the most probable label instead of a certain one."""

_NO_NUMBER = -2
_SIGMOID_STEPS, _SIGMOID_END = 512, 8  # fastText looks the logistic function up where a loss has no softmax


def answer_lines(lines: TextBuffer, model: FastTextModel, label: int = TOP) -> tuple[Int32s, Floats32]:
    """The most probable label of each line, or the probability of one label.

    Args:
        lines: one text each, read up to a line break or a word ``</s>``. A word ``__label__…`` is skipped.
        model: from `gristmill.filters.fasttext.model.read_model`.
        label: number of the label whose probability is asked for; `TOP` for the most probable one.

    Returns:
        int32 label numbers, -1 where fastText has no answer: no word of the line is known, or the label is so
        improbable that its leaf is not reached; and float32 probabilities, 0 there. fastText adds 0.00001 to every
        probability.

    Raises:
        ConfigError: the model's numbers are not all numbers, as after a training that diverged.
    """
    found, chances = _answer(
        lines.data, lines.offsets, model.arrays, model.codes, model.plain_output, model.output_norms, model.loss, label
    )
    if (found == _NO_NUMBER).any():
        message = "the fastText model gives values that are not numbers; train it again with a lower learning rate"
        raise ConfigError(message)
    return found, chances


@kernel
def _line_end(data: Bytes, begin: int, end: int) -> int:
    """Where fastText stops to read a line."""
    i = begin
    while i < end and data[i] != 10:
        if data[i] == 60 and (i == begin or is_space(data[i - 1])) and is_end(data, i, end):  # <
            return i
        i += 1
    return i


@kernel
def _mean(rows: Floats32, codes: Codes, found: Int64s, count: int, hidden: Floats32) -> None:
    hidden[:] = np.float32(0)
    for k in range(count):
        if codes.codes.shape[0]:
            add_code_row(codes, found[k], hidden)
        else:
            row = rows[found[k]]
            for d in range(hidden.size):
                hidden[d] += row[d]
    scale = np.float32(1.0 / count)
    for d in range(hidden.size):
        hidden[d] *= scale


@kernel
def _product(output: Floats32, norms: Floats32, row: int, hidden: Floats32) -> np.float32:
    total = np.float32(0)
    for d in range(hidden.size):
        total += hidden[d] * output[row, d]
    return np.float32(total * norms[row])


@kernel
def _log(chance: float | np.floating) -> np.float32:
    return np.float32(math.log(np.float64(np.float32(chance)) + 1e-5))


@kernel
def _sigmoid(x: np.float32) -> np.float32:
    """The logistic function, read from fastText's table."""
    if x < np.float32(-_SIGMOID_END):
        return np.float32(0)
    if x > np.float32(_SIGMOID_END):
        return np.float32(1)
    step = int((x + np.float32(_SIGMOID_END)) * np.float32(_SIGMOID_STEPS / _SIGMOID_END / 2))
    at = np.float32(step * 2 * _SIGMOID_END) / np.float32(_SIGMOID_STEPS) - np.float32(_SIGMOID_END)
    return np.float32(1.0 / (1.0 + math.exp(np.float32(-at))))


@kernel
def _labels_of_rows(output: Floats32, norms: Floats32, hidden: Floats32, softmax: bool, chances: Floats32) -> bool:
    """The probability of every label, where each label has a row; whether all are numbers."""
    labels = chances.size
    for label in range(labels):
        chances[label] = _product(output, norms, label, hidden)
        if np.isnan(chances[label]):
            return False
    if not softmax:
        for label in range(labels):
            chances[label] = _sigmoid(chances[label])
        return True
    highest = chances[0]
    for label in range(labels):
        highest = max(highest, chances[label])
    total = np.float32(0)
    for label in range(labels):
        chances[label] = np.float32(math.exp(np.float64(chances[label] - highest)))
        total += chances[label]
    for label in range(labels):
        chances[label] /= total
    return True


@kernel
def _top(chances: Floats32) -> tuple[int, np.float32]:
    """The last of the most probable labels, and the logarithm of its probability."""
    best, best_score = 0, _log(chances[0])
    for label in range(1, chances.size):
        score = _log(chances[label])
        if score >= best_score:
            best, best_score = label, score
    return best, best_score


@kernel
def _leaf(
    output: Floats32,
    norms: Floats32,
    hidden: Floats32,
    children: Int32s,
    label: int,
    stack: Int64s,
    scores: Floats32,
) -> tuple[int, np.float32]:
    """A leaf of the tree and the logarithm of its probability: one label's, or the most probable one's."""
    leaves = output.shape[0]
    best, best_score = TOP, np.float32(0)
    floor = _log(0.0)
    depth = 1
    stack[0], scores[0] = 2 * leaves - 2, np.float32(0)
    while depth:
        depth -= 1
        node, score = stack[depth], scores[depth]
        if score < floor or (best >= 0 and label == TOP and score < best_score):
            continue
        if node < leaves:
            if label in (TOP, node):
                best, best_score = node, score
            continue
        inner = node - leaves
        product = _product(output, norms, inner, hidden)
        if np.isnan(product):
            return _NO_NUMBER, np.float32(0)
        right = np.float32(1.0 / np.float64(np.float32(1) + math.exp(np.float32(-product))))
        stack[depth], scores[depth] = children[inner, 1], score + _log(right)
        stack[depth + 1], scores[depth + 1] = children[inner, 0], score + _log(1.0 - np.float64(right))
        depth += 2
    return best, best_score


@numba.njit(nogil=True, cache=True)
def _answer(
    data: Bytes,
    offsets: Int64s,
    arrays: Arrays,
    codes: Codes,
    output: Floats32,
    norms: Floats32,
    loss: int,
    label: int,
) -> tuple[Int32s, Floats32]:
    shape, lines, labels = arrays.shape, offsets.size - 1, output.shape[0]
    longest = 0
    for line in range(lines):
        longest = max(longest, offsets[line + 1] - offsets[line])
    words_at_most = most_words(longest)
    word = np.empty(longest + 2, np.uint8)
    hashes = np.empty(words_at_most, np.int32)
    rows = np.empty(most_rows(longest, words_at_most, shape), np.int64)
    hidden, chances = np.empty(shape.dim, np.float32), np.empty(labels, np.float32)
    stack, scores = np.empty(2 * labels, np.int64), np.empty(2 * labels, np.float32)
    found, answers = np.full(lines, -1, np.int32), np.zeros(lines, np.float32)
    for line in range(lines):
        begin = offsets[line]
        stop = _line_end(data, begin, offsets[line + 1])
        words, count = add_words(data, begin, stop, arrays, word, hashes, 0, rows, 0)
        count = end_line(arrays, hashes, words, rows, count)
        if count == 0:
            continue
        _mean(arrays.rows, codes, rows, count, hidden)
        if loss == HIERARCHICAL_SOFTMAX:
            best, score = _leaf(output, norms, hidden, arrays.children, label, stack, scores)
        elif not _labels_of_rows(output, norms, hidden, loss == SOFTMAX, chances):
            best, score = _NO_NUMBER, np.float32(0)
        elif label == TOP:
            best, score = _top(chances)
        else:
            best, score = label, _log(chances[label])
        found[line] = best
        if best >= 0:
            answers[line] = math.exp(score)
    return found, answers
