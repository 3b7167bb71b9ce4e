from __future__ import annotations

import datasketch
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.signatures.banding import BandPlan, band_keys
from gristmill.dedup.signatures.minhash import signatures
from gristmill.dedup.signatures.minhash64 import EMPTY64, signatures64
from gristmill.dedup.signatures.shingles import hashes
from gristmill.dedup.signatures.sketches import from_sketches, low_32_bits, to_lean, to_minhash
from gristmill.errors import InputError

TEXTS = pa.array(["the cat sat on the mat and slept", "the cat sat on the mat and woke", "short"])
WORDS = st.lists(st.sampled_from(["the", "Cat", "sat", "on", "a", "mat", "éclair", "漢字"]), max_size=60).map(" ".join)


@settings(max_examples=40)
@given(st.lists(WORDS, max_size=4), st.integers(1, 6), st.sampled_from([1, 40, 112]), st.integers(0, 2**32 - 1))
def test_wide_signatures_are_bit_equal_to_datasketch(texts: list[str], shingle: int, num_perm: int, seed: int) -> None:
    rows = signatures64(pa.array(texts, pa.string()), shingle=shingle, num_perm=num_perm, seed=seed)

    assert rows.dtype == np.uint64
    for row, text in zip(rows, texts, strict=True):
        sketch = datasketch.MinHash(num_perm=num_perm, seed=seed, hashfunc=int, scheme="affine64")
        sketch.update_batch(hashes(text, shingle))
        assert row.tolist() == sketch.hashvalues.tolist()


def test_wide_signatures_take_the_same_shingles() -> None:
    texts = pa.array(["Prix: 12,50 ÉTÉ", "prix 7 ete"])
    rows = signatures64(texts, shingle=2, unit="character", normalization="datatrove")

    assert (rows[0] == rows[1]).all()
    assert (signatures64(pa.array(["short"])) == EMPTY64).all()


@pytest.mark.parametrize("make", [signatures, signatures64])
def test_sketches_go_to_datasketch_and_back(make: object) -> None:
    rows = make(TEXTS, seed=7)  # type: ignore[operator]
    for exported in (to_minhash(rows, seed=7), to_lean(rows, seed=7)):
        back = from_sketches(exported, seed=7)
        assert back.dtype == rows.dtype
        assert (back == rows).all()
    assert to_minhash(rows, seed=7)[0].jaccard(to_minhash(rows, seed=7)[1]) == (rows[0] == rows[1]).mean()


def test_an_exported_sketch_goes_on_from_our_shingle_hashes() -> None:
    first, second = "the cat sat on the mat", "a dog ran over the long road"
    (sketch,) = to_minhash(signatures(pa.array([first])))
    sketch.update_batch(hashes(second))
    both = datasketch.MinHash(num_perm=112, seed=1, hashfunc=low_32_bits, scheme="affine32")
    both.update_batch([*hashes(first), *hashes(second)])

    assert (sketch.hashvalues == both.hashvalues).all()


def test_our_sketches_serve_an_index_of_datasketch() -> None:
    lsh = datasketch.MinHashLSH(params=(14, 8), num_perm=112)
    one, other, _ = to_lean(signatures(TEXTS))
    lsh.insert("one", one)

    assert lsh.query(one) == ["one"]
    assert other.jaccard(one) > 0.2


def test_sketches_that_cannot_be_compared_are_refused() -> None:
    mixed = [*to_lean(signatures(TEXTS)), *to_lean(signatures(TEXTS, num_perm=8))]
    with pytest.raises(InputError, match="one scheme, length and seed"):
        from_sketches(mixed)
    with pytest.raises(InputError, match="seed 1, got affine32 and seed 3"):
        from_sketches(to_lean(signatures(TEXTS), seed=3))
    with pytest.raises(InputError, match="legacy"):
        from_sketches([datasketch.MinHash(num_perm=8, scheme="legacy")])
    with pytest.raises(InputError, match="0 kinds"):
        from_sketches([])
    with pytest.raises(InputError, match="got float64"):
        to_lean(np.zeros((1, 2)))  # type: ignore[arg-type]


def test_wide_signatures_have_band_keys() -> None:
    rows = signatures64(pa.array(["a b c d e f", "A b c d e f", "u v w x y z"]))
    keys = band_keys(rows, BandPlan(14, 8))

    assert (keys[0] == keys[1]).all()
    assert not (keys[0] == keys[2]).any()
