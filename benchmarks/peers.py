"""The virtual environments of the peers: made when absent, from pinned versions, never mixed with our own.

    python -m benchmarks.peers            # makes or brings up to date every peer's environment

``peer_requirements/NAME.txt`` pins every package of ``.venv-NAME``; nothing else is installed. Dolma's list holds only
what its Gopher tagger imports. datatrove's holds one package that its own extras forget: without ``lxml_html_clean``
its Trafilatura extractor cannot import, and reports each page as a timeout.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = Path(__file__).resolve().parent / "peer_requirements"


def peers() -> list[str]:
    """The peers that have an environment.

    >>> peers()
    ['datatrove', 'dolma', 'rensa']
    """
    return sorted(file.stem for file in REQUIREMENTS.glob("*.txt"))


def peer_python(name: str) -> Path:
    """The interpreter of a peer's environment, which is made or brought up to date first.

    Args:
        name: one of :func:`peers`.

    Raises:
        subprocess.CalledProcessError: pip could not install the pinned versions.
    """
    requirements = REQUIREMENTS / f"{name}.txt"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    home = ROOT / f".venv-{name}"
    python, stamp = home / "bin" / "python", home / ".installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"installing {name} into {home.name} ...", file=sys.stderr)
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
    pip = [
        str(python),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--quiet",
        "install",
        "--prefer-binary",
        "--no-deps",
    ]
    subprocess.run([*pip, "--requirement", requirements], check=True, stdout=sys.stderr)
    stamp.write_text(wanted)
    return python


def pinned(name: str, *packages: str) -> dict[str, str]:
    """The pinned versions of some packages of a peer.

    >>> pinned("rensa", "rensa")
    {'rensa': '0.5.0'}
    """
    lines = (REQUIREMENTS / f"{name}.txt").read_text().splitlines()
    versions = dict(line.split("==", 1) for line in lines if "==" in line)
    return {package: versions[package] for package in packages}


if __name__ == "__main__":
    for peer in peers():
        print(peer_python(peer))
