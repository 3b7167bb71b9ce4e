"""The order of windows: which window of which source stands at a place of the endless training order.

A pure function of the sources' window counts, their repeats, the seed and the place; nothing is stored, so a resumed
run can jump to any place at once, and no rank, worker or batch size enters.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from gristmill.errors import ConfigError, EmptyResultError, unknown_name
from gristmill.train_hooks.loader.permutation import Permutation, derive_keys


class Place(NamedTuple):
    """A window: its source, by name, and its number within the source."""

    source: str
    window: int


@dataclass(frozen=True)
class SourceShare:
    """What one source gives to an epoch.

    Attributes:
        name: of the source.
        windows: that it has.
        drawn: windows of it in one epoch: each is drawn ``drawn // windows`` times, and ``drawn % windows`` of them,
            chosen anew each epoch, once more.
    """

    name: str
    windows: int
    drawn: int


def shares(windows: Mapping[str, int], repeats: Mapping[str, float]) -> tuple[SourceShare, ...]:
    """The share of each source, by name; sources with a repeat of 0 are left out.

    Raises:
        ConfigError: ``repeats`` names a source that does not exist.
        EmptyResultError: nothing is left to draw.

    >>> shares({"web": 10, "books": 4}, {"books": 1.5})
    (SourceShare(name='books', windows=4, drawn=6), SourceShare(name='web', windows=10, drawn=10))
    """
    for name in repeats:
        if name not in windows:
            msg = f"pretrain.source_repeats: {unknown_name('source', name, windows)}"
            raise ConfigError(msg)
    found = []
    for name, count in sorted(windows.items()):
        repeat = repeats.get(name, 1.0)
        if repeat > 0:
            found.append(SourceShare(name, count, max(1, round(count * repeat))))
    if not found:
        why = "pretrain.source_repeats is 0 for every source" if windows else "the manifest names no source"
        msg = f"{why}: nothing to train on"
        raise EmptyResultError(msg)
    return tuple(found)


class WindowOrder:
    """The endless order of training windows: epoch after epoch, each shuffled by its own key.

    Args:
        shares: what each source gives to an epoch.
        seed: of the shuffle.

    >>> order = WindowOrder(shares({"web": 3}, {}), seed=17)
    >>> sorted(order.place(0, i).window for i in range(3))
    [0, 1, 2]
    """

    def __init__(self, shares: Iterable[SourceShare], seed: int) -> None:
        self.shares = tuple(shares)
        self.seed = seed
        self._ends = list(accumulate(share.drawn for share in self.shares))

    def __len__(self) -> int:
        """Windows of one epoch."""
        return self._ends[-1]

    def place(self, epoch: int, index: int) -> Place:
        """The window at place ``index`` of ``epoch``."""
        drawn = Permutation(len(self), derive_keys(self.seed, "epoch", epoch))(index)
        number = bisect_right(self._ends, drawn)
        share = self.shares[number]
        within = drawn - (self._ends[number] - share.drawn)
        turn, window = divmod(within, share.windows)
        if turn == share.drawn // share.windows:  # the last, partial turn: which windows it holds changes by epoch
            window = Permutation(share.windows, derive_keys(self.seed, "partial", epoch, share.name))(window)
        return Place(share.name, window)
