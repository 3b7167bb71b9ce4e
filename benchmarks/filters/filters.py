"""The text kernels on one core: four rule sets beside datatrove's, all signals, and what size does to cost and memory.

    python -m benchmarks.filters.filters [--rounds N] [--documents N] [--gigabytes G]

Each text is judged by Gopher quality, Gopher repetition, C4 and FineWeb; ours in the variants that follow the papers,
and again in those that count as datatrove does. Megabytes of text per CPU second; kernels compiled, models loaded
before. The languages are given, for datatrove's filters do not identify them. ``--gigabytes`` is the most text that the
same process then measures in batches, to see that a megabyte costs the same after 1 MB as after gigabytes, and that
memory stays.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import chain, repeat
from pathlib import Path

import pyarrow as pa

from benchmarks.measuring import machine, pin_to_one_core, run_measured, say, versions
from benchmarks.peers import peer_python, pinned
from benchmarks.texts import megabytes, page_texts, write_jsonl
from gristmill.filters.rules.decide import decide
from gristmill.filters.rules.rules import parse_use, resolve
from gristmill.filters.signals import SIGNALS, measure_only, signals, warm_up

PAPERS = ("gopher_quality@paper", "gopher_repetition@paper", "c4@paper", "fineweb@whitespace")
COUNTED_ALIKE = ("gopher_quality@datatrove", "gopher_repetition@datatrove", "c4@datatrove", "fineweb@datatrove")


def judge(texts: pa.Array, entries: tuple[str, ...]) -> int:
    """Measures only what the rule sets need and judges; returns how many texts pass all of them."""
    rules = resolve([parse_use(entry) for entry in entries])
    names = list(dict.fromkeys(rule.signal for rule in rules))
    found = measure_only(texts, names)
    language = pa.DictionaryArray.from_arrays(pa.array([0] * len(texts), pa.int32()), pa.array(["en"]))
    kinds = pa.DictionaryArray.from_arrays(pa.array([0] * len(texts), pa.int32()), pa.array(["web"]))
    failed = decide(found.append_column("language", language), kinds, rules).column("failed_rules")
    return sum(not rules_failed for rules_failed in failed.to_pylist())


def cpu_seconds(work: Callable[[], object], rounds: int) -> float:
    """The median CPU time of a call, after one that is not counted, which takes memory from the system."""
    work()
    found = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return statistics.median(found)


def by_size(texts: list[str], gigabytes: float) -> list[dict[str, float]]:
    """CPU seconds per megabyte and peak memory after ever more text in one process, from the first megabyte on."""
    rows: list[dict[str, float]] = []
    done_mb, spent, checkpoint = 0.0, 0.0, 1.0
    first = next((n for n in range(1, len(texts)) if megabytes(texts[:n]) >= 1), len(texts))
    batches = chain([texts[:first], texts[first:]], repeat(texts))
    while done_mb < gigabytes * 1000:
        batch = next(batches)
        array, languages, size_mb = pa.array(batch, pa.large_string()), pa.array(["en"] * len(batch)), megabytes(batch)
        began = time.process_time()
        signals(array, languages=languages)
        spent += time.process_time() - began
        done_mb += size_mb
        if done_mb >= min(checkpoint, gigabytes * 1000):
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
            rows.append({"megabytes": round(done_mb), "mb_per_cpu_second": round(done_mb / spent, 1), "peak_mb": peak})
            say(f"{done_mb:,.0f} MB: {done_mb / spent:.1f} MB/s, {peak:,.0f} MB held at most")
            checkpoint *= 10
    return rows


def start_seconds() -> dict[str, float]:
    """Seconds to the first signals in a new process: with an empty cache of kernels, and with the one it filled."""
    code = "import time; t = time.perf_counter(); from gristmill.filters.signals import warm_up; warm_up()"
    code += "; print(time.perf_counter() - t)"
    with tempfile.TemporaryDirectory(prefix="gristmill-kernels-") as folder:
        command = [sys.executable, "-c", f"import os; os.environ['GRISTMILL_CACHE_DIR'] = {folder!r}; {code}"]
        runs = [subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout for _ in range(2)]
    return {"compiling": round(float(runs[0]), 1), "from_cache": round(float(runs[1]), 1)}


def main() -> None:
    """Prints one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--documents", type=int, default=760, help="pages of the default WARC files")
    parser.add_argument("--peer-documents", type=int, default=200, help="of those, for datatrove")
    parser.add_argument("--gigabytes", type=float, default=1.0, help="text for the figures by size; 0 leaves them out")
    arguments = parser.parse_args()
    peer, script = peer_python("datatrove"), Path(__file__).resolve().parent / "datatrove_four.py"
    about, pinning = machine(), pin_to_one_core()
    texts = page_texts(arguments.documents)
    few = texts[: arguments.peer_documents]
    array, size = pa.array(texts, pa.large_string()), megabytes(texts)
    warm_up()
    english = pa.array(["en"] * len(texts))
    rates = {
        "four rule sets": size / cpu_seconds(lambda: judge(array, PAPERS), arguments.rounds),
        "four rule sets, counted as datatrove": size
        / cpu_seconds(lambda: judge(array, COUNTED_ALIKE), arguments.rounds),
        "all signals": size / cpu_seconds(lambda: signals(array, languages=english), arguments.rounds),
        "all signals and languages": size / cpu_seconds(lambda: signals(array), arguments.rounds),
    }
    with tempfile.TemporaryDirectory(prefix="gristmill-bench-") as temporary:
        folder = Path(temporary)
        write_jsonl(few, folder / "texts.jsonl")
        runs = [
            json.loads(run_measured([peer, script, folder / "texts.jsonl"], folder).stdout)
            for _ in range(max(1, arguments.rounds - 1))
        ]
    rates["datatrove"] = megabytes(few) / statistics.median(run["cpu_seconds"] for run in runs)
    figures = {
        "benchmark": "filters",
        "machine": about,
        "pinning": pinning,
        "rounds": arguments.rounds,
        "versions": versions("gristmill", "numba") | pinned("datatrove", "datatrove", "spacy"),
        "documents": len(texts),
        "megabytes": round(size, 2),
        "signals": len(SIGNALS),
        "mb_per_cpu_second": {name: round(rate, 3 if rate < 1 else 1) for name, rate in rates.items()},
        "ratio": {name: round(rate / rates["datatrove"], 1) for name, rate in rates.items() if name != "datatrove"},
        "start_seconds": start_seconds(),
        "by_size": by_size(texts, arguments.gigabytes) if arguments.gigabytes else [],
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
