from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.candidates.buckets import Buckets, star_edges
from gristmill.errors import ConfigError

PAIRS = st.lists(st.tuples(st.sampled_from([0, 1, 2, 3, 2**64 - 1]), st.integers(-3, 12)), max_size=40)


def joined(pairs: list[tuple[int, int]], *, max_bucket: int = 1000, split_hot: bool = False) -> Buckets:
    keys = np.array([key for key, _ in pairs], np.uint64)
    ids = np.array([identifier for _, identifier in pairs], np.int64)
    return star_edges(keys, ids, max_bucket=max_bucket, split_hot=split_hot)


def edges(buckets: Buckets) -> list[tuple[int, int]]:
    return list(zip(buckets.left.tolist(), buckets.right.tolist(), strict=True))


def members(pairs: list[tuple[int, int]]) -> list[list[int]]:
    keys = sorted({key for key, _ in pairs})
    return [sorted({identifier for k, identifier in pairs if k == key}) for key in keys]


@settings(max_examples=200)
@given(PAIRS)
def test_every_bucket_gives_the_star_of_its_smallest_id(pairs: list[tuple[int, int]]) -> None:
    found = joined(pairs)
    stars = {(ids[0], other) for ids in members(pairs) for other in ids[1:]}

    assert edges(found) == sorted(stars)
    assert found.documents == sum(len(ids) for ids in members(pairs))
    assert found.buckets == sum(len(ids) > 1 for ids in members(pairs))
    assert found.largest == max((len(ids) for ids in members(pairs)), default=0)


@given(PAIRS, st.randoms(use_true_random=False), st.booleans())
def test_neither_order_nor_repetition_changes_the_result(
    pairs: list[tuple[int, int]], random: object, split: bool
) -> None:
    shuffled = pairs + pairs[: len(pairs) // 2]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = (joined(each, max_bucket=3, split_hot=split) for each in (pairs, shuffled))

    assert edges(first) == edges(second)
    assert (first.documents, first.hot, first.unlinked) == (second.documents, second.hot, second.unlinked)


def test_a_hot_bucket_is_reported_and_loses_no_edge() -> None:
    pairs = [(7, i) for i in range(100)] + [(9, 3), (9, 200), (5, 1)]
    found = joined(pairs, max_bucket=50)

    assert edges(found) == [(0, i) for i in range(1, 100)] + [(3, 200)]
    assert [(bucket.key, bucket.size, bucket.examples) for bucket in found.hot] == [(7, 100, (0, 1, 2, 3, 4))]
    assert found.unlinked == 0


def test_a_split_hot_bucket_says_how_many_it_parted() -> None:
    found = joined([(7, i) for i in range(100)], max_bucket=40, split_hot=True)

    assert edges(found) == [(i // 40 * 40, i) for i in range(100) if i % 40]
    assert found.unlinked == 60
    assert found.hot[0].size == 100


def test_hot_buckets_come_largest_first() -> None:
    found = joined([(1, i) for i in range(4)] + [(2, i) for i in range(6)], max_bucket=3)

    assert [bucket.size for bucket in found.hot] == [6, 4]


def test_a_bucket_of_every_document_is_linear() -> None:
    count = 200_000
    found = star_edges(np.zeros(count, np.uint64), np.arange(count)[::-1].copy(), max_bucket=1000)

    assert len(found.left) == count - 1
    assert not found.left.any()


def test_keys_of_the_same_document_twice_are_one() -> None:
    found = joined([(1, 5), (1, 5), (1, 5)])

    assert (edges(found), found.buckets, found.documents) == ([], 0, 1)


@pytest.mark.parametrize(
    ("keys", "ids", "max_bucket", "complaint"),
    [
        (np.zeros(2, np.uint64), np.zeros(2, np.int64), 1, "at least 2 documents, got 1"),
        (np.zeros(2, np.uint64), np.zeros(3, np.int64), 9, "of one length"),
        (np.zeros((2, 2), np.uint64), np.zeros((2, 2), np.int64), 9, "1-D"),
    ],
)
def test_impossible_arguments_are_refused(keys: np.ndarray, ids: np.ndarray, max_bucket: int, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        star_edges(keys, ids, max_bucket=max_bucket)
