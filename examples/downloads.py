"""Fetches the pinned packages of ``ORIGINS.tsv`` through apt-get, pip, npm or HTTP and checks every sha256."""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Origin:
    """One row of ``ORIGINS.tsv``: a package, where it comes from, and under which licence (SPDX) it may be used."""

    name: str
    channel: str
    package: str
    file: str
    sha256: str
    licence: str
    copyright: str


def read_origins() -> dict[str, Origin]:
    """The rows of ``ORIGINS.tsv`` by name."""
    with (HERE / "ORIGINS.tsv").open(encoding="utf-8", newline="") as table:
        rows = csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["name"]: Origin(**row) for row in rows}


def sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _command(origin: Origin) -> list[str]:
    if origin.channel == "apt":
        return ["apt-get", "download", "--quiet", origin.package]
    if origin.channel == "npm":
        return ["npm", "pack", "--silent", origin.package]
    form = "--only-binary=:all:" if origin.file.endswith(".whl") else "--no-binary=:all:"
    return [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", form, origin.package]


def fetch(origin: Origin, folder: Path) -> Path:
    """The path of the package in ``folder``, downloaded if it is not there yet.

    Raises:
        ValueError: the bytes are not the ones that ``ORIGINS.tsv`` promises.
        OSError: the download failed. A version that has left the Debian archive is on https://snapshot.debian.org;
            put the file into ``folder`` by hand.
    """
    path = folder / origin.file
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        if origin.channel == "url":
            with urllib.request.urlopen(origin.package, timeout=60) as reply:
                path.write_bytes(reply.read())
        else:
            subprocess.run(_command(origin), cwd=folder, check=True)
    found = sha256(path)
    if found != origin.sha256:
        msg = f"{path}: wanted sha256 {origin.sha256}, got {found}; delete the file and run again"
        raise ValueError(msg)
    return path


def unpack_deb(package: Path, target: Path) -> Path:
    """Unpacks a Debian package below ``target`` and returns its folder; file times are those of the package."""
    folder = target / package.name.split("_")[0]
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["dpkg-deb", "--extract", str(package), str(folder)], check=True)
    return folder
