"""Does the core install from wheels alone? Every pair of CPython and platform that docs/install.md promises.

    python -m benchmarks.wheels [--python 3.13] [--platform macos-arm64] [--extra train]

pip resolves the requirements of setup.py for each pair as it would on that machine, from wheels only, and says which
file it would fetch for each package; nothing is downloaded but metadata. A minute a pair. What is missing is named; the
exit status is 1 then.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measuring import say
from benchmarks.warc_inputs import ROOT

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = {
    "linux-x86_64": [f"manylinux{tag}_x86_64" for tag in ("2014", "_2_17", "_2_24", "_2_26", "_2_27", "_2_28")],
    "linux-aarch64": [f"manylinux{tag}_aarch64" for tag in ("2014", "_2_17", "_2_24", "_2_26", "_2_27", "_2_28")],
    "macos-arm64": [f"macosx_{version}_0_arm64" for version in (11, 12, 13, 14)],
}
"""What pip accepts on each: glibc 2.28 and newer (Debian 10, RHEL 8), macOS 14 and newer on Apple's processors."""


def requirements(extra: str | None = None) -> list[str]:
    """The requirements of setup.py: the core, or an extra.

    >>> any(line.startswith("numba") for line in requirements())
    True
    """
    names: dict[str, Any] = {"CORE": [], "EXTRAS": {}}
    for node in ast.parse((ROOT / "setup.py").read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in names:
            names[node.targets[0].id] = ast.literal_eval(node.value)
    wanted: list[str] = names["EXTRAS"][extra] if extra else names["CORE"]
    return wanted


def resolved(wanted: list[str], python: str, platform: str) -> tuple[list[str], str]:
    """The files pip would fetch for a pair, and what it says where it finds none.

    Args:
        wanted: requirements.
        python: version of CPython.
        platform: a key of `PLATFORMS`.
    """
    tags = [word for tag in PLATFORMS[platform] for word in ("--platform", tag)]
    with tempfile.TemporaryDirectory(prefix="gristmill-wheels-") as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--dry-run"]
        command += ["--ignore-installed", "--target", folder, "--only-binary", ":all:", "--implementation", "cp"]
        command += ["--python-version", python, *tags, "--report", str(report), *wanted]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not report.exists():
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            return [], " ".join(errors) or done.stderr[-500:]
        files = [
            entry["download_info"]["url"].rsplit("/", 1)[-1] for entry in json.loads(report.read_text())["install"]
        ]
        return sorted(files), ""


def missing(said: str) -> str:
    """The requirement that pip found no wheel for.

    >>> missing("ERROR: No matching distribution found for fasttext-numpy2-wheel>=0.9.2")
    'fasttext-numpy2-wheel>=0.9.2'
    """
    found = re.search(r"No matching distribution found for (\S+)", said)
    return found[1] if found else said[:200]


def main() -> int:
    """Prints the table; 1 if a pair cannot be installed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", nargs="+", choices=PYTHONS, default=PYTHONS)
    parser.add_argument("--platform", nargs="+", choices=tuple(PLATFORMS), default=tuple(PLATFORMS))
    parser.add_argument("--extra", help="check an extra of setup.py in place of the core")
    arguments = parser.parse_args()
    wanted = requirements(arguments.extra)
    failed = False
    print(f"| CPython | {' | '.join(arguments.platform)} |\n|---|{'---|' * len(arguments.platform)}")
    for python in arguments.python:
        cells = []
        for platform in arguments.platform:
            say(f"{python} on {platform} ...")
            files, said = resolved(wanted, python, platform)
            failed |= bool(said)
            cells.append(f"no wheel: {missing(said)}" if said else f"{len(files)} wheels")
        print(f"| {python} | {' | '.join(cells)} |", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
