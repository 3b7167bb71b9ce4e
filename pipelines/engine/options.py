"""From command line to Beam options: the in-process runner by default, any other runner and option as given."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping, Sequence

from apache_beam.options.pipeline_options import (
    GoogleCloudOptions,
    PipelineOptions,
    PortableOptions,
    SetupOptions,
    WorkerOptions,
)
from apache_beam.runners.runner import create_runner

from gristmill import storage
from gristmill.errors import ConfigError, MissingExtraError, unknown_name

LOCAL_RUNNER = "FnApiRunner"

KNOWS_ALL_OPTIONS = frozenset({LOCAL_RUNNER, "DirectRunner", "PrismRunner", "DataflowRunner"})
"""Runners that take no option but those Beam's Python SDK lists; a job service may have options of its own."""

PARALLEL_BYTES: Mapping[str, int] = {"extract": 200 << 20, "annotate": 300 << 20}
"""Raw input of a step from which several local processes pay: about a minute of its work, since each process costs some
seconds to start. Any other step: :data:`PARALLEL_BYTES_OTHERWISE`."""

PARALLEL_BYTES_OTHERWISE = 1 << 30


@dataclasses.dataclass(frozen=True)
class Execution:
    """How to run the graphs.

    Attributes:
        runner: a Beam runner's name.
        workers: local processes; 0 chooses for each step from the size of its input.
        beam_args: options passed through to Beam, as on a command line.
    """

    runner: str = LOCAL_RUNNER
    workers: int = 0
    beam_args: tuple[str, ...] = ()

    def local_workers(self, step: str, input_bytes: int) -> int:
        """Local processes for a step with this much raw input to work on."""
        if self.workers:
            return self.workers
        worth = input_bytes >= PARALLEL_BYTES.get(step, PARALLEL_BYTES_OTHERWISE)
        return (os.cpu_count() or 1) if worth else 1


@dataclasses.dataclass(frozen=True)
class Budget:
    """How much may be held at one time; it changes how a result is found, never the result.

    Attributes:
        memory_bytes: by the driver, and by the local runner between two transforms.
        partition_bytes: by one worker that gathers a part of a shuffle.
    """

    memory_bytes: int
    partition_bytes: int


def pipeline_options(execution: Execution, *, step: str, input_bytes: int) -> PipelineOptions:
    """Beam options for one step."""
    args = [f"--runner={execution.runner}", *execution.beam_args]
    if execution.runner == LOCAL_RUNNER:
        workers = execution.local_workers(step, input_bytes)
        if workers > 1 and not any(arg.startswith("--direct_") for arg in execution.beam_args):
            args += ["--direct_running_mode=multi_processing", f"--direct_num_workers={workers}"]
    return PipelineOptions(_for_step(args, step))


def check_execution(execution: Execution, paths: Mapping[str, str]) -> None:
    """Everything about a runner and its options that can be known to be wrong before anything runs.

    Args:
        execution: how the run is to be executed.
        paths: what workers read and write, by the key of the configuration that says so.

    Raises:
        ConfigError: an option Beam does not know or refuses, which it would drop with a log line or stop at when the
            inputs are listed already; a local path that remote workers cannot see.
        MissingExtraError: the runner needs packages that are not installed.
    """
    if execution.runner in KNOWS_ALL_OPTIONS:
        _refuse_unknown(execution.beam_args)
    options = pipeline_options(execution, step="check", input_bytes=0)
    try:
        create_runner(execution.runner)
    except (ValueError, ImportError) as error:
        raise ConfigError(str(error)) from error
    if execution.runner == "DataflowRunner":
        _check_dataflow(options)
    where = _remote_workers(execution, options)
    if where is not None:
        _refuse_local_paths(paths, where)


def _refuse_unknown(args: Sequence[str]) -> None:
    known = set(PipelineOptions([]).get_all_options())
    held = set(PipelineOptions(list(args)).get_all_options(retain_unknown_options=True))
    for name in sorted(held - known):
        raise ConfigError(unknown_name("Beam option", f"--{name}", (f"--{option}" for option in known))[:400])


def _check_dataflow(options: PipelineOptions) -> None:
    """What needs no network to know. Beam's own check makes calls, and a bucket for a missing ``--temp_location``."""
    try:
        from apache_beam.runners.dataflow.internal import apiclient  # noqa: F401, PLC0415  an optional extra
    except ImportError as error:
        package = "google.cloud.dataflow"
        raise MissingExtraError(package, "gcp", "DataflowRunner") from error
    google = options.view_as(GoogleCloudOptions)
    errors = [f"--{name} is missing" for name in ("project", "region", "temp_location") if not getattr(google, name)]
    if google.temp_location and not google.temp_location.startswith("gs://"):
        errors.append(f"--temp_location must be a gs:// uri, got {google.temp_location!r}")
    if google.template_location:
        errors.append("--template_location makes a template of one job and runs nothing, and a run is several jobs")
    if not options.view_as(SetupOptions).setup_file and not _has_own_image(options):
        errors.append("workers need this package: --setup_file=./setup.py or --sdk_container_image is missing")
    if errors:
        message = f"DataflowRunner: {'; '.join(errors)}; docs/dataflow.md has a whole command"
        raise ConfigError(message)


def _has_own_image(options: PipelineOptions) -> bool:
    return bool(options.view_as(WorkerOptions).sdk_container_image or options.view_as(SetupOptions).extra_packages)


def _remote_workers(execution: Execution, options: PipelineOptions) -> str | None:
    """Where the workers run if that is surely another machine, else None."""
    if execution.runner == "DataflowRunner":
        return "Dataflow's workers"
    portable = options.view_as(PortableOptions)
    if portable.job_endpoint and (portable.environment_type or "DOCKER").upper() == "DOCKER":
        return "workers in containers"
    return None


def _refuse_local_paths(paths: Mapping[str, str], where: str) -> None:
    for key, path in paths.items():
        if not storage.is_remote(path):
            message = f"{key}: {path!r} is on this machine, where {where} cannot reach it; use a gs:// or s3:// uri"
            raise ConfigError(message)


def _for_step(args: Sequence[str], step: str) -> list[str]:
    """Names that must differ between the jobs of one run get the step's name: a service refuses two jobs of one name.

    >>> _for_step(["--job_name", "mill", "--dataflow_job_file=job.json", "--region", "r"], "extract")
    ['--job_name=mill-extract', '--dataflow_job_file=job-extract.json', '--region', 'r']
    """
    suffix = re.sub(r"[^a-z0-9-]", "-", step)
    out, left = [], iter(args)
    for arg in left:
        name, equals, value = arg.partition("=")
        if name not in {"--job_name", "--dataflow_job_file"}:
            out.append(arg)
            continue
        stem, extension = os.path.splitext(value if equals else next(left, ""))  # noqa: PTH122  may be a gs:// uri
        out.append(f"{name}={stem}-{suffix}{extension}")
    return out
