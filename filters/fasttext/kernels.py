"""fastText's prediction as a kernel over UTF-8 buffers: the most probable label of slices of each text.

It follows ``Dictionary::getLine``, ``Dictionary::computeSubwords``, ``Model::computeHidden`` and the two softmax losses
of facebookresearch/fastText. Two things differ: line breaks are spaces, and the word ``</s>`` in a text is skipped
(fastText stops reading there).
"""

from __future__ import annotations

import numba
import numpy as np

from gristmill.filters.fasttext.model import Arrays, Floats32, Kept, Shape, hash_step
from gristmill.filters.text.arrays import Bytes, Floats, Int32s, Int64s
from gristmill.filters.text.unicode_classes import LETTER
from gristmill.filters.text.utf8 import NON_ASCII, code_point
from gristmill.kernels.kernel import kernel

_BEGIN, _END = 60, 62  # < and >, which fastText puts around every word
_LABEL = np.frombuffer(b"__label__", np.uint8)
_EOS = np.frombuffer(b"</s>", np.uint8)
_SMALL = 1e-5
"""fastText adds it to every probability before it takes a logarithm, so that its answers can pass 1."""


@kernel
def _is_space(byte: int) -> bool:
    return byte == 32 or 9 <= byte <= 13 or byte == 0


@kernel
def _starts(data: Bytes, size: int, wanted: Bytes) -> bool:
    if size < wanted.size:
        return False
    for k in range(wanted.size):  # noqa: SIM110  a kernel has no generator
        if data[k] != wanted[k]:
            return False
    return True


@kernel
def _same(word: Bytes, words: Bytes, first: int, size: int) -> bool:
    for k in range(size):  # noqa: SIM110  a kernel has no generator
        if words[first + k] != word[k + 1]:
            return False
    return True


@kernel
def _known_word(word: Bytes, size: int, state: int, words: Bytes, offsets: Int64s, slots: Int32s) -> int:
    """The number of a word of the dictionary; -1 if it is none. ``word[1:size - 1]`` are its bytes."""
    at = state & (slots.size - 1)
    while slots[at] >= 0:
        first = offsets[slots[at]]
        if offsets[slots[at] + 1] - first == size - 2 and _same(word, words, first, size - 2):
            return int(slots[at])
        at = (at + 1) & (slots.size - 1)
    return -1


@kernel
def _add_ngrams(word: Bytes, size: int, shape: Shape, kept: Kept, found: Int64s, count: int) -> int:
    """Rows of the character n-grams of ``word[:size]``, appended to ``found`` as `_rows` reads them; the new count.

    Most n-grams have no row: each is written and most are written over, which costs less than a branch that the
    processor cannot foresee.
    """
    some_pruned = kept.size > 0
    for i in range(size):
        if (word[i] & 0xC0) == 0x80:
            continue
        state = 2166136261
        j = i
        for n in range(1, shape.max_ngram + 1):
            if j >= size:
                break
            while True:
                state = hash_step(state, word[j])
                j += 1
                if j >= size or (word[j] & 0xC0) != 0x80:
                    break
            if n < shape.min_ngram or (n == 1 and (i == 0 or j == size)):
                continue
            bucket = state % shape.buckets
            found[count] = shape.words + bucket
            if some_pruned:
                count += int((kept[bucket >> 5] >> np.uint32(bucket & 31)) & np.uint32(1))
            else:
                count += 1
    return count


@kernel
def _rows(found: Int64s, count: int, words: int, pruned: Int32s) -> None:
    """Turns buckets (from ``words`` on) into rows of the input matrix where some buckets were pruned."""
    for k in range(count if pruned.size else 0):
        if found[k] >= words:
            found[k] = words + pruned[found[k] - words]


@kernel
def _add_word_ngrams(hashes: Int32s, count_words: int, shape: Shape, kept: Kept, found: Int64s, count: int) -> int:
    """Rows of the n-grams of words, as `_rows` reads them."""
    for i in range(count_words):
        state = np.uint64(np.int64(hashes[i]))
        for j in range(i + 1, min(i + shape.word_ngrams, count_words)):
            state = state * np.uint64(116049371) + np.uint64(np.int64(hashes[j]))
            bucket = np.int64(state % np.uint64(shape.buckets))
            if kept.size and not (kept[bucket >> 5] >> np.uint32(bucket & 31)) & np.uint32(1):
                continue
            found[count] = shape.words + bucket
            count += 1
    return count


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


@kernel
def _hash_eos() -> int:
    state = 2166136261
    for k in range(_EOS.size):
        state = hash_step(state, _EOS[k])
    return state


@kernel
def _add_slice(
    data: Bytes, i: int, stop: int, model: Arrays, word: Bytes, hashes: Int32s, words: int, found: Int64s, count: int
) -> tuple[int, int]:
    """Rows of the words of ``data[i:stop]``, as `_rows` reads them; the new counts of words and rows."""
    shape, kept, slots = model.shape, model.kept, model.word_slots
    known_bytes, known_offsets = model.word_bytes, model.word_offsets
    while i < stop:
        if _is_space(data[i]):
            i += 1
            continue
        size, state = 1, 2166136261
        while i < stop and not _is_space(data[i]):
            word[size] = data[i]
            state = hash_step(state, data[i])
            size += 1
            i += 1
        if word[1] == 95 and _starts(word[1:], size - 1, _LABEL):
            continue
        if word[1] == _BEGIN and size == 5 and _starts(word[1:], 4, _EOS):
            continue
        word[0], word[size] = _BEGIN, _END
        size += 1
        if slots[state & (slots.size - 1)] >= 0:
            known = _known_word(word, size, state, known_bytes, known_offsets, slots)
            if known >= 0:
                found[count] = known
                count += 1
        if shape.max_ngram > 0:
            count = _add_ngrams(word, size, shape, kept, found, count)
        hashes[words] = np.int32(np.uint32(state))
        words += 1
    return words, count


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
    most_words = (longest + 1) // 2 + slice_count + 1
    word = np.empty(longest + 2, np.uint8)
    hashes = np.empty(most_words, np.int32)
    most_rows = (longest + 2 * most_words) * max(shape.max_ngram, 1) + most_words * (shape.word_ngrams + 1)
    found = np.empty(most_rows, np.int64)
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
            words, count = _add_slice(data, start, stop, model, word, hashes, words, found, count)
        if not letters:
            continue
        if shape.end_row >= 0:
            found[count] = shape.end_row
            count += 1
        hashes[words] = np.int32(np.uint32(_hash_eos()))
        if shape.word_ngrams > 1:
            count = _add_word_ngrams(hashes, words + 1, shape, model.kept, found, count)
        if count == 0:
            continue
        _rows(found, count, shape.words, model.pruned)
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
