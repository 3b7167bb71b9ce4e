from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.index import changes as index_changes
from gristmill.dedup.index.changes import Rows, add, merge, shown_documents
from gristmill.dedup.index.files import Index, forget, head_uri, read_head, verify
from gristmill.dedup.index.format import DOCUMENT_TABLE, Head, Parameters
from gristmill.dedup.index.lookup import best_of_each, lookup, sort_keys
from gristmill.dedup.index.query import MOST_CANDIDATES, candidates
from gristmill.dedup.signatures.banding import BandPlan, band_keys
from gristmill.dedup.signatures.estimate import least_estimate
from gristmill.dedup.signatures.minhash import EMPTY
from gristmill.errors import ConfigError, EmptyResultError, InputError, IntegrityError, RunDirectoryError

PARAMETERS = Parameters(5, "word", "casefold", 14, 8)


def made(seed: int, count: int, *, start: int = 0) -> Rows:
    """Documents with random signatures; ids and exact hashes are those of their numbers."""
    signatures = np.random.default_rng(seed).integers(0, 2**32, (count, 112), dtype=np.uint32)
    numbers = range(start, start + count)
    ids = [b"id" + number.to_bytes(14, "big") for number in numbers]
    columns = {
        "doc_id": pa.array(ids, pa.binary(16)),
        "run": pa.array([0] * count, pa.int32()),
        "source": pa.array(["web"] * count),
        "shard": pa.array(["part-0"] * count),
        "row": pa.array(list(numbers), pa.int64()),
        "uri": pa.array([f"https://e.example/{number}" for number in numbers], pa.large_string()),
        "text_bytes": pa.array([100] * count, pa.int64()),
        "exact": pa.array([number.to_bytes(8, "big") * 2 for number in numbers], pa.binary(16)),
    }
    return pa.table([columns[name] for name in DOCUMENT_TABLE.names], schema=DOCUMENT_TABLE), signatures


def build(folder: Path, rows: Rows, name: str = "first", **options: int) -> str:
    uri = str(folder / "index")
    add(uri, [rows], name=name, run_uri=f"runs/{name}", parameters=PARAMETERS, create=True, **options)  # type: ignore[arg-type]
    return uri


def mutated(signatures: np.ndarray, share: float, seed: int) -> np.ndarray:
    """The same signatures with a share of their values replaced."""
    rng = np.random.default_rng(seed)
    other = rng.integers(0, 2**32, signatures.shape, dtype=np.uint32)
    return np.where(rng.random(signatures.shape) < share, other, signatures)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 9)), max_size=40),
    st.lists(st.tuples(st.integers(0, 14), st.integers(0, 5)), max_size=20),
)
def test_lookup_finds_every_pair_that_shares_a_key(held: list[tuple[int, int]], asked: list[tuple[int, int]]) -> None:
    keys, documents = sort_keys(np.array([k for k, _ in held], np.uint64), np.array([d for _, d in held], np.int64))
    found = lookup(
        keys, documents, np.array([k for k, _ in asked], np.uint64), np.array([a for _, a in asked], np.int64)
    )

    pairs = sorted({(who, document) for key, who in asked for k, document in held if k == key})
    assert list(zip(found.asking.tolist(), found.document.tolist(), strict=True)) == pairs
    assert found.crowded == 0


def test_a_crowded_bucket_is_cut_short_and_counted() -> None:
    keys, documents = sort_keys(np.full(9, 7, np.uint64), np.arange(9))
    found = lookup(keys, documents, np.array([7, 7], np.uint64), np.array([0, 1]), most=4)

    assert found.document.tolist() == [0, 1, 2, 3] * 2
    assert found.crowded == 2


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.1, 0.5]), st.integers(0, 99)), unique=True), st.data())
def test_the_best_of_each_are_those_of_a_sort(pairs: list[tuple[int, float, int]], draw: st.DataObject) -> None:
    most = draw.draw(st.integers(1, 3))
    columns = [np.array([pair[i] for pair in pairs], dtype) for i, dtype in enumerate((np.int64, float, np.int64))]
    chosen = best_of_each(columns[0], columns[1], columns[2], most)
    wanted = {
        pair
        for who in range(4)
        for pair in sorted((p for p in pairs if p[0] == who), key=lambda p: (-p[1], p[2]))[:most]
    }
    assert {pair for pair, yes in zip(pairs, chosen, strict=True) if yes} == wanted


@pytest.mark.parametrize(("minimum", "num_perm"), [(0.8, 112), (0.7, 126), (0.5, 112), (0.9, 112), (0.8, 9000)])
def test_estimates_count_only_where_a_pair_below_the_minimum_hardly_reaches_them(minimum: float, num_perm: int) -> None:
    least = least_estimate(minimum, num_perm)

    def reaching(agreeing: int) -> float:
        logs = [
            math.lgamma(num_perm + 1) - math.lgamma(k + 1) - math.lgamma(num_perm - k + 1)
            + k * math.log(minimum) + (num_perm - k) * math.log1p(-minimum)
            for k in range(agreeing, num_perm + 1)
        ]  # fmt: skip
        return math.fsum(math.exp(value) for value in logs)

    if math.isinf(least):
        assert reaching(num_perm) > 1e-6
    else:
        agreeing = round(least * num_perm)
        assert reaching(agreeing) <= 1e-6 * 1.0001
        assert reaching(agreeing - 1) > 1e-6


def test_an_estimate_below_a_minimum_of_one_is_never_evidence() -> None:
    assert math.isinf(least_estimate(1.0, 112))
    with pytest.raises(ConfigError, match="wanted 0 < min_jaccard"):
        least_estimate(0.0, 112)


@pytest.mark.parametrize("segment_documents", [1_000_000, 170])
def test_a_query_finds_exactly_the_documents_that_share_a_band_or_hash(tmp_path: Path, segment_documents: int) -> None:
    table, signatures = made(1, 500)
    signatures[7] = EMPTY
    uri = build(tmp_path, (table, signatures), segment_documents=segment_documents)
    asking = np.concatenate([mutated(signatures[:40], 0.2, 2), np.full((1, 112), EMPTY, np.uint32)])
    exact = pa.array([b"x" * 16] * 39 + table.column("exact").to_pylist()[3:4] + [b"y" * 16], pa.binary(16))
    index = Index(uri)
    found = candidates(index, exact, asking)

    bands = [band_keys(rows, BandPlan(14, 8)) for rows in (asking[:40], signatures)]
    wanted = {(i, j) for i in range(39) for j in range(500) if j != 7 and (bands[0][i] == bands[1][j]).any()} | {
        (39, 3)
    }
    starts = np.cumsum([0] + [part.segment.documents for part in index.segments])
    assert set(zip(found.row.tolist(), (starts[found.segment] + found.document).tolist(), strict=True)) == wanted
    assert len(index.segments) == -(-500 // segment_documents)
    assert found.exact.tolist() == [row == 39 for row in found.row.tolist()]
    shares = (asking[found.row] == signatures[starts[found.segment] + found.document]).mean(axis=1)
    assert np.where(found.exact, 1.0, shares).tolist() == found.estimate.tolist()


def test_only_the_best_candidates_are_compared(tmp_path: Path) -> None:
    table, signatures = made(3, 30)
    signatures[:] = mutated(np.repeat(signatures[:1], 30, axis=0), 0.05, 4)
    index = Index(build(tmp_path, (table, signatures)))
    found = candidates(index, pa.array([b"x" * 16], pa.binary(16)), signatures[5:6])

    assert len(found.row) == MOST_CANDIDATES
    assert 5 in found.document.tolist()
    assert not len(candidates(index, pa.array([b"x" * 16], pa.binary(16)), signatures[5:6], by_signature=False).row)
    assert not len(candidates(index, pa.array([b"x" * 16], pa.binary(16)), signatures[5:6], without=[0]).row)


def test_forgotten_documents_are_found_no_more_until_they_are_added_again(tmp_path: Path) -> None:
    table, signatures = made(5, 20)
    uri = build(tmp_path, (table, signatures))
    victim = table.column("doc_id").to_pylist()[4]
    forget(uri, [victim])
    ask = (table.column("exact").combine_chunks(), signatures)

    assert sorted(set(range(20)) - set(candidates(Index(uri), *ask).document.tolist())) == [4]
    assert verify(uri) == []
    with pytest.raises(InputError, match="1 of 1 ids are not in the index"):
        forget(uri, [victim])
    add(uri, [(table.slice(4, 1), signatures[4:5])], name="again", run_uri="runs/again", parameters=PARAMETERS)
    assert sorted(set(candidates(Index(uri), *ask).row.tolist())) == list(range(20))
    assert shown_documents(Index(uri)) == 20


def test_small_segments_are_merged_and_the_forgotten_left_out(tmp_path: Path) -> None:
    pieces = [made(10 + i, 10, start=10 * i) for i in range(12)]
    uri = build(tmp_path, pieces[0], name="run0")
    forget(uri, pieces[0][0].column("doc_id").to_pylist()[2:4])
    for i, piece in enumerate(pieces[1:], start=1):
        add(uri, [piece], name=f"run{i}", run_uri=f"runs/run{i}", parameters=PARAMETERS)
    index = Index(uri)
    exact = pa.concat_arrays([piece[0].column("exact").combine_chunks() for piece in pieces])
    found = candidates(index, exact, np.concatenate([piece[1] for piece in pieces]))

    assert len(index.segments) < 9
    assert sorted(set(found.row.tolist())) == [i for i in range(120) if i not in (2, 3)]
    assert verify(uri) == []
    assert index.head.forgotten[0].file is None
    places = [
        index.segments[s].documents.column("run")[d].as_py() for s, d in zip(found.segment, found.document, strict=True)
    ]
    assert places == [row // 10 for row in found.row.tolist()]
    assert {path.name for path in (tmp_path / "index").iterdir()} <= {"index.json", "segments", "_tmp", "forgotten"}
    assert len(list((tmp_path / "index" / "segments").rglob("*.arrow"))) == 3 * len(index.segments)
    assert merge(uri) == index.head


def test_an_addition_broken_off_at_any_point_leaves_the_index_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = made(1, 30)
    uri = build(tmp_path, first)
    before = Path(head_uri(uri)).read_bytes()

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for name in ("write_segment", "replace_head", "_check_new"):
        with monkeypatch.context() as patch:
            patch.setattr(index_changes, name, crash)
            with pytest.raises(KeyboardInterrupt):
                add(uri, [made(2, 10, start=100)], name="second", run_uri="runs/second", parameters=PARAMETERS)
        assert Path(head_uri(uri)).read_bytes() == before
        assert verify(uri) == []
    add(uri, [made(2, 10, start=100)], name="second", run_uri="runs/second", parameters=PARAMETERS)
    assert shown_documents(Index(uri)) == 40
    assert len(list((tmp_path / "index" / "segments").rglob("*.arrow"))) == 6


def test_a_change_beside_another_one_is_refused(tmp_path: Path) -> None:
    uri = build(tmp_path, made(1, 5))
    rows = made(2, 5, start=50)

    def slow() -> list[Rows]:
        forget(uri, [made(1, 5)[0].column("doc_id")[0].as_py()])
        return [rows]

    def lazily() -> object:
        yield from slow()

    with pytest.raises(RunDirectoryError, match="was changed while this command worked"):
        add(uri, lazily(), name="second", run_uri="runs/second", parameters=PARAMETERS)  # type: ignore[arg-type]
    assert (shown_documents(Index(uri)), verify(uri)) == (4, [])


def test_what_does_not_belong_together_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    rows = made(1, 5)
    uri = build(tmp_path, rows)
    before = Path(head_uri(uri)).read_bytes()
    more = made(2, 5, start=50)
    other = Parameters(13, "character", "none", 14, 8)
    with pytest.raises(RunDirectoryError, match=r"shingle: 5, not 13; unit: word, not character; normalization"):
        add(uri, [more], name="second", run_uri="r", parameters=other)
    with pytest.raises(ConfigError, match="has a run named 'first' already"):
        add(uri, [more], name="first", run_uri="r", parameters=PARAMETERS)
    with pytest.raises(EmptyResultError, match="no kept document"):
        add(uri, [], name="second", run_uri="r", parameters=PARAMETERS)
    with pytest.raises(InputError, match=r"5 documents of r are in the index .* from the run 'first'"):
        add(uri, [rows], name="second", run_uri="r", parameters=PARAMETERS)
    with pytest.raises(InputError, match="holds 5 document ids twice"):
        add(uri, [more, more], name="second", run_uri="r", parameters=PARAMETERS)
    with pytest.raises(RunDirectoryError, match="is an index already"):
        build(tmp_path, more)
    assert Path(head_uri(uri)).read_bytes() == before
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(RunDirectoryError, match=r"not empty and not an index .*thesis"):
        add(str(tmp_path / "full"), [more], name="x", run_uri="r", parameters=PARAMETERS, create=True)


def test_damage_is_found(tmp_path: Path) -> None:
    uri = build(tmp_path, made(1, 50))
    head, keys = Path(head_uri(uri)), next(Path(uri).rglob("keys.arrow"))
    whole, good = head.read_bytes(), keys.read_bytes()
    for content, error, message in (
        (whole[:-40], IntegrityError, "is not whole"),
        (whole.replace(b'"bands": 14', b'"bands": 15'), IntegrityError, "does not match its own checksum"),
        (json.dumps({"format": "gristmill-index/0"}).encode(), RunDirectoryError, "wanted format 'gristmill-index/1'"),
        (b"[]", RunDirectoryError, "wanted format"),
    ):
        head.write_bytes(content)
        with pytest.raises(error, match=message):
            Index(uri)
    head.write_bytes(whole)
    assert Head.from_json(whole, "x") == read_head(uri)
    keys.write_bytes(good[:-8])
    with pytest.raises(IntegrityError, match=r"keys.arrow: wanted [\d,]+ bytes, got"):
        Index(uri)
    keys.write_bytes(good[:600] + bytes([good[600] ^ 1]) + good[601:])
    assert any("not those that were written" in fault for fault in verify(uri))
    keys.unlink()
    with pytest.raises(IntegrityError, match="no such file"):
        Index(uri)
    with pytest.raises(RunDirectoryError, match=r"it has no index\.json"):
        Index(str(tmp_path / "nothing"))


def test_an_index_of_exact_hashes_only_needs_no_signatures(tmp_path: Path) -> None:
    table, _ = made(1, 5)
    empty = np.full((5, 1), EMPTY, np.uint32)
    uri, parameters = str(tmp_path / "exact"), Parameters.of(None)
    add(uri, [(table, empty)], name="first", run_uri="runs/first", parameters=parameters, create=True)
    found = candidates(Index(uri), table.column("exact").combine_chunks(), empty)

    assert found.document.tolist() == [0, 1, 2, 3, 4]
    assert found.exact.all()


def test_opening_an_index_copies_none_of_its_columns(tmp_path: Path) -> None:
    uri = build(tmp_path, made(1, 5000))
    before = pa.total_allocated_bytes()
    part = Index(uri).segments[0]

    assert pa.total_allocated_bytes() - before < 100_000
    assert (part.keys.nbytes, part.signatures.nbytes) == (5000 * 15 * 8, 5000 * 112 * 4)
    assert not part.keys.flags.owndata
    assert not part.signatures.flags.owndata


def test_the_same_changes_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        build(tmp_path / name, made(1, 40))
    files = [sorted((tmp_path / name).rglob("*.*")) for name in ("a", "b")]

    assert [path.read_bytes() for path in files[0] if path.is_file()] == [
        path.read_bytes() for path in files[1] if path.is_file()
    ]
