"""The training log, one JSON object per line, each step once however often a run was resumed; and the live line."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gristmill.train_hooks.trainer.evaluation import HeldOutFigures, Validation


@dataclasses.dataclass(frozen=True)
class StepRecord:
    """One optimiser step, over all ranks.

    Attributes:
        step: counted from 1.
        loss: mean nats per label token, before the step's update.
        learning_rate: of the step.
        gradient_norm: before clipping.
        tokens: places consumed since the first step.
        label_tokens: places of this step that had a label.
        epoch: whole epochs consumed.
        seconds: of this step, reading the windows included.
        tokens_per_second: of this step, over all ranks.
        mfu: model FLOPs utilisation, 0 to 1; None where the device's peak is not known.
    """

    step: int
    loss: float
    learning_rate: float
    gradient_norm: float
    tokens: int
    label_tokens: int
    epoch: int
    seconds: float
    tokens_per_second: float
    mfu: float | None


class RunReport:
    """What a run tells: ``log.jsonl``, and a live line on standard error where that is a terminal.

    Lines of the log after the step a run resumes from are dropped first. Ranks but the first say nothing.

    Args:
        log: the file.
        steps: of the run, in all.
        resumed_step: the step of the checkpoint, 0 for a new run.
        write: whether this is the first rank.
        show: whether to show the live line.
    """

    def __init__(self, log: Path, steps: int, resumed_step: int, *, write: bool, show: bool) -> None:
        self._stream: TextIO | None = _opened(log, resumed_step) if write else None
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("pretrain"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not (write and show and console.is_terminal),
        )
        self._task = self._progress.add_task("pretrain", total=steps, completed=resumed_step, figures="")
        self._shown_validation = ""

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
        if self._stream:
            self._stream.close()

    def start(self, facts: dict[str, Any]) -> None:
        """What is trained; once per start and resume."""
        self._write("start", facts)

    def step(self, record: StepRecord) -> None:
        """One optimiser step."""
        self._write("step", dataclasses.asdict(record))
        mfu = "" if record.mfu is None else f"  MFU {record.mfu:.1%}"
        figures = f"loss {record.loss:.3f}  {record.tokens_per_second:,.0f} tokens/s{mfu}{self._shown_validation}"
        self._progress.update(self._task, completed=record.step, figures=figures)

    def validation(self, step: int, validation: Validation) -> None:
        """A validation; shown until the next one."""
        by_source = {name: _figures(figures) for name, figures in validation.by_source.items()}
        overall = validation.overall
        record = {"step": step, **_figures(overall), "bytes_by": validation.bytes_by, "by_source": by_source}
        self._write("validation", record)
        self._shown_validation = f"  validation {overall.loss:.3f} ({overall.bits_per_byte:.3f} bits/byte)"

    def _write(self, kind: str, record: dict[str, Any]) -> None:
        if self._stream:
            self._stream.write(json.dumps({"kind": kind, **record}, allow_nan=False) + "\n")
            self._stream.flush()


def _opened(path: Path, resumed_step: int) -> TextIO:
    """The log, ready to be appended to: without what came after the step a run resumes from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = [line for line in _whole_lines(path) if json.loads(line)["step"] <= resumed_step] if resumed_step else []
    temporary = path.with_name(f"_tmp-{path.name}")
    temporary.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    temporary.replace(path)
    return path.open("a", encoding="utf-8")


def _figures(figures: HeldOutFigures) -> dict[str, float | None]:
    """The figures as JSON knows them: a mean over nothing is null, not NaN."""
    return {name: None if math.isnan(value) else value for name, value in dataclasses.asdict(figures).items()}


def _whole_lines(path: Path) -> list[str]:
    """The lines of a log, a last one cut off by a crash left out."""
    if not path.is_file():
        return []
    return [line for line in path.read_text(encoding="utf-8").splitlines(keepends=False) if line.endswith("}")]
