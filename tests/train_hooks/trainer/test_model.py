from __future__ import annotations

import cmath
import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from gristmill.config.pretrain_config import ModelConfig
from gristmill.train_hooks.trainer.model import (
    Attention,
    RMSNorm,
    Transformer,
    block_causal_mask,
    rotary_angles,
    sdpa_attention,
)

SHAPES = [
    ModelConfig(layers=2, width=32, heads=4, kv_heads=1),
    ModelConfig(layers=2, width=32, heads=4, kv_heads=2, tie_embeddings=False),
    ModelConfig(layers=1, width=24, heads=2, kv_heads=2, rope_theta=500.0),
]
VOCAB = 50


def packed(lengths: list[int], seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Tokens, positions and document numbers of one window of documents of these lengths."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(0, VOCAB, (1, sum(lengths)), generator=generator)
    positions = torch.cat([torch.arange(length) for length in lengths])[None]
    documents = torch.cat([torch.full((length,), i) for i, length in enumerate(lengths)])[None]
    return tokens, positions, documents


def naive_attention(layer: Attention, x: Tensor, positions: list[int], documents: list[int], theta: float) -> Tensor:
    """Place by place, head by head, in Python numbers; rotary positions as complex multiplication."""
    width = layer.head_width

    def heads(linear: torch.nn.Linear, count: int, *, turn: bool) -> list[list[list[float]]]:
        found = []
        for place in range(x.shape[0]):
            vector = (linear.weight.double() @ x[place].double()).tolist()
            row = [vector[h * width : (h + 1) * width] for h in range(count)]
            if turn:
                row = [turned(head, positions[place]) for head in row]
            found.append(row)
        return found

    def turned(head: list[float], position: int) -> list[float]:
        half = width // 2
        pairs = [
            complex(head[i], head[i + half]) * cmath.exp(1j * position * theta ** (-2 * i / width)) for i in range(half)
        ]
        return [z.real for z in pairs] + [z.imag for z in pairs]

    queries = heads(layer.query, layer.heads, turn=True)
    keys = heads(layer.key, layer.kv_heads, turn=True)
    values = heads(layer.value, layer.kv_heads, turn=False)
    group = layer.heads // layer.kv_heads
    out = []
    for t in range(x.shape[0]):
        joined: list[float] = []
        for head in range(layer.heads):
            seen = [s for s in range(t + 1) if documents[s] == documents[t]]
            scores = [
                sum(a * b for a, b in zip(queries[t][head], keys[s][head // group], strict=True)) / math.sqrt(width)
                for s in seen
            ]
            weights = [math.exp(score - max(scores)) for score in scores]
            total = sum(weights)
            joined += [
                sum(w * values[s][head // group][i] for w, s in zip(weights, seen, strict=True)) / total
                for i in range(width)
            ]
        out.append(layer.output.weight.double() @ torch.tensor(joined, dtype=torch.float64))
    return torch.stack(out)


@pytest.mark.parametrize("config", SHAPES)
def test_attention_equals_the_naive_reference(config: ModelConfig) -> None:
    model = Transformer(config, VOCAB, seed=1)
    layer = model.blocks[0].attention
    assert isinstance(layer, Attention)
    for parameter in layer.parameters():
        parameter.data.mul_(10)  # initial weights are so small that attention is almost uniform
    _, positions, documents = packed([5, 1, 7, 3])
    x = torch.randn(1, 16, config.width, generator=torch.Generator().manual_seed(2))
    got = layer(x, *rotary_angles(positions, config.head_width, config.rope_theta), sdpa_attention(documents))
    wanted = naive_attention(layer, x[0], positions[0].tolist(), documents[0].tolist(), config.rope_theta)
    torch.testing.assert_close(got[0].double(), wanted, rtol=1e-4, atol=1e-5)


def test_rms_norm_equals_torch() -> None:
    norm = RMSNorm(16, 1e-5)
    norm.gain_D.data.normal_()
    x = torch.randn(2, 3, 16) * 5
    torch.testing.assert_close(norm(x), functional.rms_norm(x, (16,), norm.gain_D, 1e-5))


@pytest.mark.parametrize("config", SHAPES)
def test_another_document_in_the_window_changes_nothing(config: ModelConfig) -> None:
    model = Transformer(config, VOCAB, seed=1)
    tokens, positions, documents = packed([6, 9, 4])
    before = model(tokens, positions, documents)
    changed = tokens.clone()
    changed[0, :6] = (changed[0, :6] + 1) % VOCAB
    changed[0, 15:] = (changed[0, 15:] + 3) % VOCAB
    after = model(changed, positions, documents)
    assert torch.equal(before[0, 6:15], after[0, 6:15])
    assert not torch.equal(before[0, :6], after[0, :6])
    alone = model(tokens[:, 6:15], positions[:, 6:15], torch.zeros_like(tokens[:, 6:15]))
    torch.testing.assert_close(before[:, 6:15], alone)


def test_without_the_mask_documents_do_leak() -> None:
    """The test above can fail: with one document number for all, the second document sees the first."""
    model = Transformer(SHAPES[0], VOCAB, seed=1)
    tokens, positions, documents = packed([6, 9])
    changed = tokens.clone()
    changed[0, :6] = (changed[0, :6] + 1) % VOCAB
    together = torch.zeros_like(documents)
    assert not torch.equal(model(tokens, positions, together)[0, 6:], model(changed, positions, together)[0, 6:])


def test_no_place_sees_a_later_one() -> None:
    model = Transformer(SHAPES[0], VOCAB, seed=1)
    tokens, positions, documents = packed([12])
    changed = tokens.clone()
    changed[0, 7] = (changed[0, 7] + 1) % VOCAB
    before, after = model(tokens, positions, documents), model(changed, positions, documents)
    assert torch.equal(before[0, :7], after[0, :7])
    assert not torch.equal(before[0, 7:], after[0, 7:])


def test_only_the_distance_of_positions_matters() -> None:
    model = Transformer(SHAPES[0], VOCAB, seed=1)
    tokens, positions, documents = packed([12])
    torch.testing.assert_close(
        model(tokens, positions, documents), model(tokens, positions + 40, documents), rtol=1e-3, atol=1e-5
    )
    swapped = positions.flip(1)
    assert not torch.allclose(model(tokens, positions, documents), model(tokens, swapped, documents), atol=1e-5)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_flex_attention_equals_scaled_dot_product() -> None:
    pytest.importorskip("torch.nn.attention.flex_attention")
    tokens, positions, documents = packed([100, 28])
    config = ModelConfig(layers=1, width=64, heads=4, kv_heads=2)
    plain, flex = (Transformer(config, VOCAB, seed=1, attention=kind) for kind in ("sdpa", "flex"))
    with torch.no_grad():
        torch.testing.assert_close(
            plain(tokens, positions, documents), flex(tokens, positions, documents), rtol=1e-4, atol=1e-5
        )


def test_the_mask_is_causal_and_block_diagonal() -> None:
    documents = packed([2, 3])[2]
    assert block_causal_mask(documents)[0, 0].int().tolist() == [
        [1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 1, 1, 0],
        [0, 0, 1, 1, 1],
    ]


@pytest.mark.parametrize("tied", [True, False])
def test_parameters_and_operations_are_counted_by_the_formula(tied: bool) -> None:
    config = ModelConfig(layers=3, width=32, heads=4, kv_heads=2, tie_embeddings=tied)
    model = Transformer(config, VOCAB, seed=1)
    per_block = 32 * 32 * 2 + 32 * 16 * 2 + 3 * 32 * config.ffn_width
    weights = 3 * per_block + VOCAB * 32
    assert model.parameter_count() == weights + (0 if tied else VOCAB * 32) + (2 * 3 + 1) * 32
    assert model.flops_per_token(64) == 6 * weights + 12 * 3 * 32 * 64
    assert (model.head.weight is model.embedding.weight) is tied


def test_the_seed_decides_the_weights_and_the_first_loss_is_that_of_chance() -> None:
    config = SHAPES[0]
    first, same, other = (Transformer(config, VOCAB, seed=seed) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), same.parameters(), strict=True))
    assert not torch.equal(first.embedding.weight, other.embedding.weight)
    tokens, positions, documents = packed([200])
    logits = first(tokens, positions, documents)
    loss = functional.cross_entropy(logits[0], torch.randint(0, VOCAB, (200,))).item()
    assert abs(loss - math.log(VOCAB)) < 0.1
