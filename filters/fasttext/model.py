"""fastText supervised models (``.bin`` and ``.ftz``) read into arrays that a kernel can use.

The file format is that of ``Dictionary::load``, ``DenseMatrix::load`` and ``QuantMatrix::load`` of facebookresearch/
fastText, version 12: arguments, dictionary, input matrix, output matrix. A quantized input matrix (Joulin et al. 2016,
arXiv:1612.03651) is expanded once, where that takes at most `LARGEST_MATRIX_BYTES`.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from gristmill.filters.text.arrays import Bytes, Int32s, Int64s
from gristmill.kernels.kernel import kernel

MAGIC, VERSION = 793712314, 12
SUPERVISED = 3
HIERARCHICAL_SOFTMAX, SOFTMAX = 1, 3
"""The two losses whose answer is a distribution over the labels; a model with another one is left to fastText."""

LABEL_PREFIX = "__label__"
LARGEST_MATRIX_BYTES = 1 << 28
END_OF_SENTENCE = b"</s>"

Floats32 = NDArray[np.float32]
Kept = NDArray[np.uint32]

_DICTIONARY_BYTES = 1 << 24
_CENTROIDS = 256


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
        rows: input matrix, float32 of shape (words + n-gram rows, dim).
        output: output matrix, float32 of shape (labels, dim); for hierarchical softmax row ``i`` is that of inner node
            ``labels + i``.
        children: left and right child of each inner node of the tree, int32 of shape (labels - 1, 2); empty where the
            loss is softmax.
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
    """A supervised fastText model: its labels without their prefix, and its arrays."""

    labels: tuple[str, ...]
    arrays: Arrays


class _Reader:
    """Takes values one after another from a file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def take(self, form: str) -> tuple[int, ...]:
        layout = struct.Struct("<" + form)
        values: tuple[int, ...] = layout.unpack(self._file.read(layout.size))
        return values

    def array(self, dtype: type[np.generic], count: int) -> NDArray[Any]:
        found = np.fromfile(self._file, dtype, count)
        if len(found) != count:
            message = "the file ends too early"
            raise ValueError(message)
        return found

    def entries(self, count: int) -> list[tuple[bytes, int, int]]:
        """Word, count and type (0: word, 1: label) of each entry of the dictionary."""
        begin, raw, at = self._file.tell(), self._file.read(_DICTIONARY_BYTES), 0
        found: list[tuple[bytes, int, int]] = []
        while len(found) < count:
            end = raw.find(b"\0", at)
            if end < 0 or end + 10 > len(raw):
                more = self._file.read(_DICTIONARY_BYTES)
                if not more:
                    message = "the file ends within its dictionary"
                    raise ValueError(message)
                raw += more
                continue
            found.append((raw[at:end], *struct.unpack_from("<qb", raw, end + 1)))
            at = end + 10
        self._file.seek(begin + at)
        return found


def read_model(file: BinaryIO) -> FastTextModel | None:
    """Reads a model from a local file opened unbuffered or buffered, from its beginning.

    Returns:
        None if only fastText itself can say what it is: no model, another version, another kind than supervised, a loss
        without a softmax (``ns``, ``ova``), or a quantized matrix that is too large to expand.
    """
    try:
        return _read(_Reader(file))
    except (struct.error, ValueError):
        return None


def _read(reader: _Reader) -> FastTextModel | None:
    if reader.take("ii") != (MAGIC, VERSION):
        return None
    dim, _, _, _, _, word_ngrams, loss, kind, buckets, least, most, _, _ = reader.take("12id")
    size, words, labels, _, pruned_size = reader.take("iiiqq")
    if kind != SUPERVISED or loss not in (HIERARCHICAL_SOFTMAX, SOFTMAX) or labels < 2 or buckets < 0:
        return None
    entries = reader.entries(size)
    if [kind for _, _, kind in entries] != [0] * words + [1] * labels:
        return None
    pruned, kept = _pruned(reader, buckets, pruned_size)
    quantized = bool(reader.take("b")[0])
    rows = _quantized(reader) if quantized else _dense(reader)
    quantized_output = bool(reader.take("b")[0])
    output = _quantized(reader) if quantized and quantized_output else _dense(reader)
    if rows is None or output is None:
        return None
    names = [word for word, _, _ in entries]
    offsets = np.zeros(words + 1, np.int64)
    np.cumsum([len(name) for name in names[:words]], out=offsets[1:])
    blob = np.frombuffer(bytearray(b"".join(names[:words]) + b"\0"), np.uint8)
    end_row = names.index(END_OF_SENTENCE) if END_OF_SENTENCE in names[:words] else -1
    shape = Shape(dim, least, most, buckets, word_ngrams, words, end_row)
    counts = [count for _, count, _ in entries[words:]]
    children = _tree(counts) if loss == HIERARCHICAL_SOFTMAX else np.zeros((0, 2), np.int32)
    arrays = Arrays(shape, blob, offsets, word_slots(blob, offsets), pruned, kept, rows, output, children)
    return FastTextModel(tuple(_label(name) for name in names[words:]), arrays)


def _label(name: bytes) -> str:
    return name.decode("utf-8", "replace").removeprefix(LABEL_PREFIX)


def _pruned(reader: _Reader, buckets: int, size: int) -> tuple[Int32s, Kept]:
    """`Arrays.pruned` and `Arrays.kept`; a size of -1 means that nothing was pruned."""
    if size < 0:
        return np.zeros(0, np.int32), np.zeros(0, np.uint32)
    pairs = reader.array(np.int32, 2 * size).reshape(-1, 2)
    pruned = np.zeros(max(buckets, 1), np.int32)
    pruned[pairs[:, 0]] = pairs[:, 1]
    kept = np.zeros((max(buckets, 1) + 31) // 32, np.uint32)
    np.bitwise_or.at(kept, pairs[:, 0] >> 5, np.uint32(1) << (pairs[:, 0] & 31).astype(np.uint32))
    return pruned, kept


def _dense(reader: _Reader) -> Floats32:
    rows, columns = reader.take("qq")
    return reader.array(np.float32, rows * columns).reshape(rows, columns)


def _quantized(reader: _Reader) -> Floats32 | None:
    """Expands a product-quantized matrix: a centroid for each part of a row, and a norm for each row."""
    (has_norms,), (rows, columns, code_bytes) = reader.take("b"), reader.take("qqi")
    codes = reader.array(np.uint8, code_bytes)
    centroids, parts = _centroids(reader)
    if rows * columns * 4 > LARGEST_MATRIX_BYTES:
        return None
    matrix = np.empty((rows, columns), np.float32)
    codes = codes.reshape(rows, parts)
    width = -(-columns // parts)
    for part in range(parts):
        first, last = part * width, min((part + 1) * width, columns)
        table = centroids[part * _CENTROIDS * width :][: _CENTROIDS * (last - first)].reshape(_CENTROIDS, last - first)
        matrix[:, first:last] = table[codes[:, part]]
    if has_norms:
        norm_codes = reader.array(np.uint8, rows)
        norms, _ = _centroids(reader)
        matrix *= norms[norm_codes][:, None]
    return matrix


def _centroids(reader: _Reader) -> tuple[Floats32, int]:
    dim, parts, _, _ = reader.take("iiii")
    return reader.array(np.float32, dim * _CENTROIDS), parts


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
    """The table of `FastTextModel.word_slots`."""
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
