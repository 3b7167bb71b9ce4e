"""What a trained model says next: the most probable next tokens of a prompt, and a continuation."""

# ruff: noqa: N803, N806 - a tensor's name ends in its shape (gristmill.train_hooks.trainer.model)

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from gristmill.errors import ConfigError, TokenizerError
from gristmill.tokenize.engines import Reference
from gristmill.tokenize.vocabulary import read_vocabulary
from gristmill.train_hooks.trainer.checkpoint import (
    TOKENIZER_NAME,
    Checkpoint,
    find_checkpoint,
    load_weights,
    read_checkpoint,
)
from gristmill.train_hooks.trainer.model import Transformer


@dataclass(frozen=True)
class NextToken:
    """A candidate for the next token.

    Attributes:
        token_id: its id.
        text: what it adds to the prompt; U+FFFD where it is part of a character.
        probability: 0 to 1, of the model as it is, before temperature and top-k.
        is_end: whether it ends the text.
    """

    token_id: int
    text: str
    probability: float
    is_end: bool


@dataclass(frozen=True)
class Completion:
    """A prompt completed.

    Attributes:
        prompt: as given.
        prompt_tokens: its ids.
        dropped_tokens: ids at the prompt's start that did not fit the window and were not seen.
        next_tokens: the most probable next tokens, best first.
        continuation: the generated text, without the end-of-text token.
        continuation_tokens: its ids, the end-of-text id included where generated.
        stopped_by: "end" at the end-of-text token, "length" at the limit.
        step: optimiser steps of the checkpoint.
        checkpoint: its folder.
    """

    prompt: str
    prompt_tokens: tuple[int, ...]
    dropped_tokens: int
    next_tokens: tuple[NextToken, ...]
    continuation: str
    continuation_tokens: tuple[int, ...]
    stopped_by: Literal["end", "length"]
    step: int
    checkpoint: Path


class Completer:
    """A checkpoint's model and tokenizer, ready to complete prompts. Computes in float32 on the CPU, or on ``device``.

    Args:
        path: a checkpoint, or a training or run directory, whose newest checkpoint is taken.
        device: where to compute.

    Raises:
        RunDirectoryError: no checkpoint there.
        IntegrityError: a file of it is damaged.
        TokenizerError: the tokenizer beside it is not the one it was trained with.
    """

    def __init__(self, path: Path, device: str = "cpu") -> None:
        self.checkpoint: Checkpoint = read_checkpoint(find_checkpoint(path))
        facts = self.checkpoint.tokenizer
        file = self.checkpoint.path / TOKENIZER_NAME
        vocabulary = read_vocabulary(file, facts.eot_token)
        if (vocabulary.sha256, vocabulary.vocab_size) != (facts.sha256, facts.vocab_size):
            msg = f"{file} is not the tokenizer the model was trained with (sha256 {facts.sha256})"
            raise TokenizerError(msg)
        self.engine = Reference(vocabulary)
        self.device = torch.device(device)
        config = self.checkpoint.config
        self.model = Transformer(config.model, facts.vocab_size, config.seed)
        load_weights(self.checkpoint, self.model)
        self.model.to(self.device).eval()

    def complete(
        self,
        prompt: str,
        *,
        max_tokens: int = 32,
        top: int = 10,
        temperature: float = 0.0,
        top_k: int = 0,
        seed: int = 17,
    ) -> Completion:
        """Continues a prompt. The same arguments give the same text on the same machine.

        Every step runs the model on the last ``window_tokens`` ids again; there is no key-value cache.

        Args:
            prompt: at least one token long: the model never saw what begins a document be predicted.
            max_tokens: most tokens to generate.
            top: rows of the table of next tokens.
            temperature: 0 takes the most probable token; above, samples from the logits divided by it.
            top_k: sample among this many of the most probable tokens; 0 among all.
            seed: of the sampling.

        Raises:
            ConfigError: the prompt is empty or a number is negative.
        """
        if min(max_tokens, top, top_k) < 0 or temperature < 0:
            msg = (
                f"max_tokens {max_tokens}, top {top}, top_k {top_k} and temperature {temperature} must not be negative"
            )
            raise ConfigError(msg)
        prompt_ids: list[int] = self.engine.encode(pa.array([prompt], pa.large_string()))[0].tolist()
        if not prompt_ids:
            msg = "the prompt is empty; give the model at least one word to go on from"
            raise ConfigError(msg)
        eot_id = self.checkpoint.tokenizer.eot_id
        logits_V = self._next_logits(prompt_ids)
        table = self._table(prompt_ids, logits_V, top)
        generator = torch.Generator().manual_seed(seed)
        ids = list(prompt_ids)
        while len(ids) < len(prompt_ids) + max_tokens and ids[len(prompt_ids) :][-1:] != [eot_id]:
            ids.append(choose(logits_V, temperature, top_k, generator))
            logits_V = self._next_logits(ids)
        added = ids[len(prompt_ids) :]
        ended = added[-1:] == [eot_id]
        return Completion(
            prompt=prompt,
            prompt_tokens=tuple(prompt_ids),
            dropped_tokens=max(0, len(prompt_ids) - self.checkpoint.config.window_tokens),
            next_tokens=table,
            continuation=self._added_text(prompt_ids, added[:-1] if ended else added),
            continuation_tokens=tuple(added),
            stopped_by="end" if ended else "length",
            step=self.checkpoint.step,
            checkpoint=self.checkpoint.path,
        )

    @torch.no_grad()
    def _next_logits(self, ids: list[int]) -> Tensor:
        """Logits (V,) of the id that follows, float32 on the CPU."""
        seen = ids[-self.checkpoint.config.window_tokens :]
        tokens_BT = torch.tensor([seen], device=self.device)
        positions_BT = torch.arange(len(seen), device=self.device)[None]
        logits_BTV: Tensor = self.model(tokens_BT, positions_BT, torch.zeros_like(tokens_BT))
        return logits_BTV[0, -1].float().cpu()

    def _table(self, prompt_ids: list[int], logits_V: Tensor, rows: int) -> tuple[NextToken, ...]:
        probabilities_V = logits_V.softmax(-1).numpy()
        best = np.argsort(-probabilities_V, kind="stable")[:rows].tolist()
        eot_id = self.checkpoint.tokenizer.eot_id
        return tuple(
            NextToken(i, self._added_text(prompt_ids, [i]), float(probabilities_V[i]), i == eot_id) for i in best
        )

    def _added_text(self, prompt_ids: list[int], added: list[int]) -> str:
        """What ``added`` adds to the prompt's text; decoded together, since some decoders look at neighbours."""
        prompt_text = self.engine.decode(np.array(prompt_ids, np.int64))
        return self.engine.decode(np.array([*prompt_ids, *added], np.int64))[len(prompt_text) :]


def choose(logits_V: Tensor, temperature: float, top_k: int, generator: torch.Generator) -> int:
    """One id: the most probable at temperature 0 (the lowest id of equals), else a sample.

    >>> choose(torch.tensor([0.0, 2.0, 2.0]), 0.0, 0, torch.Generator())
    1
    """
    if temperature == 0:
        return int(np.argmax(logits_V.numpy()))
    scaled_V = logits_V / temperature
    if 0 < top_k < len(scaled_V):
        scaled_V = scaled_V.masked_fill(scaled_V < scaled_V.topk(top_k).values[-1], -torch.inf)
    return int(torch.multinomial(scaled_V.softmax(-1), 1, generator=generator))


def complete(
    checkpoint: Path,
    prompt: str,
    *,
    max_tokens: int = 32,
    top: int = 10,
    temperature: float = 0.0,
    top_k: int = 0,
    seed: int = 17,
    device: str = "cpu",
) -> Completion:
    """Completes one prompt with a checkpoint: ``gristmill complete CHECKPOINT "The capital of France is"``.

    The arguments are those of :class:`Completer` and :meth:`Completer.complete`.
    """
    return Completer(checkpoint, device).complete(
        prompt, max_tokens=max_tokens, top=top, temperature=temperature, top_k=top_k, seed=seed
    )
