"""One run in progress: executes and watches the Beam pipeline of each step, and keeps ``run.json`` up to date."""

from __future__ import annotations

import dataclasses
import functools
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import apache_beam as beam

from gristmill import storage
from gristmill.errors import ConfigError, WorkerError
from gristmill.pipelines.engine.options import Budget, Execution, pipeline_options
from gristmill.pipelines.engine.plan import Plan, Task, make_plan, store_plan
from gristmill.pipelines.engine.shardwise import ProcessShards, ShardWork
from gristmill.runs import RunDirectory

_POLL_SECONDS_LOCAL = 0.3
_POLL_SECONDS_REMOTE = 5.0


class Listener(Protocol):
    """Hears how a run goes on; the command line draws a bar from it."""

    def started(self, step: str, plan: Plan) -> None:
        """A step begins; ``plan`` says how much is there already."""

    def progressed(self, step: str, outputs: int, weight_bytes: int) -> None:
        """So many outputs of the step, of so much input, are committed."""

    def finished(self, step: str, plan: Plan, seconds: float) -> None:
        """A step is done."""

    def noted(self, note: str) -> None:
        """Something that the user must know before a step."""


class AddRound(Protocol):
    """Adds to a pipeline what makes some outputs of a step."""

    def __call__(self, pipeline: beam.Pipeline, *, wanted: tuple[int, ...]) -> None:
        """``wanted``: numbers of the outputs in their plan."""


class Silent:
    """A listener that says nothing."""

    def started(self, step: str, plan: Plan) -> None:
        """Nothing."""

    def progressed(self, step: str, outputs: int, weight_bytes: int) -> None:
        """Nothing."""

    def finished(self, step: str, plan: Plan, seconds: float) -> None:
        """Nothing."""

    def noted(self, note: str) -> None:
        """Nothing."""


@dataclasses.dataclass
class Session:
    """What every stage needs.

    Attributes:
        run: the run directory.
        execution: runner and options.
        listener: hears of progress.
        state: the content of ``run.json``.
        budget: how much may be held at one time.
    """

    run: RunDirectory
    execution: Execution
    listener: Listener
    state: dict[str, Any]
    budget: Budget

    def shardwise(self, step: str, tasks: Sequence[Task], work: ShardWork, *, plan: Plan | None = None) -> Plan:
        """Runs one step in which each task makes its own output."""
        chosen = plan or make_plan(step, tasks)

        def build(pipeline: beam.Pipeline) -> None:
            _ = pipeline | ProcessShards(store_plan(self.run, chosen), work)

        self.execute(chosen, build)
        return chosen

    def shuffle(
        self, plan: Plan, turns: Sequence[tuple[int, ...]], add: AddRound, *, watched: Plan | None = None
    ) -> list[Task]:
        """Runs a step whose outputs are made from a shuffle, in turns.

        Args:
            plan: of the outputs.
            turns: which of them each pipeline makes (`gristmill.pipelines.engine.rounds.rounds`).
            add: adds the shuffle to a pipeline, for one turn.
            watched: the outputs to wait for, if the shuffle makes more than those of ``plan``.

        Returns:
            The outputs that nothing fell into. The shuffle never called for them; their empty files are the caller's to
            write.
        """
        self.execute(watched or plan, *(functools.partial(add, wanted=turn) for turn in turns))
        return [plan.tasks[number] for number in make_plan(plan.step, plan.tasks).todo]

    def execute(self, plan: Plan, *builds: Callable[[beam.Pipeline], None]) -> None:
        """Runs the pipeline that ``build`` adds to, if the plan has anything to do; several run one after the other.

        Raises:
            WorkerError: a worker failed; its message names the shard.
        """
        began = time.monotonic()
        self.listener.started(plan.step, plan)
        self._record(plan, "running", 0.0)
        if plan.todo:
            with Watcher(plan, self.listener):
                weight = sum(plan.tasks[number].weight_bytes for number in plan.todo)
                for build in builds:
                    run_pipeline(self.execution, plan.step, weight, build)
        seconds = time.monotonic() - began
        self.listener.finished(plan.step, plan, seconds)
        self._record(plan, "done", seconds)

    def _record(self, plan: Plan, state: str, seconds: float) -> None:
        entry = {"state": state, "outputs": len(plan.tasks), "reused": plan.reused, "made": len(plan.todo)}
        self.state["stages"][plan.step] = {**entry, "seconds": round(seconds, 3)}
        self.run.write_state(self.state)


def run_pipeline(execution: Execution, step: str, input_bytes: int, build: Callable[[beam.Pipeline], None]) -> None:
    """Builds and runs one pipeline to its end.

    Raises:
        ConfigError: Beam refuses the options.
        WorkerError: it failed.
    """
    options = pipeline_options(execution, step=step, input_bytes=input_bytes)
    try:
        pipeline = beam.Pipeline(options=options)
    except ValueError as error:
        msg = f"{execution.runner} refuses its options: {error}"
        raise ConfigError(msg) from error
    build(pipeline)
    try:
        result = pipeline.run()
        state = result.wait_until_finish() or result.state
    except Exception as error:
        msg = f"{step} failed: {cause(error)}; what is committed stays, and the same command resumes"
        raise WorkerError(msg) from error
    if state not in {"DONE", "UPDATED"}:
        msg = f"{step} ended in state {state}; see the runner's own log; the same command resumes"
        raise WorkerError(msg)


def cause(error: BaseException) -> str:
    r"""The lines of a worker's failure that say what was wrong and where, without the traceback around them.

    >>> cause(RuntimeError("Traceback:\n  File x\nValueError: bad\nwhile extract worked on a/b"))
    'ValueError: bad (while extract worked on a/b)'
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    notes = [line for line in lines if line.startswith("while ")] or list(getattr(error, "__notes__", ()))
    named = [
        line
        for line in lines
        if line.partition(":")[0].rpartition(".")[2].endswith(("Error", "Exception", "Interrupt"))
    ]
    if not named and error.__context__ is not None:
        # Beam makes a RuntimeError of the last line of an error it cannot copy; of ours the last line is the note.
        named = [f"{type(error.__context__).__name__}: {error.__context__}"]
    what = (named or lines or [type(error).__name__])[-1 if named else 0]
    return f"{what} ({notes[0]})" if notes else what


class Watcher:
    """Counts committed outputs while a pipeline runs, because Beam's own metrics arrive only after it."""

    def __init__(self, plan: Plan, listener: Listener) -> None:
        self._plan, self._listener = plan, listener
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name=f"watch-{plan.step}")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        waiting = {self._plan.tasks[number].uri: self._plan.tasks[number] for number in self._plan.todo}
        folders = {uri.rpartition("/")[0] for uri in waiting}
        remote = any(storage.is_remote(folder) for folder in folders)
        done, weight = self._plan.reused, sum(task.weight_bytes for task in self._plan.tasks)
        pause = _POLL_SECONDS_REMOTE if remote else _POLL_SECONDS_LOCAL
        while not self._stop.wait(pause):
            began = time.monotonic()
            there = {entry.uri for folder in folders for entry in storage.walk(folder)}
            ready = done + sum(uri in there for uri in waiting)
            left = sum(task.weight_bytes for uri, task in waiting.items() if uri not in there)
            self._listener.progressed(self._plan.step, ready, weight - left)
            # Listing a hundred thousand files takes a while; watching must stay a small part of the work.
            pause = max(pause, 10 * (time.monotonic() - began))
