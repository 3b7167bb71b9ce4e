"""Makes the helpers of this folder importable, and trains one small model that several tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gristmill.config.pretrain_config import ModelConfig, PretrainConfig
from gristmill.train_hooks.pretrain import PretrainResult, pretrain
from tests.train_hooks.shard_files import write_text_tokens

torch.set_num_threads(1)  # models this small only lose by more, and stall when the cores are shared

TINY = ModelConfig(layers=2, width=32, heads=4, kv_heads=2)


@pytest.fixture(scope="session")
def text_tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Token shards of two sources of simple sentences."""
    folder = tmp_path_factory.mktemp("text") / "tokens"
    write_text_tokens(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_config() -> PretrainConfig:
    """A run of 12 steps that takes a second."""
    return PretrainConfig(
        steps=12,
        window_tokens=32,
        batch_tokens=256,
        micro_batch_windows=4,
        warmup_steps=2,
        validation_every=6,
        validation_fraction=0.05,
        checkpoint_every=4,
        device="cpu",
        model=TINY,
    )


@pytest.fixture(scope="session")
def trained(text_tokens: Path, tiny_config: PretrainConfig, tmp_path_factory: pytest.TempPathFactory) -> PretrainResult:
    """A model that knows the sentences by heart."""
    config = tiny_config.model_copy(update={"steps": 120, "learning_rate": 1e-2, "checkpoint_every": 60})
    return pretrain(config, text_tokens, tmp_path_factory.mktemp("trained") / "train", show_progress=False)
