from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch.utils.data import default_collate

from gristmill.config.pretrain_config import ModelConfig, PretrainConfig
from gristmill.errors import GristmillError
from gristmill.train_hooks.loader.dataset import PADDING_WINDOW, ShardDataset, Windows
from gristmill.train_hooks.loader.windows import IGNORE_LABEL
from gristmill.train_hooks.trainer.model import Transformer
from gristmill.train_hooks.trainer.optim import learning_rate, make_optimizer, set_learning_rate
from gristmill.train_hooks.trainer.ranks import Ranks, compute_dtype, peak_flops
from gristmill.train_hooks.trainer.training import StepFigures, summed_loss, train_step

CPU = torch.device("cpu")
ALONE = Ranks(0, 1, CPU)
SHAPE = ModelConfig(layers=2, width=32, heads=4, kv_heads=2)


@pytest.fixture(scope="module")
def dataset(text_tokens: Path) -> ShardDataset:
    return ShardDataset(text_tokens, 24, seed=17)


def batch(dataset: ShardDataset, places: list[int]) -> Windows:
    windows: Windows = default_collate([dataset[place] for place in places])
    return windows


def one_step(
    dataset: ShardDataset, groups: list[list[int]], dtype: torch.dtype = torch.float32
) -> tuple[StepFigures, Transformer]:
    model = Transformer(SHAPE, dataset.manifest.tokenizer.vocab_size, seed=3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    micro_batches = [batch(dataset, places) for places in groups]
    return train_step(model, optimizer, micro_batches, ALONE, clip_norm=1e9, dtype=dtype), model


def test_accumulation_computes_what_one_batch_does_though_labels_are_uneven(dataset: ShardDataset) -> None:
    fewest = sorted(range(40), key=lambda i: int((dataset[i].labels != IGNORE_LABEL).sum()))
    places = [*fewest[:2], 50, 51, 52, 53]
    whole, reference = one_step(dataset, [places])
    for groups in ([[p] for p in places], [places[:4], places[4:]], [places[:3], places[3:], [PADDING_WINDOW]]):
        figures, model = one_step(dataset, groups)
        assert figures.label_tokens == whole.label_tokens
        assert math.isclose(figures.loss, whole.loss, rel_tol=1e-5)
        assert math.isclose(figures.gradient_norm, whole.gradient_norm, rel_tol=1e-4)
        for got, wanted in zip(model.parameters(), reference.parameters(), strict=True):
            torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-6)


def test_the_loss_is_the_mean_over_places_with_a_label(dataset: ShardDataset) -> None:
    places = [1, 2, 3]
    model = Transformer(SHAPE, dataset.manifest.tokenizer.vocab_size, seed=3)
    windows = batch(dataset, places)
    logits = model(windows.tokens, windows.positions, windows.document_ids).double().log_softmax(-1)
    picked = [
        -logits[b, t, label].item()
        for b, row in enumerate(windows.labels.tolist())
        for t, label in enumerate(row)
        if label != IGNORE_LABEL
    ]
    assert 0 < len(picked) < windows.labels.numel()
    figures, _ = one_step(dataset, [places])
    assert figures.label_tokens == len(picked)
    assert math.isclose(figures.loss, sum(picked) / len(picked), rel_tol=1e-5)


def test_gradients_are_clipped_to_the_norm(dataset: ShardDataset) -> None:
    model = Transformer(SHAPE, dataset.manifest.tokenizer.vocab_size, seed=3)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    figures = train_step(model, optimizer, [batch(dataset, [0, 1])], ALONE, clip_norm=0.01, dtype=torch.float32)
    moved = sum(float((a - b).square().sum()) for a, b in zip(before, model.parameters(), strict=True)) ** 0.5
    assert figures.gradient_norm > 0.01
    assert math.isclose(moved, 0.01, rel_tol=1e-3)


def test_a_loss_that_is_not_finite_stops_before_the_weights_change(dataset: ShardDataset) -> None:
    model = Transformer(SHAPE, dataset.manifest.tokenizer.vocab_size, seed=3)
    with torch.no_grad():
        model.norm.gain_D[0] = torch.inf
    before = model.embedding.weight.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    with pytest.raises(GristmillError, match=r"diverged.*learning_rate"):
        train_step(model, optimizer, [batch(dataset, [0])], ALONE, clip_norm=1.0, dtype=torch.float32)
    assert torch.equal(model.embedding.weight, before)


def test_bfloat16_arithmetic_comes_close(dataset: ShardDataset) -> None:
    exact, _ = one_step(dataset, [[0, 1, 2]])
    rounded, model = one_step(dataset, [[0, 1, 2]], torch.bfloat16)
    assert rounded.loss != exact.loss
    assert math.isclose(rounded.loss, exact.loss, rel_tol=1e-2)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert summed_loss(model, batch(dataset, [0]), torch.bfloat16).dtype == torch.float32


def test_only_matrices_decay(dataset: ShardDataset) -> None:
    model = Transformer(SHAPE, dataset.manifest.tokenizer.vocab_size, seed=3)
    optimizer = make_optimizer(model, PretrainConfig(weight_decay=0.5), CPU)
    decaying, free = optimizer.param_groups
    assert {parameter.ndim for parameter in decaying["params"]} == {2}
    assert {parameter.ndim for parameter in free["params"]} == {1}
    assert (decaying["weight_decay"], free["weight_decay"]) == (0.5, 0.0)
    assert sum(p.numel() for g in optimizer.param_groups for p in g["params"]) == model.parameter_count()
    set_learning_rate(optimizer, 0.125)
    assert [group["lr"] for group in optimizer.param_groups] == [0.125, 0.125]


@pytest.mark.parametrize("decay", ["cosine", "linear", "constant"])
@pytest.mark.parametrize("warmup", [0, 1, 7])
def test_the_learning_rate_rises_to_its_peak_and_falls_to_its_floor(decay: str, warmup: int) -> None:
    config = PretrainConfig.model_validate(
        {"steps": 30, "warmup_steps": warmup, "learning_rate": 2.0, "min_lr_ratio": 0.25, "decay": decay}
    )
    rates = [learning_rate(config, step) for step in range(30)]
    peak = max(0, warmup - 1)
    assert rates[peak] == 2.0
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert math.isclose(rates[-1], 2.0 if decay == "constant" else 0.5)
    if warmup == 7:
        assert rates[0] == pytest.approx(2.0 / 7)


def test_cosine_decay_equals_torch() -> None:
    config = PretrainConfig(steps=21, warmup_steps=0, learning_rate=1.0, min_lr_ratio=0.1)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20, eta_min=0.1)
    for step in range(21):
        assert learning_rate(config, step) == pytest.approx(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()


def test_utilisation_is_only_known_where_the_peak_is() -> None:
    assert peak_flops(PretrainConfig(), CPU, torch.float32) is None
    assert peak_flops(PretrainConfig(peak_tflops=2.5), CPU, torch.float32) == 2.5e12
    assert compute_dtype(PretrainConfig(), CPU) is torch.float32
    assert compute_dtype(PretrainConfig(dtype="bfloat16"), CPU) is torch.bfloat16
