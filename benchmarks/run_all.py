"""Every benchmark with its defaults, one table: the figures of the README.

    python -m benchmarks.run_all [--quick] [--rounds N] [--only NAME ...] [--save]      # or: make bench

``--quick`` takes one round over few pages, to see that everything runs. ``--save`` writes ``results.json`` and
``RESULTS.md`` beside this file; do that on an idle machine. Results of
benchmarks that were not run again stay as they are.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import headlines
from benchmarks.measuring import say
from benchmarks.warc_inputs import ROOT

HERE = Path(__file__).resolve().parent


def bpe_arguments(shared: Path) -> list[str]:
    """The texts and tokenizer for ``bpe.py``: its defaults where the shared data lie, else the example's.

    Args:
        shared: the folder of the shared data, which need not exist.
    """
    if (shared / "books" / "text").is_dir() and (shared / "tokenizers").is_dir():
        return []
    books = sorted((ROOT / "examples" / "data" / "books").glob("*.txt"))
    return ["--tokenizer", str(ROOT / "examples" / "tokenizer.json"), *map(str, books)]


def programs(*, quick: bool, rounds: int | None = None) -> dict[str, list[str]]:
    """Arguments of each benchmark by the name of its module; ``rounds`` as each has it by default if not given."""
    few = [*(["--rounds", str(rounds)] if rounds else []), *(["--documents", "60"] if quick else [])]
    return {
        "warc_to_tokens": few,
        "gopher_c4": few,
        "minhash": few,
        "bpe": [*(["--megabytes", "0.5"] if quick else []), *bpe_arguments(ROOT.parent / "shared" / "data")],
    }


def module_of(name: str) -> str:
    """The module of a benchmark, in whichever folder it lies.

    >>> module_of("minhash"), module_of("bpe")
    ('benchmarks.dedup.minhash', 'benchmarks.bpe')
    """
    (path,) = HERE.rglob(f"{name}.py")
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def run(name: str, arguments: list[str]) -> dict[str, Any] | None:
    """The result of one benchmark; None if it failed, after it has said why."""
    began = time.monotonic()
    say(f"--- {name} {' '.join(arguments)}")
    command = [sys.executable, "-m", module_of(name), *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    say(f"--- {name}: status {done.returncode} after {time.monotonic() - began:.0f} s")
    if done.returncode:
        return None
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> int:
    """Prints the table; returns 1 if a benchmark failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round over few pages")
    parser.add_argument("--rounds", type=int, help="of each benchmark that has rounds")
    parser.add_argument("--only", nargs="+", choices=list(programs(quick=True)), help="some of the benchmarks")
    parser.add_argument("--save", action="store_true", help="write results.json and RESULTS.md")
    arguments = parser.parse_args()
    rounds = 1 if arguments.quick else arguments.rounds
    every = programs(quick=arguments.quick, rounds=rounds)
    chosen = {name: options for name, options in every.items() if not arguments.only or name in arguments.only}
    found = {name: run(name, options) for name, options in chosen.items()}
    saved = HERE / "results.json"
    held: dict[str, Any] = json.loads(saved.read_text()) if saved.exists() and arguments.save else {}
    results = {**held, **{name: result for name, result in found.items() if result is not None}}
    print(headlines.table(results))
    if arguments.save and None not in found.values():
        saved.write_text(json.dumps(results, indent=1) + "\n")
        (HERE / "RESULTS.md").write_text(
            headlines.page(results, " ".join(["python -m benchmarks.run_all", *sys.argv[1:]]))
        )
    return int(None in found.values())


if __name__ == "__main__":
    sys.exit(main())
