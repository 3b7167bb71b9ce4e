"""The training log, one JSON object per line, each step once however often a run was resumed; and the live line."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from gristmill.train_hooks.evaluation import HeldOutFigures, Validation


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


class TrainLog:
    """Appends records to ``log.jsonl``; lines after the step a run resumes from are dropped first.

    Args:
        path: the file.
        resumed_step: the step of the checkpoint, 0 for a new run.
    """

    def __init__(self, path: Path, resumed_step: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = [line for line in _whole_lines(path) if json.loads(line)["step"] <= resumed_step] if resumed_step else []
        temporary = path.with_name(f"_tmp-{path.name}")
        temporary.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        temporary.replace(path)
        self._stream: TextIO = path.open("a", encoding="utf-8")

    def write(self, kind: str, record: dict[str, Any]) -> None:
        """Appends one line: ``kind`` and the record's fields."""
        self._stream.write(json.dumps({"kind": kind, **record}, allow_nan=False) + "\n")
        self._stream.flush()

    def step(self, record: StepRecord) -> None:
        """Appends a line of kind ``step``."""
        self.write("step", dataclasses.asdict(record))

    def validation(self, step: int, validation: Validation) -> None:
        """Appends a line of kind ``validation``."""
        figures = {
            **_figures(validation.overall),
            "bytes_by": validation.bytes_by,
            "by_source": {name: _figures(figures) for name, figures in validation.by_source.items()},
        }
        self.write("validation", {"step": step, **figures})

    def close(self) -> None:
        """Closes the file."""
        self._stream.close()


class ProgressLine:
    """A live line on standard error: step, loss, tokens per second, validation; nothing where it is not a terminal.

    Args:
        steps: in all.
        done: steps of the checkpoint.
        show: whether to show anything.
    """

    def __init__(self, steps: int, done: int, *, show: bool) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("pretrain"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not (show and console.is_terminal),
        )
        self._task: TaskID = self._progress.add_task("pretrain", total=steps, completed=done, figures="")
        self._validation = ""

    def step(self, record: StepRecord) -> None:
        """Shows a step."""
        mfu = "" if record.mfu is None else f"  MFU {record.mfu:.1%}"
        figures = f"loss {record.loss:.3f}  {record.tokens_per_second:,.0f} tokens/s{mfu}{self._validation}"
        self._progress.update(self._task, completed=record.step, figures=figures)

    def validation(self, validation: Validation) -> None:
        """Shows a validation until the next one."""
        overall = validation.overall
        self._validation = f"  validation {overall.loss:.3f} ({overall.bits_per_byte:.3f} bits/byte)"

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()


def _figures(figures: HeldOutFigures) -> dict[str, float | None]:
    """The figures as JSON knows them: a mean over nothing is null, not NaN."""
    return {name: None if math.isnan(value) else value for name, value in dataclasses.asdict(figures).items()}


def _whole_lines(path: Path) -> list[str]:
    """The lines of a log, a last one cut off by a crash left out."""
    if not path.is_file():
        return []
    return [line for line in path.read_text(encoding="utf-8").splitlines(keepends=False) if line.endswith("}")]
