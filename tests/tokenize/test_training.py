"""Training a tokenizer: the same bytes for the same texts, whatever the order, the batches or the threads."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gristmill.errors import ConfigError, EmptyResultError
from gristmill.tokenize.bpe import load_tokenizer
from gristmill.tokenize.training import in_sample, train_bpe


def test_the_order_and_the_batches_of_the_texts_do_not_matter(real_code: list[str]) -> None:
    texts = real_code[:60]
    once = train_bpe([pa.array(texts)], 1000)
    assert once == train_bpe([pa.array(texts)], 1000)
    shuffled = [texts[i] for i in np.random.default_rng(0).permutation(len(texts))]
    assert once == train_bpe((pa.array([text], pa.large_string()) for text in shuffled), 1000)
    assert once != train_bpe([pa.array(texts[1:])], 1000)


_SCRIPT = """
import sys, pyarrow as pa
from gristmill.tokenize.training import train_bpe
words = [f"w{(i * 7919) % 1000} v{i % 37}ing {i}" for i in range(3000)]
sys.stdout.buffer.write(train_bpe([pa.array(words)], 700))
"""


def test_threads_and_hash_seed_do_not_matter() -> None:
    outputs = set()
    for threads, hash_seed in (("1", "0"), ("4", "1")):
        environment = {**os.environ, "RAYON_NUM_THREADS": threads, "PYTHONHASHSEED": hash_seed}
        environment["TOKENIZERS_PARALLELISM"] = "true" if threads == "4" else "false"
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT], env=environment, capture_output=True, check=True, cwd=Path("/")
        )
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert len(outputs.pop()) > 1000


def test_a_trained_tokenizer_loads_in_both_engines_and_covers_all_bytes(sentences: list[str]) -> None:
    raw = train_bpe([pa.array(sentences)], 300, special_tokens=("<|endoftext|>", "<pad>"))
    tokenizer = load_tokenizer(raw, engine="gigatoken")
    assert (tokenizer.eot_id, tokenizer.vocab_size) == (0, 300)
    text = "".join(map(chr, range(0x500))) + "\U0001f600"
    assert tokenizer.decode(tokenizer.encode_batch(pa.array([text]))[0].values.to_numpy()) == text


def test_marks_stay_with_their_letters(sentences: list[str]) -> None:
    word = "\u0938\u094d\u0935\u0924\u0928\u094d\u0924\u094d\u0930"
    tokenizer = load_tokenizer(train_bpe([pa.array([f"{word} {word}"] * 50)], 300))
    assert len(tokenizer.encode_batch(pa.array([word]))[0]) == 2  # the word and the end of text


def test_a_vocabulary_without_room_and_no_text_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least 257"):
        train_bpe([pa.array(["a"])], 256)
    with pytest.raises(EmptyResultError, match="no text to train"):
        train_bpe([pa.array(["", ""]), pa.array([], pa.string())], 300)


def test_a_sample_has_the_share_asked_for_and_nests() -> None:
    ranks = np.random.default_rng(0).integers(0, 2**64, 10_000, np.uint64)
    assert in_sample(ranks, 0.0).sum() == 0
    assert in_sample(ranks, 1.0).all()
    small, large = in_sample(ranks, 0.1), in_sample(ranks, 0.3)
    assert 900 < small.sum() < 1100
    assert (large | ~small).all()
