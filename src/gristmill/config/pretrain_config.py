"""The ``[pretrain]`` table of a run's configuration: what to train, on how much, and how often to look.

It imports no torch, so a configuration can be checked on a machine that cannot train.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gristmill.config.section import Section

FFN_WIDTH_MULTIPLE = 32
"""The feed-forward width is rounded up to a multiple of this many units."""

MAX_SEED = 2**63 - 1
Positive = Annotated[int, Field(gt=0)]


class ModelConfig(Section):
    """``[pretrain.model]``: the shape of the decoder-only transformer.

    >>> ModelConfig(width=128, heads=4).head_width
    32
    >>> ModelConfig(width=128).ffn_width
    352
    """

    layers: Positive = Field(default=4, description="Transformer blocks.")
    width: Positive = Field(default=128, description="Width of the residual stream, in units; a multiple of `heads`.")
    heads: Positive = Field(default=4, description="Query heads of each block.")
    kv_heads: Positive = Field(default=2, description="Key and value heads of each block; divides `heads`.")
    ffn_multiple: float = Field(
        default=8 / 3, gt=0, description="Feed-forward width over `width`; rounded up to a multiple of 32 units."
    )
    rope_theta: float = Field(
        default=10_000.0, gt=1, description="Base of the rotary position frequencies, in positions."
    )
    norm_epsilon: float = Field(default=1e-5, gt=0, description="Added to the mean square inside RMSNorm.")
    tie_embeddings: bool = Field(
        default=True, description="The output projection shares the token embedding's weights."
    )

    @property
    def head_width(self) -> int:
        """Units of one head."""
        return self.width // self.heads

    @property
    def ffn_width(self) -> int:
        """Units inside the feed-forward layer."""
        multiples = round(self.width * self.ffn_multiple / FFN_WIDTH_MULTIPLE, 6)  # 3.0000000001 is 3
        return math.ceil(multiples) * FFN_WIDTH_MULTIPLE

    @model_validator(mode="after")
    def _heads_fit(self) -> Self:
        if self.width % self.heads:
            msg = f"width {self.width} must be a multiple of heads {self.heads}"
            raise ValueError(msg)
        if self.heads % self.kv_heads:
            msg = f"heads {self.heads} must be a multiple of kv_heads {self.kv_heads}"
            raise ValueError(msg)
        if self.head_width % 2:
            msg = f"width / heads is {self.head_width}; rotary positions turn pairs of units, so it must be even"
            raise ValueError(msg)
        return self


class PretrainConfig(Section):
    """``[pretrain]``: one training run over the token shards of a run directory.

    The defaults are a demonstration for two CPU cores; every length is in tokens and every interval in optimiser steps.

    >>> PretrainConfig(window_tokens=128, batch_tokens=1024).batch_windows
    8
    """

    steps: Positive = Field(default=100, description="Optimiser steps in all, counted over every resume.")
    window_tokens: int = Field(default=256, ge=2, description="Length of one training sequence, in tokens.")
    batch_tokens: Positive = Field(
        default=1536, description="Tokens of one optimiser step over all ranks; a multiple of `window_tokens`."
    )
    micro_batch_windows: Positive = Field(
        default=8, description="Windows in one forward pass of one rank; more are accumulated before the step."
    )
    learning_rate: float = Field(default=3e-3, gt=0, description="Peak learning rate of AdamW.")
    warmup_steps: int = Field(
        default=10, ge=0, description="Steps over which the learning rate rises linearly to its peak."
    )
    decay: Literal["cosine", "linear", "constant"] = Field(
        default="cosine", description="How the learning rate falls from its peak to the last step."
    )
    min_lr_ratio: float = Field(default=0.1, ge=0, le=1, description="Learning rate of the last step over the peak.")
    weight_decay: float = Field(default=0.1, ge=0, description="Decoupled weight decay, on matrices only.")
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = Field(
        default=(0.9, 0.95), description="Decay rates of AdamW's first and second moments."
    )
    adam_epsilon: float = Field(default=1e-8, gt=0, description="Added to the root of AdamW's second moment.")
    clip_norm: float = Field(default=1.0, gt=0, description="Largest norm of the gradient of all parameters together.")
    seed: int = Field(
        default=17, ge=0, le=MAX_SEED, description="Seed of the initial weights and of the order of windows."
    )
    source_repeats: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict,
        description="How often each source is seen in one epoch (1.5: once, and half of it again; 0: never). "
        "A source not named is seen once, so the mixture is by natural proportion.",
    )
    validation_fraction: float = Field(
        default=0.02,
        ge=0,
        lt=1,
        description="Share of each source's windows held out for validation; 0 holds out none.",
    )
    validation_max_tokens: Positive = Field(
        default=262_144, description="Most tokens held out from one source, whatever the fraction."
    )
    validation_every: Positive = Field(
        default=50, description="Steps between two validations; the last step always has one."
    )
    checkpoint_every: Positive = Field(
        default=50, description="Steps between two checkpoints; the last step always has one."
    )
    keep_checkpoints: Positive = Field(default=2, description="Newest checkpoints kept; older ones are deleted.")
    verify: Literal["start", "lazy"] = Field(
        default="start",
        description="Check each shard's sha256 before the first step, or when a process first opens it.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="auto: CUDA where it is available.")
    dtype: Literal["auto", "float32", "bfloat16"] = Field(
        default="auto",
        description="Arithmetic of the forward pass; auto: bfloat16 on CUDA that has it. Weights are float32.",
    )
    attention: Literal["auto", "sdpa", "flex"] = Field(
        default="auto",
        description="Attention kernel; auto: flex on CUDA with `compile`, else scaled dot product with a mask.",
    )
    compile: bool = Field(default=False, description="Compile the model with torch.compile.")
    num_workers: int = Field(default=0, ge=0, description="Processes that read windows ahead, on each rank; 0: none.")
    peak_tflops: float | None = Field(
        default=None,
        gt=0,
        description="Peak of one device in TFLOP/s for the MFU; without it a table of known GPUs is used.",
    )
    model: ModelConfig = Field(default=ModelConfig(), description="Shape of the model.")

    @property
    def batch_windows(self) -> int:
        """Windows of one optimiser step over all ranks."""
        return self.batch_tokens // self.window_tokens

    @model_validator(mode="after")
    def _batch_is_whole_windows(self) -> Self:
        if self.batch_tokens % self.window_tokens:
            lower = max(1, self.batch_tokens // self.window_tokens) * self.window_tokens
            msg = (
                f"batch_tokens {self.batch_tokens} must be a multiple of window_tokens {self.window_tokens}; "
                f"for example {lower}"
            )
            raise ValueError(msg)
        if self.warmup_steps > self.steps:
            msg = f"warmup_steps {self.warmup_steps} must not exceed steps {self.steps}"
            raise ValueError(msg)
        return self
