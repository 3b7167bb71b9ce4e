"""Which rows of a model's input matrix a line of text asks for: its words, their n-grams, n-grams of words.

It follows ``Dictionary::getLine``, ``Dictionary::computeSubwords`` and ``Dictionary::addWordNgrams`` of
facebookresearch/fastText. A word ``</s>`` or ``__label__…`` inside a line is skipped.
"""

from __future__ import annotations

import numpy as np

from gristmill.filters.fasttext.model import Arrays, Kept, Shape, hash_step
from gristmill.filters.text.arrays import Bytes, Int32s, Int64s
from gristmill.kernels.kernel import kernel

_BEGIN, _END = 60, 62  # < and >, which fastText puts around every word
_LABEL = np.frombuffer(b"__label__", np.uint8)
_EOS = np.frombuffer(b"</s>", np.uint8)  # what fastText makes of the end of a line


@kernel
def is_space(byte: int) -> bool:
    """What parts words for fastText."""
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
def is_end(data: Bytes, i: int, stop: int) -> bool:
    """Whether the word that begins at ``i`` is ``</s>``."""
    return _starts(data[i:], stop - i, _EOS) and (i + _EOS.size == stop or is_space(data[i + _EOS.size]))


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
    """Rows of the character n-grams of ``word[:size]``, appended to ``found`` as `end_line` reads them; the new count.

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
    """Rows of the n-grams of words, as `end_line` reads them."""
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
def add_words(
    data: Bytes, i: int, stop: int, model: Arrays, word: Bytes, hashes: Int32s, words: int, found: Int64s, count: int
) -> tuple[int, int]:
    """Rows of the words of ``data[i:stop]``, as `end_line` reads them; the new counts of words and rows.

    ``word`` has room for the bytes of a word and two more; ``hashes`` takes the hash of each word.
    """
    shape, kept, slots = model.shape, model.kept, model.word_slots
    known_bytes, known_offsets = model.word_bytes, model.word_offsets
    while i < stop:
        if is_space(data[i]):
            i += 1
            continue
        size, state = 1, 2166136261
        while i < stop and not is_space(data[i]):
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


@kernel
def _hash_eos() -> int:
    state = 2166136261
    for k in range(_EOS.size):
        state = hash_step(state, _EOS[k])
    return state


@kernel
def end_line(model: Arrays, hashes: Int32s, words: int, found: Int64s, count: int) -> int:
    """Adds the end of the line and the n-grams of words to what `add_words` found, as rows; the new count."""
    shape = model.shape
    if shape.end_row >= 0:
        found[count] = shape.end_row
        count += 1
    hashes[words] = np.int32(np.uint32(_hash_eos()))
    if shape.word_ngrams > 1:
        count = _add_word_ngrams(hashes, words + 1, shape, model.kept, found, count)
    _rows(found, count, shape.words, model.pruned)
    return count


@kernel
def most_words(longest: int) -> int:
    """How many words and ends a line of so many bytes can have."""
    return (longest + 1) // 2 + 1


@kernel
def most_rows(longest: int, words: int, shape: Shape) -> int:
    """How many rows a line of so many bytes and words can ask for."""
    return (longest + 2 * words) * max(shape.max_ngram, 1) + words * (shape.word_ngrams + 1)
