"""Signatures that datatrove wrote, and new ones that compare with them.

``MinhashDedupSignature`` (datatrove 0.10, ``pipeline/dedup/minhash.py``) writes one file for each band and each rank,
``bucket_BBB/RRRRR.minhash.sig``: a record per document that has a shingle, its values of that band and its number among
the documents of the rank, sorted by value. Together the files of a rank hold whole signatures, so its documents can be
banded, bucketed and compared here without their texts:

>>> step = Parameters(bands=2, rows=1)
>>> files = [bytes.fromhex("0500000000000000" "00000000"), bytes.fromhex("0700000000000000" "00000000")]
>>> read_signatures(files, step).values
array([[5, 7]], dtype=uint64)

What the files do not hold is what the documents are: no identity and no address, only the number, so the caller must
know what the rank read and in what order. Nor do they hold the parameters, which must be given as they were set there.
Their permutations are not those of `gristmill.dedup.signatures.minhash`, so signatures of the two kinds never mix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import xxhash

from gristmill.dedup.signatures.word_hashes import Hashes
from gristmill.errors import InputError

_MERSENNE = np.uint64((1 << 61) - 1)


@dataclass(frozen=True)
class Parameters:
    """What ``MinhashConfig`` was set to; the defaults are its own.

    Attributes:
        shingle: words in a shingle, its ``n_grams``.
        bands: its ``num_buckets``.
        rows: its ``hashes_per_bucket``.
        seed: of the permutations.
        precision_bits: of ``HashConfig``: 64 or 32.
    """

    shingle: int = 5
    bands: int = 14
    rows: int = 8
    seed: int = 1
    precision_bits: Literal[32, 64] = 64


@dataclass(frozen=True)
class RankSignatures:
    """The signatures of one rank.

    Attributes:
        numbers: int64, each document's place among those that the rank read, ascending; ``(n,)``. Documents without a
            shingle are missing.
        values: uint64, ``(n, bands * rows)``: what `gristmill.dedup.signatures.banding.band_keys` and
            `gristmill.dedup.signatures.minhash.estimated_jaccard` take.
    """

    numbers: npt.NDArray[np.int64]
    values: Hashes


def read_signatures(files: Sequence[bytes], parameters: Parameters = Parameters()) -> RankSignatures:
    """Reads the files of one rank, in the order of their buckets.

    Raises:
        InputError: not as many files as bands, a file that is cut off or unsorted, or files that name other documents
            than the first: another rank's, or made with other parameters.
    """
    if len(files) != parameters.bands:
        message = f"wanted the files of {parameters.bands} buckets of one rank, got {len(files)}"
        raise InputError(message)
    bands = [_read_band(file, place, parameters) for place, file in enumerate(files)]
    numbers = bands[0][0]
    for place, (found, _) in enumerate(bands):
        if not np.array_equal(found, numbers):
            message = (
                f"bucket {place} holds {len(found)} documents, bucket 0 {len(numbers)}, or others; give the files of "
                "one rank and the number of hashes and the precision they were made with"
            )
            raise InputError(message)
    return RankSignatures(numbers, np.concatenate([values for _, values in bands], axis=1))


def _read_band(file: bytes, place: int, parameters: Parameters) -> tuple[npt.NDArray[np.int64], Hashes]:
    """Numbers in ascending order and their values of one band, ``(n, rows)``."""
    kind = np.dtype([("values", f"<u{parameters.precision_bits // 8}", (parameters.rows,)), ("number", "<u4")])
    if len(file) % kind.itemsize:
        message = (
            f"bucket {place} has {len(file)} bytes, wanted a multiple of {kind.itemsize} for {parameters.rows} hashes "
            f"of {parameters.precision_bits} bits; the file is cut off or was made with other parameters"
        )
        raise InputError(message)
    records = np.frombuffer(file, kind)
    values, numbers = records["values"].astype(np.uint64), records["number"].astype(np.int64)
    first = values[:, 0]
    order = np.argsort(numbers, kind="stable")
    if (first[1:] < first[:-1]).any() or (np.diff(numbers[order]) == 0).any():
        message = f"bucket {place} is not sorted, or names a document twice: made with other parameters, or unfinished"
        raise InputError(message)
    return numbers[order], values[order]


def shingle_hashes(words: Sequence[str], parameters: Parameters = Parameters()) -> Hashes:
    """The hashes of a document's shingles with xxHash, as datatrove's default takes them.

    Args:
        words: of the text after `gristmill.dedup.signatures.simplify.simplify`, split as datatrove splits them: for
            English, by spaCy's tokenizer.
        parameters: of the step.

    >>> len(shingle_hashes("the cat sat on the mat".split()))
    2
    """
    digest = xxhash.xxh32_intdigest if parameters.precision_bits == 32 else xxhash.xxh64_intdigest
    last = len(words) - parameters.shingle + 1
    return np.array(
        [digest(" ".join(words[place : place + parameters.shingle]).encode()) for place in range(max(last, 0))],
        np.uint64,
    )


def signature(hashes: Hashes, parameters: Parameters = Parameters()) -> Hashes:
    """One document's signature under datatrove's permutations, uint64 of length ``bands * rows``.

    ``(a * h + b) mod (2**61 - 1)``, where product and sum are taken modulo ``2**64``, as NumPy takes them
    there; ``a`` and ``b`` are drawn as there.

    Raises:
        InputError: no hash: datatrove writes no record for such a document.

    >>> signature(np.array([1, 2], np.uint64), Parameters(bands=1, rows=2))
    array([777279013987304565, 417948940931773135], dtype=uint64)
    """
    if len(hashes) == 0:
        message = "a document without a shingle has no signature; leave it out"
        raise InputError(message)
    count = parameters.bands * parameters.rows
    random = np.random.RandomState(parameters.seed)
    a = random.randint(1, int(_MERSENNE), dtype=np.uint64, size=(1, count))
    b = random.randint(0, int(_MERSENNE), dtype=np.uint64, size=(1, count))
    values = (hashes.reshape(-1, 1) * a + b) % _MERSENNE
    if parameters.precision_bits == 32:
        values &= np.uint64(0xFFFFFFFF)
    return np.asarray(values.min(axis=0), np.uint64)
