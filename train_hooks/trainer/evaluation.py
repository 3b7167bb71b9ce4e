"""Validation loss and bits per byte on the windows held out of training."""

# ruff: noqa: N806 - a tensor's name ends in its shape (gristmill.train_hooks.trainer.model)

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import default_collate

from gristmill.errors import IntegrityError
from gristmill.tokenize.manifest import Manifest
from gristmill.train_hooks.loader.dataset import ShardDataset, Windows
from gristmill.train_hooks.loader.window_order import Place
from gristmill.train_hooks.loader.windows import IGNORE_LABEL
from gristmill.train_hooks.trainer.ranks import Ranks
from gristmill.train_hooks.trainer.token_bytes import token_byte_lengths


@dataclass(frozen=True)
class HeldOutFigures:
    """Figures over held-out windows of one source, or of all.

    Attributes:
        loss: mean nats per label token.
        bits_per_byte: total nats / ln 2 / bytes of text that the label tokens stand for. Comparable between tokenizers.
        label_tokens: places that had a label: every held-out token but the first of each document and of each source's
            held-out part.
        label_bytes: bytes of text of those tokens; the end-of-text id counts 0.
    """

    loss: float
    bits_per_byte: float
    label_tokens: int
    label_bytes: float

    @classmethod
    def of(cls, nats: float, label_tokens: float, label_bytes: float) -> HeldOutFigures:
        """From the sums."""
        return cls(
            nats / label_tokens if label_tokens else math.nan,
            nats / math.log(2) / label_bytes if label_bytes else math.nan,
            int(label_tokens),
            label_bytes,
        )


@dataclass(frozen=True)
class Validation:
    """Figures over all held-out windows, and by source.

    Attributes:
        overall: sums over all sources; each weighs by its held-out tokens.
        by_source: by name.
        bytes_by: "token": bytes of each token are exact (byte-level tokenizer). "manifest": the source's mean bytes per
            token, for tokenizers whose ids have no fixed byte length.
    """

    overall: HeldOutFigures
    by_source: Mapping[str, HeldOutFigures]
    bytes_by: str


class ByteCounter:
    """Bytes of text that label tokens stand for.

    Args:
        tokens_dir: holds the tokenizer that the manifest names.
        manifest: of the shards.

    Raises:
        IntegrityError: the tokenizer is missing or not the one the manifest names.
    """

    def __init__(self, tokens_dir: Path, manifest: Manifest) -> None:
        facts = manifest.tokenizer
        file = tokens_dir / facts.file
        raw = file.read_bytes() if file.is_file() else b""
        if hashlib.sha256(raw).hexdigest() != facts.sha256:
            msg = f"{file} is missing or not the tokenizer the ids belong to: the manifest says sha256 {facts.sha256}"
            raise IntegrityError(msg)
        content = json.loads(raw)
        self._lengths: npt.NDArray[np.int64] | None = token_byte_lengths(content, facts.vocab_size, facts.eot_id)
        self._means = {name: info.text_bytes / max(1, info.tokens) for name, info in manifest.sources.items()}
        self.method = "manifest" if self._lengths is None else "token"

    def count(self, source: str, labels: npt.NDArray[np.int64]) -> float:
        """Bytes of these label tokens of ``source``."""
        if self._lengths is None:
            return len(labels) * self._means[source]
        return float(self._lengths[labels].sum())


def validate(
    model: nn.Module,
    dataset: ShardDataset,
    counter: ByteCounter,
    ranks: Ranks,
    *,
    batch_windows: int,
    dtype: torch.dtype,
) -> Validation | None:
    """Evaluates the held-out windows, split over the ranks; None when nothing is held out."""
    places = dataset.validation_places()
    if not places:
        return None
    names = sorted({place.source for place in places})
    sums = torch.zeros(len(names), 3, dtype=torch.float64)
    for batch in _batches(places[ranks.rank :: ranks.world_size], batch_windows):
        windows: Windows = default_collate([dataset.window(place) for place in batch])
        nats = _nats_by_window(model, windows.to(ranks.device), dtype)
        for place, window_nats, labels in zip(batch, nats, windows.labels.numpy(), strict=True):
            kept = labels[labels != IGNORE_LABEL]
            row = [window_nats, float(len(kept)), counter.count(place.source, kept)]
            sums[names.index(place.source)] += torch.tensor(row, dtype=torch.float64)
    summed = ranks.sum(sums.to(ranks.device)).cpu()
    by_source = {name: HeldOutFigures.of(*row) for name, row in zip(names, summed.tolist(), strict=True)}
    return Validation(HeldOutFigures.of(*summed.sum(0).tolist()), by_source, counter.method)


def _batches(places: Sequence[Place], size: int) -> Iterator[Sequence[Place]]:
    return (places[start : start + size] for start in range(0, len(places), size))


@torch.no_grad()
def _nats_by_window(model: nn.Module, windows: Windows, dtype: torch.dtype) -> list[float]:
    with torch.autocast(windows.tokens.device.type, dtype=dtype, enabled=dtype is not torch.float32):
        logits_BTV = model(windows.tokens, windows.positions, windows.document_ids)
    nats_BT = functional.cross_entropy(
        logits_BTV.float().flatten(0, 1), windows.labels.flatten(), ignore_index=IGNORE_LABEL, reduction="none"
    ).view(windows.labels.shape)
    totals: list[float] = nats_BT.double().sum(1).tolist()
    return totals
