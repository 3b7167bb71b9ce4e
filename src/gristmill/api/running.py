"""A whole run from Python: what `gristmill run` does, with its result as an object."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gristmill.config.config import Config, load_config
from gristmill.pipelines.curate import RunResult, curate
from gristmill.pipelines.engine.options import LOCAL_RUNNER, Execution
from gristmill.pipelines.engine.session import Listener
from gristmill.pipelines.run_plan.run_plan import resolve_run


def run(
    config: Config | str | Path,
    *,
    runner: str = LOCAL_RUNNER,
    workers: int | None = None,
    beam_options: Sequence[str] = (),
    listener: Listener | None = None,
    replace: bool = False,
) -> RunResult:
    """Runs or resumes a configuration: raw shards to tokens and a report.

    Args:
        config: a checked configuration, or the path of a TOML file.
        runner: a Beam runner's name.
        workers: local processes; what ``run.workers`` says if None, and 0 chooses from the size of the input.
        beam_options: further options for Beam, as on a command line: ``["--region=europe-west4"]``.
        listener: hears of progress (`gristmill.pipelines.engine.session.Listener`).
        replace: turn a directory that holds a run over other sources or another seed into this one.

    Returns:
        The run directory, counts by source, the manifest of the token shards, the rules in force and warnings.

    Raises:
        GristmillError: see `gristmill.errors`; what is committed stays, and the same call resumes.

    With several workers, call it below ``if __name__ == "__main__":``, as for `multiprocessing`.

    >>> result = run("examples/quickstart.toml")  # doctest: +SKIP
    >>> result.totals["web"].verdicts["kept"], result.run.uri  # doctest: +SKIP
    (242, 'runs/quickstart')
    """
    checked = config if isinstance(config, Config) else load_config(config)
    execution = Execution(runner, checked.run.workers if workers is None else workers, tuple(beam_options))
    return curate(resolve_run(checked, execution), listener, replace=replace)
