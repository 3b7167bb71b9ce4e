"""Lines and passages that repeat across documents, found and cut, at one size and at ten times it.

    python -m benchmarks.dedup.repeats [--documents 100000 1000000] [--workers 1]

Documents of about 1 KB made of sentences drawn from one pool (`planted`), a sentence a line, so that every line stands
in many of them: harder than a crawl, because most lines and most anchors repeat, while few passages do.

The steps of a run's repeats are measured alone: marks, shuffles, choices and the cuts written, for lines (C4's, in two
documents or more) and for passages of 50 tokens. Each is a process of its own, so that its peak memory is its own; CPU
seconds count it with its children, without start.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.dedup.near_dedup import texts_of
from benchmarks.dedup.near_dedup_ours import bench_section, bench_session, tasks
from benchmarks.measuring import machine, run_measured, say, versions
from gristmill.pipelines.repeats.repeats import LINES, PASSAGES, run_repeats
from gristmill.runs import RunDirectory
from gristmill.tables import read_counts

KINDS: dict[str, dict[str, Any]] = {
    LINES: {"lines": {"normalization": "c4", "min_documents": 2}},
    PASSAGES: {"substring": {"min_tokens": 50}},
}


def a_sentence_a_line(texts: Path) -> None:
    """Breaks the documents of JSON lines behind each sentence."""
    for path in texts.glob("*.jsonl"):
        lines = path.read_text(encoding="utf-8").split("\n")
        path.write_text("\n".join(re.sub(r"(?<=[.!?]) +", r"\\n", line) for line in lines), encoding="utf-8")


def cpu_seconds() -> float:
    """CPU seconds of this process and of its children that ended."""
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def cut(run: RunDirectory, kind: str, workers: int) -> dict[str, object]:
    """Finds and cuts the repeats of one kind in a prepared run."""
    chosen = {"near": False, **KINDS[kind]}
    session = bench_session(run, workers, "4 GB", **chosen)
    began, before = time.monotonic(), cpu_seconds()
    done, _ = run_repeats(session, bench_section("4 GB", **chosen), tasks(run), [])
    wall, cpu = time.monotonic() - began, cpu_seconds() - before
    counts = read_counts([task.uri for task in done])
    edited = sum(int(entry["edited"]) for entry in counts)
    steps = {name: entry["seconds"] for name, entry in session.state["stages"].items()}
    return {"edited": edited, "wall_seconds": round(wall, 1), "cpu_seconds": round(cpu, 1), "seconds": steps}


def main() -> None:
    """Prints one JSON line with a row for each kind and size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--kind", choices=sorted(KINDS), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.folder:
        print(json.dumps(cut(RunDirectory(str(arguments.folder)), arguments.kind, arguments.workers)))
        return
    about, rows = machine(), {}
    for documents in arguments.documents:
        with tempfile.TemporaryDirectory(prefix="gristmill-bench-") as temporary:
            say(f"{documents:,} documents ...")
            run = Path(temporary) / "run"
            texts = texts_of(Path(temporary), documents)
            a_sentence_a_line(texts)
            size = sum(path.stat().st_size for path in texts.glob("*.jsonl"))
            run_measured(
                [sys.executable, "-m", "benchmarks.dedup.near_dedup_ours", "prepare", texts, run], Path(temporary)
            )
            shutil.rmtree(texts)
            for kind in KINDS:
                program: list[str | Path] = [
                    sys.executable,
                    "-m",
                    "benchmarks.dedup.repeats",
                    "--folder",
                    run,
                    "--kind",
                    kind,
                ]
                measured = run_measured([*program, "--workers", str(arguments.workers)], Path(temporary))
                found = json.loads(measured.stdout.splitlines()[-1])
                rows[f"{kind} {documents}"] = {
                    **found,
                    "documents": documents,
                    "megabytes": round(size / 1e6),
                    "mb_per_cpu_second": round(size / 1e6 / found["cpu_seconds"], 2),
                    "peak_gb": round(measured.peak_bytes / 1e9, 2),
                }
    result = {"benchmark": "repeats", "machine": about, "workers": arguments.workers, "rows": rows}
    print(json.dumps({**result, "versions": versions("gristmill", "apache-beam", "numpy")}))


if __name__ == "__main__":
    main()
