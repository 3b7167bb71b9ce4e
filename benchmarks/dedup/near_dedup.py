"""Near-deduplication from texts to the list of duplicates: ours, rensa with its LSH, datatrove's four MinHash stages.

    python -m benchmarks.dedup.near_dedup [--documents 1000000] [--datatrove-documents 5000] [--workers N]
        [--folder DIR]

All read the same documents of about 1 KB (see ``planted.py``) and use 14 bands of 8 rows over word 5-grams.

* **Ours** is the dedup stage of a run in one process (``--workers 2`` for two; each costs some CPU seconds to start in
  every step): signatures, join, components, and the true Jaccard similarity of every candidate before anything is
  removed. It also finds exact copies.
* **rensa** runs in one process (its batches use no second core), its shingles made in Python; *flags* is its fastest
  way and only says that a document has a neighbour, *candidates* says which. It compares no texts.
* **datatrove** runs its four stages with two workers on the first documents only, because all of them would take hours.
  It removes whole components unverified, and writes the texts that stay, which the others do not.

Figures are CPU seconds of a program with all its children, from start to exit, per document; wall seconds beside them.
datatrove's start is part of its time: some seconds.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.dedup import planted
from benchmarks.measuring import Measured, machine, run_measured, say, versions
from benchmarks.peers import peer_python, pinned

HERE = Path(__file__).resolve().parent
DATATROVE_WORKERS = 2
SEED = 17


@contextmanager
def working_folder(given: Path | None) -> Iterator[Path]:
    """The folder given, which stays, or a temporary one."""
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="gristmill-bench-") as temporary:
        yield Path(temporary)


def texts_of(folder: Path, documents: int) -> Path:
    """The first documents as JSON lines, written unless they are there."""
    texts = folder / f"texts-{documents}"
    if not (texts / "done").exists():
        planted.write(texts, documents, SEED)
        (texts / "done").touch()
    return texts


def row(measured: Measured, documents: int, cpu_seconds: float | None = None) -> dict[str, Any]:
    """What is reported of one program."""
    seconds = measured.cpu_seconds if cpu_seconds is None else cpu_seconds
    return {
        "documents": documents,
        "wall_seconds": round(measured.wall_seconds, 1),
        "cpu_seconds": round(seconds, 1),
        "cpu_microseconds_per_document": round(seconds / documents * 1e6, 1),
        "peak_gb": round(measured.peak_bytes / 1e9, 2),
        "found": json.loads(measured.stdout.splitlines()[-1]),
    }


def ours(folder: Path, documents: int, workers: int = 1) -> dict[str, Any]:
    """Our dedup stage over prepared documents."""
    program = [sys.executable, "-m", "benchmarks.dedup.near_dedup_ours"]
    run = folder / f"run-{documents}"
    shutil.rmtree(run, ignore_errors=True)
    run_measured([*program, "prepare", texts_of(folder, documents), run], folder)
    measured = run_measured([*program, "dedup", run, "--workers", str(workers)], folder)
    shutil.rmtree(run)
    return row(measured, documents)


def rensa(folder: Path, documents: int) -> dict[str, dict[str, Any]]:
    """Rensa's two ways; the steps of each are summed from its own clock, so that each is charged its own only."""
    command = [peer_python("rensa"), HERE / "rensa_dedup.py", texts_of(folder, documents)]
    measured = run_measured(command, folder)
    seconds = json.loads(measured.stdout.splitlines()[-1])["cpu_seconds"]
    shared = seconds["read"] + seconds["shingles"] + seconds["signatures"]
    return {
        f"rensa, {name}": row(measured, documents, shared + seconds[name]) | {"wall_seconds": "-"}
        for name in ("flags", "candidates")
    }


def datatrove(folder: Path, documents: int) -> dict[str, Any]:
    """Datatrove's four stages, two files so that both workers have one."""
    texts, output = folder / f"datatrove-{documents}", folder / "datatrove"
    shutil.rmtree(output, ignore_errors=True)
    texts.mkdir(exist_ok=True)
    lines = (texts_of(folder, documents) / "part-0000.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    for number in range(DATATROVE_WORKERS):
        (texts / f"{number}.jsonl").write_text("\n".join(lines[number::DATATROVE_WORKERS]) + "\n", encoding="utf-8")
    command: list[str | Path] = [peer_python("datatrove"), HERE / "datatrove_minhash.py", texts, output]
    measured = run_measured([*command, str(DATATROVE_WORKERS)], folder)
    shutil.rmtree(output)
    return row(measured, documents)


def main() -> None:
    """Prints one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--datatrove-documents", type=int, default=5_000)
    parser.add_argument("--workers", type=int, default=1, help="our processes")
    parser.add_argument("--folder", type=Path, help="keep the texts here, for another time")
    arguments = parser.parse_args()
    about, rows = machine(), {}
    with working_folder(arguments.folder) as folder:
        ours(folder, 2_000)  # numba's kernels compile at the first use
        for documents in dict.fromkeys((arguments.datatrove_documents, arguments.documents)):
            say(f"ours on {documents:,} documents ...")
            rows[f"gristmill, {documents:,} documents"] = ours(folder, documents, arguments.workers)
        say("rensa ...")
        rows |= rensa(folder, arguments.documents)
        say("datatrove ...")
        rows["datatrove"] = datatrove(folder, arguments.datatrove_documents)
    best = rows[f"gristmill, {arguments.documents:,} documents"]["cpu_microseconds_per_document"]
    ratio = {
        name: round(found["cpu_microseconds_per_document"] / best, 1)
        for name, found in rows.items()
        if not name.startswith("gristmill")
    }
    known = versions("gristmill", "apache-beam") | pinned("rensa", "rensa") | pinned("datatrove", "datatrove")
    result = {"benchmark": "near_dedup", "machine": about, "workers": arguments.workers, "rows": rows, "ratio": ratio}
    print(json.dumps({**result, "versions": known}))


if __name__ == "__main__":
    main()
