from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.resolution.blocks import LoadSets, resolve_in_blocks
from gristmill.dedup.resolution.resolve import Resolution, resolve

SETS = st.lists(st.frozensets(st.integers(0, 14), max_size=9), min_size=1, max_size=18)


class Store:
    """Shingle sets that are read a few at a time; remembers the largest reading."""

    def __init__(self, sets: list[np.ndarray]) -> None:
        self.sets, self.largest = sets, 0

    def load(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        chosen = [self.sets[row] for row in rows.tolist()]
        self.largest = max(self.largest, sum(map(len, chosen)))
        offsets = np.cumsum([0, *map(len, chosen)]).astype(np.int64)
        return offsets, np.concatenate([np.zeros(0, np.uint64), *chosen])


def sizes(store: Store) -> np.ndarray:
    return np.array([len(each) for each in store.sets], np.int64)


def outright(store: Store, order: np.ndarray, exact: np.ndarray, threshold: float) -> Resolution:
    everything = store.load(np.arange(len(order)))
    return resolve(np.zeros(len(order), np.int64), order, *everything, exact, min_jaccard=threshold)


def check_equal(found: Resolution, wanted: Resolution) -> None:
    assert found.duplicate_of.tolist() == wanted.duplicate_of.tolist()
    assert found.cluster_size.tolist() == wanted.cluster_size.tolist()
    np.testing.assert_array_equal(found.similarity, wanted.similarity)


@settings(max_examples=300)
@given(SETS, st.sampled_from([0.3, 0.5, 0.8]), st.integers(1, 40), st.randoms(use_true_random=False))
def test_blocks_of_any_size_give_what_all_at_once_gives(
    sets: list[frozenset[int]], threshold: float, block: int, random: object
) -> None:
    store = Store([np.array(sorted(each), np.uint64) for each in sets])
    order = list(range(len(sets)))
    random.shuffle(order)  # type: ignore[attr-defined]
    exact = np.array([sets.index(each) if each else -1 for each in sets])
    ranks = np.array(order)
    load: LoadSets = store.load
    found = resolve_in_blocks(ranks, exact, sizes(store), load, min_jaccard=threshold, block_shingles=block)

    check_equal(found, outright(store, ranks, exact, threshold))


@pytest.mark.parametrize("block", [700, 5000])
def test_large_blocks_give_what_all_at_once_gives_and_load_no_more_than_their_size(block: int) -> None:
    rng = np.random.default_rng(8)
    families = [rng.integers(0, 1500, 100, dtype=np.uint64) for _ in range(9)]
    store = Store(
        [np.unique(families[int(rng.integers(9))][rng.random(100) < rng.uniform(0.7, 1.0)]) for _ in range(500)]
    )
    order, exact = rng.permutation(500), np.arange(500)
    found = resolve_in_blocks(order, exact, sizes(store), store.load, min_jaccard=0.7, block_shingles=block)
    assert store.largest <= block

    wanted = outright(store, order, exact, 0.7)
    check_equal(found, wanted)
    assert 20 < wanted.kept.sum() < 480


def test_a_hundred_thousand_exact_copies_load_one_set() -> None:
    store = Store([np.arange(60, dtype=np.uint64)] * 100_000)
    found = resolve_in_blocks(
        np.arange(100_000),
        np.zeros(100_000, np.int64),
        sizes(store),
        store.load,
        min_jaccard=0.8,
        block_shingles=100,
    )

    assert int(found.kept.sum()) == 1
    assert store.largest == 60
