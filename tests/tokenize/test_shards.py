"""Token shards: the same bytes for the same rows, mapped without copying, refused when damaged."""

import itertools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import IntegrityError, TokenizerError
from gristmill.tokenize import chunking
from gristmill.tokenize.order import rank_range, ranks
from gristmill.tokenize.shards import (
    ENCODED_SCHEMA,
    TOKEN_SCHEMA,
    merge_sorted,
    open_part,
    verify_part,
    write_encoded,
    write_part,
)

U16 = pa.uint16()


def table(lengths: list[int], dtype: pa.DataType = U16, first: int = 0, seed: int = 17) -> pa.Table:
    """Documents of these lengths with the columns of an encoded file, in order of arrival."""
    rng = np.random.default_rng(first)
    doc_ids = pa.array([(first + i).to_bytes(16, "big") for i in range(len(lengths))], pa.binary(16))
    tokens = pa.array([rng.integers(0, 60_000, n).tolist() for n in lengths], pa.large_list(dtype))
    text_bytes = pa.array([4 * n for n in lengths], pa.int32())
    return pa.table({"tokens": tokens, "doc_id": doc_ids, "text_bytes": text_bytes, "rank": ranks(seed, doc_ids)})


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunking, "BATCH_TOKENS", 50)
    monkeypatch.setattr(chunking, "BATCH_ROWS", 7)


def pieces_of(rows: pa.Table, cuts: list[int]) -> list[pa.Table]:
    ends = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    return [rows.slice(a, b - a) for a, b in itertools.pairwise(ends)]


@given(st.lists(st.integers(1, 80), min_size=1, max_size=40), st.lists(st.integers(0, 40), max_size=6))
@settings(max_examples=60, deadline=None)
def test_bytes_do_not_depend_on_the_boundaries_of_the_input(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    rows = table(lengths)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunking, "BATCH_TOKENS", 50)
        patch.setattr(chunking, "BATCH_ROWS", 7)
        whole = write_part(folder / "a", [rows], U16)
        cut = write_part(folder / "b", pieces_of(rows, cuts), U16)
        by_row = write_part(folder / "c", [rows.slice(i, 1) for i in range(len(rows))], U16)
    assert (folder / "a").read_bytes() == (folder / "b").read_bytes() == (folder / "c").read_bytes()
    assert whole.sha256 == cut.sha256 == by_row.sha256
    assert (whole.rows, whole.tokens, whole.text_bytes) == (len(lengths), sum(lengths), 4 * sum(lengths))
    with open_part(folder / "a") as part:
        for batch in part:
            assert len(batch) == 1 or len(batch.values) <= 50
            assert 1 <= len(batch) <= 7
        got = [row.tolist() for b in part for row in np.split(b.values, b.offsets[1:-1])]
    assert got == rows.column("tokens").to_pylist()


def test_a_part_has_exactly_the_published_schema(tmp_path: Path) -> None:
    write_part(tmp_path / "p", [table([3, 4])], U16, {"b": "2", "a": "1"})
    with pa.ipc.open_file(tmp_path / "p") as file:
        assert file.schema.equals(TOKEN_SCHEMA(U16))
        assert file.schema.field("tokens").type == pa.list_(pa.uint16())
        assert file.schema.field("doc_id").type == pa.binary(16)
        assert list(file.schema.metadata.items()) == [(b"a", b"1"), (b"b", b"2")]
        file.read_all().validate(full=True)


def test_values_are_not_copied(tmp_path: Path) -> None:
    write_part(tmp_path / "p", [table([1000, 2000])], U16)
    before = pa.total_allocated_bytes()
    part = open_part(tmp_path / "p")
    batch = part.batch(0)
    assert pa.total_allocated_bytes() - before < 3000
    assert not batch.values.flags.owndata
    assert not batch.values.flags.writeable
    part.close()
    assert batch.values.sum() > 0  # the mapping outlives the descriptor


def test_an_empty_part_is_a_valid_part(tmp_path: Path) -> None:
    info = write_part(tmp_path / "p", [], U16)
    assert (info.rows, info.tokens) == (0, 0)
    verify_part(tmp_path / "p", info)
    with open_part(tmp_path / "p") as part:
        assert list(part) == []


def test_a_document_larger_than_a_batch_stands_alone(tmp_path: Path, small_batches: None) -> None:
    write_part(tmp_path / "p", [table([10, 500, 10])], U16)
    with open_part(tmp_path / "p") as part:
        assert [len(batch.values) for batch in part] == [10, 500, 10]


def test_a_document_too_long_for_a_list_is_refused(
    tmp_path: Path, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunking, "LARGEST_DOCUMENT_TOKENS", 99)
    with pytest.raises(TokenizerError, match="has 100 tokens; a row holds at most 99"):
        write_part(tmp_path / "p", [table([5, 100])], U16)


def test_ids_of_another_type_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="uint16, got uint32"):
        write_part(tmp_path / "p", [table([5], pa.uint32())], U16)


@pytest.mark.parametrize("at", [0, 100, -1, -20])
def test_one_flipped_byte_is_refused(tmp_path: Path, at: int) -> None:
    info = write_part(tmp_path / "p", [table([50, 60])], U16)
    verify_part(tmp_path / "p", info)
    data = bytearray((tmp_path / "p").read_bytes())
    data[at] ^= 1
    (tmp_path / "p").write_bytes(data)
    with pytest.raises(IntegrityError, match=r"/p: wanted SHA-256 [0-9a-f]{64}, got [0-9a-f]{64}"):
        verify_part(tmp_path / "p", info)


def test_a_missing_truncated_or_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p"
    info = write_part(path, [table([50, 60])], U16)
    data = path.read_bytes()
    for length in (0, 10, 100, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(IntegrityError, match=f"wanted {info.bytes} bytes, got {length}"):
            verify_part(path, info)
        with pytest.raises(IntegrityError, match="not a whole Arrow file"):
            open_part(path)
    path.unlink()
    with pytest.raises(IntegrityError, match="missing"):
        verify_part(path, info)
    with pytest.raises(IntegrityError, match="missing"):
        open_part(path)
    write_encoded(path, [table([5])], U16)
    with pytest.raises(IntegrityError, match="not a token part"):
        open_part(path)


def test_a_manifest_that_counts_wrongly_is_noticed(tmp_path: Path) -> None:
    import dataclasses

    info = write_part(tmp_path / "p", [table([50, 60])], U16)
    with pytest.raises(IntegrityError, match="wanted 2 rows and 111 tokens, got 2 and 110"):
        verify_part(tmp_path / "p", dataclasses.replace(info, tokens=111))


@given(
    st.lists(st.lists(st.integers(1, 30), max_size=20), min_size=1, max_size=6), st.integers(1, 5), st.integers(0, 99)
)
@settings(max_examples=40, deadline=None)
def test_scatter_and_gather_equal_one_big_sort(
    tmp_path_factory: pytest.TempPathFactory, shards: list[list[int]], part_count: int, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("shuffle")
    tables = [table(lengths, first=1000 * i, seed=seed) for i, lengths in enumerate(shards)]
    files = [folder / f"shard-{i}" for i in range(len(shards))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunking, "BATCH_TOKENS", 50)
        patch.setattr(chunking, "BATCH_ROWS", 7)
        for file, rows in zip(files, tables, strict=True):
            write_encoded(file, [rows], U16)
        got = [
            [row for batch in merge_sorted(files, *rank_range(part, part_count), U16) for row in batch.to_pylist()]
            for part in range(part_count)
        ]
        other_order = [
            row for batch in merge_sorted(files[::-1], *rank_range(0, part_count), U16) for row in batch.to_pylist()
        ]
    rows = [row for rows in tables for row in rows.to_pylist()]
    assert [row for part in got for row in part] == sorted(rows, key=lambda row: (row["rank"], row["doc_id"]))
    assert other_order == got[0]


def test_equal_ranks_are_ordered_by_document_id(tmp_path: Path) -> None:
    rows = table([1, 2, 3, 4])
    rows = rows.set_column(3, "rank", pa.array([7, 7, 2**64 - 1, 7], pa.uint64())).take([3, 2, 0, 1])
    write_encoded(tmp_path / "e", [rows], U16)
    (batch,) = merge_sorted([tmp_path / "e"], 0, 2**64, U16)
    assert [int.from_bytes(i.as_py(), "big") for i in batch.column("doc_id")] == [0, 1, 3, 2]
    assert batch.schema.equals(ENCODED_SCHEMA(U16))


def test_a_document_in_two_files_is_refused(tmp_path: Path) -> None:
    for name in "ab":
        write_encoded(tmp_path / name, [table([5, 6])], U16)
    with pytest.raises(IntegrityError, match="occurs twice"):
        list(merge_sorted([tmp_path / "a", tmp_path / "b"], 0, 2**64, U16))


def test_encoded_files_of_another_type_or_kind_are_refused(tmp_path: Path) -> None:
    write_encoded(tmp_path / "e", [table([5], pa.uint32())], pa.uint32())
    with pytest.raises(TokenizerError, match="holds uint32 token ids, wanted uint16"):
        list(merge_sorted([tmp_path / "e"], 0, 2**64, U16))
    write_part(tmp_path / "p", [table([5])], U16)
    with pytest.raises(IntegrityError, match="not an encoded file"):
        list(merge_sorted([tmp_path / "p"], 0, 2**64, U16))
