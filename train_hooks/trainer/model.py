"""A decoder-only transformer that reads like its equations.

RMSNorm before each layer (Zhang and Sennrich 2019), rotary positions (Su et al. 2021), SwiGLU (Shazeer 2020),
grouped-query attention (Ainslie et al. 2023), no biases, optionally tied embeddings. Documents packed into one window
do not see each other: attention is causal and block-diagonal.

The letters after the last underscore of a name are its shape::

    B  windows of the batch         V  vocabulary
    T  places of a window           D  width of the residual stream
    S  places attended to (= T)     F  width inside the feed-forward layer
    H  query heads                  E  width of one head
    K  key and value heads          P  pairs of units turned together, E/2
"""

# ruff: noqa: N803, N806 - a tensor's name ends in its shape (gristmill.train_hooks.trainer.model)

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from gristmill.config.pretrain_config import ModelConfig

INIT_STD = 0.02
AttentionKind = Literal["sdpa", "flex"]
Attend = Callable[[Tensor, Tensor, Tensor], Tensor]


def block_causal_mask(document_ids_BT: Tensor) -> Tensor:
    """(B, 1, T, S) bool: True where the place T may look at the place S: not after it, and in the same document.

    >>> block_causal_mask(torch.tensor([[0, 0, 1]]))[0, 0].int().tolist()
    [[1, 0, 0], [1, 1, 0], [0, 0, 1]]
    """
    places = document_ids_BT.shape[1]
    same_BTS = document_ids_BT[:, :, None] == document_ids_BT[:, None, :]
    causal_TS = torch.ones(places, places, dtype=torch.bool, device=document_ids_BT.device).tril()
    return (same_BTS & causal_TS)[:, None]


def sdpa_attention(document_ids_BT: Tensor) -> Attend:
    """Attention by ``scaled_dot_product_attention`` with the whole mask in memory: B*T*T bytes, made once a forward."""
    mask_B1TS = block_causal_mask(document_ids_BT)

    def attend(q_BHTE: Tensor, k_BKSE: Tensor, v_BKSE: Tensor) -> Tensor:
        group = q_BHTE.shape[1] // k_BKSE.shape[1]
        k_BHSE = k_BKSE.repeat_interleave(group, dim=1)
        v_BHSE = v_BKSE.repeat_interleave(group, dim=1)
        return functional.scaled_dot_product_attention(q_BHTE, k_BHSE, v_BHSE, attn_mask=mask_B1TS)

    return attend


def flex_attention(document_ids_BT: Tensor) -> Attend:
    """Attention by ``flex_attention`` (torch 2.5 and later): skips blocks the mask empties, stores no T*T mask.

    Meant for CUDA under ``torch.compile``; without it the kernel is slow but right.
    """
    from torch.nn.attention import flex_attention as flex  # noqa: PLC0415 - absent from torch 2.4, which sdpa serves

    batch, places = document_ids_BT.shape

    def visible(b: Tensor, _h: Tensor, t: Tensor, s: Tensor) -> Tensor:
        return (t >= s) & (document_ids_BT[b, t] == document_ids_BT[b, s])

    mask = flex.create_block_mask(visible, batch, None, places, places, device=document_ids_BT.device)

    def attend(q_BHTE: Tensor, k_BKSE: Tensor, v_BKSE: Tensor) -> Tensor:
        gqa = q_BHTE.shape[1] != k_BKSE.shape[1]
        attended = flex.flex_attention(q_BHTE, k_BKSE, v_BKSE, block_mask=mask, enable_gqa=gqa)
        assert isinstance(attended, Tensor)
        return attended

    return attend


ATTENTION: dict[AttentionKind, Callable[[Tensor], Attend]] = {"sdpa": sdpa_attention, "flex": flex_attention}


def rotary_angles(positions_BT: Tensor, head_width: int, theta: float) -> tuple[Tensor, Tensor]:
    """Cosine and sine of each place's angles, (B, 1, T, P) float32 each: place p turns pair i by p * theta^(-2i/E)."""
    exponents_P = torch.arange(0, head_width, 2, device=positions_BT.device, dtype=torch.float32) / head_width
    angles_B1TP = positions_BT[:, None, :, None].float() * theta**-exponents_P
    return angles_B1TP.cos(), angles_B1TP.sin()


def rotate(x_BHTE: Tensor, cos_B1TP: Tensor, sin_B1TP: Tensor) -> Tensor:
    """Turns the pairs (unit i, unit i + E/2) of every head by their angles; computed in float32."""
    a_BHTP, b_BHTP = x_BHTE.float().chunk(2, dim=-1)
    turned_BHTE = torch.cat([a_BHTP * cos_B1TP - b_BHTP * sin_B1TP, b_BHTP * cos_B1TP + a_BHTP * sin_B1TP], dim=-1)
    return turned_BHTE.type_as(x_BHTE)


class RMSNorm(nn.Module):
    """Divides by the root mean square of the units and scales each by a learnt gain; computed in float32."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.gain_D = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x_BTD: Tensor) -> Tensor:
        """(B, T, D) to (B, T, D)."""
        x32_BTD = x_BTD.float()
        mean_square_BT1 = x32_BTD.square().mean(-1, keepdim=True)
        return (x32_BTD * torch.rsqrt(mean_square_BT1 + self.epsilon)).type_as(x_BTD) * self.gain_D


class Attention(nn.Module):
    """Grouped-query attention: H query heads share K key and value heads."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_width = config.heads, config.kv_heads, config.head_width
        self.query = nn.Linear(config.width, self.heads * self.head_width, bias=False)
        self.key = nn.Linear(config.width, self.kv_heads * self.head_width, bias=False)
        self.value = nn.Linear(config.width, self.kv_heads * self.head_width, bias=False)
        self.output = nn.Linear(self.heads * self.head_width, config.width, bias=False)

    def forward(self, x_BTD: Tensor, cos_B1TP: Tensor, sin_B1TP: Tensor, attend: Attend) -> Tensor:
        """(B, T, D) to (B, T, D)."""
        batch, places, _ = x_BTD.shape
        q_BHTE = self.query(x_BTD).view(batch, places, self.heads, self.head_width).transpose(1, 2)
        k_BKTE = self.key(x_BTD).view(batch, places, self.kv_heads, self.head_width).transpose(1, 2)
        v_BKTE = self.value(x_BTD).view(batch, places, self.kv_heads, self.head_width).transpose(1, 2)
        attended_BHTE = attend(rotate(q_BHTE, cos_B1TP, sin_B1TP), rotate(k_BKTE, cos_B1TP, sin_B1TP), v_BKTE)
        out_BTD: Tensor = self.output(attended_BHTE.transpose(1, 2).reshape(batch, places, -1))
        return out_BTD


class FeedForward(nn.Module):
    """SwiGLU: a gate passed through SiLU times a linear projection, projected back."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate = nn.Linear(config.width, config.ffn_width, bias=False)
        self.up = nn.Linear(config.width, config.ffn_width, bias=False)
        self.output = nn.Linear(config.ffn_width, config.width, bias=False)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """(B, T, D) to (B, T, D)."""
        inner_BTF = functional.silu(self.gate(x_BTD)) * self.up(x_BTD)
        out_BTD: Tensor = self.output(inner_BTF)
        return out_BTD


class Block(nn.Module):
    """Attention, then the feed-forward layer, each on the normalised residual stream and added back to it."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(config.width, config.norm_epsilon)
        self.attention = Attention(config)
        self.ffn_norm = RMSNorm(config.width, config.norm_epsilon)
        self.ffn = FeedForward(config)

    def forward(self, x_BTD: Tensor, cos_B1TP: Tensor, sin_B1TP: Tensor, attend: Attend) -> Tensor:
        """(B, T, D) to (B, T, D)."""
        x_BTD = x_BTD + self.attention(self.attention_norm(x_BTD), cos_B1TP, sin_B1TP, attend)
        out_BTD: Tensor = x_BTD + self.ffn(self.ffn_norm(x_BTD))
        return out_BTD


class Transformer(nn.Module):
    """The language model: token ids, positions and document numbers in, logits of the next id out.

    Weights start from a normal distribution of standard deviation 0.02; the two projections that add to the residual
    stream are scaled down by sqrt(2 * layers) so that its variance does not grow with depth (Radford et al. 2019).

    Args:
        config: the shape.
        vocab_size: V, of the tokenizer, special ids included.
        seed: of the initial weights.
        attention: the kernel; both compute the same.
    """

    def __init__(self, config: ModelConfig, vocab_size: int, seed: int, attention: AttentionKind = "sdpa") -> None:
        super().__init__()
        self.config = config
        self.vocab_size = vocab_size
        self.attention_kind = attention
        self.embedding = nn.Embedding(vocab_size, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = RMSNorm(config.width, config.norm_epsilon)
        self.head = nn.Linear(config.width, vocab_size, bias=False)
        self._initialise(seed)
        if config.tie_embeddings:
            self.head.weight = self.embedding.weight

    def forward(self, tokens_BT: Tensor, positions_BT: Tensor, document_ids_BT: Tensor) -> Tensor:
        """Logits (B, T, V) of the id that follows each place."""
        cos_B1TP, sin_B1TP = rotary_angles(positions_BT, self.config.head_width, self.config.rope_theta)
        attend = ATTENTION[self.attention_kind](document_ids_BT)
        x_BTD = self.embedding(tokens_BT)
        for block in self.blocks:
            x_BTD = block(x_BTD, cos_B1TP, sin_B1TP, attend)
        logits_BTV: Tensor = self.head(self.norm(x_BTD))
        return logits_BTV

    def parameter_count(self) -> int:
        """Parameters, tied ones counted once."""
        return sum(parameter.numel() for parameter in self.parameters())

    def flops_per_token(self, window_tokens: int) -> int:
        """Floating-point operations of forward and backward per token.

        6 per weight of every matrix product, and 12*L*H*E*T for attention over a full window; causality and document
        boundaries are not discounted (PaLM, Chowdhery et al. 2022, appendix B).
        """
        matmul = sum(parameter.numel() for parameter in self.parameters() if parameter.ndim == 2)
        if not self.config.tie_embeddings:
            matmul -= self.embedding.weight.numel()
        attention = self.config.layers * self.config.heads * self.config.head_width * window_tokens
        return 6 * matmul + 12 * attention

    def _initialise(self, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        residual_std = INIT_STD / math.sqrt(2 * self.config.layers)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                std = residual_std if name.endswith("output.weight") else INIT_STD
                nn.init.normal_(parameter, std=std, generator=generator)
