"""MinHash signatures of 64 bits, bit-equal to datasketch's ``affine64`` scheme: for documents of very many shingles.

The scheme of `gristmill.dedup.signatures.minhash` keeps the low 32 bits of a shingle hash, so two different shingles of
a document of ``n`` distinct ones share a value with probability ``n / 2**32``: one in 400 for ten million, which makes
two such documents look that much more similar than they are. Here all 64 bits count, for twice the memory and three
times the work: ``a_k * fmix64(h) + b_k mod 2**64`` (datasketch 2.0.0, ``datasketch/minhash.py``)::

    sketch = datasketch.MinHash(num_perm=112, seed=1, hashfunc=int, scheme="affine64")
    sketch.update_batch(hashes(text))
    sketch.hashvalues == signatures64(pa.array([text]))[0]

A run uses the 32-bit scheme: its candidates are verified with all 64 bits whatever the signature.
"""

from __future__ import annotations

import numba
import numpy as np
import pyarrow as pa

from gristmill.dedup.signatures.minhash import scheme_permutations
from gristmill.dedup.signatures.normalization import Normalization, Unit, prepare
from gristmill.dedup.signatures.shingles import check_shingle, shingle_hashes, unit_capacity, unit_hashes
from gristmill.dedup.signatures.text_buffers import Bytes, Offsets, Table
from gristmill.dedup.signatures.word_hashes import Hashes, fmix64

EMPTY64 = 0xFFFFFFFFFFFFFFFF
"""Every value of the row of a document without shingles."""


def permutations64(num_perm: int = 112, seed: int = 1) -> tuple[Hashes, Hashes]:
    """The factors ``a`` (odd) and summands ``b`` of datasketch's permutations for this seed: two uint64 arrays.

    >>> a, b = permutations64(4, seed=1)
    >>> a.dtype.name, bool((a % 2 == 1).all())
    ('uint64', True)
    """
    return scheme_permutations("affine64", num_perm, seed)


@numba.njit(nogil=True, cache=True)
def _signatures64(
    data: Bytes,
    offsets: Offsets,
    table: Table,
    by_word: bool,
    shingle: int,
    a: Hashes,
    b: Hashes,
    out: Hashes,
) -> None:
    capacity = unit_capacity(offsets, by_word)
    units = np.empty(capacity, np.uint64)
    hashed = np.empty(capacity, np.uint64)
    for i in range(len(out)):
        count = unit_hashes(data, offsets[i], offsets[i + 1], table, by_word, units)
        count = shingle_hashes(units, count, shingle, hashed)
        for j in range(count):
            hashed[j] = fmix64(hashed[j])
        for k in range(len(a)):
            factor = a[k]
            summand = b[k]
            low = np.uint64(EMPTY64)
            for j in range(count):
                low = min(low, hashed[j] * factor + summand)
            out[i, k] = low


def signatures64(
    texts: pa.Array | pa.ChunkedArray,
    *,
    shingle: int = 5,
    num_perm: int = 112,
    seed: int = 1,
    unit: Unit = "word",
    normalization: Normalization = "casefold",
) -> Hashes:
    """The 64-bit signature of each text; arguments and errors are those of `minhash.signatures`.

    Returns:
        uint64 of shape ``(len(texts), num_perm)``; rows of documents shorter than a shingle are all `EMPTY64`.

    >>> rows = signatures64(pa.array(["the cat sat on the mat", "short"]), num_perm=2)
    >>> rows.dtype.name, rows[1].tolist() == [EMPTY64] * 2
    ('uint64', True)
    """
    check_shingle(shingle)
    a, b = permutations64(num_perm, seed)
    prepared = prepare(texts, unit, normalization)
    out = np.empty((len(prepared.offsets) - 1, num_perm), np.uint64)
    _signatures64(prepared.data, prepared.offsets, prepared.table, prepared.by_word, shingle, a, b, out)
    return out
