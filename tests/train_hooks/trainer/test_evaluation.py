from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from pathlib import Path

import pytest
import torch

from gristmill.config.pretrain_config import ModelConfig
from gristmill.tokenize.engines import Reference
from gristmill.tokenize.manifest import Manifest
from gristmill.tokenize.vocabulary import read_vocabulary
from gristmill.train_hooks.loader.dataset import ShardDataset
from gristmill.train_hooks.loader.windows import IGNORE_LABEL
from gristmill.train_hooks.trainer.evaluation import ByteCounter, validate
from gristmill.train_hooks.trainer.model import Transformer
from gristmill.train_hooks.trainer.ranks import Ranks
from gristmill.train_hooks.trainer.token_bytes import token_byte_lengths
from tests.train_hooks.shard_files import EOT, source_documents

ALONE = Ranks(0, 1, torch.device("cpu"))


def test_the_bytes_of_all_tokens_are_the_bytes_of_the_text(text_tokens: Path) -> None:
    manifest = Manifest.read(text_tokens)
    content = json.loads((text_tokens / "tokenizer.json").read_bytes())
    lengths = token_byte_lengths(content, manifest.tokenizer.vocab_size, EOT)
    assert lengths is not None
    for name, source in manifest.sources.items():
        ids = [token for document in source_documents(text_tokens, name) for token in document]
        assert int(lengths[ids].sum()) == source.text_bytes


def test_bits_per_byte_equal_a_count_over_decoded_text(text_tokens: Path) -> None:
    dataset = ShardDataset(text_tokens, 24, seed=17, validation_fraction=0.1)
    facts = dataset.manifest.tokenizer
    model = Transformer(ModelConfig(layers=1, width=16, heads=2, kv_heads=1), facts.vocab_size, seed=1)
    counter = ByteCounter(text_tokens, dataset.manifest)
    figures = validate(model, dataset, counter, ALONE, batch_windows=5, dtype=torch.float32)
    assert figures is not None
    engine = Reference(read_vocabulary(text_tokens / "tokenizer.json"))
    nats, labels_seen, text_bytes = 0.0, 0, 0
    for place in dataset.validation_places():
        window = dataset.window(place)
        logits = model(window.tokens[None], window.positions[None], window.document_ids[None])[0].double()
        for row, label in zip(logits.log_softmax(-1), window.labels.tolist(), strict=True):
            if label != IGNORE_LABEL:
                nats -= row[label].item()
                labels_seen += 1
                piece = str(engine.tokenizer.id_to_token(label))
                text_bytes += 0 if label == EOT else len(piece)
    assert figures.bytes_by == "token"
    assert figures.overall.label_tokens == labels_seen
    assert figures.overall.label_bytes == text_bytes
    assert figures.overall.loss == pytest.approx(nats / labels_seen, rel=1e-5)
    assert figures.overall.bits_per_byte == pytest.approx(nats / math.log(2) / text_bytes, rel=1e-5)
    assert set(figures.by_source) == {"books", "web"}
    parts = figures.by_source.values()
    assert sum(part.label_tokens for part in parts) == labels_seen
    assert sum(part.loss * part.label_tokens for part in parts) == pytest.approx(nats, rel=1e-5)


def test_a_tokenizer_without_byte_lengths_uses_the_mean_of_the_source(text_tokens: Path, tmp_path: Path) -> None:
    manifest = Manifest.read(text_tokens)
    content = json.dumps({"decoder": {"type": "Metaspace"}, "model": {"vocab": []}}).encode()
    (tmp_path / "tokenizer.json").write_bytes(content)
    facts = dataclasses.replace(manifest.tokenizer, sha256=hashlib.sha256(content).hexdigest())
    counter = ByteCounter(tmp_path, dataclasses.replace(manifest, tokenizer=facts))
    web = manifest.sources["web"]
    assert counter.method == "manifest"
    ids = torch.arange(10).numpy()
    assert counter.count("web", ids) == pytest.approx(10 * web.text_bytes / web.tokens)


def test_a_byte_level_decoder_inside_a_sequence_is_recognised() -> None:
    content = {
        "decoder": {"type": "Sequence", "decoders": [{"type": "ByteLevel"}]},
        "model": {"vocab": {"ab": 0, "</s>": 1}},
        "added_tokens": [
            {"id": 1, "content": "</s>", "special": True},
            {"id": 2, "content": "\u00e9", "special": False},
        ],
    }
    lengths = token_byte_lengths(content, 3, eot_id=1)
    assert lengths is not None
    assert lengths.tolist() == [2, 0, 2]
    assert token_byte_lengths({"decoder": None, "model": {}}, 3, eot_id=1) is None


def test_without_held_out_windows_there_is_no_validation(text_tokens: Path) -> None:
    dataset = ShardDataset(text_tokens, 24, seed=17)
    model = Transformer(ModelConfig(layers=1, width=16, heads=2, kv_heads=1), 400, seed=1)
    counter = ByteCounter(text_tokens, dataset.manifest)
    assert validate(model, dataset, counter, ALONE, batch_windows=5, dtype=torch.float32) is None
