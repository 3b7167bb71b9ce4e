"""The loader of the token shards: deterministic, elastic, verified, aware of documents."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import torch
from torch import Tensor
from torch.utils.data import Dataset

from gristmill.errors import ConfigError, IntegrityError
from gristmill.tokenize.manifest import MANIFEST_NAME, Manifest, manifest_sha256
from gristmill.train_hooks.loader.token_stream import TokenStream
from gristmill.train_hooks.loader.window_order import Place, WindowOrder, shares
from gristmill.train_hooks.loader.windows import WindowArrays, padding_window, window_arrays, window_count

PADDING_WINDOW = -1
"""The index that stands for a window of padding alone (see :func:`.windows.padding_window`)."""


class Windows(NamedTuple):
    """One window, or a batch of them, as tensors of int64: (T,) or (B, T) each.

    The fields are those of :class:`gristmill.train_hooks.loader.windows.WindowArrays`.
    """

    tokens: Tensor
    labels: Tensor
    positions: Tensor
    document_ids: Tensor

    def to(self, device: torch.device) -> Windows:
        """The same on ``device``, copied without waiting where the memory is pinned."""
        return Windows(*(tensor.to(device, non_blocking=True) for tensor in self))


@dataclasses.dataclass(frozen=True)
class LoaderState:
    """All that must be stored to go on with the very next token. The same on every rank.

    Attributes:
        manifest_sha256: of ``manifest.json``: the token data set, by content.
        seed: of the order.
        epoch: whole epochs already consumed.
        tokens_consumed: places of the current epoch already consumed, over all ranks; the padding of a source's short
            last window counts, so it is always a multiple of the window length.
    """

    manifest_sha256: str
    seed: int
    epoch: int
    tokens_consumed: int

    def to_json(self) -> dict[str, str | int]:
        """The state as a JSON object."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_json`.

        Raises:
            IntegrityError: a key is missing or unknown.
        """
        wanted = {field.name for field in dataclasses.fields(cls)}
        if set(content) != wanted:
            msg = f"a loader state has the keys {sorted(wanted)}, got {sorted(content)}"
            raise IntegrityError(msg)
        return cls(**content)


class ShardDataset(Dataset[Windows]):
    """Training windows of any length over the token shards of a run.

    Map-style on purpose. An index is a *place in the endless training order*: place ``i`` is place ``i % len(self)`` of
    epoch ``i // len(self)``, and which window stands there is a pure function of the manifest, the seed and the epoch
    (:mod:`gristmill.train_hooks.loader.window_order`). So worker processes and ranks hold no state that could be lost
    or fall out of step: a ``DataLoader`` returns what the sampler asks for, in its order, for any number of workers;
    ranks split the places of a global batch among them
    (:class:`gristmill.train_hooks.loader.sampler.ElasticBatchSampler`); and the state is advanced by the trainer when
    it has *consumed* windows, not when a worker has read them ahead.

    Windows, labels, positions and document numbers follow :mod:`gristmill.train_hooks.loader.windows`: window ``k`` of
    a source holds the ids ``[k*T, (k+1)*T)`` of its stream; the label is the next id of the same document or -100; the
    short last window is padded with labels of -100. Every id of the training part is an input exactly once per epoch.

    Sources are mixed by natural proportion: an epoch holds every window of every source once. ``source_repeats``
    changes that. The last windows of each source's stream may be held out for validation; documents are already in
    random order, so they are a fair sample, and at most one document per source is cut by the boundary. No held-out id
    is an input or a label of training: the last training window of a source has label -100 at its last place.

    Args:
        tokens_dir: the ``tokens/`` folder of a run, on a local disk (it is memory-mapped).
        window_tokens: T.
        seed: of the order.
        validation_fraction: share of each source's windows held out; at least one window where the source has two.
        validation_max_tokens: most tokens held out from one source.
        source_repeats: how often each source is seen in an epoch; 1 where not named, 0 leaves the source out.
        verify: "start" checks the sha256 of every shard now; "lazy" when a process first opens it.

    Raises:
        RunDirectoryError: there is no manifest.
        IntegrityError: a shard is not the one the manifest describes.
        EmptyResultError: a source holds no tokens, or holding out for validation leaves nothing to train on.
        TokenizerError: ids outside the vocabulary.
    """

    def __init__(
        self,
        tokens_dir: Path,
        window_tokens: int,
        seed: int,
        *,
        validation_fraction: float = 0.0,
        validation_max_tokens: int = 262_144,
        source_repeats: Mapping[str, float] | None = None,
        verify: Literal["start", "lazy"] = "start",
    ) -> None:
        if window_tokens < 1:
            msg = f"window_tokens must be at least 1, got {window_tokens}"
            raise ConfigError(msg)
        self.manifest = Manifest.read(tokens_dir)
        self.manifest_sha256 = manifest_sha256((tokens_dir / MANIFEST_NAME).read_bytes())
        self.window_tokens = window_tokens
        self.seed = seed
        repeats = source_repeats or {}
        used = [name for name in self.manifest.sources if repeats.get(name, 1.0) > 0]
        self._streams = {name: TokenStream(tokens_dir, self.manifest, name) for name in used}
        windows = {name: window_count(len(stream), window_tokens) for name, stream in self._streams.items()}
        self._held_out = {
            name: _held_out(count, validation_fraction, validation_max_tokens // window_tokens)
            for name, count in windows.items()
        }
        self._training = {name: count - self._held_out[name] for name, count in windows.items()}
        unused = dict.fromkeys(self.manifest.sources.keys() - set(used), 0)
        self.order = WindowOrder(shares({**self._training, **unused}, repeats), seed)
        if verify == "start":
            self.verify()

    def __len__(self) -> int:
        """Windows of one epoch."""
        return len(self.order)

    def __getitem__(self, index: int) -> Windows:
        """The window at a place of the endless order, or a window of padding for ``PADDING_WINDOW``."""
        if index == PADDING_WINDOW:
            return _tensors(padding_window(self.window_tokens, self.manifest.tokenizer.eot_id))
        if index < 0:
            msg = f"a place in the training order is not negative, got {index}"
            raise IndexError(msg)
        return self.window(self.order.place(*divmod(index, len(self))))

    def __iter__(self) -> Iterator[Windows]:
        """The windows of the first epoch, in its order (places go on for ever; plain iteration would too)."""
        return (self[index] for index in range(len(self)))

    def window(self, place: Place) -> Windows:
        """One window by source and number."""
        start = place.window * self.window_tokens
        stop = start + self.window_tokens + 1
        boundary = self._training[place.source] * self.window_tokens
        if start < boundary:
            stop = min(stop, boundary)
        tokens, begins = self._streams[place.source].read(start, stop)
        return _tensors(window_arrays(tokens, begins, self.window_tokens, self.manifest.tokenizer.eot_id))

    def validation_places(self) -> list[Place]:
        """The held-out windows, by source and number; the same in every epoch."""
        return [
            Place(name, self._training[name] + i)
            for name in sorted(self._held_out)
            for i in range(self._held_out[name])
        ]

    def verify(self, share: int = 0, of: int = 1) -> None:
        """Checks the shards now: all, or the ``share``-th of ``of`` equal shares when processes divide the work.

        Raises:
            IntegrityError: a shard is not the one the manifest describes.
            TokenizerError: ids outside the vocabulary.
        """
        for stream in self._streams.values():
            stream.verify(share, of)

    def trust(self) -> None:
        """Takes every shard for checked, once all processes that divided the work have checked theirs."""
        for stream in self._streams.values():
            stream.trust()

    def start_state(self) -> LoaderState:
        """The state before the first window."""
        return LoaderState(self.manifest_sha256, self.seed, epoch=0, tokens_consumed=0)

    def state_at(self, place: int) -> LoaderState:
        """The state after the first ``place`` windows of the endless order."""
        epoch, windows = divmod(place, len(self))
        return LoaderState(self.manifest_sha256, self.seed, epoch, windows * self.window_tokens)

    def place_of(self, state: LoaderState) -> int:
        """The next place to consume, the inverse of :meth:`state_at`.

        Raises:
            IntegrityError: the state belongs to other tokens, another seed or another window length.
        """
        if state.manifest_sha256 != self.manifest_sha256:
            msg = (
                f"the loader state belongs to the tokens of manifest {state.manifest_sha256}, these are "
                f"{self.manifest_sha256}; resume with the tokens the run began with, or begin a new run"
            )
            raise IntegrityError(msg)
        if state.seed != self.seed:
            msg = f"the loader state has seed {state.seed}, this data set {self.seed}; the order would be another one"
            raise IntegrityError(msg)
        windows, rest = divmod(state.tokens_consumed, self.window_tokens)
        if rest or not 0 <= windows < len(self) or state.epoch < 0:
            msg = (
                f"{state.tokens_consumed} tokens of epoch {state.epoch} are not a whole number of windows of "
                f"{self.window_tokens} within an epoch of {len(self)}; within an epoch the window length is fixed"
            )
            raise IntegrityError(msg)
        return state.epoch * len(self) + windows


def _held_out(windows: int, fraction: float, most: int) -> int:
    """Windows of a source held out: its share, at least one where that leaves one to train on."""
    if fraction == 0 or windows < 2:
        return 0
    return min(max(1, int(windows * fraction)), max(1, most), windows - 1)


def _tensors(window: WindowArrays) -> Windows:
    return Windows(*(torch.from_numpy(array) for array in window))


def cu_seqlens(windows: Windows) -> Tensor:
    """Where the documents of a batch begin in its flattened places, and its end: (documents + 1,) int32.

    What variable-length attention kernels take as ``cu_seqlens``.

    >>> ids = torch.tensor([[0, 0, 1], [0, 1, 1]])
    >>> cu_seqlens(Windows(ids, ids, ids, ids)).tolist()
    [0, 2, 3, 4, 6]
    """
    ids = torch.atleast_2d(windows.document_ids)
    begins = torch.ones_like(ids, dtype=torch.bool)
    begins[:, 1:] = ids[:, 1:] != ids[:, :-1]
    ends = torch.tensor([ids.numel()], device=ids.device)
    return torch.cat([begins.flatten().nonzero().flatten(), ends]).to(torch.int32)
