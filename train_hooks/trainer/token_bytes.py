"""How many bytes of text each token id stands for: what bits per byte are counted over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt


def token_byte_lengths(tokenizer: Mapping[str, Any], vocab_size: int, eot_id: int) -> npt.NDArray[np.int64] | None:
    """Bytes of each id, (V,), for a byte-level ``tokenizer.json``; None where ids have no fixed byte length.

    A byte-level vocabulary writes every byte as one character, so a token has as many bytes as characters. Special
    tokens and the end-of-text id stand for no text: 0.

    >>> vocabulary = {"type": "BPE", "vocab": {"a": 0, "\u0120th": 1, "<|end|>": 2}}
    >>> added = [{"id": 2, "content": "<|end|>", "special": True}]
    >>> content = {"decoder": {"type": "ByteLevel"}, "model": vocabulary, "added_tokens": added}
    >>> token_byte_lengths(content, 3, eot_id=2).tolist()
    [1, 3, 0]
    """
    decoder = tokenizer.get("decoder") or {}
    if not any(step.get("type") == "ByteLevel" for step in [decoder, *decoder.get("decoders", [])]):
        return None
    lengths = np.zeros(vocab_size, np.int64)
    for token, token_id in tokenizer["model"]["vocab"].items():
        if token_id < vocab_size:
            lengths[token_id] = len(token)
    for added in tokenizer.get("added_tokens", []):
        if added["id"] < vocab_size:
            lengths[added["id"]] = 0 if added["special"] else len(added["content"].encode())
    lengths[eot_id] = 0
    return lengths
