"""Every benchmark of filtering: speed beside the peer, and what is found on labelled sets, in one table.

    python -m benchmarks.run_filters [--quick] [--only NAME ...] [--save]      # or: make bench-filters

``--quick`` takes one round over few pages, to see that everything runs. ``--save`` writes ``results-filters.json`` and
``RESULTS-filters.md`` beside this file; results of benchmarks that were not run again stay as they are.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.headlines import markdown
from benchmarks.run_all import run

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results-filters.json"
LEFT_OUT = ("benchmark", "machine", "pinning", "rounds", "versions", "evidence", "examples")
HEADING = """\
# Filtering, last measured

Written by `python -m benchmarks.run_filters --save`; how to read it: [README.md](README.md). Each program says with
`--help` what it compares. Rates are megabytes of text per CPU second of one core where nothing else is said."""


def programs(*, quick: bool) -> dict[str, list[str]]:
    """Arguments of each benchmark by the name of its module."""
    return {
        "filters": ["--rounds", "1", "--documents", "60", "--gigabytes", "0"] if quick else ["--gigabytes", "10"],
        "language": ["--rounds", "1", "--documents", "60"] if quick else [],
        "decide": [],
        "sweep": [],
        "url_lists": ["--rounds", "1"] if quick else [],
        "pii": [],
        "decontamination": [],
    }


def figures(value: Any, name: str = "") -> Iterator[tuple[str, object]]:
    """Every number, and every list of numbers, of a result with the path to it.

    >>> list(figures({"rate": {"ours": 2.5, "peer": 1}, "machine": {"cores": 2}}))
    [('rate, ours', 2.5), ('rate, peer', 1)]
    >>> list(figures({"recall": {"verbatim": [0.5, 1.0]}}))
    [('recall, verbatim', '0.5 / 1.0')]
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in LEFT_OUT:
                yield from figures(inner, f"{name}, {key}" if name else str(key))
    elif isinstance(value, list) and value and all(isinstance(inner, int | float) for inner in value):
        yield name.replace("_", " "), " / ".join(str(inner) for inner in value)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            if isinstance(inner, Mapping):
                yield from figures(inner, f"{name} {place + 1}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield name.replace("_", " "), value


def page(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The whole of ``RESULTS-filters.md``."""
    parts = [HEADING]
    for name, result in results.items():
        about = result.get("machine", {})
        machine = ", ".join(f"{key} {value}" for key, value in about.items()) if isinstance(about, Mapping) else about
        parts += [f"## {name}", f"Machine: {machine}.", markdown(("figure", "value"), list(figures(result)))]
    return "\n\n".join(parts) + "\n"


def main() -> int:
    """Prints the page; returns 1 if a benchmark failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round over few pages")
    parser.add_argument("--only", nargs="+", choices=list(programs(quick=True)), help="some of the benchmarks")
    parser.add_argument("--save", action="store_true", help="write results-filters.json and RESULTS-filters.md")
    arguments = parser.parse_args()
    chosen = {k: v for k, v in programs(quick=arguments.quick).items() if not arguments.only or k in arguments.only}
    found = {name: run(name, options) for name, options in chosen.items()}
    held: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() and arguments.save else {}
    results = {**held, **{name: result for name, result in found.items() if result is not None}}
    print(page(results))
    if arguments.save:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
        (HERE / "RESULTS-filters.md").write_text(page(results))
    return int(any(result is None for result in found.values()))


if __name__ == "__main__":
    sys.exit(main())
