"""Connected components of many candidate pairs: by scipy in memory, and over files, range of documents after range.

    python -m benchmarks.dedup.components [--edges 50000000]

Three quarters join documents at random, one quarter are links of long chains: a graph that is harder than the stars a
real join gives. All ways read the same files of edges and write the same file of components, each in a process of its
own. The last has a memory that takes several ranges more.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.dedup.near_dedup_ours import bench_session
from benchmarks.measuring import machine, run_measured, say, versions
from gristmill import storage
from gristmill.pipelines.dedup.components_step import components_uri, group_candidates
from gristmill.pipelines.dedup.join import edge_batch, write_local_edges
from gristmill.pipelines.engine.plan import Task
from gristmill.runs import RunDirectory
from gristmill.tables import read_counts

FILES = 20
GROUP = 1 << 20
MEMORY = {"scipy": "32 GB", "ranges over files": "2 GB", "smaller ranges over files": "500 MB"}


def edge_tasks(run: RunDirectory) -> list[Task]:
    """The files of edges."""
    names = [f"part-{number:05d}.parquet" for number in range(FILES)]
    return [Task(run.path("dedup", "edges", name), "bench", None, 1, number=n) for n, name in enumerate(names)]


def write_edges(run: RunDirectory, edges: int) -> None:
    """Three quarters of the edges join documents at random, sparsely; one quarter are links of shuffled chains."""
    documents = 4 * edges
    for number, task in enumerate(edge_tasks(run)):
        rng = np.random.default_rng(number)
        links = edges // FILES // 4  # each file holds one piece of a chain, whose nodes are its own
        nodes = rng.permutation(documents // FILES // 4)[: links + 1] * FILES + number
        ends = [rng.integers(0, documents, (edges // FILES - links, 2)), np.stack([nodes[:-1], nodes[1:]], axis=1)]
        whole = np.concatenate(ends)[: edges // FILES]
        batches = [
            edge_batch(part.min(axis=1), part.max(axis=1)) for part in np.split(whole, range(GROUP, len(whole), GROUP))
        ]
        write_local_edges(run.uri, task, batches)


def group(folder: Path, edges: int, memory: str) -> dict[str, object]:
    """Components of the edges in a folder, and the digest of the file."""
    session = bench_session(RunDirectory(str(folder)), 1, memory)
    if storage.exists(components_uri(session.run)):
        storage.delete(components_uri(session.run))
    began = time.monotonic()
    group_candidates(session, edge_tasks(session.run), "bench", 4 * edges)
    wall = time.monotonic() - began
    (counts,) = read_counts([components_uri(session.run)])
    digest = hashlib.sha256(Path(components_uri(session.run)).read_bytes()).hexdigest()
    return {"wall_seconds": round(wall, 1), **counts, "sha256": digest}


def main() -> None:
    """Prints one JSON line with a row for each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edges", type=int, default=50_000_000)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--memory", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.folder:
        print(json.dumps(group(arguments.folder, arguments.edges, arguments.memory)))
        return
    about, rows = machine(), {}
    with tempfile.TemporaryDirectory(prefix="gristmill-bench-") as temporary:
        folder = Path(temporary) / "run"
        write_edges(RunDirectory(str(folder)), arguments.edges)
        for name, memory in MEMORY.items():
            say(f"{arguments.edges:,} edges by {name} ...")
            program: list[str | Path] = [
                sys.executable,
                "-m",
                "benchmarks.dedup.components",
                "--folder",
                folder,
                "--memory",
                memory,
            ]
            measured = run_measured([*program, "--edges", str(arguments.edges)], Path(temporary))
            rows[name] = json.loads(measured.stdout.splitlines()[-1]) | {
                "cpu_seconds": round(measured.cpu_seconds, 1),
                "peak_gb": round(measured.peak_bytes / 1e9, 2),
            }
    same = len({row["sha256"] for row in rows.values()}) == 1
    result = {"benchmark": "components", "machine": about, "edges": arguments.edges, "rows": rows, "same_bytes": same}
    print(json.dumps({**result, "versions": versions("gristmill", "apache-beam", "scipy")}))


if __name__ == "__main__":
    main()
