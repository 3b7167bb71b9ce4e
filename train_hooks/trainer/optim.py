"""AdamW with decay on matrices only, and the learning rate as a pure function of the step."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from gristmill.config.pretrain_config import PretrainConfig


def learning_rate(config: PretrainConfig, step: int) -> float:
    """The learning rate of optimiser step ``step``, counted from 0.

    Rises linearly over ``warmup_steps``, reaching the peak at the last of them, then falls to
    ``learning_rate * min_lr_ratio`` at the last step by the chosen curve. Being a function of the step alone it needs
    no state in a checkpoint.

    >>> config = PretrainConfig(steps=11, warmup_steps=1, learning_rate=1.0, min_lr_ratio=0.0, decay="linear")
    >>> [learning_rate(config, step) for step in (0, 5, 10)]
    [1.0, 0.5, 0.0]
    """
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    peak_step = max(0, config.warmup_steps - 1)
    progress = min(1.0, (step - peak_step) / max(1, config.steps - 1 - peak_step))
    remaining = {
        "cosine": 0.5 * (1.0 + math.cos(math.pi * progress)),
        "linear": 1.0 - progress,
        "constant": 1.0,
    }[config.decay]
    return config.learning_rate * (config.min_lr_ratio + (1.0 - config.min_lr_ratio) * remaining)


def make_optimizer(model: nn.Module, config: PretrainConfig, device: torch.device) -> torch.optim.AdamW:
    """AdamW (Loshchilov and Hutter 2019): matrices decay, gains do not; the fused kernel on CUDA."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        groups,
        lr=config.learning_rate,
        betas=config.betas,
        eps=config.adam_epsilon,
        fused=device.type == "cuda",
    )


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Sets the rate of every parameter group."""
    for group in optimizer.param_groups:
        group["lr"] = rate
