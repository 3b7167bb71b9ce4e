"""Which Pythons and platforms the core installs on from wheels alone: what pip finds for each, as a Markdown table.

    python -m benchmarks.wheels [--python 3.13] [--platform linux-aarch64] [--extra train] [--folder FOLDER]

For each pair pip downloads the requirements of setup.py and all that they require, with ``--only-binary=:all:`` and the
tags of the pair, into a folder that is emptied afterwards (about 250 MB a pair, without torch). pip evaluates the
conditions of requirements (``; python_version < "3.13"``) for the interpreter that runs it, not for the one that is
asked about. So the metadata of what came is read again, with the conditions of the pair, and what pip left out is asked
for too, until nothing is missing. A pair for which pip finds no solution lists the requirements that have no wheel.
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from benchmarks.measuring import say
from benchmarks.warc_inputs import ROOT

PYTHONS = ("3.11", "3.12", "3.13", "3.14")

GLIBC, MACOS = 28, 14
"""The newest tags that are offered: glibc 2.28 (Debian 10, RHEL 8, 2018 and later) and macOS 14."""

_ROUNDS = 5


@dataclass(frozen=True)
class Platform:
    """One platform: how people call it, the tags of its wheels, and what conditions of requirements see."""

    title: str
    tags: tuple[str, ...]
    markers: dict[str, str]


def _linux(machine: str, title: str) -> Platform:
    tags = (f"manylinux2014_{machine}", *(f"manylinux_2_{minor}_{machine}" for minor in range(17, GLIBC + 1)))
    return Platform(title, tags, {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": machine})


PLATFORMS = {
    "linux-x86_64": _linux("x86_64", "Linux x86-64"),
    "linux-aarch64": _linux("aarch64", "Linux aarch64"),
    "macos-arm64": Platform(
        "macOS arm64",
        tuple(f"macosx_{major}_0_arm64" for major in range(11, MACOS + 1)),
        {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
    ),
}


@dataclass(frozen=True)
class Outcome:
    """What pip found for a pair.

    Attributes:
        packages: wheels, those of requirements of requirements too.
        total_bytes: their size together.
        without: requirements that have no wheel, or what pip says where it finds no solution for all of them.
    """

    packages: int
    total_bytes: int
    without: tuple[str, ...]


def requirements(extras: list[str]) -> list[str]:
    """The core requirements of setup.py, and those of some extras."""
    found: dict[str, object] = {}
    for node in ast.parse((ROOT / "setup.py").read_text()).body:
        name = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(node, ast.Assign) and isinstance(name, ast.Name) and name.id in {"CORE", "EXTRAS"}:
            found[name.id] = ast.literal_eval(node.value)
    core, by_extra = found["CORE"], found["EXTRAS"]
    assert isinstance(core, list)
    assert isinstance(by_extra, dict)
    return [*core, *(name for extra in extras for name in by_extra[extra])]


def environment(python: str, platform: Platform) -> dict[str, str]:
    """What conditions of requirements see on a pair.

    >>> environment("3.13", PLATFORMS["macos-arm64"])["python_version"]
    '3.13'
    """
    about = {"implementation_name": "cpython", "platform_python_implementation": "CPython", "os_name": "posix"}
    full = f"{python}.0"
    versions = {"python_version": python, "python_full_version": full, "implementation_version": full}
    return about | versions | platform.markers | {"platform_release": "", "platform_version": "", "extra": ""}


def download(wanted: list[str], python: str, platform: Platform, folder: Path, *options: str) -> str | None:
    """Downloads wheels for a pair; what pip says if it cannot."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", *options]
    command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", python, "--dest", str(folder)]
    for abi in (f"cp{python.replace('.', '')}", "abi3", "none"):
        command += ["--abi", abi]
    for tag in platform.tags:
        command += ["--platform", tag]
    done = subprocess.run([*command, *wanted], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else " ".join(re.findall(r"^ERROR: (.*)$", done.stderr, re.MULTILINE))


def requires(wheel: Path) -> list[Requirement]:
    """The requirements in the metadata of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        headers = HeaderParser().parsestr(archive.read(name).decode())
    return [Requirement(line) for line in headers.get_all("Requires-Dist") or []]


def left_out(folder: Path, roots: list[str], seen: dict[str, str]) -> list[str]:
    """Requirements that hold on a pair and that no wheel of a folder meets.

    Args:
        folder: of wheels.
        roots: what was asked for.
        seen: from `environment`.
    """
    wheels = {parse_wheel_filename(path.name)[0]: path for path in folder.glob("*.whl")}
    waiting, done, missing = [Requirement(root) for root in roots], set(), []
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if str(one) in done:
            continue
        done.add(str(one))
        if name not in wheels or not one.specifier.contains(
            parse_wheel_filename(wheels[name].name)[1], prereleases=True
        ):
            missing.append(f"{one.name}{_bracketed(one.extras)}{one.specifier}")
            continue
        for child in requires(wheels[name]):
            extras = ("", *one.extras)
            if child.marker is None or any(child.marker.evaluate({**seen, "extra": extra}) for extra in extras):
                waiting.append(child)
    return missing


def _bracketed(extras: set[str]) -> str:
    return f"[{','.join(sorted(extras))}]" if extras else ""


def check(roots: list[str], python: str, platform: Platform, base: Path | None) -> Outcome:
    """What pip finds for a pair; leaves nothing behind."""
    with tempfile.TemporaryDirectory(dir=base) as name:
        folder, asked = Path(name), list(roots)
        for _ in range(_ROUNDS):
            problem = download(asked, python, platform, folder)
            if problem is not None:
                alone = [one for one in asked if download([one], python, platform, folder, "--no-deps") is not None]
                return Outcome(0, 0, tuple(alone) or (problem,))
            more = left_out(folder, asked, environment(python, platform))
            if not more:
                sizes = [path.stat().st_size for path in folder.glob("*.whl")]
                return Outcome(len(sizes), sum(sizes), ())
            asked += more
            for path in folder.iterdir():  # another choice of versions would lie beside the first
                path.unlink()
    return Outcome(0, 0, (f"no end after {_ROUNDS} rounds: {', '.join(more)}",))


def cell(outcome: Outcome) -> str:
    """An outcome as the table shows it.

    >>> cell(Outcome(76, 240_400_000, ())), cell(Outcome(0, 0, ("numba>=0.61",)))
    ('76 wheels, 240 MB', 'no wheel: numba>=0.61')
    """
    if outcome.without:
        return f"no wheel: {', '.join(outcome.without)}"
    return f"{outcome.packages} wheels, {outcome.total_bytes / 1e6:.0f} MB"


def main() -> None:
    """Prints the table as it grows, a row a Python; exits with 1 if a pair lacks a wheel."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", choices=PYTHONS, help="only this one (repeat for more)")
    parser.add_argument("--platform", action="append", choices=list(PLATFORMS), help="only this one (repeat for more)")
    parser.add_argument("--extra", action="append", default=[], help="and the requirements of this extra of setup.py")
    parser.add_argument("--folder", type=Path, help="where wheels lie for a while (default: the system's)")
    given = parser.parse_args()
    roots, names = requirements(given.extra), given.platform or list(PLATFORMS)
    print("| Python | " + " | ".join(PLATFORMS[name].title for name in names) + " |")
    print("|---" * (len(names) + 1) + "|", flush=True)
    lacking = False
    for python in given.python or PYTHONS:
        row = []
        for name in names:
            say(f"{len(roots)} requirements for CPython {python} on {name} ...")
            outcome = check(roots, python, PLATFORMS[name], given.folder)
            lacking |= bool(outcome.without)
            row.append(cell(outcome))
        print(f"| {python} | " + " | ".join(row) + " |", flush=True)
    sys.exit(lacking)


if __name__ == "__main__":
    main()
