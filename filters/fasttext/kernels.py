"""fastText's prediction as a kernel over UTF-8 buffers: the most probable label of slices of each text.

It follows ``Model::computeHidden`` and the two softmax losses of facebookresearch/fastText, in an order of steps that
is faster: its probabilities equal fastText's to within 0.00001 (`gristmill.filters.fasttext.lines` has them to the last
bit). Two things differ: line breaks are spaces, and the word ``</s>`` in a text is skipped (fastText stops reading
there).
"""

from __future__ import annotations

import numba
import numpy as np

from gristmill.filters.fasttext.features import add_words, end_line, most_rows, most_words
from gristmill.filters.fasttext.matrices import Floats32
from gristmill.filters.fasttext.model import Arrays
from gristmill.filters.text.arrays import Bytes, Floats, Int32s, Int64s
from gristmill.filters.text.unicode_classes import LETTER
from gristmill.filters.text.utf8 import NON_ASCII, code_point
from gristmill.kernels.kernel import kernel

_SMALL = 1e-5
"""fastText adds it to every probability before it takes a logarithm, so that its answers can pass 1."""


@kernel
def _mean_row(rows: Floats32, found: Int64s, count: int, hidden: Floats32) -> None:
    hidden[:] = np.float32(0)
    for k in range(count):
        row = rows[found[k]]
        for d in range(hidden.size):
            hidden[d] += row[d]
    scale = np.float32(1.0 / max(count, 1))
    for d in range(hidden.size):
        hidden[d] *= scale


@kernel
def _dot(row: Floats32, hidden: Floats32) -> float:
    total = np.float32(0)
    for d in range(hidden.size):
        total += row[d] * hidden[d]
    return float(total)


@kernel
def _best_leaf(
    hidden: Floats32, output: Floats32, children: Int32s, stack: Int64s, scores: Floats
) -> tuple[int, float]:
    """The most probable leaf of the tree: the likelier branch first, and no branch that cannot win any more."""
    leaves = output.shape[0]
    best, best_score = -1, 0.0
    depth = 1
    stack[0], scores[0] = 2 * leaves - 2, 1.0
    while depth:
        depth -= 1
        node, score = stack[depth], scores[depth]
        if score <= best_score or score < _SMALL:
            continue
        if node < leaves:
            best, best_score = node, score
            continue
        inner = node - leaves
        right = 1.0 / (1.0 + np.exp(-_dot(output[inner], hidden)))
        likelier = 1 if right >= 0.5 else 0
        for side in (1 - likelier, likelier):
            stack[depth] = children[inner, side]
            scores[depth] = score * ((right if side else 1.0 - right) + _SMALL)
            depth += 1
    return best, best_score


@kernel
def _best_softmax(hidden: Floats32, output: Floats32, scores: Floats) -> tuple[int, float]:
    labels = output.shape[0]
    best = 0
    for label in range(labels):
        scores[label] = _dot(output[label], hidden)
        if scores[label] > scores[best]:
            best = label
    total = 0.0
    for label in range(labels):
        total += np.exp(scores[label] - scores[best])
    return best, 1.0 / total + _SMALL


@kernel
def slice_bounds(data: Bytes, begin: int, end: int, piece: int, slice_bytes: int, slice_count: int) -> tuple[int, int]:
    """Where one of the slices of a text lies: evenly spread from its beginning to its end, cut between characters."""
    length = end - begin
    if length <= slice_bytes * slice_count:
        return (begin, end) if piece == 0 else (end, end)
    start = begin + (length - slice_bytes) * piece // max(slice_count - 1, 1)
    stop = start + slice_bytes
    while start < stop and (data[start] & 0xC0) == 0x80:
        start += 1
    while stop < end and stop > start and (data[stop] & 0xC0) == 0x80:
        stop -= 1
    return start, stop


@kernel
def _has_letter(data: Bytes, start: int, stop: int, classes: Bytes) -> bool:
    i = start
    while i < stop:
        point, width = (int(data[i]), 1) if data[i] < NON_ASCII else code_point(data, i, stop)
        if classes[point] & LETTER:
            return True
        i += width
    return False


@numba.njit(nogil=True, cache=True)
def predict_slices(
    data: Bytes, offsets: Int64s, classes: Bytes, model: Arrays, slice_bytes: int, slice_count: int
) -> tuple[Int32s, Floats32]:
    """The most probable label of the slices of each text, and its probability as fastText gives it.

    Returns:
        int32 label numbers, -1 where the slices hold no letter or the model knows nothing in them; float32 in 0 to a
        little over 1.
    """
    shape = model.shape
    documents = offsets.size - 1
    longest = 0
    for document in range(documents):
        longest = max(longest, offsets[document + 1] - offsets[document])
    longest = min(longest, slice_bytes * slice_count)
    words_at_most = most_words(longest) + slice_count
    word = np.empty(longest + 2, np.uint8)
    hashes = np.empty(words_at_most, np.int32)
    found = np.empty(most_rows(longest, words_at_most, shape), np.int64)
    hidden = np.empty(shape.dim, np.float32)
    stack = np.empty(2 * model.output.shape[0], np.int64)
    scores = np.empty(2 * model.output.shape[0], np.float64)
    labels = np.full(documents, -1, np.int32)
    chances = np.zeros(documents, np.float32)
    for document in range(documents):
        count, words, letters = 0, 0, False
        for piece in range(slice_count):
            start, stop = slice_bounds(data, offsets[document], offsets[document + 1], piece, slice_bytes, slice_count)
            letters = letters or _has_letter(data, start, stop, classes)
            words, count = add_words(data, start, stop, model, word, hashes, words, found, count)
        if not letters:
            continue
        count = end_line(model, hashes, words, found, count)
        if count == 0:
            continue
        _mean_row(model.rows, found, count, hidden)
        if model.children.size:
            labels[document], chances[document] = _best_leaf(hidden, model.output, model.children, stack, scores)
        else:
            labels[document], chances[document] = _best_softmax(hidden, model.output, scores)
    return labels, chances


@numba.njit(nogil=True, cache=True)
def join_slices(data: Bytes, offsets: Int64s, slice_bytes: int, slice_count: int) -> tuple[Bytes, Int64s]:
    """The slices of each text joined by spaces, line breaks as spaces, ended by a line break: what fastText reads."""
    documents = offsets.size - 1
    most = 0
    for document in range(documents):
        most += min(offsets[document + 1] - offsets[document], slice_bytes * slice_count) + slice_count + 1
    joined = np.empty(most, np.uint8)
    bounds = np.zeros(documents + 1, np.int64)
    size = 0
    for document in range(documents):
        for piece in range(slice_count):
            start, stop = slice_bounds(data, offsets[document], offsets[document + 1], piece, slice_bytes, slice_count)
            if piece and stop > start:
                joined[size] = 32
                size += 1
            for i in range(start, stop):
                joined[size] = 32 if data[i] == 10 else data[i]
                size += 1
        joined[size] = 10
        size += 1
        bounds[document + 1] = size
    return joined[:size], bounds
