"""Training a byte-level BPE tokenizer, the same bytes for the same documents in whatever order they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

from gristmill.errors import ConfigError, EmptyResultError

WORD_PATTERN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""Where words end, as in OpenAI's ``o200k_base`` (tiktoken, tiktoken_ext/openai_public.py). There a mark belongs to its
letter, so that words of Hindi, Thai or Arabic are not cut at every vowel sign; numbers are cut after three digits."""

BYTE_COUNT = 256


def train_bpe(
    texts: Iterable[pa.Array], vocab_size: int, *, special_tokens: tuple[str, ...] = ("<|endoftext|>",)
) -> bytes:
    """Trains a byte-level BPE tokenizer and returns its ``tokenizer.json``.

    The result depends on the multiset of texts, not on their order: training counts words first and breaks ties between
    equally frequent pairs by their ids. Memory: the distinct words of the texts. To train on a part of a corpus, choose
    documents with :func:`in_sample`.

    Args:
        texts: batches of ``string`` or ``large_string``.
        vocab_size: ids wanted, the 256 bytes and the special tokens included. A small corpus may yield fewer.
        special_tokens: get the first ids.

    Raises:
        ConfigError: ``vocab_size`` leaves no room for the bytes and special tokens.
        EmptyResultError: there is no text to learn from.
    """
    least = BYTE_COUNT + len(special_tokens)
    if vocab_size < least:
        message = (
            f"tokenizer.train.vocab_size must be at least {least} (256 bytes and the special tokens), got {vocab_size}"
        )
        raise ConfigError(message)
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(tokenizers.Regex(WORD_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(special_tokens),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    counter = _Counter(texts)
    tokenizer.train_from_iterator(counter, trainer=trainer)
    if not counter.characters:
        message = "no text to train a tokenizer on; give documents or tokenizer.path"
        raise EmptyResultError(message)
    return (str(tokenizer.to_str(pretty=False)) + "\n").encode()


def in_sample(ranks: npt.NDArray[np.uint64], fraction: float) -> npt.NDArray[np.bool_]:
    """Which documents belong to a sample of this share, by rank: the same ones in every run and on every worker.

    >>> in_sample(np.array([0, 2**63, 2**64 - 1], np.uint64), 0.5).tolist()
    [True, False, False]
    """
    if fraction >= 1:
        return np.ones(len(ranks), np.bool_)
    return ranks < np.uint64(int(max(fraction, 0.0) * 2**64))


class _Counter:
    """Iterates over lists of texts and counts their characters."""

    def __init__(self, texts: Iterable[pa.Array]) -> None:
        self._texts = texts
        self.characters = 0

    def __iter__(self) -> Iterator[list[str]]:
        for batch in self._texts:
            listed: list[str] = batch.to_pylist()
            self.characters += sum(map(len, listed))
            yield listed
