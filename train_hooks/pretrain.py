"""Pretraining on a run's token shards, alone or under ``torchrun``; every interruption can be resumed.

::

    python -m gristmill.train_hooks.pretrain CONFIG
    torchrun --nproc-per-node 8 -m gristmill.train_hooks.pretrain CONFIG

What is written, under the output folder::

    log.jsonl                    one line per step and per validation (gristmill.train_hooks.trainer.train_log)
    checkpoints/step-00000100/   gristmill.train_hooks.trainer.checkpoint
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from rich.console import Console
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from gristmill.config.config import load_config
from gristmill.config.pretrain_config import PretrainConfig
from gristmill.errors import ConfigError, GristmillError, RunDirectoryError
from gristmill.train_hooks.loader.dataset import ShardDataset, Windows
from gristmill.train_hooks.loader.sampler import ElasticBatchSampler, make_loader
from gristmill.train_hooks.trainer import checkpoint as checkpoints
from gristmill.train_hooks.trainer.evaluation import ByteCounter, Validation, validate
from gristmill.train_hooks.trainer.model import AttentionKind, Transformer
from gristmill.train_hooks.trainer.optim import learning_rate, make_optimizer, set_learning_rate
from gristmill.train_hooks.trainer.ranks import Ranks, compute_dtype, joined_ranks, peak_flops
from gristmill.train_hooks.trainer.stopping import StopRequest
from gristmill.train_hooks.trainer.train_log import RunReport, StepRecord
from gristmill.train_hooks.trainer.training import train_step

OnStep = Callable[[StepRecord], None]

LOG_NAME = "log.jsonl"

FIXED_ON_RESUME = ("model", "window_tokens", "seed", "validation_fraction", "validation_max_tokens", "source_repeats")
"""What a resumed run must share with its checkpoint: the shape of the weights and the order of the data."""


@dataclasses.dataclass(frozen=True)
class PretrainResult:
    """How a training run ended.

    Attributes:
        step: optimiser steps taken, over every resume.
        resumed_step: the step this call began at; 0 for a new run.
        finished: whether all steps were taken; False after a signal to stop.
        loss: of the last step, mean nats per label token; None when this call took no step.
        validation: after the last step; None when nothing is held out or this call took no step.
        parameters: of the model.
        tokens: places consumed, over every resume.
        seconds: of this call.
        checkpoint: the newest one.
        log: the training log.
    """

    step: int
    resumed_step: int
    finished: bool
    loss: float | None
    validation: Validation | None
    parameters: int
    tokens: int
    seconds: float
    checkpoint: Path
    log: Path


def pretrain(
    config: PretrainConfig,
    tokens_dir: Path,
    output_dir: Path,
    *,
    on_step: OnStep | None = None,
    show_progress: bool = True,
) -> PretrainResult:
    """Trains a language model on ``tokens_dir``; goes on from the newest checkpoint in ``output_dir`` if there is one.

    Ranks, worker processes, batch size, micro-batch size, device and number of steps may differ from those of the
    checkpoint; the data goes on with the very next token. SIGTERM and Ctrl-C finish the step, write a checkpoint and
    return.

    Args:
        config: the ``[pretrain]`` table.
        tokens_dir: the ``tokens/`` folder of a run, on a local disk.
        output_dir: for the log and the checkpoints, normally ``RUN/train``.
        on_step: called on the first rank after each step.
        show_progress: a live line on standard error, where that is a terminal.

    Raises:
        ConfigError: the configuration cannot hold here (no CUDA, fewer windows in a batch than ranks).
        RunDirectoryError: there are no tokens, or ``output_dir`` holds checkpoints of another model or order of data.
        IntegrityError: shards or checkpoint are not the bytes that were written.
        EmptyResultError: a source holds no tokens.
        GristmillError: the loss became infinite or not a number.
    """
    with joined_ranks(config) as ranks:
        return _Run(config, tokens_dir, output_dir, ranks).train(on_step, show_progress=show_progress)


class _Run:
    """One call of :func:`pretrain` on one rank."""

    def __init__(self, config: PretrainConfig, tokens_dir: Path, output_dir: Path, ranks: Ranks) -> None:
        if config.batch_windows < ranks.world_size:
            msg = (
                f"pretrain.batch_tokens {config.batch_tokens} is {config.batch_windows} windows, fewer than the "
                f"{ranks.world_size} ranks; raise it to at least {ranks.world_size * config.window_tokens}"
            )
            raise ConfigError(msg)
        self.config = config
        self.ranks = ranks
        self.tokens_dir = tokens_dir
        self.output_dir = output_dir
        self.dataset = ShardDataset(
            tokens_dir,
            config.window_tokens,
            config.seed,
            validation_fraction=config.validation_fraction,
            validation_max_tokens=config.validation_max_tokens,
            source_repeats=config.source_repeats,
            verify="lazy",
        )
        if config.verify == "start":
            self.dataset.verify(ranks.local_rank, ranks.local_size)
            ranks.wait()
            self.dataset.trust()
        self.tokenizer = self.dataset.manifest.tokenizer
        self.counter = ByteCounter(tokens_dir, self.dataset.manifest)
        self.dtype = compute_dtype(config, ranks.device)
        self.model = Transformer(config.model, self.tokenizer.vocab_size, config.seed, _attention(config, ranks.device))
        self.model.to(ranks.device)
        self.optimizer = make_optimizer(self.model, config, ranks.device)
        torch.manual_seed(config.seed)
        self.resumed_step, self.place = self._resume()
        self._check_agreement()
        self.wrapped = _wrapped(self.model, config, ranks)
        self.flops_per_token = self.model.flops_per_token(config.window_tokens)
        self.peak_flops = peak_flops(config, ranks.device, self.dtype)

    @property
    def checkpoint_dir(self) -> Path:
        return self.output_dir / "checkpoints"

    def train(self, on_step: OnStep | None, *, show_progress: bool) -> PretrainResult:
        began = time.perf_counter()
        step, loss, validation = self.resumed_step, None, None
        self.ranks.wait()  # every rank has read the newest checkpoint before the first one writes
        with contextlib.ExitStack() as stack:
            report = stack.enter_context(
                RunReport(
                    self.output_dir / LOG_NAME,
                    self.config.steps,
                    self.resumed_step,
                    write=self.ranks.is_first,
                    show=show_progress,
                )
            )
            request = stack.enter_context(StopRequest())
            report.start(self._facts())
            for record, stop in self._steps(request):
                step, loss = record.step, record.loss
                report.step(record)
                if on_step and self.ranks.is_first:
                    on_step(record)
                last = stop or step == self.config.steps
                if last or step % self.config.validation_every == 0:
                    validation = self._validate()
                    if validation:
                        report.validation(step, validation)
                if last or step % self.config.checkpoint_every == 0:
                    self._save(step)
                if stop:
                    break
        return PretrainResult(
            step=step,
            resumed_step=self.resumed_step,
            finished=step >= self.config.steps,
            loss=loss,
            validation=validation,
            parameters=self.model.parameter_count(),
            tokens=self.place * self.config.window_tokens,
            seconds=time.perf_counter() - began,
            checkpoint=checkpoints.find_checkpoint(self.checkpoint_dir),
            log=self.output_dir / LOG_NAME,
        )

    def _steps(self, request: StopRequest) -> Iterator[tuple[StepRecord, bool]]:
        """Takes the steps that are left; yields the record of each and whether some rank was asked to stop."""
        sampler = ElasticBatchSampler(
            self.place,
            max(0, self.config.steps - self.resumed_step),
            self.config.batch_windows,
            rank=self.ranks.rank,
            world_size=self.ranks.world_size,
            micro_batch_windows=self.config.micro_batch_windows,
        )
        pin = self.ranks.device.type == "cuda"
        batches = iter(make_loader(self.dataset, sampler, self.config.num_workers, pin_memory=pin))
        for step in range(self.resumed_step, self.config.steps):
            began = time.perf_counter()
            micro_batches: list[Windows] = [next(batches).to(self.ranks.device) for _ in range(sampler.micro_batches)]
            rate = learning_rate(self.config, step)
            set_learning_rate(self.optimizer, rate)
            figures = train_step(
                self.wrapped,
                self.optimizer,
                micro_batches,
                self.ranks,
                clip_norm=self.config.clip_norm,
                dtype=self.dtype,
                stop=request.asked,
            )
            self.place += self.config.batch_windows
            seconds = time.perf_counter() - began
            tokens_per_second = self.config.batch_tokens / seconds
            peak = self.peak_flops and self.peak_flops * self.ranks.world_size
            yield (
                StepRecord(
                    step=step + 1,
                    loss=figures.loss,
                    learning_rate=rate,
                    gradient_norm=figures.gradient_norm,
                    tokens=self.place * self.config.window_tokens,
                    label_tokens=figures.label_tokens,
                    epoch=self.place // len(self.dataset),
                    seconds=seconds,
                    tokens_per_second=tokens_per_second,
                    mfu=tokens_per_second * self.flops_per_token / peak if peak else None,
                ),
                figures.stop,
            )

    def _validate(self) -> Validation | None:
        return validate(
            self.model,
            self.dataset,
            self.counter,
            self.ranks,
            batch_windows=self.config.micro_batch_windows,
            dtype=self.dtype,
        )

    def _save(self, step: int) -> None:
        if self.ranks.is_first:
            checkpoints.save_checkpoint(
                self.checkpoint_dir,
                step,
                self.model,
                self.optimizer,
                config=self.config,
                loader=self.dataset.state_at(self.place),
                tokenizer=self.tokenizer,
                tokenizer_file=self.tokens_dir / self.tokenizer.file,
                keep=self.config.keep_checkpoints,
            )
        self.ranks.wait()

    def _resume(self) -> tuple[int, int]:
        """The step and the place to go on from, the weights and the optimiser put back; (0, 0) for a new run."""
        folders = checkpoints.checkpoint_folders(self.checkpoint_dir)
        if not folders:
            return 0, 0
        found = checkpoints.read_checkpoint(folders[-1])
        differing = [name for name in FIXED_ON_RESUME if getattr(found.config, name) != getattr(self.config, name)]
        if differing:
            changes = ", ".join(
                f"pretrain.{name} (there {getattr(found.config, name)!r}, here {getattr(self.config, name)!r})"
                for name in differing
            )
            msg = (
                f"{found.path} was trained with another {changes}; "
                "use another output directory, or delete the checkpoints"
            )
            raise RunDirectoryError(msg)
        place = self.dataset.place_of(found.loader)
        checkpoints.load_weights(found, self.model)
        checkpoints.load_training_state(found, self.optimizer)
        return found.step, place

    def _check_agreement(self) -> None:
        """Ranks on machines that share no disk may see other tokens or no checkpoint; training on would be wrong."""
        mine = {"tokens": self.dataset.manifest_sha256, "step": self.resumed_step, "place": self.place}
        for rank, theirs in enumerate(self.ranks.gather(mine)):
            if theirs != mine:
                msg = (
                    f"rank {rank} begins with {theirs}, rank {self.ranks.rank} with {mine}; "
                    f"{self.tokens_dir} and {self.checkpoint_dir} must be the same files on every machine"
                )
                raise RunDirectoryError(msg)

    def _facts(self) -> dict[str, object]:
        """What the log says of a run, once per start."""
        return {
            "step": self.resumed_step,
            "manifest_sha256": self.dataset.manifest_sha256,
            "parameters": self.model.parameter_count(),
            "flops_per_token": self.flops_per_token,
            "windows_per_epoch": len(self.dataset),
            "validation_windows": len(self.dataset.validation_places()),
            "ranks": self.ranks.world_size,
            "device": self.ranks.device.type,
            "dtype": str(self.dtype).removeprefix("torch."),
            "torch": torch.__version__,
            "config": self.config.model_dump(mode="json"),
        }


def _attention(config: PretrainConfig, device: torch.device) -> AttentionKind:
    if config.attention == "auto":
        return "flex" if device.type == "cuda" and config.compile else "sdpa"
    return config.attention


def _wrapped(model: Transformer, config: PretrainConfig, ranks: Ranks) -> nn.Module:
    """The model compiled, if asked for, and wrapped so that gradients are summed over ranks."""
    if config.compile:
        model.compile()
    if ranks.world_size == 1:
        return model
    device_ids = [ranks.device.index] if ranks.device.type == "cuda" else None
    return DistributedDataParallel(model, device_ids=device_ids, gradient_as_bucket_view=True)


def main(arguments: list[str] | None = None) -> int:
    """``python -m gristmill.train_hooks.pretrain CONFIG``: trains on the run that a configuration names.

    Returns:
        The exit code: 0, or that of the error (:mod:`gristmill.errors`).
    """
    parser = argparse.ArgumentParser(prog="gristmill.train_hooks.pretrain", description=str(__doc__).partition("\n")[0])
    parser.add_argument("config", type=Path, help="the run's TOML file; its [pretrain] table may be left out")
    parser.add_argument("--tokens", type=Path, help="folder of token shards (default: tokens/ in run.output)")
    parser.add_argument("--output", type=Path, help="folder for log and checkpoints (default: train/ in run.output)")
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        config = load_config(given.config)
        run = Path(config.run.output)
        result = pretrain(config.pretrain, given.tokens or run / "tokens", given.output or run / "train")
    except GristmillError as error:
        console.print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        return error.exit_code
    if int(os.environ.get("RANK", "0")) == 0:
        loss = "no step taken" if result.loss is None else f"loss {result.loss:.4f}"
        console.print(f"step {result.step}: {loss}; {result.checkpoint}", markup=False, highlight=False, soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
