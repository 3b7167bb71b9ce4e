from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gristmill.config.pretrain_config import ModelConfig, PretrainConfig
from gristmill.errors import IntegrityError, RunDirectoryError
from gristmill.tokenize.manifest import TokenizerInfo
from gristmill.train_hooks.loader.dataset import LoaderState
from gristmill.train_hooks.trainer import checkpoint as checkpoints
from gristmill.train_hooks.trainer.model import Transformer
from gristmill.train_hooks.trainer.optim import make_optimizer

CPU = torch.device("cpu")
LOADER = LoaderState("ab" * 32, 17, 2, 640)
TOKENIZER = TokenizerInfo("tokenizer.json", "cd" * 32, 30, 0, "<|endoftext|>")


def config(*, tied: bool = True) -> PretrainConfig:
    return PretrainConfig(model=ModelConfig(layers=1, width=16, heads=2, kv_heads=1, tie_embeddings=tied))


def stepped(settings: PretrainConfig, seed: int) -> tuple[Transformer, torch.optim.AdamW]:
    """A model whose optimiser has moments."""
    model = Transformer(settings.model, 30, seed=seed)
    optimizer = make_optimizer(model, settings, CPU)
    tokens = torch.arange(20).reshape(2, 10) % 30
    model(tokens, tokens, torch.zeros_like(tokens)).square().sum().backward()
    optimizer.step()
    return model, optimizer


def save(folder: Path, step: int, *, tied: bool = True, keep: int = 2) -> tuple[Path, Transformer, torch.optim.AdamW]:
    tokenizer = folder.parent / "source-tokenizer.json"
    tokenizer.write_text("{}")
    settings = config(tied=tied)
    model, optimizer = stepped(settings, seed=step)
    path = checkpoints.save_checkpoint(
        folder,
        step,
        model,
        optimizer,
        config=settings,
        loader=LOADER,
        tokenizer=TOKENIZER,
        tokenizer_file=tokenizer,
        keep=keep,
    )
    return path, model, optimizer


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("installed", [True, False])
def test_everything_comes_back(tmp_path: Path, tied: bool, installed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not installed:
        monkeypatch.setattr(checkpoints, "safetensors", None)
    torch.manual_seed(5)
    path, model, optimizer = save(tmp_path / "checkpoints", 7, tied=tied)
    drawn = torch.rand(3)
    assert (path / ("model.safetensors" if installed else "model.pt")).is_file()
    found = checkpoints.read_checkpoint(path)
    assert (found.step, found.loader, found.tokenizer, found.config) == (7, LOADER, TOKENIZER, config(tied=tied))
    other, other_optimizer = stepped(config(tied=tied), seed=99)
    checkpoints.load_weights(found, other)
    checkpoints.load_training_state(found, other_optimizer)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))
    assert (other.head.weight is other.embedding.weight) is tied
    wanted, got = optimizer.state_dict()["state"], other_optimizer.state_dict()["state"]
    assert wanted.keys() == got.keys()
    assert all(torch.equal(wanted[i][key], got[i][key]) for i in wanted for key in wanted[i])
    assert torch.equal(torch.rand(3), drawn)


def test_weights_open_without_gristmill(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    path, model, _ = save(tmp_path / "checkpoints", 1)
    assert sum(array.size for array in load_file(path / "model.safetensors").values()) == model.parameter_count()


def test_the_newest_are_kept_and_found_by_any_folder_above(tmp_path: Path) -> None:
    folder = tmp_path / "run" / "train" / "checkpoints"
    folder.mkdir(parents=True)
    for step in (2, 10, 9):
        save(folder, step, keep=2)
    assert [path.name for path in checkpoints.checkpoint_folders(folder)] == ["step-00000009", "step-00000010"]
    newest = folder / "step-00000010"
    for place in (newest, folder, folder.parent, folder.parents[1]):
        assert checkpoints.find_checkpoint(place) == newest
    with pytest.raises(RunDirectoryError, match="gristmill pretrain"):
        checkpoints.find_checkpoint(tmp_path)


def test_a_checkpoint_cut_short_is_not_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "checkpoints"
    save(folder, 1)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "_rng_state", dies)
    with pytest.raises(KeyboardInterrupt):
        save(folder, 2)
    assert [path.name for path in checkpoints.checkpoint_folders(folder)] == ["step-00000001"]
    monkeypatch.undo()
    save(folder, 2)
    assert sorted(path.name for path in folder.iterdir()) == ["step-00000001", "step-00000002"]


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.pt", "rng.pt", "tokenizer.json"])
def test_a_flipped_byte_or_a_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    path, _, _ = save(tmp_path / "checkpoints", 1)
    content = bytearray((path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (path / name).write_bytes(content)
    with pytest.raises(IntegrityError, match=name):
        checkpoints.read_checkpoint(path)
    (path / name).unlink()
    with pytest.raises(IntegrityError, match="no file"):
        checkpoints.read_checkpoint(path)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "other/9"}'])
def test_an_index_that_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    path, _, _ = save(tmp_path / "checkpoints", 1)
    (path / "checkpoint.json").write_text(text)
    with pytest.raises(IntegrityError, match=r"checkpoint\.json"):
        checkpoints.read_checkpoint(path)
