from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gristmill.dedup.signatures.radix import sort_pairs, sort_prefix


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 300), max_size=120), st.integers(0, 120))
def test_the_prefix_is_sorted_and_the_rest_untouched(numbers: list[int], count: int) -> None:
    count = min(count, len(numbers))
    values = np.array(numbers, np.uint64)
    sort_prefix(values, count, np.empty(count, np.uint64))

    assert values.tolist() == sorted(numbers[:count]) + numbers[count:]


def test_many_values_of_all_digits_are_sorted() -> None:
    values = np.random.default_rng(1).integers(0, 2**64 - 1, 50_000, dtype=np.uint64)
    expected = np.sort(values)
    sort_prefix(values, len(values), np.empty_like(values))

    assert (values == expected).all()


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 300), max_size=120))
def test_pairs_are_sorted_by_their_keys_and_equal_keys_keep_their_order(numbers: list[int]) -> None:
    keys, values = np.array(numbers, np.int64), np.arange(len(numbers))
    sort_pairs(keys, values)

    assert keys.tolist() == sorted(numbers)
    assert values.tolist() == sorted(range(len(numbers)), key=lambda row: numbers[row])
