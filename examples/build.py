"""Rebuilds the example's data from pinned packages, or checks the files that are there.

Run from the repository root::

    python -m examples.build              # download, check, build, write MANIFEST.tsv
    python -m examples.build --check      # compare the files with MANIFEST.tsv; no network

It needs Debian's ``apt-get`` and ``dpkg-deb`` (bookworm), ``pip`` and ``npm``. ``ORIGINS.tsv`` pins every package by
version and sha256. The compressed files come out with the same bytes where zlib is the same; ``tokenizer.json`` where
the ``tokenizers`` library is.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from examples.crawl import handbook_archive, manuals_archive, mirror_archive
from examples.downloads import HERE, Origin, fetch, read_origins, sha256, unpack_deb
from examples.novels import write_novels
from examples.train_tokenizer import write_tokenizer

MANIFEST = HERE / "MANIFEST.tsv"
COLUMNS = ("path", "bytes", "sha256", "licence", "made_from", "notice")
_CACHE = Path.home() / ".cache" / "gristmill" / "examples"
_TEXTS = {
    "gutenberg-11": "alice-in-wonderland.txt",
    "gutenberg-11-1994": "alice-in-wonderland-1994.txt",
    "gutenberg-24675": "van-nievelt-ontboezemingen.txt",
    "aozora-788": "soseki-nakami-to-keishiki.txt",
}
_CODE = (
    "cobra-1.6.1",
    "express-4.21.2",
    "express-5.0.1",
    "itsdangerous-2.1.2",
    "itsdangerous-2.2.0",
    "jansson-2.14",
    "preact-10.25.4",
    "requests-2.32.3",
)
_INSIDE = "inside the file"


@dataclass(frozen=True)
class Built:
    """A data file, the rows of ``ORIGINS.tsv`` it was made from, and where its licence can be read.

    ``licence`` overrides the licences of the origins.
    """

    path: Path
    origins: tuple[str, ...]
    notice: str
    licence: str = ""


def _say(line: str) -> None:
    print(line, flush=True)


def _notice(package: Path) -> str:
    """Copies a Debian package's copyright file beside the data; returns its path below ``examples/``."""
    target = HERE / "licences" / f"{package.name}.txt"
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(package / "usr/share/doc" / package.name / "copyright", target)
    return target.relative_to(HERE).as_posix()


def _build_web(packages: dict[str, Path], target: Path) -> list[Built]:
    handbook, sqlite, debmake = (packages[name] for name in ("debian-handbook", "sqlite3-doc", "debmake-doc"))
    archives = {
        "handbook": (handbook_archive(handbook), (handbook,)),
        "manuals": (manuals_archive(sqlite, debmake), (debmake, sqlite)),
        "mirror": (mirror_archive(handbook), (handbook,)),
    }
    built = []
    for name, (data, origins) in archives.items():
        path = target / f"{name}.warc.gz"
        path.write_bytes(data)
        notices = ";".join(_notice(package) for package in origins)
        built.append(Built(path, tuple(package.name for package in origins), notices))
    return built


def _build_books(packages: dict[str, Path], fetched: dict[str, Path], target: Path) -> list[Built]:
    novels = packages["r-cran-janeaustenr"]
    built = [Built(path, (novels.name,), _notice(novels)) for path in write_novels(novels, target)]
    guide = packages["debmake-doc"]
    for language in ("de", "en"):
        path = target / f"debmake-doc.{language}.epub"
        shutil.copyfile(guide / "usr/share/doc/debmake-doc" / path.name, path)
        built.append(Built(path, (guide.name,), _notice(guide)))
    for name, file in _TEXTS.items():
        shutil.copyfile(fetched[name], target / file)
        built.append(Built(target / file, (name,), _INSIDE))
    return built


def _build_code(fetched: dict[str, Path], target: Path) -> list[Built]:
    built = []
    for name in _CODE:
        path = target / fetched[name].name
        shutil.copyfile(fetched[name], path)
        built.append(Built(path, (name,), _INSIDE))
    return built


def _write_manifest(built: list[Built], origins: dict[str, Origin]) -> None:
    rows = []
    for item in sorted(built, key=lambda item: item.path):
        licence = item.licence or " AND ".join(sorted({origins[name].licence for name in item.origins}))
        path = item.path.relative_to(HERE).as_posix()
        size = str(item.path.stat().st_size)
        rows.append((path, size, sha256(item.path), licence, ";".join(item.origins), item.notice))
    with MANIFEST.open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
        writer.writerows([COLUMNS, *rows])


def build(cache: Path) -> None:
    """Downloads what ``cache`` lacks, then writes ``data/``, ``licences/``, ``tokenizer.json`` and the manifest."""
    origins = read_origins()
    fetched: dict[str, Path] = {}
    for name, origin in origins.items():
        fetched[name] = fetch(origin, cache)
        _say(f"checked  {origin.file}  {origin.licence}")
    for folder in ("data/web", "data/books", "data/code"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
        (HERE / folder).mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        debs = [name for name, origin in origins.items() if origin.channel == "apt"]
        packages = {name: unpack_deb(fetched[name], Path(scratch)) for name in debs}
        built = _build_web(packages, HERE / "data/web")
        built += _build_books(packages, fetched, HERE / "data/books")
    built += _build_code(fetched, HERE / "data/code")
    write_tokenizer()
    built.append(Built(HERE / "tokenizer.json", ("data",), "../LICENSE", licence="Apache-2.0"))
    _write_manifest(built, origins)
    for item in built:
        _say(f"built    {item.path.relative_to(HERE)}  {item.path.stat().st_size:,} bytes")


def differences() -> list[str]:
    """How the files differ from ``MANIFEST.tsv``: one line for each missing, changed or unlisted file."""
    with MANIFEST.open(encoding="utf-8", newline="") as table:
        wanted = {row["path"]: row["sha256"] for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)}
    there = {path.relative_to(HERE).as_posix() for path in (HERE / "data").rglob("*") if path.is_file()}
    lines = [f"missing: {path}" for path in sorted(wanted) if not (HERE / path).is_file()]
    lines += [f"not in MANIFEST.tsv: {path}" for path in sorted(there - wanted.keys())]
    for path, digest in sorted(wanted.items()):
        found = sha256(HERE / path) if (HERE / path).is_file() else digest
        if found != digest:
            lines.append(f"changed: {path}: wanted sha256 {digest}, got {found}")
    return lines


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m examples.build", description="Rebuild the example's data.")
    parser.add_argument("--check", action="store_true", help="only compare the files with MANIFEST.tsv")
    parser.add_argument("--cache", type=Path, default=_CACHE, help="where downloads are kept (default: %(default)s)")
    arguments = parser.parse_args()
    if not arguments.check:
        build(arguments.cache)
    lines = differences()
    for line in lines:
        _say(line)
    if not lines:
        _say("every file is as MANIFEST.tsv says")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
