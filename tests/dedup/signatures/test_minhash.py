from __future__ import annotations

import datasketch
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.signatures.minhash import (
    EMPTY,
    estimated_jaccard,
    has_signature,
    permutations,
    signatures,
    signatures_of_sets,
)
from gristmill.dedup.signatures.shingles import hashes, shingle_sets
from gristmill.errors import ConfigError

VOCABULARY = ["the", "Cat", "sat", "on", "a", "mat", "and", "éclair", "漢字", "saw", "Ünder", "it"]
WORDS = st.lists(st.sampled_from(VOCABULARY), max_size=80).map(" ".join)


def low_32_bits(value: int) -> int:
    return int(value) & 0xFFFFFFFF


def sketch(text: str, *, shingle: int, num_perm: int, seed: int) -> datasketch.MinHash:
    """The signature that datasketch makes of the same shingle hashes."""
    minhash = datasketch.MinHash(num_perm=num_perm, seed=seed, hashfunc=low_32_bits, scheme="affine32")
    minhash.update_batch(hashes(text, shingle))
    return minhash


@settings(max_examples=60)
@given(st.lists(WORDS, max_size=5), st.integers(1, 6), st.sampled_from([1, 16, 112, 130]), st.integers(0, 2**32 - 1))
def test_signatures_are_bit_equal_to_datasketch(texts: list[str], shingle: int, num_perm: int, seed: int) -> None:
    rows = signatures(pa.array(texts, pa.string()), shingle=shingle, num_perm=num_perm, seed=seed)

    assert rows.dtype == np.uint32
    assert rows.shape == (len(texts), num_perm)
    for row, text in zip(rows, texts, strict=True):
        assert row.tolist() == sketch(text, shingle=shingle, num_perm=num_perm, seed=seed).hashvalues.tolist()


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=70), max_size=4))
def test_sets_of_any_hashes_have_the_signature_datasketch_gives_them(sets: list[list[int]]) -> None:
    offsets = np.concatenate([[0], np.cumsum([len(values) for values in sets])]).astype(np.int64)
    values = np.array([value for each in sets for value in each], np.uint64)
    rows = signatures_of_sets(offsets, values, num_perm=20)

    for row, each in zip(rows, sets, strict=True):
        expected = datasketch.MinHash(num_perm=20, hashfunc=low_32_bits, scheme="affine32")
        expected.update_batch(each)
        assert row.tolist() == expected.hashvalues.tolist()


def test_real_texts_have_the_signatures_of_datasketch(licences: dict[str, str]) -> None:
    texts = list(licences.values())
    rows = signatures(pa.array(texts))

    for i in range(0, len(texts), 25):
        assert (rows[i] == sketch(texts[i], shingle=5, num_perm=112, seed=1).hashvalues).all()


def test_rows_pass_through_lean_minhash_and_its_bytes() -> None:
    rows = signatures(pa.array(["a b c d e f g h", "a b c d e f g i"]))
    lean = [datasketch.LeanMinHash(seed=1, hashvalues=row, scheme="affine32") for row in rows]
    buffer = bytearray(lean[0].bytesize())
    lean[0].serialize(buffer)

    assert (datasketch.LeanMinHash.deserialize(buffer).hashvalues == rows[0]).all()
    assert lean[0].jaccard(sketch("a b c d e f g h", shingle=5, num_perm=112, seed=1)) == 1.0
    assert lean[0].jaccard(lean[1]) == estimated_jaccard(rows[:1], rows[1:])[0]


def test_rows_can_be_indexed_by_datasketch() -> None:
    rows = signatures(pa.array(["a b c d e f g h", "A B C D E F, G H!", "one two three four five six"]))
    index = datasketch.MinHashLSH(num_perm=112, params=(14, 8))
    for name, row in zip("xyz", rows, strict=True):
        index.insert(name, datasketch.LeanMinHash(seed=1, hashvalues=row, scheme="affine32"))

    assert sorted(index.query(datasketch.LeanMinHash(seed=1, hashvalues=rows[0], scheme="affine32"))) == ["x", "y"]


def test_documents_shorter_than_a_shingle_have_the_empty_row() -> None:
    rows = signatures(pa.array(["", "one two three four", "one two three four five"]))

    assert has_signature(rows).tolist() == [False, False, True]
    assert (rows[:2] == EMPTY).all()
    assert (rows[0] == datasketch.MinHash(num_perm=112, scheme="affine32").hashvalues).all()
    assert estimated_jaccard(rows[:1], rows[1:2]).tolist() == [0.0]


def test_the_layout_of_the_column_does_not_matter() -> None:
    texts = ["dropped", "a b c d e f", "", "g h i j k l m"]
    expected = signatures(pa.array(texts[1:]))

    for column in (
        pa.array(texts, pa.large_string())[1:],
        pa.array(texts, pa.string())[1:],
        pa.chunked_array([texts[1:2], texts[2:]]),
    ):
        assert (signatures(column) == expected).all()
    assert signatures(pa.array([], pa.string())).shape == (0, 112)


def test_the_estimate_keeps_to_its_standard_error() -> None:
    rng = np.random.default_rng(5)
    shared, own = 600, 100  # Jaccard 600 / 800
    pool = rng.integers(0, 2**63, (300, shared + 2 * own), dtype=np.uint64)
    left = np.ascontiguousarray(pool[:, : shared + own])
    right = np.ascontiguousarray(np.concatenate([pool[:, :shared], pool[:, shared + own :]], axis=1))
    offsets = np.arange(301) * (shared + own)
    estimates = estimated_jaccard(*(signatures_of_sets(offsets, side.ravel()) for side in (left, right)))

    assert abs(estimates.mean() - 0.75) < 4 * np.sqrt(0.75 * 0.25 / 112 / 300)
    assert 0.8 < estimates.std() / np.sqrt(0.75 * 0.25 / 112) < 1.25


def test_sets_and_texts_give_one_signature() -> None:
    texts = pa.array(["to be or not to be that is the question to be or not to be", "x"])
    sets = shingle_sets(texts)

    assert (signatures_of_sets(sets.offsets.to_numpy(), sets.values.to_numpy()) == signatures(texts)).all()


def test_permutations_are_those_of_datasketch_and_cannot_be_changed() -> None:
    a, b = permutations(16, seed=3)

    assert (np.stack([a, b]) == datasketch.MinHash(num_perm=16, seed=3, scheme="affine32").permutations).all()
    assert not a.flags.writeable


def test_a_signature_of_no_values_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 1 permutation, got 0"):
        signatures(pa.array(["a"]), num_perm=0)
