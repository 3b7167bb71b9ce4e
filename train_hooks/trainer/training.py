"""One optimiser step: gradients accumulated over micro-batches and ranks, clipped, applied."""

# ruff: noqa: N806 - a tensor's name ends in its shape (gristmill.train_hooks.trainer.model)

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

from gristmill.errors import GristmillError
from gristmill.train_hooks.loader.dataset import Windows
from gristmill.train_hooks.loader.windows import IGNORE_LABEL
from gristmill.train_hooks.trainer.ranks import Ranks


@dataclass(frozen=True)
class StepFigures:
    """What one step measured, over all ranks.

    Attributes:
        loss: mean nats per label token, before the step's update.
        label_tokens: places that had a label.
        gradient_norm: of all parameters together, before clipping.
        stop: some rank was asked to stop.
    """

    loss: float
    label_tokens: int
    gradient_norm: float
    stop: bool


def summed_loss(model: nn.Module, windows: Windows, dtype: torch.dtype) -> Tensor:
    """The sum, in nats, of the cross-entropy at every place that has a label; float32 whatever the arithmetic."""
    device_type = windows.tokens.device.type
    with torch.autocast(device_type, dtype=dtype, enabled=dtype is not torch.float32):
        logits_BTV = model(windows.tokens, windows.positions, windows.document_ids)
    return functional.cross_entropy(
        logits_BTV.float().flatten(0, 1), windows.labels.flatten(), ignore_index=IGNORE_LABEL, reduction="sum"
    )


def train_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    micro_batches: Sequence[Windows],
    ranks: Ranks,
    *,
    clip_norm: float,
    dtype: torch.dtype,
    stop: bool = False,
) -> StepFigures:
    """Runs this rank's micro-batches and updates the weights.

    The loss is the mean over the label tokens of the *whole* step: every micro-batch's sum is divided by the number of
    labels over all micro-batches and ranks. So neither accumulation nor the number of ranks changes what is computed,
    even when documents leave the micro-batches with different numbers of labels.

    Args:
        model: a Transformer, or one wrapped for several ranks.
        optimizer: over the model's parameters, its learning rate already set.
        micro_batches: of this rank, on its device.
        ranks: the processes that train together.
        clip_norm: the largest gradient norm.
        dtype: of the forward pass's arithmetic.
        stop: this rank was asked to stop; all ranks learn of it in the figures.

    Raises:
        GristmillError: the loss or the gradient is not finite; the weights are left as they were.
    """
    device = micro_batches[0].tokens.device
    labels = ranks.sum(
        torch.tensor([sum(int((w.labels != IGNORE_LABEL).sum()) for w in micro_batches)], device=device)
    ).item()
    total = torch.zeros(2, dtype=torch.float64, device=device)
    total[1] = float(stop)
    optimizer.zero_grad(set_to_none=True)
    for number, windows in enumerate(micro_batches):
        last = number == len(micro_batches) - 1
        wait = contextlib.nullcontext() if last or not isinstance(model, DistributedDataParallel) else model.no_sync()
        with wait:
            loss = summed_loss(model, windows, dtype)
            # DistributedDataParallel averages gradients over ranks; times world_size makes that a sum.
            (loss * (ranks.world_size / max(1, labels))).backward()
        total[0] += loss.detach().double()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), clip_norm).item()
    nats, stops = ranks.sum(total).tolist()
    if not (math.isfinite(nats) and math.isfinite(norm)):
        msg = (
            f"training diverged: loss {nats / max(1, labels)}, gradient norm {norm}; lower pretrain.learning_rate or "
            "lengthen pretrain.warmup_steps, and resume from the last checkpoint"
        )
        raise GristmillError(msg)
    optimizer.step()
    return StepFigures(nats / max(1, labels), int(labels), norm, stops > 0)
