"""10,000 new documents against an index of a million: seconds, memory and bytes, on one core.

    python -m benchmarks.dedup.index [--documents N] [--queries N]

Signatures are made, not computed from text: uniform values, and among the queries a tenth are copies of indexed
documents with a tenth of their values replaced, a tenth exact copies. The query is a process of its own, so that its
peak memory is its own; it opens the index, looks up band keys and exact hashes, estimates and keeps the best. Reading
old texts to verify is not part of it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.measuring import machine, pin_to_one_core, run_measured, versions
from gristmill.dedup.index.changes import Rows, add
from gristmill.dedup.index.files import Index, stored_files
from gristmill.dedup.index.format import DOCUMENT_TABLE, Parameters
from gristmill.dedup.index.query import candidates
from gristmill.dedup.signatures.banding import BandPlan, band_keys

PARAMETERS = Parameters(5, "word", "casefold", 14, 8)
PIECE = 10_000


def made(start: int, count: int) -> Rows:
    """Documents ``start`` and following; the same numbers always give the same rows."""
    numbers = np.arange(start, start + count, dtype=np.uint64)
    ids = np.stack([numbers.byteswap(), numbers.byteswap() ^ np.uint64(0x9E3779B97F4A7C15)], axis=1)
    fixed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), count, [None, pa.py_buffer(ids.tobytes())])
    hashes = np.random.default_rng([start, 1]).integers(0, 2**64, (count, 2), dtype=np.uint64)
    exact = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), count, [None, pa.py_buffer(hashes.tobytes())])
    columns = {
        "doc_id": fixed,
        "run": pa.array(np.zeros(count, np.int32)),
        "source": pa.array(["web"] * count),
        "shard": pa.array([f"part-{start}"] * count),
        "row": pa.array(np.arange(count)),
        "uri": pa.array([f"https://example.org/pages/{number}.html" for number in numbers.tolist()], pa.large_string()),
        "text_bytes": pa.array(np.full(count, 1000)),
        "exact": exact,
    }
    signatures = np.random.default_rng([start, 2]).integers(0, 2**32, (count, 112), dtype=np.uint32)
    return pa.table([columns[name] for name in DOCUMENT_TABLE.names], schema=DOCUMENT_TABLE), signatures


def pieces(documents: int) -> Iterator[Rows]:
    """The whole corpus."""
    for start in range(0, documents, PIECE):
        yield made(start, min(PIECE, documents - start))


def queries(count: int, documents: int) -> Rows:
    """New documents, of which one in ten is an exact copy of an indexed one and one in ten a near copy."""
    table, signatures = made(1 << 40, count)
    old, held = made(0, min(PIECE, documents))
    share = min(count // 10, len(old))
    exact = pa.concat_arrays(
        [old.column("exact").combine_chunks()[:share], table.column("exact").combine_chunks()[share:]]
    )
    near = slice(share, min(2 * share, len(old)))
    replaced = np.random.default_rng(3).random((near.stop - near.start, 112)) < 0.1
    signatures[near] = np.where(replaced, signatures[near], held[near])
    return table.set_column(table.schema.get_field_index("exact"), "exact", exact), signatures


def resident_mb() -> dict[str, float]:
    """Memory of this process: its peak, what it holds itself, and pages of mapped files.

    The peak that ``getrusage`` tells is that of the process before ``exec`` too, so it is read from Linux's files.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    pairs = (line.split(":") for line in lines)
    return {name: int(rest.split()[0]) / 1000 for name, rest in pairs if name in {"VmHWM", "RssAnon", "RssFile"}}


def ask(uri: str, count: int, documents: int) -> dict[str, float]:
    """Times a query in this process."""
    table, signatures = queries(count, documents)
    band_keys(signatures[:2], BandPlan(14, 8))  # loads the compiled kernel, which is no part of a query
    before = resident_mb()
    began, cpu = time.perf_counter(), time.process_time()
    found = candidates(Index(uri), table.column("exact").combine_chunks(), signatures)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    after = resident_mb()
    return {
        "query_seconds": round(seconds, 2),
        "query_cpu_seconds": round(cpu, 2),
        "query_peak_mb": after["VmHWM"],
        "query_mapped_mb": round(after["RssFile"] - before["RssFile"], 1),
        "query_own_mb": round(after["RssAnon"] - before["RssAnon"], 1),
        "documents_with_candidates": len(np.unique(found.row)),
    }


def main() -> None:
    """Prints one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--ask", metavar="INDEX", help="only query this index (the benchmark starts itself so)")
    arguments = parser.parse_args()
    if arguments.ask:
        print(json.dumps(ask(arguments.ask, arguments.queries, arguments.documents)))
        return
    about, pinning = machine(), pin_to_one_core()
    with tempfile.TemporaryDirectory(prefix="gristmill-bench-") as temporary:
        uri = str(Path(temporary) / "index")
        began = time.process_time()
        head = add(uri, pieces(arguments.documents), name="made", run_uri="none", parameters=PARAMETERS, create=True)
        built = time.process_time() - began
        build_peak = resident_mb()["VmHWM"]
        command = [sys.executable, "-m", "benchmarks.dedup.index", "--ask", uri]
        command += ["--documents", str(arguments.documents), "--queries", str(arguments.queries)]
        asked = json.loads(run_measured(command, Path(temporary)).stdout)
        sizes = {file.path.rpartition("/")[2]: 0 for file in stored_files(head)}
        for file in stored_files(head):
            sizes[file.path.rpartition("/")[2]] += file.bytes
    figures = {
        "benchmark": "index",
        "machine": about,
        "pinning": pinning,
        "versions": versions("gristmill", "numpy", "pyarrow"),
        "documents": arguments.documents,
        "queries": arguments.queries,
        "build_cpu_seconds": round(built, 1),
        "build_peak_mb": build_peak,
        "bytes": sizes,
        **asked,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
