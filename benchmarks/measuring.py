"""Measuring whole programs on one core, fairly: the same core, in alternation, wall and CPU seconds, medians."""

from __future__ import annotations

import datetime as dt
import os
import platform
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Measured:
    """What one program took.

    Attributes:
        wall_seconds: from start to exit.
        cpu_seconds: user and system time of the program and all its children.
        stdout: what it printed.
        peak_bytes: most memory it and its children held at one time, sampled; see `Sampler`. 0 where that is unknown.
    """

    wall_seconds: float
    cpu_seconds: float
    stdout: str
    peak_bytes: int = 0


class ProgramFailedError(RuntimeError):
    """A measured program ended with an error; a figure from it would be worthless."""


def pin_to_one_core() -> str:
    """Keeps this process and every program it starts on one core; says what was done."""
    if not hasattr(os, "sched_setaffinity"):
        return "not pinned: this system cannot"
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return f"pinned to core {core}"


def run_measured(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None) -> Measured:
    """Runs a program to its end.

    Args:
        command: program and arguments.
        folder: where its two output streams are kept.
        environment: variables to add.

    Raises:
        ProgramFailedError: it ended with another status than 0; the message holds the end of what it wrote.
    """
    out, err = folder / "stdout", folder / "stderr"
    began = os.times().elapsed
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [str(part) for part in command], stdout=stdout, stderr=stderr, env={**os.environ, **(environment or {})}
        )
        with Sampler(process.pid) as sampler:
            _, status, usage = os.wait4(process.pid, 0)
    wall = os.times().elapsed - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        tail = "\n".join(err.read_text(errors="replace").splitlines()[-25:])
        msg = f"{command[0]} ended with status {process.returncode}:\n{tail}"
        raise ProgramFailedError(msg)
    cpu_seconds = max(usage.ru_utime + usage.ru_stime, sampler.cpu_seconds)
    return Measured(wall, cpu_seconds, out.read_text(), sampler.peak_bytes)


class Sampler:
    """Samples memory and time of a process and all its descendants, several times a second; needs Linux's /proc.

    Pages that several of them share count once for each, so the figure is rather too high than too low. Files that are
    mapped count while they are in memory. CPU seconds are those of every descendant when it was last seen: the system's
    own sum leaves out the children of a process that does not wait for them, as a fork server's are.
    """

    def __init__(self, root: int, pause_seconds: float = 0.2) -> None:
        self.peak_bytes = 0
        self._ticks: dict[int, int] = {}
        self._root, self._pause = root, pause_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(self._pause):
            family = tree(self._root)
            self.peak_bytes = max(self.peak_bytes, sum(resident for resident, _ in family.values()))
            self._ticks |= {process: ticks for process, (_, ticks) in family.items()}

    @property
    def cpu_seconds(self) -> float:
        """User and system time of all that were seen."""
        return sum(self._ticks.values()) / os.sysconf("SC_CLK_TCK")


def tree(root: int) -> dict[int, tuple[int, int]]:
    """Resident bytes and clock ticks of a process and its descendants at this moment; empty without /proc.

    >>> os.getpid() in tree(os.getpid()) or not Path("/proc/self/stat").exists()
    True
    """
    parents, held = {}, {}
    page = os.sysconf("SC_PAGE_SIZE")
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        parents[int(folder.name)] = int(fields[1])
        held[int(folder.name)] = int(fields[21]) * page, int(fields[11]) + int(fields[12])
    family, growing = {root}, True
    while growing:
        found = {process for process, parent in parents.items() if parent in family} - family
        family |= found
        growing = bool(found)
    return {process: held[process] for process in family if process in held}


def median_by_key(rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The median of each key over the rows; a row without the key does not count for it.

    >>> median_by_key([{"a": 1.0}, {"a": 5.0}, {"a": 2.0, "b": 4.0}])
    {'a': 2.0, 'b': 4.0}
    """
    values: dict[str, list[float]] = {}
    for row in rows:
        for key, value in row.items():
            values.setdefault(key, []).append(value)
    return {key: statistics.median(found) for key, found in values.items()}


def machine() -> dict[str, str]:
    """What a figure must be read with: date, processor, cores, memory, system, Python, load before the start."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": f"{os.getloadavg()[0]:.1f}",
    }


def versions(*packages: str) -> dict[str, str]:
    """The installed versions of packages of our own environment."""
    return {package: metadata.version(package) for package in packages}


def say(text: str) -> None:
    """Tells the person who waits; standard output is for the result."""
    print(text, file=sys.stderr, flush=True)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
