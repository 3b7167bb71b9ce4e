"""The same stream of tokens whatever the number of ranks and workers and the batch size, resumed at any point."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import ConfigError
from gristmill.train_hooks.loader.dataset import LoaderState, ShardDataset
from gristmill.train_hooks.loader.sampler import ElasticBatchSampler, make_loader
from gristmill.train_hooks.loader.windows import IGNORE_LABEL
from tests.train_hooks.loader.resume_check import assert_resumes_everywhere
from tests.train_hooks.shard_files import random_documents, write_tokens

T = 16
Window = tuple[tuple[int, ...], tuple[int, ...]]


@pytest.fixture(scope="module")
def tokens_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(8)
    folder = tmp_path_factory.mktemp("elastic") / "tokens"
    web, books = random_documents(rng, 21, 250), random_documents(rng, 14, 250)
    for documents in (web, books):
        while sum(map(len, documents)) % T != 5:  # a last window with something to predict
            documents[-1].insert(0, 7)
    write_tokens(folder, {"web": [web[:12], web[12:]], "books": [books]})
    return folder


def windows_of_a_step(micro_batches: list[Any]) -> list[Window]:
    """The windows of one rank's step in its order, windows of padding left out."""
    return [
        (tuple(tokens), tuple(labels))
        for batch in micro_batches
        for tokens, labels in zip(batch.tokens.tolist(), batch.labels.tolist(), strict=True)
        if any(label != IGNORE_LABEL for label in labels)
    ]


def consume(
    folder: Path, state: LoaderState, *, steps: int, ranks: int, workers: int, batch: int, micro: int
) -> tuple[list[Window], LoaderState]:
    """Some steps of every rank, each with a data set and loader of its own; the windows in their global order."""
    by_rank = []
    for rank in range(ranks):
        dataset = ShardDataset(folder, T, seed=17)
        first = dataset.place_of(state)
        sampler = ElasticBatchSampler(first, steps, batch, rank=rank, world_size=ranks, micro_batch_windows=micro)
        batches = list(make_loader(dataset, sampler, workers))
        assert len(batches) == len(sampler) == steps * sampler.micro_batches
        per_step = [batches[i : i + sampler.micro_batches] for i in range(0, len(batches), sampler.micro_batches)]
        by_rank.append([windows_of_a_step(micro_batches) for micro_batches in per_step])
    stream = [
        by_rank[i % ranks][step][i // ranks] for step in range(steps) for i in range(batch)
    ]  # fmt: skip
    assert sum(len(step) for rank in by_rank for step in rank) == steps * batch
    return stream, dataset.state_at(first + steps * batch)


def test_ranks_1_2_4_3_and_workers_0_2_and_other_batches_read_one_stream(tokens_dir: Path) -> None:
    dataset = ShardDataset(tokens_dir, T, seed=17)
    assert all(any(label != IGNORE_LABEL for label in window.labels.tolist()) for window in dataset)
    state = dataset.start_state()
    stream: list[Window] = []
    phases = [
        {"ranks": 1, "workers": 0, "batch": 4, "micro": 4, "steps": 5},
        {"ranks": 2, "workers": 2, "batch": 6, "micro": 2, "steps": 4},
        {"ranks": 4, "workers": 0, "batch": 6, "micro": 1, "steps": 5},
        {"ranks": 3, "workers": 0, "batch": 7, "micro": 2, "steps": 6},
        {"ranks": 1, "workers": 2, "batch": 1, "micro": 8, "steps": 9},
    ]
    for phase in phases:
        part, state = consume(tokens_dir, state, **phase)
        state = LoaderState.from_json(json.loads(json.dumps(state.to_json())))
        stream += part
    alone = [dataset[i] for i in range(len(stream))]
    assert stream == [(tuple(window.tokens.tolist()), tuple(window.labels.tolist())) for window in alone]
    assert len(stream) > len(dataset), "the phases must cross an epoch"
    assert stream[: len(stream) - len(dataset)] != stream[len(dataset) :], "the next epoch has another order"


def test_stopped_anywhere_and_resumed_it_gives_the_rest(tokens_dir: Path) -> None:
    def read(state: dict[str, Any]) -> Iterator[tuple[list[int], dict[str, Any]]]:
        dataset = ShardDataset(tokens_dir, T, seed=17, verify="lazy")
        place = dataset.place_of(LoaderState.from_json(state))
        while True:
            yield dataset[place].tokens.tolist(), dataset.state_at(place + 1).to_json()
            place += 1

    dataset = ShardDataset(tokens_dir, T, seed=17)
    assert_resumes_everywhere(dataset.start_state().to_json(), read, len(dataset) + 10)


@settings(max_examples=150, deadline=None)
@given(
    first=st.integers(0, 1000),
    steps=st.integers(1, 4),
    batch=st.integers(1, 20),
    world_size=st.integers(1, 7),
    micro=st.integers(1, 6),
)
def test_the_ranks_of_a_step_share_its_places_without_gap_or_overlap(
    first: int, steps: int, batch: int, world_size: int, micro: int
) -> None:
    samplers = [
        ElasticBatchSampler(first, steps, batch, rank=rank, world_size=world_size, micro_batch_windows=micro)
        for rank in range(world_size)
    ]
    per_rank = [list(sampler) for sampler in samplers]
    assert len({len(batches) for batches in per_rank}) == 1, "every rank must take part in every micro-batch"
    count = samplers[0].micro_batches
    for step in range(steps):
        places = [
            place
            for batches in per_rank
            for micro_batch in batches[step * count : (step + 1) * count]
            for place in micro_batch
            if place >= 0
        ]
        start = first + step * batch
        assert sorted(places) == list(range(start, start + batch))
    assert all(1 <= len(micro_batch) <= micro for batches in per_rank for micro_batch in batches)


def test_a_rank_outside_the_world_is_refused() -> None:
    with pytest.raises(ConfigError, match="rank 2"):
        ElasticBatchSampler(0, 1, 4, rank=2, world_size=2, micro_batch_windows=1)
