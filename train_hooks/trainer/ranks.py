"""The processes that train together: who this one is, its device, and sums over all of them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, distributed

from gristmill.config.pretrain_config import PretrainConfig
from gristmill.errors import ConfigError

Value = TypeVar("Value")

# Dense bfloat16 peaks in TFLOP/s, from the vendor's data sheets. Matched as a part of the device's name, in this order.
PEAK_BFLOAT16_TFLOPS = (
    ("B200", 2250.0),
    ("H200", 989.0),
    ("H100 PCIe", 756.0),
    ("H100 NVL", 835.0),
    ("H100", 989.0),
    ("A100", 312.0),
    ("L40S", 362.0),
    ("L4", 121.0),
    ("A10G", 70.0),
)


@dataclass(frozen=True)
class Ranks:
    """This process among those that train together.

    Attributes:
        rank: number of this process, from 0.
        world_size: processes in all.
        device: where this process computes.
        local_rank: number of this process among those of its machine.
        local_size: processes on its machine.
    """

    rank: int
    world_size: int
    device: torch.device
    local_rank: int = 0
    local_size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes the log and the checkpoints."""
        return self.rank == 0

    def sum(self, values: Tensor) -> Tensor:
        """The element-wise sum over all processes, the same on each."""
        if self.world_size > 1:
            distributed.all_reduce(values)
        return values

    def gather(self, value: Value) -> list[Value]:
        """The value of every process, by rank; on each process the same list."""
        values = [value] * self.world_size
        if self.world_size > 1:
            distributed.all_gather_object(values, value)
        return values

    def wait(self) -> None:
        """Returns when every process has come here."""
        if self.world_size > 1:
            distributed.barrier()


@contextlib.contextmanager
def joined_ranks(config: PretrainConfig) -> Iterator[Ranks]:
    """Joins the processes that ``torchrun`` started (gloo on CPU, nccl on CUDA); alone where it did not.

    Raises:
        ConfigError: CUDA is asked for and absent.
    """
    if config.device == "cuda" and not torch.cuda.is_available():
        msg = "pretrain.device is 'cuda', and torch sees no CUDA device; set it to 'auto' or 'cpu'"
        raise ConfigError(msg)
    cuda = config.device == "cuda" or (config.device == "auto" and torch.cuda.is_available())
    rank, world_size, local_rank, local_size = (
        int(os.environ.get(name, default))
        for name, default in (("RANK", "0"), ("WORLD_SIZE", "1"), ("LOCAL_RANK", "0"), ("LOCAL_WORLD_SIZE", "1"))
    )
    device = torch.device("cuda", local_rank) if cuda else torch.device("cpu")
    if cuda:
        torch.cuda.set_device(device)
    joined = world_size > 1 and not distributed.is_initialized()
    if joined:
        distributed.init_process_group("nccl" if cuda else "gloo", rank=rank, world_size=world_size)
    try:
        yield Ranks(rank, world_size, device, local_rank, local_size)
    finally:
        if joined:
            distributed.destroy_process_group()


def compute_dtype(config: PretrainConfig, device: torch.device) -> torch.dtype:
    """The type of the forward pass's arithmetic."""
    if config.dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" and torch.cuda.is_bf16_supported() else torch.float32
    return torch.bfloat16 if config.dtype == "bfloat16" else torch.float32


def peak_flops(config: PretrainConfig, device: torch.device, dtype: torch.dtype) -> float | None:
    """Peak floating-point operations per second of one device, or None where it is not known.

    The table holds bfloat16 figures, so float32 runs get no MFU unless ``peak_tflops`` is configured.
    """
    if config.peak_tflops is not None:
        return config.peak_tflops * 1e12
    if device.type != "cuda" or dtype is not torch.bfloat16:
        return None
    name = torch.cuda.get_device_name(device)
    return next((tflops * 1e12 for part, tflops in PEAK_BFLOAT16_TFLOPS if part in name), None)
