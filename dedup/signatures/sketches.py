"""Signatures as objects of datasketch and back, so that either side's sketches serve the other's index.

The scheme follows from the type of the values: uint32 is ``affine32``, uint64 ``affine64``. A sketch says its seed and
length but not what its shingles were; sketches of other shingles compare without an error and mean nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import datasketch
import numpy as np
import numpy.typing as npt

from gristmill.dedup.signatures.minhash import Signatures
from gristmill.dedup.signatures.word_hashes import Hashes
from gristmill.errors import InputError

_DTYPES: dict[str, type[np.unsignedinteger[Any]]] = {"affine32": np.uint32, "affine64": np.uint64}


def low_32_bits(shingle: int) -> int:
    """The ``hashfunc`` under which datasketch continues a sketch from our 64-bit shingle hashes.

    >>> low_32_bits(0x1_0000_0002)
    2
    """
    return int(shingle) & 0xFFFFFFFF


def to_minhash(rows: Signatures | Hashes, *, seed: int = 1) -> list[datasketch.MinHash]:
    """One ``datasketch.MinHash`` per row; further shingle hashes may be added with its ``update_batch``.

    Args:
        rows: uint32 (`gristmill.dedup.signatures.minhash`) or uint64 (`gristmill.dedup.signatures.minhash64`), ``(n,
            num_perm)``.
        seed: that they were made with.

    Raises:
        InputError: neither uint32 nor uint64.

    >>> one, other = to_minhash(np.array([[1, 2], [1, 3]], np.uint32))
    >>> one.jaccard(other)
    0.5
    """
    scheme = _scheme(rows)
    hashfunc = low_32_bits if scheme == "affine32" else int
    first = datasketch.MinHash(num_perm=rows.shape[1], seed=seed, hashfunc=hashfunc, scheme=scheme)
    return [
        datasketch.MinHash(
            num_perm=rows.shape[1],
            seed=seed,
            hashfunc=hashfunc,
            hashvalues=row,
            permutations=first.permutations,
            scheme=scheme,
        )
        for row in rows
    ]


def to_lean(rows: Signatures | Hashes, *, seed: int = 1) -> list[datasketch.LeanMinHash]:
    """One ``datasketch.LeanMinHash`` per row: what datasketch serializes and its LSH indexes keep.

    >>> len(to_lean(np.array([[1, 2], [1, 3]], np.uint32)))
    2
    """
    scheme = _scheme(rows)
    return [datasketch.LeanMinHash(seed=seed, hashvalues=row, scheme=scheme) for row in rows]


def from_sketches(
    sketches: Sequence[datasketch.MinHash | datasketch.LeanMinHash], *, seed: int = 1
) -> npt.NDArray[Any]:
    """The signatures of datasketch's objects: uint32 for ``affine32``, uint64 for ``affine64``, ``(n, num_perm)``.

    Raises:
        InputError: no sketch at all, another seed than ``seed``, several lengths or schemes, or the ``legacy`` scheme
            of datasketch before 2.0, whose values compare with none of ours.

    >>> rows = np.array([[1, 2], [1, 3]], np.uint32)
    >>> bool((from_sketches(to_lean(rows)) == rows).all())
    True
    """
    kinds = {(sketch.scheme, len(sketch.hashvalues), sketch.seed) for sketch in sketches}
    if len(kinds) != 1:
        message = f"wanted sketches of one scheme, length and seed, got {len(kinds)} kinds: {sorted(kinds)}"
        raise InputError(message)
    scheme, _, found_seed = next(iter(kinds))
    if scheme not in _DTYPES or found_seed != seed:
        message = (
            f"wanted sketches of scheme affine32 or affine64 and seed {seed}, got {scheme} and seed {found_seed}; "
            "sketch the texts again"
        )
        raise InputError(message)
    return np.stack([sketch.hashvalues for sketch in sketches]).astype(_DTYPES[scheme])


def _scheme(rows: npt.NDArray[Any]) -> str:
    for name, dtype in _DTYPES.items():
        if rows.dtype == dtype:
            return name
    message = f"signatures must be uint32 or uint64, got {rows.dtype}"
    raise InputError(message)
