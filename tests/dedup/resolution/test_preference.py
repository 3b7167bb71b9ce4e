from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.dedup.resolution.preference import KEEPS, preference
from gristmill.errors import ConfigError, InputError

DOCUMENTS = st.lists(
    st.tuples(st.integers(0, 3), st.binary(min_size=16, max_size=16), st.sampled_from([1.0, 2.0, float("nan")])),
    unique_by=lambda row: row[1],
    max_size=12,
)


def ranked(rows: list[tuple[int, bytes, float]], keep: Any) -> list[bytes]:
    ids = pa.array([row[1] for row in rows], pa.binary(16))
    values = np.array([row[2] for row in rows], np.float64)
    ranks = preference(np.array([row[0] for row in rows], np.int64), ids, keep, values=values)
    assert sorted(ranks.tolist()) == list(range(len(rows)))
    return [rows[i][1] for i in np.argsort(ranks)]


@given(DOCUMENTS)
def test_the_order_is_the_stated_one(rows: list[tuple[int, bytes, float]]) -> None:
    def by(value: Any) -> list[bytes]:
        return [row[1] for row in sorted(rows, key=lambda row: (*value(row), -row[0], row[1]))]

    nan_last = {1.0: 1.0, 2.0: 2.0}
    assert ranked(rows, "longest") == by(lambda row: ())
    assert ranked(rows, "earliest") == by(lambda row: (nan_last.get(row[2], 9.0),))
    assert ranked(rows, "source_order") == by(lambda row: (nan_last.get(row[2], 9.0),))
    assert ranked(rows, "best_quality") == by(lambda row: (-nan_last.get(row[2], -9.0),))


@given(DOCUMENTS, st.randoms(use_true_random=False), st.sampled_from(KEEPS))
def test_the_order_of_input_does_not_matter(rows: list[tuple[int, bytes, float]], random: Any, keep: str) -> None:
    shuffled = rows.copy()
    random.shuffle(shuffled)

    assert ranked(shuffled, keep) == ranked(rows, keep)


def test_ids_of_a_slice_are_its_own() -> None:
    ids = pa.array([b"z" * 16, b"b" * 16, b"a" * 16], pa.binary(16))[1:]

    assert preference(np.array([5, 5]), ids).tolist() == [1, 0]


def test_a_repeated_id_is_refused_by_name() -> None:
    ids = pa.array([b"a" * 16, b"b" * 16, b"a" * 16], pa.binary(16))

    with pytest.raises(InputError, match="doc_id 6161"):
        preference(np.array([1, 2, 3]), ids)


@pytest.mark.parametrize(
    ("ids", "keep", "error", "complaint"),
    [
        (pa.array([b"a" * 16], pa.binary(16)), "longst", ConfigError, "did you mean 'longest'"),
        (pa.array([b"a" * 16], pa.binary(16)), "earliest", ConfigError, "needs values"),
        (pa.array([b"a" * 16] * 2, pa.binary(16)), "longest", InputError, "of one length"),
        (pa.array([b"a"]), "longest", InputError, "fixed_size_binary"),
        (pa.array([None], pa.binary(16)), "longest", InputError, "1 nulls"),
    ],
)
def test_wrong_arguments_are_refused(ids: pa.Array, keep: Any, error: type[Exception], complaint: str) -> None:
    with pytest.raises(error, match=complaint):
        preference(np.array([1]), ids, keep)
