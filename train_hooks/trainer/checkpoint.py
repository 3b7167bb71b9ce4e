"""Checkpoints: everything needed to go on as if nothing had happened, written whole or not at all.

::

    checkpoints/step-00000100/
        checkpoint.json     step, configuration, loader state, tokenizer facts, sha256 of the files below
        model.safetensors   weights (model.pt where safetensors is not installed)
        optimizer.pt        moments of AdamW
        rng.pt              state of torch's random generators on the first rank
        tokenizer.json      so that a checkpoint can complete text by itself

The learning rate is a function of the step, so there is no scheduler state. Weights, moments and loader state are the
same on every rank: a checkpoint can be resumed by any number of ranks.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gristmill.config.pretrain_config import PretrainConfig
from gristmill.errors import IntegrityError, RunDirectoryError
from gristmill.installed import cure_for_extra
from gristmill.tokenize.manifest import TokenizerInfo
from gristmill.tokenize.shards import file_sha256
from gristmill.train_hooks.loader.dataset import LoaderState

safetensors: Any
try:
    import safetensors.torch as safetensors
except ImportError:
    safetensors = None  # weights are then kept in torch's own format

FORMAT = "gristmill-checkpoint/1"
INDEX_NAME = "checkpoint.json"
TOKENIZER_NAME = "tokenizer.json"
_FOLDER = re.compile(r"step-(\d{8,})")


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """What ``checkpoint.json`` holds.

    Attributes:
        path: the folder.
        step: optimiser steps taken.
        config: the configuration it was trained with.
        loader: where the data stands.
        tokenizer: the tokenizer its ids belong to.
        files: sha256 by file name.
    """

    path: Path
    step: int
    config: PretrainConfig
    loader: LoaderState
    tokenizer: TokenizerInfo
    files: Mapping[str, str]


def checkpoint_folders(folder: Path) -> list[Path]:
    """The whole checkpoints in ``folder``, oldest first."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if _FOLDER.fullmatch(path.name) and (path / INDEX_NAME).is_file()]
    return sorted(found, key=lambda path: int(path.name.split("-")[1]))


def save_checkpoint(
    folder: Path,
    step: int,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    *,
    config: PretrainConfig,
    loader: LoaderState,
    tokenizer: TokenizerInfo,
    tokenizer_file: Path,
    keep: int,
) -> Path:
    """Writes ``folder/step-…`` under another name, renames it when it is whole and on disk, deletes all but ``keep``.

    Only the first rank calls this. ``model`` is the bare model, not one wrapped for several ranks.
    """
    final = folder / f"step-{step:08d}"
    if not (final / INDEX_NAME).is_file():
        temporary = folder / f"_tmp-step-{step:08d}"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        _save_weights(model, temporary)
        torch.save(optimizer.state_dict(), temporary / "optimizer.pt")
        torch.save(_rng_state(), temporary / "rng.pt")
        shutil.copyfile(tokenizer_file, temporary / TOKENIZER_NAME)
        content = {
            "format": FORMAT,
            "step": step,
            "config": config.model_dump(mode="json"),
            "loader": loader.to_json(),
            "tokenizer": dataclasses.asdict(tokenizer),
            "torch": torch.__version__,
            "files": {path.name: file_sha256(path) for path in sorted(temporary.iterdir())},
        }
        (temporary / INDEX_NAME).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        for path in [*temporary.iterdir(), temporary]:
            _sync(path)
        temporary.rename(final)
        _sync(folder)
    for old in checkpoint_folders(folder)[:-keep]:
        shutil.rmtree(old)
    return final


def find_checkpoint(path: Path) -> Path:
    """The checkpoint that ``path`` names: itself, or the newest in a training or run directory.

    Raises:
        RunDirectoryError: there is none.
    """
    if (path / INDEX_NAME).is_file():
        return path
    for folder in (path, path / "checkpoints", path / "train" / "checkpoints"):
        found = checkpoint_folders(folder)
        if found:
            return found[-1]
    msg = f"no checkpoint in {path}; train one with gristmill pretrain, or name a folder that holds {INDEX_NAME}"
    raise RunDirectoryError(msg)


def read_checkpoint(path: Path, *, verify: bool = True) -> Checkpoint:
    """Reads ``checkpoint.json`` and checks every file against it.

    Raises:
        IntegrityError: it cannot be read, or a file is not the one that was written.
    """
    try:
        content = json.loads((path / INDEX_NAME).read_bytes())
        if content["format"] != FORMAT:
            msg = f"{path / INDEX_NAME}: wanted format {FORMAT!r}, got {content['format']!r}"
            raise IntegrityError(msg)
        checkpoint = Checkpoint(
            path,
            int(content["step"]),
            PretrainConfig.model_validate(content["config"]),
            LoaderState.from_json(content["loader"]),
            TokenizerInfo(**content["tokenizer"]),
            dict(content["files"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{path / INDEX_NAME} cannot be read ({error}); resume from another checkpoint"
        raise IntegrityError(msg) from error
    if verify:
        for name, wanted in checkpoint.files.items():
            got = file_sha256(path / name) if (path / name).is_file() else "no file"
            if got != wanted:
                msg = f"{path / name}: wanted sha256 {wanted}, got {got}; delete {path} to use an older checkpoint"
                raise IntegrityError(msg)
    return checkpoint


def load_weights(checkpoint: Checkpoint, model: nn.Module) -> None:
    """Puts the checkpoint's weights into a model of the same shape.

    Raises:
        IntegrityError: it holds no weights, or safetensors is needed and not installed.
    """
    if "model.pt" in checkpoint.files:
        weights = torch.load(checkpoint.path / "model.pt", weights_only=True, map_location="cpu")
    elif safetensors is None:
        cure = cure_for_extra("train")
        msg = f"{checkpoint.path} holds model.safetensors, which needs the package 'safetensors': {cure}"
        raise IntegrityError(msg)
    else:
        weights = safetensors.load_file(checkpoint.path / "model.safetensors")
    if checkpoint.config.model.tie_embeddings:
        weights["head.weight"] = weights["embedding.weight"]
    model.load_state_dict(weights)


def load_training_state(checkpoint: Checkpoint, optimizer: torch.optim.Optimizer) -> None:
    """Puts back the optimiser's moments and the random generators."""
    optimizer.load_state_dict(torch.load(checkpoint.path / "optimizer.pt", weights_only=True, map_location="cpu"))
    state: dict[str, Any] = torch.load(checkpoint.path / "rng.pt", weights_only=True, map_location="cpu")
    torch.set_rng_state(state["cpu"])
    if torch.cuda.is_available() and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"])


def _save_weights(model: nn.Module, folder: Path) -> None:
    weights: dict[str, Tensor] = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}
    if "head.weight" in weights and weights["head.weight"].data_ptr() == weights["embedding.weight"].data_ptr():
        del weights["head.weight"]  # safetensors refuses two names for one tensor
    if safetensors is None:
        torch.save(weights, folder / "model.pt")
    else:
        safetensors.save_file(weights, folder / "model.safetensors")


def _rng_state() -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
