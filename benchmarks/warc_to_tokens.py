"""WARC to tokens on one core: Gristmill and datatrove, whole program against whole program, on the same files.

    python -m benchmarks.warc_to_tokens [--rounds N] [--documents N] [--no-peer] [WARC ...]

Three programs take turns, each in a process of its own, all on one core:

* ``gristmill run`` with trafilatura, the extractor that datatrove has: like for like;
* ``gristmill run`` with Resiliparse, its default;
* datatrove (see ``datatrove_pipeline.py``).

All read the same WARC files, apply the Gopher quality and C4 rules at the thresholds of their papers (but for the two
English stop words, since the pages are in many languages), remove near-duplicates by MinHash (14 bands of 8 rows, word
5-grams) and write token shards with the same tokenizer.json. What only one of them does stays in its time: Gristmill
also identifies languages, measures the signals of all other rules, removes exact duplicates, verifies near-duplicates
by their true Jaccard, writes checksums and the report. datatrove's language filter is left out because it downloads
its model.

Before the first round each program runs once on few pages, so that file caches and numba's compiled kernels are warm.
A document is an HTML page in the input, whether a tool reads it or not; a megabyte is 10^6 bytes of their HTTP bodies.
In each round a program runs on a few pages and on all of them. The second gives the rates of the whole program, imports
included; the difference of the two gives the rates of a long run, in which what a program does once no longer counts.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring import Measured, machine, median_by_key, pin_to_one_core, run_measured, say, versions
from benchmarks.peers import peer_python, pinned
from benchmarks.warc_inputs import ROOT, copy_pages, default_files

TOKENIZER = ROOT / "examples" / "tokenizer.json"
FEW_DOCUMENTS = 16
LONG_RUN_FACTOR = 5  # less between the two inputs, and their difference is noise
OURS = ("gristmill, trafilatura", "gristmill, resiliparse")
PEER = "datatrove, trafilatura"

_CONFIG = """
[run]
output = {output}
max_error_fraction = 0.01

[[source]]
name = "web"
kind = "warc"
paths = [{warcs}]
extractor = "{extractor}"

[rules]
use = [{{ name = "gopher_quality", thresholds = {{ min_stop_words = 0 }} }}, "c4@paper"]

[dedup]
near = {{ shingle = 5, bands = 14, rows = 8, min_jaccard = 0.8 }}

[tokenizer]
path = {tokenizer}
"""


@dataclass(frozen=True)
class Outcome:
    """One run of one program.

    Attributes:
        measured: wall and CPU seconds of the whole program.
        seconds: by stage, with ``start`` for what no stage accounts for: imports, reading the configuration.
        documents: after each step.
        tokens: written.
    """

    measured: Measured
    seconds: dict[str, float]
    documents: dict[str, int]
    tokens: int


@dataclass(frozen=True)
class Size:
    """Of an input: HTML pages, and bytes of their HTTP bodies."""

    documents: int
    payload_bytes: int

    def rates(self, seconds: float) -> dict[str, float]:
        """Documents and megabytes a second.

        >>> Size(30, 6_000_000).rates(2.0)
        {'documents': 15.0, 'mb': 3.0}
        """
        return {"documents": round(self.documents / seconds, 1), "mb": round(self.payload_bytes / 1e6 / seconds, 2)}


def with_start(seconds: dict[str, float], wall_seconds: float) -> dict[str, float]:
    """Stages that add up to the whole.

    >>> with_start({"extract": 3.0, "report": 1.0}, 4.5)
    {'start': 0.5, 'extract': 3.0, 'report': 1.0}
    """
    return {"start": wall_seconds - sum(seconds.values()), **seconds}


def run_gristmill(extractor: str, warcs: Path, tokenizer: Path, folder: Path) -> Outcome:
    """``gristmill run`` on a folder of WARC files."""
    config = folder / "run.toml"
    values = {"output": folder / "run", "warcs": warcs / "*", "tokenizer": tokenizer}
    config.write_text(_CONFIG.format(extractor=extractor, **{key: json.dumps(str(v)) for key, v in values.items()}))
    command: list[str | Path] = [Path(sys.executable).parent / "gristmill", "run", config, "--workers", "1", "--json"]
    measured = run_measured(command, folder)
    summary = json.loads(measured.stdout)
    web = summary["sources"]["web"]
    documents = {
        "read": web["documents"] + web["skipped"].get("no-text", 0),
        "extracted": web["documents"],
        "passed_rules": web["kept"] + web["duplicate"],
        "kept": web["kept"],
    }
    stages = {name: float(stage["seconds"]) for name, stage in summary["stages"].items()}
    return Outcome(measured, with_start(stages, measured.wall_seconds), documents, web["tokens"])


def run_datatrove(warcs: Path, tokenizer: Path, folder: Path) -> Outcome:
    """The pipelines of datatrove on the same folder.

    Raises:
        RuntimeError: pages failed in its extractor for another reason than their content; a figure would flatter.
    """
    script = Path(__file__).resolve().parent / "datatrove_pipeline.py"
    measured = run_measured([peer_python("datatrove"), script, warcs, tokenizer, folder / "out"], folder)
    result = json.loads(measured.stdout.splitlines()[-1])
    broken = {name: count for name, count in result["failures"].items() if count and name != "clean_error"}
    if broken:
        msg = f"datatrove lost pages in extraction: {broken}; its log: {folder / 'stderr'}"
        raise RuntimeError(msg)
    seconds = with_start(result["seconds"], measured.wall_seconds)
    return Outcome(measured, seconds, result["documents"], result["tokens"])


def summarize(few: Sequence[Outcome], full: Sequence[Outcome], sizes: tuple[Size, Size]) -> dict[str, Any]:
    """Medians over the rounds, and what came out of the last.

    Args:
        few: the runs on few pages.
        full: the runs on all.
        sizes: of the two inputs.
    """
    small, large = sizes
    result: dict[str, Any] = {}
    for kind in ("wall", "cpu"):
        short, long = (
            statistics.median(getattr(outcome.measured, f"{kind}_seconds") for outcome in outcomes)
            for outcomes in (few, full)
        )
        result |= {f"{kind}_seconds": round(long, 2)}
        result |= {f"{name}_per_{kind}_second": value for name, value in large.rates(long).items()}
        if large.documents >= LONG_RUN_FACTOR * small.documents and long > short:
            rest = Size(large.documents - small.documents, large.payload_bytes - small.payload_bytes)
            result |= {f"long_run_{kind}_seconds": round(long - short, 2)}
            result |= {f"long_run_{name}_per_{kind}_second": value for name, value in rest.rates(long - short).items()}
    stages = median_by_key(outcome.seconds for outcome in full)
    return {
        **result,
        "stage_seconds": {name: round(value, 2) for name, value in stages.items()},
        "documents": full[-1].documents,
        "tokens": full[-1].tokens,
    }


def ratios(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """How many times faster than the peer each of our rows is: whole program and long run, wall and CPU seconds.

    >>> rows = {"datatrove, trafilatura": {"wall_seconds": 9.0, "cpu_seconds": 8.0}}
    >>> ratios(rows | {"gristmill, trafilatura": {"wall_seconds": 3.0, "cpu_seconds": 2.0}})
    {'gristmill, trafilatura': {'wall': 3.0, 'cpu': 4.0}}
    """
    peer = rows.get(PEER, {})
    kinds = ("wall", "cpu", "long_run_wall", "long_run_cpu")
    return {
        name: {
            kind: round(peer[f"{kind}_seconds"] / row[f"{kind}_seconds"], 2)
            for kind in kinds
            if f"{kind}_seconds" in row and f"{kind}_seconds" in peer
        }
        for name, row in rows.items()
        if peer and name != PEER
    }


def copy_evenly(files: list[Path], folder: Path, limit: int) -> Size:
    """Copies the first pages of every file, about ``limit`` in all: no file is like another."""
    share = max(1, limit // len(files))
    copied = [Size(*copy_pages([file], folder, share)) for file in files]
    return Size(sum(size.documents for size in copied), sum(size.payload_bytes for size in copied))


def measure(files: list[Path], tokenizer: Path, rounds: int, limit: int | None, *, peer: bool) -> dict[str, Any]:
    """Warms up, then runs all programs in turn, ``rounds`` times.

    Args:
        files: WARC files.
        tokenizer: a tokenizer.json with the token ``<|endoftext|>``.
        rounds: how often each program runs.
        limit: HTML pages to take from the files; None for all.
        peer: whether datatrove takes part.
    """
    if peer:
        peer_python("datatrove")
    programs: dict[str, Callable[[Path, Path, Path], Outcome]] = {
        OURS[0]: lambda *paths: run_gristmill("trafilatura", *paths),
        OURS[1]: lambda *paths: run_gristmill("resiliparse", *paths),
        **({PEER: run_datatrove} if peer else {}),
    }
    about, pinning = machine(), pin_to_one_core()
    outcomes: dict[tuple[str, str], list[Outcome]] = {}
    with tempfile.TemporaryDirectory(prefix="gristmill-bench-") as temporary:
        scratch = Path(temporary)
        full = Size(*copy_pages(files, scratch / "full", limit))
        few = copy_evenly(files, scratch / "few", min(FEW_DOCUMENTS, full.documents))
        for number in range(rounds + 1):
            for name, part in itertools.product(programs, ("few", "full") if number else ("few",)):
                folder = Path(tempfile.mkdtemp(dir=scratch))
                outcome = programs[name](scratch / part, tokenizer, folder)
                took = f"{outcome.measured.wall_seconds:.1f} s wall, {outcome.measured.cpu_seconds:.1f} s CPU"
                say(f"{f'round {number}' if number else 'warm-up'}: {name}, {part}: {took}")
                if number:
                    outcomes.setdefault((name, part), []).append(outcome)
                shutil.rmtree(folder)
    rows = {name: summarize(outcomes[name, "few"], outcomes[name, "full"], (few, full)) for name in programs}
    own = versions("gristmill", "apache-beam", "trafilatura", "resiliparse", "fastwarc", "gigatoken", "numba")
    return {
        "benchmark": "warc_to_tokens",
        "machine": about,
        "pinning": pinning,
        "rounds": rounds,
        "input": {"files": [file.name for file in files], **dataclasses.asdict(full)},
        "versions": own | {f"peer {k}": v for k, v in pinned("datatrove", "datatrove", "trafilatura").items()},
        "rows": rows,
        "ratio_to_peer": ratios(rows),
    }


def main() -> None:
    """Prints one JSON line; progress goes to standard error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each program (default 3)")
    parser.add_argument("--documents", type=int, help="HTML pages to take from the files (default: all)")
    parser.add_argument("--tokenizer", type=Path, default=TOKENIZER)
    parser.add_argument("--no-peer", action="store_true", help="only Gristmill")
    parser.add_argument("files", type=Path, nargs="*", metavar="WARC")
    arguments = parser.parse_args()
    files = arguments.files or default_files()
    if not files or arguments.rounds < 1:
        parser.error("no WARC files, or no rounds")
    result = measure(files, arguments.tokenizer, arguments.rounds, arguments.documents, peer=not arguments.no_peer)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
