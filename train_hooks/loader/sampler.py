"""Which places of the training order each rank reads in each micro-batch: the only thing that knows about ranks."""

from __future__ import annotations

import math
from collections.abc import Iterator

from torch.utils.data import DataLoader, Sampler

from gristmill.errors import ConfigError
from gristmill.train_hooks.loader.dataset import PADDING_WINDOW, ShardDataset, Windows


def micro_batches(batch_windows: int, world_size: int, micro_batch_windows: int) -> int:
    """Micro-batches of one step, the same number on every rank.

    >>> micro_batches(batch_windows=12, world_size=3, micro_batch_windows=2)
    2
    """
    return math.ceil(math.ceil(batch_windows / world_size) / micro_batch_windows)


class ElasticBatchSampler(Sampler[list[int]]):
    """Yields the places of one rank's micro-batches, step after step.

    Step ``s`` consumes the places ``[first + s*G, first + (s+1)*G)`` of the endless order, whatever the number of
    ranks; rank ``r`` of ``R`` takes every R-th of them from the r-th. Each rank yields the same number of micro-batches
    per step; where places do not come out even, a rank's last micro-batch is shorter, or one window of padding.

    Args:
        first: the first place, ``ShardDataset.place_of(state)``.
        steps: optimiser steps to yield.
        batch_windows: G, windows of one step over all ranks.
        rank: r.
        world_size: R.
        micro_batch_windows: most windows of one micro-batch.

    >>> list(ElasticBatchSampler(0, 1, batch_windows=5, rank=1, world_size=2, micro_batch_windows=2))
    [[1, 3], [-1]]
    """

    def __init__(
        self, first: int, steps: int, batch_windows: int, *, rank: int, world_size: int, micro_batch_windows: int
    ) -> None:
        if not 0 <= rank < world_size:
            msg = f"rank {rank} is not in range({world_size})"
            raise ConfigError(msg)
        self.first = first
        self.steps = steps
        self.batch_windows = batch_windows
        self.rank = rank
        self.world_size = world_size
        self.micro_batch_windows = micro_batch_windows
        self.micro_batches = micro_batches(batch_windows, world_size, micro_batch_windows)

    def __len__(self) -> int:
        """Micro-batches in all."""
        return self.steps * self.micro_batches

    def __iter__(self) -> Iterator[list[int]]:
        """The places of each micro-batch."""
        for step in range(self.steps):
            start = self.first + step * self.batch_windows
            mine = list(range(start + self.rank, start + self.batch_windows, self.world_size))
            for number in range(self.micro_batches):
                begin = number * self.micro_batch_windows
                yield mine[begin : begin + self.micro_batch_windows] or [PADDING_WINDOW]


def make_loader(
    dataset: ShardDataset, sampler: ElasticBatchSampler, num_workers: int, *, pin_memory: bool = False
) -> DataLoader[Windows]:
    """A ``DataLoader`` that yields one micro-batch (B, T) of this rank at a time, in the sampler's order."""
    return DataLoader(dataset, batch_sampler=sampler, num_workers=num_workers, pin_memory=pin_memory)
