"""fastText supervised models (``.bin`` and ``.ftz``) read into arrays that kernels can use.

The file format is that of ``Dictionary::load``, ``DenseMatrix::load`` and ``QuantMatrix::load`` of facebookresearch/
fastText, version 12: arguments, dictionary, input matrix, output matrix.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from gristmill.filters.fasttext.matrices import (
    LARGEST_MATRIX_BYTES,
    NO_CODES,
    Codes,
    Floats32,
    Reader,
    expanded,
    read_codes,
    read_dense,
)
from gristmill.filters.text.arrays import Bytes, Int32s, Int64s
from gristmill.kernels.kernel import kernel

MAGIC, VERSION = 793712314, 12
_WITHOUT_SUBWORDS = 11
"""The version whose supervised models have no n-grams of characters, whatever their arguments say."""
SUPERVISED = 3
HIERARCHICAL_SOFTMAX, NEGATIVE_SAMPLING, SOFTMAX, ONE_VERSUS_ALL = 1, 2, 3, 4
"""The losses, by the numbers in a file."""

LABEL_PREFIX = "__label__"
END_OF_SENTENCE = b"</s>"

Kept = NDArray[np.uint32]

_DICTIONARY_BYTES = 1 << 24


class Shape(NamedTuple):
    """Numbers of a model: rows are ``dim`` wide, n-grams of words have up to ``word_ngrams``; -1 is no ``end_row``."""

    dim: int
    min_ngram: int
    max_ngram: int
    buckets: int
    word_ngrams: int
    words: int
    end_row: int


class Arrays(NamedTuple):
    """What a kernel needs of a model.

    Attributes:
        shape: see `Shape`.
        word_bytes: the words one after another.
        word_offsets: where each word begins; int64 of shape (words + 1,).
        word_slots: open-addressed table from a word's hash to its number; -1 is empty. A power of two long.
        pruned: number of the n-gram row for each bucket; empty where no bucket was pruned.
        kept: one bit for each bucket, whether it has a row; empty where no bucket was pruned. It fits into the cache
            of a processor, which ``pruned`` does not, and most buckets have no row.
        rows: input matrix, float32 of shape (words + n-gram rows, dim); (0, dim) where it is kept as codes.
        output: output matrix, float32 of shape (labels, dim); for hierarchical softmax row ``i`` is that of inner node
            ``labels + i``.
        children: left and right child of each inner node of the tree, int32 of shape (labels - 1, 2); empty where the
            loss is another one than hierarchical softmax.
    """

    shape: Shape
    word_bytes: Bytes
    word_offsets: Int64s
    word_slots: Int32s
    pruned: Int32s
    kept: Kept
    rows: Floats32
    output: Floats32
    children: Int32s


class FastTextModel(NamedTuple):
    """A supervised fastText model.

    Attributes:
        labels: without their prefix.
        loss: what it was trained with, which says how to read the products with the output matrix.
        arrays: see `Arrays`.
        codes: the input matrix, where it is kept as codes.
        plain_output: the output matrix before the norms of its rows.
        output_norms: those norms, float32 of shape (labels,); 1 where the matrix is not quantized. fastText multiplies
            by them last.
    """

    labels: tuple[str, ...]
    loss: int
    arrays: Arrays
    codes: Codes
    plain_output: Floats32
    output_norms: Floats32

    @property
    def suits_slices(self) -> bool:
        """Whether `gristmill.filters.fasttext.kernels.predict_slices` can use it: a softmax over expanded rows."""
        softmax = self.loss in (HIERARCHICAL_SOFTMAX, SOFTMAX)
        return softmax and len(self.labels) > 1 and len(self.arrays.rows) > 0


def read_model(file: BinaryIO) -> FastTextModel:
    """Reads a model from a local file, from its beginning.

    Raises:
        ValueError: the file is no supervised fastText model; the message says what is wrong with it.
    """
    reader = Reader(file)
    if (found := reader.take("ii"))[0] != MAGIC or not _WITHOUT_SUBWORDS <= found[1] <= VERSION:
        message = f"it does not begin as a fastText model of version {_WITHOUT_SUBWORDS} or {VERSION} does"
        raise ValueError(message)
    dim, _, _, _, _, word_ngrams, loss, kind, buckets, least, most, _, _ = reader.take("12id")
    if kind != SUPERVISED:
        message = "it holds word vectors, not labels"
        raise ValueError(message)
    most = 0 if found[1] == _WITHOUT_SUBWORDS else most
    if not HIERARCHICAL_SOFTMAX <= loss <= ONE_VERSUS_ALL or (buckets <= 0 and (most > 0 or word_ngrams > 1)):
        message = f"its arguments cannot be: loss {loss}, {buckets} buckets"
        raise ValueError(message)
    size, words, labels, _, pruned_size = reader.take("iiiqq")
    entries = _entries(reader, size)
    if labels < 1 or [entry for _, _, entry in entries] != [0] * words + [1] * labels:
        message = f"its dictionary does not hold {words} words and then {labels} labels"
        raise ValueError(message)
    pruned, kept = _pruned(reader, buckets, pruned_size)
    quantized = bool(reader.take("b")[0])
    codes, rows = _input(reader) if quantized else (NO_CODES, read_dense(reader))
    plain, norms = _output(reader, quantized=bool(reader.take("b")[0]) and quantized)
    _check_sizes(
        (len(rows) or len(codes.codes), rows.shape[1]), (words + (buckets if pruned_size < 0 else pruned_size), dim)
    )
    _check_sizes(plain.shape, (labels, dim))
    names = [word for word, _, _ in entries]
    offsets = np.zeros(words + 1, np.int64)
    np.cumsum([len(name) for name in names[:words]], out=offsets[1:])
    blob = np.frombuffer(bytearray(b"".join(names[:words]) + b"\0"), np.uint8)
    end_row = names.index(END_OF_SENTENCE) if END_OF_SENTENCE in names[:words] else -1
    shape = Shape(dim, least, most, buckets, word_ngrams, words, end_row)
    counts = [count for _, count, _ in entries[words:]]
    children = _tree(counts) if loss == HIERARCHICAL_SOFTMAX else np.zeros((0, 2), np.int32)
    output = plain if (norms == 1).all() else plain * norms[:, None]
    arrays = Arrays(shape, blob, offsets, word_slots(blob, offsets), pruned, kept, rows, output, children)
    return FastTextModel(tuple(_label(name) for name in names[words:]), loss, arrays, codes, plain, norms)


def _entries(reader: Reader, count: int) -> list[tuple[bytes, int, int]]:
    """Word, count and type (0: word, 1: label) of each entry of the dictionary."""
    begin, raw, at = reader.file.tell(), reader.file.read(_DICTIONARY_BYTES), 0
    found: list[tuple[bytes, int, int]] = []
    while len(found) < count:
        end = raw.find(b"\0", at)
        if end < 0 or end + 10 > len(raw):
            more = reader.file.read(_DICTIONARY_BYTES)
            if not more:
                message = "it ends within its dictionary"
                raise ValueError(message)
            raw += more
            continue
        found.append((raw[at:end], *struct.unpack_from("<qb", raw, end + 1)))
        at = end + 10
    reader.file.seek(begin + at)
    return found


def _label(name: bytes) -> str:
    return name.decode("utf-8", "replace").removeprefix(LABEL_PREFIX)


def _pruned(reader: Reader, buckets: int, size: int) -> tuple[Int32s, Kept]:
    """`Arrays.pruned` and `Arrays.kept`; a size of -1 means that nothing was pruned."""
    if size < 0:
        return np.zeros(0, np.int32), np.zeros(0, np.uint32)
    pairs = reader.array(np.int32, 2 * size).reshape(-1, 2)
    if size and (pairs.min() < 0 or pairs[:, 0].max() >= buckets or pairs[:, 1].max() >= size):
        message = "its n-grams have rows that do not exist"
        raise ValueError(message)
    pruned = np.zeros(max(buckets, 1), np.int32)
    pruned[pairs[:, 0]] = pairs[:, 1]
    kept = np.zeros((max(buckets, 1) + 31) // 32, np.uint32)
    np.bitwise_or.at(kept, pairs[:, 0] >> 5, np.uint32(1) << (pairs[:, 0] & 31).astype(np.uint32))
    return pruned, kept


def _check_sizes(got: tuple[int, int], wanted: tuple[int, int]) -> None:
    """A kernel asks no array for its size, so a row too few would be read from elsewhere in memory."""
    if got[0] < wanted[0] or got[1] != wanted[1]:
        message = f"it has a matrix of {got[0]} x {got[1]} numbers where its dictionary needs {wanted[0]} x {wanted[1]}"
        raise ValueError(message)


def _input(reader: Reader) -> tuple[Codes, Floats32]:
    """A quantized input matrix, as codes or as rows."""
    codes, columns = read_codes(reader)
    if len(codes.codes) * columns * 4 > LARGEST_MATRIX_BYTES:
        return codes, np.zeros((0, columns), np.float32)
    rows = expanded(codes, columns)
    rows *= codes.norms[:, None]
    return NO_CODES, rows


def _output(reader: Reader, *, quantized: bool) -> tuple[Floats32, Floats32]:
    """The output matrix and the norms of its rows."""
    if quantized:
        codes, columns = read_codes(reader)
        return expanded(codes, columns), codes.norms
    matrix = read_dense(reader)
    return matrix, np.ones(len(matrix), np.float32)


def _tree(counts: list[int]) -> Int32s:
    """The Huffman tree over the labels, built as fastText builds it: labels come sorted by falling count."""
    leaves = len(counts)
    weights = [*counts, *[10**15] * (leaves - 1)]
    children = np.zeros((leaves - 1, 2), np.int32)
    leaf, node = leaves - 1, leaves
    for inner in range(leaves, 2 * leaves - 1):
        for side in range(2):
            if leaf >= 0 and weights[leaf] < weights[node]:
                children[inner - leaves, side], leaf = leaf, leaf - 1
            else:
                children[inner - leaves, side], node = node, node + 1
        weights[inner] = weights[children[inner - leaves, 0]] + weights[children[inner - leaves, 1]]
    return children


@kernel
def hash_step(state: int, byte: int) -> int:
    """One step of fastText's 32-bit FNV-1a, whose bytes are signed; begins with 2166136261."""
    signed = int(byte) if byte < 128 else int(byte) | 0xFFFFFF00
    return ((state ^ signed) * 16777619) & 0xFFFFFFFF


@numba.njit(nogil=True, cache=True)
def word_slots(data: Bytes, offsets: Int64s) -> Int32s:
    """The table of `Arrays.word_slots`."""
    words = offsets.size - 1
    size = 16
    while size < 2 * words:
        size *= 2
    slots = np.full(size, -1, np.int32)
    for word in range(words):
        state = 2166136261
        for i in range(offsets[word], offsets[word + 1]):
            state = hash_step(state, data[i])
        at = state & (size - 1)
        while slots[at] >= 0:
            at = (at + 1) & (size - 1)
        slots[at] = word
    return slots
