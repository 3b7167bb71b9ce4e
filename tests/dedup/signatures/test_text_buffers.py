from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.dedup.signatures.text_buffers import text_buffers
from gristmill.errors import InputError


def read_back(texts: pa.Array | pa.ChunkedArray) -> list[str]:
    data, offsets = text_buffers(texts)
    return [bytes(data[i:j]).decode() for i, j in itertools.pairwise(offsets)]


@given(st.lists(st.text()), st.data())
def test_any_slice_of_either_type_reads_back(texts: list[str], draw: st.DataObject) -> None:
    start = draw.draw(st.integers(0, len(texts)))
    length = draw.draw(st.integers(0, len(texts)))
    for kind in (pa.string(), pa.large_string()):
        assert read_back(pa.array(texts, kind).slice(start, length)) == texts[start : start + length]


def test_chunks_are_joined() -> None:
    column = pa.chunked_array([["a", "b"], [], ["cd"]])

    assert read_back(column) == ["a", "b", "cd"]
    assert read_back(pa.chunked_array([], pa.large_string())) == []


@pytest.mark.parametrize(
    ("column", "complaint"),
    [(pa.array([1]), "got int64"), (pa.array([b"a"]), "got binary"), (pa.array(["a", None]), "got 1 of 2")],
)
def test_other_columns_are_refused(column: pa.Array, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        text_buffers(column)


def test_the_buffers_cannot_be_written() -> None:
    data, offsets = text_buffers(pa.array(["a"]))

    assert not data.flags.writeable
    assert not offsets.flags.writeable
    assert offsets.dtype == np.int64
