from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.candidates.buckets import Buckets, star_edges
from gristmill.dedup.candidates.crowded import STAYING, Thinned, thin_buckets
from gristmill.dedup.components.components import connected_components

ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 40)), min_size=1, max_size=120, unique=True)


def chunks(rows: list[tuple[int, int]], count: int) -> list[Thinned]:
    return [
        thin_buckets(
            np.array([key for key, _ in rows[start::count]], np.uint64),
            np.array([document for _, document in rows[start::count]], np.int64),
        )
        for start in range(count)
    ]


def together(found: list[Thinned], max_bucket: int) -> Buckets:
    keys, ids, held = (np.concatenate([getattr(each, name) for each in found]) for name in ("keys", "ids", "held"))
    return star_edges(keys, ids, max_bucket=max_bucket, held=held)


@settings(max_examples=200)
@given(ROWS, st.integers(1, 3))
def test_what_is_held_back_changes_neither_components_nor_sizes_nor_examples(
    rows: list[tuple[int, int]], count: int
) -> None:
    found = chunks(rows, count)
    thinned = together(found, 6)
    whole = star_edges(
        np.array([key for key, _ in rows], np.uint64), np.array([i for _, i in rows], np.int64), max_bucket=6
    )
    left = np.concatenate([thinned.left, *(each.left for each in found)])
    right = np.concatenate([thinned.right, *(each.right for each in found)])

    for mine, wanted in zip(
        connected_components(left, right), connected_components(whole.left, whole.right), strict=True
    ):
        assert mine.tolist() == wanted.tolist()
    assert thinned.hot == whole.hot
    assert (thinned.largest, thinned.documents, thinned.buckets) == (whole.largest, whole.documents, whole.buckets)


def test_a_bucket_of_every_document_sends_a_few_rows_of_each_chunk() -> None:
    documents = 100_000
    found = [
        thin_buckets(np.full(documents // 10, 77, np.uint64), np.arange(start, documents, 10)) for start in range(10)
    ]
    joined = together(found, 50_000)

    assert [len(each.keys) for each in found] == [STAYING] * 10
    assert [(bucket.size, bucket.examples) for bucket in joined.hot] == [(documents, (0, 1, 2, 3, 4))]
    left = np.concatenate([joined.left, *(each.left for each in found)])
    right = np.concatenate([joined.right, *(each.right for each in found)])
    nodes, labels = connected_components(left, right)
    assert len(nodes) == documents
    assert not labels.any()


def test_small_buckets_travel_whole_and_sorted() -> None:
    found = thin_buckets(np.array([9, 3, 9, 3, 5], np.uint64), np.array([1, 2, 3, 4, 5]))

    assert found.keys.tolist() == [3, 3, 5, 9, 9]
    assert not found.held.any()
    assert len(found.left) == 0
