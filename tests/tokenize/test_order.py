"""The global order: equal to python-xxhash, parts monotone and complete."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import ConfigError
from gristmill.tokenize.order import doc_id_array, doc_id_bytes, part_of, plan_parts, rank_range, ranks

SEEDS = st.integers(min_value=-(2**64), max_value=2**65)
DOC_IDS = st.lists(st.binary(min_size=16, max_size=16), max_size=20)


@given(SEEDS, DOC_IDS)
@settings(max_examples=200, deadline=None)
def test_ranks_equal_xxhash(seed: int, ids: list[bytes]) -> None:
    got = ranks(seed, pa.array(ids, pa.binary(16)))
    assert got.tolist() == [xxhash.xxh3_64_intdigest(i, seed % 2**64) for i in ids]


def test_ranks_respect_array_slices() -> None:
    ids = pa.array([bytes([i]) * 16 for i in range(10)], pa.binary(16))
    assert ranks(3, ids.slice(4, 5)).tolist() == ranks(3, ids)[4:9].tolist()


def test_doc_ids_with_nulls_or_another_width_are_refused() -> None:
    with pytest.raises(TypeError, match="without nulls"):
        ranks(0, pa.array([None, bytes(16)], pa.binary(16)))
    with pytest.raises(TypeError, match="binary"):
        ranks(0, pa.array([bytes(8)], pa.binary(8)))


@given(DOC_IDS)
@settings(max_examples=50, deadline=None)
def test_doc_id_bytes_round_trip(ids: list[bytes]) -> None:
    array = pa.array(ids, pa.binary(16))
    assert doc_id_array(doc_id_bytes(array)).equals(array)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=50), st.integers(1, 10**6))
@settings(max_examples=200, deadline=None)
def test_parts_are_monotone_contiguous_and_agree_with_their_ranges(values: list[int], count: int) -> None:
    rank = np.sort(np.array(values, np.uint64))
    parts = part_of(rank, count)
    assert (np.diff(parts) >= 0).all()
    assert parts.min() >= 0
    assert parts.max() < count
    for value, part in zip(rank.tolist(), parts.tolist(), strict=True):
        first, last = rank_range(part, count)
        assert first <= value < last


@pytest.mark.parametrize("count", [1, 2, 3, 7, 1000])
def test_part_ranges_tile_all_ranks(count: int) -> None:
    ranges = [rank_range(part, count) for part in range(count)]
    assert ranges[0][0] == 0
    assert ranges[-1][1] == 2**64
    assert all(a[1] == b[0] for a, b in itertools.pairwise(ranges))


def test_ranks_fill_parts_evenly() -> None:
    ids = pa.array([i.to_bytes(16, "little") for i in range(20_000)], pa.binary(16))
    counts = np.bincount(part_of(ranks(17, ids), 10), minlength=10)
    # 2,000 a part, standard deviation 42: five of them.
    assert np.abs(counts - 2000).max() < 5 * 43


def test_another_seed_is_another_order() -> None:
    ids = pa.array([i.to_bytes(16, "little") for i in range(100)], pa.binary(16))
    assert np.argsort(ranks(1, ids)).tolist() != np.argsort(ranks(2, ids)).tolist()


def test_plan_parts_rounds_up_and_refuses_nonsense() -> None:
    assert [plan_parts(total, 100) for total in (0, 1, 100, 101, 1000)] == [1, 1, 1, 2, 10]
    with pytest.raises(ConfigError, match="part_bytes"):
        plan_parts(1, 0)
    with pytest.raises(ConfigError, match="number of parts"):
        part_of(np.zeros(1, np.uint64), 0)
