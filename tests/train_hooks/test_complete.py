from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from gristmill.errors import ConfigError, IntegrityError, TokenizerError
from gristmill.train_hooks.complete import Completer, choose, complete
from gristmill.train_hooks.pretrain import PretrainResult

PROMPT = "The capital of France is"


@pytest.fixture(scope="module")
def completer(trained: PretrainResult) -> Completer:
    return Completer(trained.checkpoint)


def test_a_trained_model_says_what_it_read(completer: Completer) -> None:
    completion = completer.complete(PROMPT, max_tokens=12)
    best = completion.next_tokens[0]
    assert " Paris".startswith(best.text)
    assert best.probability > 0.5
    assert completion.continuation.startswith(" Paris. The ")
    assert completion.step == 120


def test_the_table_holds_the_models_own_probabilities_best_first(completer: Completer) -> None:
    vocab_size = completer.checkpoint.tokenizer.vocab_size
    table = completer.complete(PROMPT, max_tokens=0, top=vocab_size, temperature=2.0).next_tokens
    probabilities = [row.probability for row in table]
    assert sum(probabilities) == pytest.approx(1.0, abs=1e-5)
    assert probabilities == sorted(probabilities, reverse=True)
    assert sorted(row.token_id for row in table) == list(range(vocab_size))
    assert [row.token_id for row in table if row.is_end] == [completer.checkpoint.tokenizer.eot_id]
    greedy = completer.complete(PROMPT, max_tokens=1)
    assert greedy.continuation_tokens == (table[0].token_id,)


def test_sampling_repeats_with_its_seed(completer: Completer) -> None:
    texts = {
        completer.complete(PROMPT, max_tokens=20, temperature=3.0, top_k=40, seed=seed).continuation
        for seed in (1, 1, 2, 3)
    }
    assert len(texts) == 3


def test_a_text_ends_at_the_end_of_text_token(completer: Completer) -> None:
    found = None
    for seed in range(60):
        found = completer.complete("The miller", max_tokens=60, temperature=1.0, seed=seed)
        if found.stopped_by == "end":
            break
    assert found is not None
    assert found.stopped_by == "end"
    assert found.continuation_tokens[-1] == completer.checkpoint.tokenizer.eot_id
    assert completer.checkpoint.tokenizer.eot_token not in found.continuation
    assert completer.complete(PROMPT, max_tokens=3).stopped_by == "length"


def test_a_prompt_longer_than_the_window_is_cut_at_its_start_and_says_so(completer: Completer) -> None:
    completion = completer.complete("The miller keeps a ledger of every sack. " * 20 + PROMPT, max_tokens=8)
    window = completer.checkpoint.config.window_tokens
    assert completion.dropped_tokens == len(completion.prompt_tokens) - window > 0
    assert completion.continuation.startswith(" Paris")


def test_special_tokens_in_a_prompt_are_only_characters(completer: Completer) -> None:
    completion = completer.complete("<|endoftext|>", max_tokens=0)
    assert completer.checkpoint.tokenizer.eot_id not in completion.prompt_tokens


def test_numbers_that_make_no_sense_are_refused(completer: Completer) -> None:
    with pytest.raises(ConfigError, match="prompt is empty"):
        completer.complete("")
    with pytest.raises(ConfigError, match="temperature -1"):
        completer.complete(PROMPT, temperature=-1)


def test_a_changed_tokenizer_or_weight_is_refused(trained: PretrainResult, tmp_path: Path) -> None:
    folder = tmp_path / "step"
    shutil.copytree(trained.checkpoint, folder)
    (folder / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes() + b"\n")
    with pytest.raises(IntegrityError, match=r"tokenizer\.json"):
        complete(folder, PROMPT)
    index = json.loads((folder / "checkpoint.json").read_text())
    from gristmill.tokenize.shards import file_sha256

    index["files"]["tokenizer.json"] = file_sha256(folder / "tokenizer.json")
    (folder / "checkpoint.json").write_text(json.dumps(index))
    with pytest.raises(TokenizerError, match="not the tokenizer"):
        complete(folder, PROMPT)


def test_the_newest_checkpoint_of_a_training_directory_is_taken(trained: PretrainResult) -> None:
    assert complete(trained.checkpoint.parents[1], PROMPT, max_tokens=1).checkpoint == trained.checkpoint


def test_sampling_follows_the_probabilities() -> None:
    logits = torch.tensor([0.0, 1.0, 2.0, -1.0])
    generator = torch.Generator().manual_seed(1)
    counts = np.bincount([choose(logits, 0.5, 3, generator) for _ in range(3000)], minlength=4) / 3000
    wanted = torch.tensor([0.0, 2.0, 4.0, -torch.inf]).softmax(-1).numpy()
    np.testing.assert_allclose(counts, wanted, atol=0.03)
