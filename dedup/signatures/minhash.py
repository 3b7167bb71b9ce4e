"""MinHash signatures, bit-equal to datasketch's ``affine32`` scheme on the same shingle hashes.

datasketch 2.0.0 (``datasketch/minhash.py``, ``_init_permutations`` and ``_fmix``) maps a 32-bit hash ``h`` by
``a_k * fmix32(h) + b_k mod 2**32`` with odd ``a_k`` and keeps the minimum over the set for each ``k``. The 64-bit
shingle hashes of `gristmill.dedup.signatures.shingles` enter it by their low 32 bits, so::

    sketch = datasketch.MinHash(num_perm=112, seed=1, hashfunc=lambda shingle: int(shingle) & 0xFFFFFFFF)
    sketch.update_batch(hashes(text))
    sketch.hashvalues == signatures(pa.array([text]))[0]

A document shorter than a shingle has no shingles; its row is ``0xFFFFFFFF`` throughout, the value of datasketch's empty
sketch, and `has_signature` tells such rows. They are covered by exact deduplication, never by this.
"""

from __future__ import annotations

import functools
from importlib import metadata
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill.dedup.signatures.normalization import Normalization, Unit, prepare
from gristmill.dedup.signatures.shingles import check_shingle, longest_text, shingle_hashes, unit_capacity, unit_hashes
from gristmill.dedup.signatures.text_buffers import Bytes, Integer, Offsets, Table, frozen
from gristmill.dedup.signatures.word_hashes import Hashes
from gristmill.errors import ConfigError
from gristmill.kernels.cached_arrays import cached_arrays
from gristmill.kernels.kernel import kernel

Signatures = npt.NDArray[np.uint32]

EMPTY = 0xFFFFFFFF
"""Every value of the row of a document without shingles."""

_LANES = 32  # shingles are padded to a multiple of this, so that the vectorised loop has no scalar remainder


def check_num_perm(num_perm: int) -> None:
    """Raises `ConfigError` unless there is at least one permutation."""
    if num_perm < 1:
        message = f"num_perm must be at least 1 permutation, got {num_perm}; a 14 x 8 plan needs 112"
        raise ConfigError(message)


@functools.lru_cache(maxsize=16)
def scheme_permutations(scheme: str, num_perm: int, seed: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """As `permutations`, of any scheme of datasketch and in its type of value."""
    check_num_perm(num_perm)
    a, b = cached_arrays(_permutations, scheme, num_perm, seed, metadata.version("datasketch"))
    return frozen(a, a.dtype), frozen(b, b.dtype)


def _permutations(scheme: str, num_perm: int, seed: int, _release: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    import datasketch  # noqa: PLC0415  it imports half of scipy, which takes as long as the smallest run's work

    a, b = datasketch.MinHash(num_perm=num_perm, seed=seed, scheme=scheme).permutations
    return a, b


def permutations(num_perm: int = 112, seed: int = 1) -> tuple[Signatures, Signatures]:
    """The factors ``a`` (odd) and summands ``b`` of datasketch's permutations for this seed: two uint32 arrays.

    >>> a, b = permutations(4, seed=1)
    >>> a.dtype.name, bool((a % 2 == 1).all())
    ('uint32', True)
    """
    return scheme_permutations("affine32", num_perm, seed)


@kernel
def _sketch(hashed: Hashes, count: Integer, a: Signatures, b: Signatures, mixed: Signatures, row: Signatures) -> None:
    """The signature of ``hashed[:count]`` into ``row``; ``mixed`` is scratch of ``count`` rounded up to the lanes."""
    for i in range(count):
        value = np.uint32(hashed[i])
        value ^= value >> np.uint32(16)
        value = np.uint32(value * np.uint32(0x85EBCA6B))
        value ^= value >> np.uint32(13)
        value = np.uint32(value * np.uint32(0xC2B2AE35))
        mixed[i] = value ^ (value >> np.uint32(16))
    padded = (count + _LANES - 1) // _LANES * _LANES
    for i in range(count, padded):
        mixed[i] = mixed[0]  # a minimum does not mind seeing a value twice
    for k in range(len(a)):
        factor = a[k]
        summand = b[k]
        low = np.uint32(EMPTY)
        for i in range(padded):
            low = min(low, np.uint32(np.uint32(mixed[i] * factor) + summand))
        row[k] = low


@numba.njit(nogil=True, cache=True)
def _signatures(
    data: Bytes,
    offsets: Offsets,
    table: Table,
    by_word: bool,
    shingle: int,
    a: Signatures,
    b: Signatures,
    out: Signatures,
) -> None:
    capacity = unit_capacity(offsets, by_word)
    units = np.empty(capacity, np.uint64)
    hashed = np.empty(capacity, np.uint64)
    mixed = np.empty(capacity + _LANES, np.uint32)
    for i in range(len(out)):
        count = unit_hashes(data, offsets[i], offsets[i + 1], table, by_word, units)
        count = shingle_hashes(units, count, shingle, hashed)
        _sketch(hashed, count, a, b, mixed, out[i])


@numba.njit(nogil=True, cache=True)
def _signatures_of_sets(offsets: Offsets, values: Hashes, a: Signatures, b: Signatures, out: Signatures) -> None:
    mixed = np.empty(longest_text(offsets) + _LANES, np.uint32)
    for i in range(len(out)):
        _sketch(values[offsets[i] : offsets[i + 1]], offsets[i + 1] - offsets[i], a, b, mixed, out[i])


def signatures(
    texts: pa.Array | pa.ChunkedArray,
    *,
    shingle: int = 5,
    num_perm: int = 112,
    seed: int = 1,
    unit: Unit = "word",
    normalization: Normalization = "casefold",
) -> Signatures:
    """The MinHash signature of each text, over its shingles.

    Runs on one core and releases the GIL. Scratch memory is 10 bytes per byte of the longest document, twice that for
    characters; a normalization that rewrites the text takes three times the text.

    Args:
        texts: ``string`` or ``large_string`` column without nulls.
        shingle: words or characters per shingle.
        num_perm: permutations, which is the length of a signature.
        seed: of datasketch's permutations.
        unit: what a shingle is made of.
        normalization: what is made equal first (`gristmill.dedup.signatures.normalization`).

    Returns:
        uint32 of shape ``(len(texts), num_perm)``; rows of documents shorter than a shingle are all `EMPTY`.

    Raises:
        ConfigError: ``shingle`` or ``num_perm`` is below 1, or there is no such unit or normalization.
        InputError: ``texts`` is no text column, or holds nulls.

    >>> rows = signatures(pa.array(["the cat sat on the mat", "THE CAT sat: on the mat!", "short"]), num_perm=8)
    >>> bool((rows[0] == rows[1]).all()), has_signature(rows).tolist()
    (True, [True, True, False])
    """
    check_shingle(shingle)
    a, b = permutations(num_perm, seed)
    prepared = prepare(texts, unit, normalization)
    out = np.empty((len(prepared.offsets) - 1, num_perm), np.uint32)
    _signatures(prepared.data, prepared.offsets, prepared.table, prepared.by_word, shingle, a, b, out)
    return out


def signatures_of_sets(offsets: Offsets, values: Hashes, *, num_perm: int = 112, seed: int = 1) -> Signatures:
    """The signatures of sets of 64-bit hashes: those of `shingles.shingle_sets`, or made elsewhere.

    Args:
        offsets: int64 of length ``n + 1``; set ``i`` is ``values[offsets[i]:offsets[i + 1]]``.
        values: uint64; order and repeats do not matter.
        num_perm: permutations.
        seed: of datasketch's permutations.

    Returns:
        uint32 of shape ``(n, num_perm)``; rows of empty sets are all `EMPTY`.
    """
    a, b = permutations(num_perm, seed)
    out = np.empty((len(offsets) - 1, num_perm), np.uint32)
    _signatures_of_sets(frozen(offsets, np.int64), frozen(values, np.uint64), a, b, out)
    return out


def has_signature(rows: Signatures | Hashes) -> npt.NDArray[np.bool_]:
    """Which rows belong to a document with at least one shingle: bool of length ``len(rows)``."""
    return np.asarray((rows != EMPTY).any(axis=1))


def estimated_jaccard(left: Signatures | Hashes, right: Signatures | Hashes) -> npt.NDArray[np.float64]:
    """The share of equal values, row by row: an estimate of the Jaccard similarity ``J``.

    Its standard error is ``sqrt(J * (1 - J) / num_perm)``. 0 where either row has no signature.

    >>> rows = signatures(pa.array(["a b c d e f", "a b c d e f"]))
    >>> estimated_jaccard(rows[:1], rows[1:])
    array([1.])
    """
    equal = np.asarray((left == right).mean(axis=1), np.float64)
    return np.where(has_signature(left) & has_signature(right), equal, 0.0)
