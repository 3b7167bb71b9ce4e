from __future__ import annotations

import dataclasses
import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import ConfigError, EmptyResultError, IntegrityError, RunDirectoryError, TokenizerError
from gristmill.tokenize.manifest import MANIFEST_NAME, Manifest
from gristmill.train_hooks.loader.dataset import PADDING_WINDOW, LoaderState, ShardDataset, cu_seqlens
from gristmill.train_hooks.loader.windows import IGNORE_LABEL
from tests.train_hooks.loader.test_windows import naive_window
from tests.train_hooks.shard_files import EOT, random_documents, source_documents, write_tokens

T = 16


@pytest.fixture(scope="module")
def tokens_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sources; end-of-text ids occur inside documents too; one part is empty; some documents are one id long."""
    rng = np.random.default_rng(5)
    folder = tmp_path_factory.mktemp("dataset") / "tokens"
    parts = [random_documents(rng, 30, 9), [], random_documents(rng, 20, 9)]
    write_tokens(folder, {"web": parts, "books": [random_documents(rng, 25, 9)]}, vocab_size=9)
    return folder


@pytest.fixture(scope="module")
def unique_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every id but the end of text occurs once, so that ids can be followed; uint32, beyond 65,535."""
    folder = tmp_path_factory.mktemp("unique") / "tokens"
    rng = np.random.default_rng(6)
    fresh = iter(range(65_500, 80_000))
    documents = [[*(next(fresh) for _ in range(length)), EOT] for length in rng.integers(0, 50, 90).tolist()]
    write_tokens(
        folder, {"a": [documents[:30], documents[30:50]], "b": [documents[50:]]}, vocab_size=80_000, dtype="uint32"
    )
    return folder


def rows(dataset: ShardDataset, index: int) -> list[tuple[int, ...]]:
    return list(zip(*(tensor.tolist() for tensor in dataset[index]), strict=True))


def labels_by_input(dataset: ShardDataset, epoch: int) -> Counter[tuple[int, int]]:
    """How often each (input, label) occurs in an epoch, padding included."""
    found: Counter[tuple[int, int]] = Counter()
    for index in range(epoch * len(dataset), (epoch + 1) * len(dataset)):
        found.update((token, label) for token, label, _, _ in rows(dataset, index))
    return found


@pytest.mark.parametrize("length", [1, 2, 7, T, 1000, 100_000])
def test_an_epoch_holds_exactly_the_windows_of_the_naive_reference(tokens_dir: Path, length: int) -> None:
    dataset = ShardDataset(tokens_dir, length, seed=17)
    documents = {source: source_documents(tokens_dir, source) for source in ("web", "books")}
    wanted = [
        naive_window(documents[source], number, length)
        for source in documents
        for number in range(-(-sum(map(len, documents[source])) // length))
    ]
    got = [rows(dataset, index) for index in range(len(dataset))]
    assert len(dataset) == len(wanted)
    assert sorted(got) == sorted(wanted)


@pytest.mark.parametrize("epoch", [0, 3])
def test_every_token_is_an_input_once_per_epoch_and_every_token_but_a_first_a_label_once(
    unique_dir: Path, epoch: int
) -> None:
    dataset = ShardDataset(unique_dir, T, seed=1)
    documents = source_documents(unique_dir, "a") + source_documents(unique_dir, "b")
    wanted = Counter(
        (token, document[at + 1] if at + 1 < len(document) else IGNORE_LABEL)
        for document in documents
        for at, token in enumerate(document)
    )
    padding = len(dataset) * T - sum(map(len, documents))
    wanted[EOT, IGNORE_LABEL] += padding
    assert 0 < padding < 2 * T
    assert labels_by_input(dataset, epoch) == wanted


def test_each_epoch_has_another_order_and_a_seed_its_own(tokens_dir: Path) -> None:
    dataset = ShardDataset(tokens_dir, T, seed=17)
    size = len(dataset)
    orders = [[dataset.order.place(epoch, i) for i in range(size)] for epoch in range(3)]
    orders.append([ShardDataset(tokens_dir, T, seed=18).order.place(0, i) for i in range(size)])
    assert all(sorted(order) == sorted(orders[0]) for order in orders)
    assert len({tuple(order) for order in orders}) == 4
    assert orders[0] != sorted(orders[0])


def test_sources_are_mixed_throughout_an_epoch_by_natural_proportion(unique_dir: Path) -> None:
    dataset = ShardDataset(unique_dir, 4, seed=17)
    half = len(dataset) // 2
    counts = Counter(dataset.order.place(0, i).source for i in range(half))
    whole = Counter(dataset.order.place(0, i).source for i in range(len(dataset)))
    for source in "ab":
        assert abs(counts[source] / half - whole[source] / len(dataset)) < 0.1


def test_source_repeats_decide_how_often_a_source_is_seen(unique_dir: Path) -> None:
    plain = ShardDataset(unique_dir, T, seed=17)
    windows = Counter(plain.order.place(0, i).source for i in range(len(plain)))
    dataset = ShardDataset(unique_dir, T, seed=17, source_repeats={"a": 2.5, "b": 0.5})
    drawn = [
        Counter(dataset.order.place(epoch, i) for i in range(len(dataset)))
        for epoch in (0, 1)
    ]  # fmt: skip
    for counts in drawn:
        of_a = [count for place, count in counts.items() if place.source == "a"]
        of_b = [count for place, count in counts.items() if place.source == "b"]
        assert set(of_a) == {2, 3}
        assert sum(of_a) == round(2.5 * windows["a"])
        assert set(of_b) == {1}
        assert len(of_b) == round(0.5 * windows["b"])
    assert drawn[0] != drawn[1]  # which windows are drawn once more changes by epoch


def test_held_out_windows_are_never_trained_on(unique_dir: Path) -> None:
    dataset = ShardDataset(unique_dir, T, seed=17, validation_fraction=0.2)
    held_out = [dataset.window(place) for place in dataset.validation_places()]
    validation_ids = {int(i) for window in held_out for i in window.tokens} - {EOT}
    training: set[int] = set()
    for window in dataset:
        training |= set(window.tokens.tolist()) | set(window.labels.tolist())
    training -= {EOT, IGNORE_LABEL}
    everything = {i for source in "ab" for document in source_documents(unique_dir, source) for i in document} - {EOT}
    assert validation_ids
    assert not validation_ids & training
    assert validation_ids | training == everything
    assert {place.source for place in dataset.validation_places()} == {"a", "b"}


def test_no_more_than_the_stated_number_of_tokens_is_held_out(unique_dir: Path) -> None:
    dataset = ShardDataset(unique_dir, T, seed=17, validation_fraction=0.5, validation_max_tokens=3 * T)
    assert Counter(place.source for place in dataset.validation_places()) == {"a": 3, "b": 3}


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 10**12))
def test_a_state_and_its_place_are_one(tokens_dir: Path, place: int) -> None:
    dataset = ShardDataset(tokens_dir, T, seed=17)
    state = LoaderState.from_json(json.loads(json.dumps(dataset.state_at(place).to_json())))
    assert set(state.to_json()) == {"manifest_sha256", "seed", "epoch", "tokens_consumed"}
    assert dataset.place_of(state) == place
    assert dataset.place_of(dataset.start_state()) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"manifest_sha256": "0" * 64}, "tokens of manifest"),
        ({"seed": 4}, "seed 4"),
        ({"tokens_consumed": T + 1}, "whole number of windows"),
        ({"tokens_consumed": 10**9 * T}, "whole number of windows"),
        ({"epoch": -1}, "epoch -1"),
    ],
)
def test_a_state_of_something_else_is_refused(tokens_dir: Path, change: dict[str, str | int], message: str) -> None:
    dataset = ShardDataset(tokens_dir, T, seed=17)
    with pytest.raises(IntegrityError, match=message):
        dataset.place_of(dataclasses.replace(dataset.start_state(), **change))  # type: ignore[arg-type]
    with pytest.raises(IntegrityError, match="keys"):
        LoaderState.from_json({"epoch": 0})


@pytest.mark.parametrize("verify", ["start", "lazy"])
@pytest.mark.parametrize("where", [0.0, 0.2, 0.5, 0.8, 0.999])
def test_one_flipped_byte_is_refused(tmp_path: Path, where: float, verify: str) -> None:
    manifest = write_tokens(tmp_path, {"web": [random_documents(np.random.default_rng(0), 50, 256)]})
    path = tmp_path / manifest.sources["web"].parts[0].path
    content = bytearray(path.read_bytes())
    content[int(where * len(content))] ^= 1
    path.write_bytes(content)

    def read() -> None:
        for _ in ShardDataset(tmp_path, T, seed=17, verify=verify):  # type: ignore[arg-type]
            pass

    with pytest.raises(IntegrityError, match=r"part-00000\.arrow"):
        read()


@pytest.mark.parametrize("damage", ["truncated", "missing", "not arrow"])
def test_a_damaged_part_is_refused_by_name(tmp_path: Path, damage: str) -> None:
    manifest = write_tokens(tmp_path, {"web": [random_documents(np.random.default_rng(0), 50, 256)]})
    path = tmp_path / manifest.sources["web"].parts[0].path
    content = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes(content[:-7] if damage == "truncated" else bytes(len(content)))
    with pytest.raises(IntegrityError, match=r"part-00000\.arrow"):
        ShardDataset(tmp_path, T, seed=17)


def test_an_empty_source_is_refused_unless_it_is_left_out(tmp_path: Path) -> None:
    write_tokens(tmp_path, {"web": [[[1, EOT]] * 40], "books": [[], []]})
    with pytest.raises(EmptyResultError, match=r"'books'.*holds no tokens"):
        ShardDataset(tmp_path, T, seed=17)
    dataset = ShardDataset(tmp_path, T, seed=17, source_repeats={"books": 0})
    assert {dataset.order.place(0, i).source for i in range(len(dataset))} == {"web"}


def test_nothing_to_train_on_is_refused(tmp_path: Path) -> None:
    write_tokens(tmp_path, {"web": [[[1, EOT]] * 40]})
    with pytest.raises(EmptyResultError, match="nothing to train on"):
        ShardDataset(tmp_path, T, seed=17, source_repeats={"web": 0})
    with pytest.raises(ConfigError, match="did you mean 'web'"):
        ShardDataset(tmp_path, T, seed=17, source_repeats={"wbe": 2})
    with pytest.raises(ConfigError, match="window_tokens"):
        ShardDataset(tmp_path, 0, seed=17)
    with pytest.raises(RunDirectoryError, match=r"manifest"):
        ShardDataset(tmp_path / "elsewhere", T, seed=17)
    write_tokens(tmp_path / "none", {})
    with pytest.raises(EmptyResultError, match="no source"):
        ShardDataset(tmp_path / "none", T, seed=17)


def test_ids_and_types_must_agree_with_the_manifest(tmp_path: Path) -> None:
    write_tokens(tmp_path / "id", {"web": [[[1, 300, EOT]]]}, vocab_size=300)
    with pytest.raises(TokenizerError, match="id 300; the tokenizer has 300 ids"):
        ShardDataset(tmp_path / "id", T, seed=17)
    write_tokens(tmp_path / "eot", {"web": [[[1, EOT], [1, 2]]]})
    with pytest.raises(TokenizerError, match="does not end with the end-of-text id 0"):
        ShardDataset(tmp_path / "eot", T, seed=17)
    manifest = write_tokens(tmp_path / "dtype", {"web": [[[1, EOT]]]})
    changed = dataclasses.replace(manifest, dtype="uint32")
    (tmp_path / "dtype" / MANIFEST_NAME).write_text(changed.to_json())
    with pytest.raises(IntegrityError, match="uint32, the file says uint16"):
        ShardDataset(tmp_path / "dtype", T, seed=17)
    wide = dataclasses.replace(manifest.tokenizer, vocab_size=70_000)
    (tmp_path / "dtype" / MANIFEST_NAME).write_text(dataclasses.replace(manifest, tokenizer=wide).to_json())
    with pytest.raises(IntegrityError, match="cannot hold"):
        ShardDataset(tmp_path / "dtype", T, seed=17)


def test_it_reads_across_record_batches(tmp_path: Path) -> None:
    documents = random_documents(np.random.default_rng(1), 9000, 256, longest=30)
    manifest = write_tokens(tmp_path, {"web": [documents]})
    dataset = ShardDataset(tmp_path, 50, seed=17)
    stream = [token for document in documents for token in document]
    assert Manifest.read(tmp_path) == manifest
    got = {dataset.order.place(0, i).window: dataset[i].tokens.tolist() for i in range(len(dataset))}
    assert [token for window in sorted(got) for token in got[window]][: len(stream)] == stream


def test_places_below_zero_are_refused_but_for_the_padding_window(tokens_dir: Path) -> None:
    dataset = ShardDataset(tokens_dir, T, seed=17)
    assert set(dataset[PADDING_WINDOW].labels.tolist()) == {IGNORE_LABEL}
    with pytest.raises(IndexError, match="not negative"):
        dataset[-2]


def test_cumulative_lengths_give_back_the_documents(tokens_dir: Path) -> None:
    dataset = ShardDataset(tokens_dir, T, seed=17)
    batch = torch.utils.data.default_collate([dataset[i] for i in range(4)])
    edges = cu_seqlens(batch).tolist()
    flat = torch.cat([batch.document_ids[i] + 1000 * i for i in range(4)])
    assert edges[-1] == flat.numel()
    for begin, end in itertools.pairwise(edges):
        assert len(set(flat[begin:end].tolist())) == 1
    assert len(edges) - 1 == len(set(flat.tolist()))
