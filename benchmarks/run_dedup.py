"""Every benchmark of deduplication: ours, peer, ratio and peak memory in one table.

    python -m benchmarks.run_dedup [--quick] [--only NAME ...] [--save]      # or: make bench-dedup

``--quick`` takes few documents, to see that everything runs. ``--save`` writes ``results-dedup.json`` and
``RESULTS-dedup.md`` beside this file; results of benchmarks that were not run again stay as they are. Full size takes
about an hour on two idle cores, most of it rensa's and datatrove's, and 10 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.dedup.minhash import ours_beside
from benchmarks.headlines import markdown
from benchmarks.run_all import run
from benchmarks.warc_inputs import ROOT

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results-dedup.json"
HEAD = ("what", "ours", "peer", "ratio", "peak memory (ours, peer)")
HEADING = """\
# Deduplication, last measured

Written by `python -m benchmarks.run_dedup --save`; how to read it: [README.md](README.md). Each program says with
`--help` what it compares."""
Rows = Iterator[tuple[object, ...]]


def programs(*, quick: bool) -> dict[str, list[str]]:
    """Arguments of each benchmark by the name of its module."""
    if quick:
        return {
            "minhash": ["--rounds", "1", "--documents", "60"],
            "near_dedup": ["--documents", "4000", "--datatrove-documents", "400"],
            "join_scale": ["--documents", "20000", "200000"],
            "components": ["--edges", "200000"],
            "index": ["--documents", "20000", "--queries", "1000"],
            "repeats": ["--documents", "2000", "4000"],
            "recall": ["--documents", "4000"],
        }
    return {
        "minhash": [],
        "near_dedup": [],
        "join_scale": [],
        "components": [],
        "index": [],
        "repeats": [],
        "recall": ["--svg", str(ROOT / "docs" / "recall.svg")],
    }


def minhash_rows(result: Mapping[str, Any]) -> Rows:
    """Signatures beside each peer."""
    rate = result["mb_per_cpu_second"]
    for name, ratio in result["ratio"].items():
        ours = f"{rate[ours_beside(name)]} MB/CPU second"
        yield f"signatures, 112 permutations, beside {name}", ours, f"{rate[name]} MB/CPU second", ratio, "-"


def near_rows(result: Mapping[str, Any]) -> Rows:
    """Whole near-deduplication beside each peer, then ours at each size."""
    own = [row for name, row in result["rows"].items() if name.startswith("gristmill")]
    best = own[-1]
    for name, ratio in result["ratio"].items():
        row = result["rows"][name]
        yield (
            f"near-dedup of {best['documents']:,} documents, beside {name} on {row['documents']:,}",
            f"{best['cpu_microseconds_per_document']} CPU µs/document",
            f"{row['cpu_microseconds_per_document']} CPU µs/document",
            ratio,
            f"{best['peak_gb']} GB, {row['peak_gb']} GB",
        )
    for row in own:
        rate = f"{row['cpu_microseconds_per_document']} CPU µs/document, {row['wall_seconds']} s"
        yield f"near-dedup of {row['documents']:,} documents", rate, "-", "-", f"{row['peak_gb']} GB"


def join_rows(result: Mapping[str, Any]) -> Rows:
    """The join at each size; the ratio is that of the time per document to that of the first size."""
    rows = list(result["rows"].items())
    first = rows[0][1]["cpu_microseconds_per_document"]
    for documents, row in rows:
        rate = f"{row['cpu_microseconds_per_document']} CPU µs/document, {row['wall_seconds']} s"
        ratio = round(row["cpu_microseconds_per_document"] / first, 2)
        yield (
            f"join of {int(documents):,} signatures",
            rate,
            f"{int(rows[0][0]):,} signatures",
            ratio,
            f"{row['peak_gb']} GB",
        )


def component_rows(result: Mapping[str, Any]) -> Rows:
    """Components by each way."""
    same = "the same bytes" if result["same_bytes"] else "OTHER BYTES"
    for name, row in result["rows"].items():
        rate = f"{row['cpu_seconds']} CPU s, {row['wall_seconds']} s"
        yield f"components of {result['edges']:,} edges, {name} ({same})", rate, "-", "-", f"{row['peak_gb']} GB"


def index_rows(result: Mapping[str, Any]) -> Rows:
    """Building an index and asking it."""
    seconds = f"{result['build_cpu_seconds']} CPU s"
    yield (
        f"index of {result['documents']:,} documents, built",
        seconds,
        "-",
        "-",
        f"{result['build_peak_mb'] / 1e3:.2f} GB",
    )
    asked = f"{result['query_cpu_seconds']} CPU s"
    peak = f"{result['query_peak_mb'] / 1e3:.2f} GB"
    yield f"{result['queries']:,} documents against it", asked, "-", "-", peak


def repeat_rows(result: Mapping[str, Any]) -> Rows:
    """Repeated lines and passages at each size."""
    for name, row in result["rows"].items():
        what = f"{name.split()[0].replace('_', ' ')} of {row['documents']:,} documents ({row['megabytes']:,} MB), cut"
        rate = f"{row['mb_per_cpu_second']} MB/CPU second, {row['wall_seconds']} s"
        yield what, rate, "-", "-", f"{row['peak_gb']} GB"


def recall_rows(result: Mapping[str, Any]) -> Rows:
    """Recall beside theory; the ratio is the share of removed documents below the minimum, which must be 0."""
    recall, theory = result["recall_from_0.8"], result["theory_from_0.8"]
    what = f"recall of {result['documents']:,} documents with planted copies"
    yield f"{what}, pairs of .8 and above", f"{recall:.1%}", f"theory {theory:.1%}", round(recall / theory, 3), "-"
    yield f"{what}, pairs of .9 and above", f"{result['recall_from_0.9']:.1%}", "-", "-", "-"
    yield (
        "of these, removed below .8 to the kept one",
        f"{result['removed_below_minimum']} of {result['removed']:,}",
        "-",
        "-",
        "-",
    )


ROWS = {
    "minhash": minhash_rows,
    "near_dedup": near_rows,
    "join_scale": join_rows,
    "components": component_rows,
    "index": index_rows,
    "repeats": repeat_rows,
    "recall": recall_rows,
}
"""How the result of each benchmark is shown."""


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """All figures in one Markdown table."""
    return markdown(HEAD, [row for name, result in results.items() for row in ROWS[name](result)])


def page(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The whole of ``RESULTS-dedup.md``."""
    versions = {key: value for result in results.values() for key, value in result.get("versions", {}).items()}
    dates = [(name, *(result["machine"][key] for key in ("date", "load_before"))) for name, result in results.items()]
    about = next(iter(results.values()))["machine"]
    parts = [
        HEADING,
        markdown(("", ""), [(key, about[key]) for key in ("processor", "cores", "memory", "system", "python")]),
        markdown(("benchmark", "date", "load before"), dates),
        "Versions: " + ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) + ".",
        table(results),
    ]
    return "\n\n".join(parts) + "\n"


def main() -> int:
    """Prints the table; returns 1 if a benchmark failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few documents")
    parser.add_argument("--only", nargs="+", choices=sorted(ROWS), help="these benchmarks; all by default")
    parser.add_argument("--save", action="store_true", help="write results-dedup.json and RESULTS-dedup.md")
    arguments = parser.parse_args()
    chosen = {
        name: options for name, options in programs(quick=arguments.quick).items() if name in (arguments.only or ROWS)
    }
    found = {name: run(name, options) for name, options in chosen.items()}
    results = {name: result for name, result in found.items() if result is not None}
    print(table(results))
    if arguments.save and results:
        before = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        merged = {name: (before | results)[name] for name in ROWS if name in before | results}
        RESULTS.write_text(json.dumps(merged, indent=1) + "\n")
        (HERE / "RESULTS-dedup.md").write_text(page(merged))
    return int(len(results) < len(found))


if __name__ == "__main__":
    sys.exit(main())
