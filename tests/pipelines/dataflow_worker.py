"""What a Dataflow worker does with a staged pipeline, in a process that knows only the staged package.

Reads file names of serialized pipelines from standard input and prints one line of JSON for each.
"""

from __future__ import annotations

import json
import sys
import traceback

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.pipeline_context import PipelineContext
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.transforms.environments import EmbeddedPythonEnvironment


def run(path: str) -> None:
    """Runs the pipeline with every container environment replaced by this process."""
    with open(path, "rb") as stream:  # noqa: PTH123  a path from the service, used once
        proto = beam_runner_api_pb2.Pipeline.FromString(stream.read())
    here = EmbeddedPythonEnvironment.default().to_runner_api(PipelineContext())
    for environment in proto.components.environments.values():
        environment.CopyFrom(here)
    FnApiRunner().run_via_runner_api(proto, PipelineOptions([])).wait_until_finish()


def main() -> None:
    """Serves until standard input ends."""
    out = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        try:
            run(line.strip())
            error = None
        except Exception:  # noqa: BLE001  a worker reports whatever went wrong
            error = traceback.format_exc()
        print(json.dumps({"error": error}), file=out, flush=True)


if __name__ == "__main__":
    main()
