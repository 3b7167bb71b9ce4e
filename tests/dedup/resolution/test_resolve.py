from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.resolution.resolve import Resolution, resolve
from gristmill.errors import ConfigError, InputError


@dataclass
class Corpus:
    component: list[int]
    order: list[int]
    sets: list[frozenset[int]]
    exact: list[int]


@st.composite
def corpora(draw: st.DrawFn) -> Corpus:
    """Small corpora in which similar sets, exact copies, empty sets and chains are all common."""
    base = draw(st.lists(st.frozensets(st.integers(0, 9), max_size=10), min_size=1, max_size=12))
    copies = draw(st.lists(st.integers(0, len(base) - 1), max_size=6))
    origin = [*range(len(base)), *copies]
    component = [draw(st.integers(0, 1)) for _ in origin]
    order = draw(st.permutations(range(len(origin))))
    return Corpus(component, list(order), [base[i] for i in origin], origin)


def flat(sets: list[frozenset[int]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.concatenate([[0], np.cumsum([len(each) for each in sets])]).astype(np.int64)
    return offsets, np.array([value for each in sets for value in sorted(each)], np.uint64)


def resolved(corpus: Corpus, threshold: float, *, small_group: int) -> Resolution:
    return resolve(
        np.array(corpus.component, np.int64),
        np.array(corpus.order, np.int64),
        *flat(corpus.sets),
        np.array(corpus.exact, np.int64),
        min_jaccard=threshold,
        small_group=small_group,
    )


def jaccard(a: frozenset[int], b: frozenset[int]) -> float:
    return len(a & b) / len(a | b) if a | b else 0.0


def naive(corpus: Corpus, threshold: float) -> list[tuple[int, float]]:
    """The rules of `resolve`, one document after the other, each compared with all kept ones."""
    fate: dict[int, tuple[int, float]] = {}
    visited: list[int] = []
    for i in sorted(range(len(corpus.order)), key=corpus.order.__getitem__):
        peers = [j for j in visited if corpus.component[j] == corpus.component[i]]
        twin = next((j for j in peers if corpus.exact[j] == corpus.exact[i]), None)
        if twin is not None:
            fate[i] = fate[twin] if fate[twin][0] != -1 else (twin, 1.0)
        else:
            kept = [(jaccard(corpus.sets[i], corpus.sets[j]), j) for j in peers if fate[j][0] == -1]
            best = max(kept, key=lambda pair: (pair[0], -corpus.order[pair[1]]), default=(0.0, -1))
            fate[i] = (best[1], best[0]) if best[0] >= threshold else (-1, math.nan)
        visited.append(i)
    return [fate[i] for i in range(len(corpus.order))]


@settings(max_examples=400)
@given(corpora(), st.sampled_from([0.3, 0.5, 2 / 3, 0.8, 1.0]), st.sampled_from([0, 24]))
def test_the_fate_of_every_document_is_that_of_the_naive_rules(
    corpus: Corpus, threshold: float, small_group: int
) -> None:
    found = resolved(corpus, threshold, small_group=small_group)
    expected = naive(corpus, threshold)

    assert found.duplicate_of.tolist() == [target for target, _ in expected]
    assert found.kept.tolist() == [target == -1 for target, _ in expected]
    np.testing.assert_array_equal(found.similarity, np.array([j for _, j in expected], np.float32))


@settings(max_examples=200)
@given(corpora(), st.sampled_from([0.5, 0.8]))
def test_every_duplicate_is_verified_and_no_two_kept_are_similar(corpus: Corpus, threshold: float) -> None:
    found = resolved(corpus, threshold, small_group=0)
    kept = np.flatnonzero(found.kept).tolist()
    fate = np.where(found.kept, np.arange(len(found.kept)), found.duplicate_of).tolist()

    for i, target in enumerate(fate):
        same = corpus.exact[i] == corpus.exact[target]
        assert found.kept[target]
        assert corpus.component[i] == corpus.component[target]
        assert corpus.order[target] <= corpus.order[i]
        assert same or jaccard(corpus.sets[i], corpus.sets[target]) >= threshold
        assert found.cluster_size[i] == fate.count(target)
    for a in kept:
        for b in kept:
            if a < b and corpus.component[a] == corpus.component[b]:
                assert jaccard(corpus.sets[a], corpus.sets[b]) < threshold
                assert corpus.exact[a] != corpus.exact[b]


@given(corpora(), st.randoms(use_true_random=False))
def test_the_order_of_input_does_not_matter(corpus: Corpus, random: object) -> None:
    places = list(range(len(corpus.order)))
    random.shuffle(places)  # type: ignore[attr-defined]
    shuffled = Corpus(
        [corpus.component[i] for i in places],
        [corpus.order[i] for i in places],
        [corpus.sets[i] for i in places],
        [corpus.exact[i] for i in places],
    )
    first, second = resolved(corpus, 0.5, small_group=0), resolved(shuffled, 0.5, small_group=0)

    assert first.kept[places].tolist() == second.kept.tolist()
    assert first.cluster_size[places].tolist() == second.cluster_size.tolist()
    for at, place in enumerate(places):
        target = second.duplicate_of[at]
        assert first.duplicate_of[place] == (-1 if target == -1 else places[target])


def run(sets: list[np.ndarray], exact: np.ndarray | None = None, threshold: float = 0.8) -> Resolution:
    offsets = np.concatenate([[0], np.cumsum([len(each) for each in sets])]).astype(np.int64)
    values = np.concatenate([*sets, np.zeros(0, np.uint64)])
    count = len(sets)
    exact = np.arange(count) if exact is None else exact
    return resolve(np.zeros(count, np.int64), np.arange(count), offsets, values, exact, min_jaccard=threshold)


def random_set(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.sort(rng.integers(0, 2**63, size, dtype=np.uint64))


@pytest.mark.parametrize("threshold", [0.5, 0.8, 0.95])
def test_the_index_finds_what_comparing_all_pairs_finds(threshold: float) -> None:
    rng = np.random.default_rng(6)
    families = [rng.integers(0, 2000, 120, dtype=np.uint64) for _ in range(12)]
    sets = []
    for _ in range(600):
        family = families[int(rng.integers(12))]
        part = family[rng.random(120) < rng.uniform(0.6, 1.0)]
        sets.append(np.unique(np.concatenate([part, rng.integers(0, 2000, int(rng.integers(0, 25)), dtype=np.uint64)])))
    offsets = np.concatenate([[0], np.cumsum([len(each) for each in sets])]).astype(np.int64)
    arguments = (np.zeros(600, np.int64), rng.permutation(600), offsets, np.concatenate(sets), np.arange(600))
    indexed = resolve(*arguments, min_jaccard=threshold, small_group=0)
    outright = resolve(*arguments, min_jaccard=threshold, small_group=600)

    assert 10 < outright.kept.sum() < 600
    assert indexed.duplicate_of.tolist() == outright.duplicate_of.tolist()
    assert indexed.compared < outright.compared


def test_a_chain_is_broken_where_similarity_to_the_kept_document_ends() -> None:
    words = random_set(np.random.default_rng(0), 400)
    chain = [words[10 * i : 10 * i + 100] for i in range(30)]  # neighbours 90 / 110 = .82, next but one 80 / 120 = .67
    found = run(chain)

    assert found.kept.tolist() == [True, False] * 15
    assert found.duplicate_of[1::2].tolist() == list(range(0, 30, 2))
    assert found.cluster_size.tolist() == [2] * 30


def test_a_hundred_thousand_exact_copies_take_one_comparison() -> None:
    words = random_set(np.random.default_rng(1), 60)
    count = 100_000
    found = run([words] * count, np.zeros(count, np.int64))

    assert (int(found.kept.sum()), found.compared) == (1, 0)
    assert (found.cluster_size == count).all()


def test_near_copies_are_compared_with_the_kept_one_only() -> None:
    rng = np.random.default_rng(2)
    words = random_set(rng, 60)
    count = 20_000
    copies = [np.sort(np.concatenate([words[2:], random_set(rng, 2)])) for _ in range(count)]
    started = time.process_time()
    found = run(copies)

    assert found.kept.sum() == 1
    assert found.compared == count - 1
    assert time.process_time() - started < 30


def test_a_template_of_dissimilar_documents_is_not_compared_pair_by_pair() -> None:
    rng = np.random.default_rng(3)
    template = random_set(rng, 100)
    count = 5000
    pages = [np.sort(np.concatenate([template, random_set(rng, 17)])) for _ in range(count)]  # Jaccard 100 / 134 = .75
    pages[77] = np.sort(np.concatenate([pages[76][:-2], random_set(rng, 1)]))
    found = run(pages)

    assert np.flatnonzero(~found.kept).tolist() == [77]
    assert found.duplicate_of[77] == 76
    assert found.compared < 20 * count


def test_documents_shorter_than_a_shingle_are_duplicates_only_of_equal_ones() -> None:
    nothing = np.zeros(0, np.uint64)
    found = run([nothing] * 40, np.arange(40) % 20)

    assert found.duplicate_of.tolist() == [-1] * 20 + list(range(20))
    assert found.similarity[20:].tolist() == [1.0] * 20


def test_exact_hashes_may_be_given_as_digests() -> None:
    digests = pa.array([b"x" * 16, b"a" * 16, b"b" * 15 + b"a", b"a" * 16], pa.binary(16))[1:]
    nothing = np.zeros(0, np.uint64)
    found = resolve(np.zeros(3, np.int64), np.arange(3), np.zeros(4, np.int64), nothing, digests, min_jaccard=0.8)

    assert found.duplicate_of.tolist() == [-1, -1, 0]


def test_a_similarity_of_exactly_the_minimum_is_enough() -> None:
    for wanted, (common, own) in {0.8: (8, 1), 0.7: (7, 1.5), 0.9: (18, 1), 0.6: (3, 1)}.items():
        shared = np.arange(int(2 * common), dtype=np.uint64)
        extra = int(2 * own)
        left = np.concatenate([shared, np.arange(1000, 1000 + extra, dtype=np.uint64)])
        right = np.concatenate([shared, np.arange(2000, 2000 + extra, dtype=np.uint64)])
        fillers = [np.arange(10_000 * i, 10_000 * i + 5, dtype=np.uint64) for i in range(1, 31)]

        for sets in ([left, right], [left, right, *fillers]):
            found = run(sets, threshold=wanted)
            assert found.duplicate_of[1] == 0, wanted
            assert found.similarity[1] == np.float32(wanted)


def test_a_rounding_error_in_the_size_bound_loses_no_duplicate() -> None:
    whole = np.arange(100, dtype=np.uint64)
    fillers = [np.arange(10_000 * i, 10_000 * i + 5, dtype=np.uint64) for i in range(1, 31)]
    assert 0.55 * 100 > 55

    for sets in ([whole, whole[:55]], [whole, whole[:55], *fillers]):
        assert run(sets, threshold=0.55).duplicate_of[1] == 0


def test_no_documents_are_no_error() -> None:
    found = run([])

    assert (len(found.kept), found.compared) == (0, 0)


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.01, math.nan])
def test_an_impossible_minimum_is_refused(threshold: float) -> None:
    with pytest.raises(ConfigError, match="min_jaccard must be above 0 and at most 1"):
        run([], threshold=threshold)


def test_repeated_ranks_and_unequal_lengths_are_refused() -> None:
    zero, sets = np.zeros(2, np.int64), (np.zeros(3, np.int64), np.zeros(0, np.uint64))
    with pytest.raises(InputError, match="order must be unique, got 1 repeats"):
        resolve(zero, zero, *sets, zero, min_jaccard=0.8)
    with pytest.raises(InputError, match="of one length, got 2, 2, 3 and 2"):
        resolve(zero, np.arange(2), *sets, np.zeros(3, np.int64), min_jaccard=0.8)
