"""From command line to Beam options: the in-process runner by default, any other runner and option as given."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Sequence

from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

from gristmill.errors import ConfigError, unknown_name

LOCAL_RUNNER = "FnApiRunner"

PARALLEL_BYTES = 64 << 20
"""Raw input from which several local processes pay: each costs about three seconds to start."""


@dataclasses.dataclass(frozen=True)
class Execution:
    """How to run the graphs.

    Attributes:
        runner: a Beam runner's name.
        workers: local processes; 0 chooses from the size of the input.
        beam_args: options passed through to Beam, as on a command line.
    """

    runner: str = LOCAL_RUNNER
    workers: int = 0
    beam_args: tuple[str, ...] = ()

    def local_workers(self, input_bytes: int) -> int:
        """Local processes for this much raw input."""
        if self.workers:
            return self.workers
        return (os.cpu_count() or 1) if input_bytes >= PARALLEL_BYTES else 1


def pipeline_options(execution: Execution, *, step: str, input_bytes: int) -> PipelineOptions:
    """Beam options for one step.

    Raises:
        ConfigError: an option that Beam does not know, which it would otherwise drop with a log line.
    """
    args = [f"--runner={execution.runner}", *execution.beam_args]
    if execution.runner == LOCAL_RUNNER:
        _refuse_unknown(execution.beam_args)
        workers = execution.local_workers(input_bytes)
        if workers > 1 and not any(arg.startswith("--direct_") for arg in execution.beam_args):
            args += ["--direct_running_mode=multi_processing", f"--direct_num_workers={workers}"]
    return PipelineOptions(_named_job(args, step))


def _refuse_unknown(args: Sequence[str]) -> None:
    known = set(PipelineOptions([]).get_all_options())
    held = set(PipelineOptions(list(args)).get_all_options(retain_unknown_options=True))
    for name in sorted(held - known):
        raise ConfigError(unknown_name("Beam option", f"--{name}", (f"--{option}" for option in known))[:400])


def _named_job(args: list[str], step: str) -> list[str]:
    """A service refuses two jobs of one name, and each step is a job: the step's name is added to it."""
    named = [arg for arg in args if arg.startswith("--job_name")]
    if not named:
        return args
    suffix = re.sub(r"[^a-z0-9-]", "-", step)
    return [f"{arg}-{suffix}" if arg in named else arg for arg in args]


def runner_name(options: PipelineOptions) -> str:
    """The runner these options choose."""
    return str(options.view_as(StandardOptions).runner)
