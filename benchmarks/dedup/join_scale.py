"""The join of synthetic signatures, at one size and at ten times it: does time per document stay?

    python -m benchmarks.dedup.join_scale [--documents 1000000 10000000]

Random signatures of 112 values, of which one in ten is copied in eight of its bands from an earlier one of its shard or
the shard before, are written as fingerprints; then keys, buckets, candidate pairs and components are made by the dedup
stage of a run, in one process for each size. CPU seconds do not count its start; its peak memory is sampled.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.dedup.near_dedup_ours import bench_section, bench_session
from benchmarks.measuring import machine, run_measured, say, versions
from gristmill import storage
from gristmill.config.dedup_config import NearSection
from gristmill.inputs import RawShard
from gristmill.pipelines.dedup.components_step import components_uri
from gristmill.pipelines.dedup.fingerprint import FOLDER, fingerprint_schema
from gristmill.pipelines.dedup.stage import find_candidates
from gristmill.pipelines.engine.plan import Task
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter, read_counts

SHARD_DOCUMENTS = 500_000
GROUP = 50_000
COPIED_BANDS = 8
COPY_OF = 10


def shards(documents: int) -> list[RawShard]:
    """As many shards as the documents fill."""
    count = -(-documents // SHARD_DOCUMENTS)
    names = [f"part-{number:04d}" for number in range(count)]
    return [RawShard(number, "web", name, name, name, 1, "", f"bench:{name}") for number, name in enumerate(names)]


def task_of(run: RunDirectory, shard: RawShard) -> Task:
    """The fingerprints of one shard."""
    return Task(run.shard(FOLDER, shard), shard.checksum, shard, 1, first=shard.index * SHARD_DOCUMENTS)


def write_fingerprints(run: RunDirectory, documents: int) -> None:
    """Synthetic signatures with planted agreement; the same for the same number."""
    near = NearSection()
    schema = fingerprint_schema(near)
    before = np.zeros((0, near.bands * near.rows), np.uint32)
    for shard in shards(documents):
        rng = np.random.default_rng(shard.index)
        rows = min(SHARD_DOCUMENTS, documents - shard.index * SHARD_DOCUMENTS)
        uri = task_of(run, shard).uri
        with storage.committing(uri, run=run.uri) as path, ShardWriter(path, schema, shard.checksum) as writer:
            for first in range(0, rows, GROUP):
                count = min(GROUP, rows - first)
                values = rng.integers(0, 2**32 - 1, (count, near.bands * near.rows), dtype=np.uint32)
                if len(before):
                    copies = np.arange(0, count, COPY_OF)
                    of = rng.integers(0, len(before), len(copies))
                    values[copies, : COPIED_BANDS * near.rows] = before[of, : COPIED_BANDS * near.rows]
                before = values
                columns = [
                    pa.array(np.arange(first, first + count)),
                    pa.array([bytes(16)] * count, schema.field("doc_id").type),
                    pa.FixedSizeBinaryArray.from_buffers(
                        pa.binary(16), count, [None, pa.py_buffer(rng.bytes(16 * count))]
                    ),
                    pa.array(np.full(count, 1000)),
                    pa.FixedSizeListArray.from_arrays(
                        pa.array(values.reshape(-1)), type=schema.field("signature").type
                    ),
                ]
                writer.write(pa.RecordBatch.from_arrays(columns, schema=schema))
            writer.finish({"documents": rows, "rows": rows})


def join(folder: Path, documents: int) -> dict[str, object]:
    """Keys, buckets and components of the fingerprints in a folder."""
    session = bench_session(RunDirectory(str(folder)), 1, "4 GB")
    began, before = time.monotonic(), time.process_time()
    find_candidates(
        session, bench_section("4 GB"), [task_of(session.run, shard) for shard in shards(documents)], documents
    )
    (counts,) = read_counts([components_uri(session.run)])
    seconds = {name: entry["seconds"] for name, entry in session.state["stages"].items()}
    wall, cpu = time.monotonic() - began, time.process_time() - before
    return {"wall_seconds": round(wall, 1), "cpu_seconds": round(cpu, 1), "seconds": seconds, **counts}


def main() -> None:
    """Prints one JSON line with a row for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.folder:
        print(json.dumps(join(arguments.folder, arguments.documents[0])))
        return
    about, rows = machine(), {}
    for documents in arguments.documents:
        with tempfile.TemporaryDirectory(prefix="gristmill-bench-") as temporary:
            folder = Path(temporary) / "run"
            say(f"{documents:,} signatures ...")
            write_fingerprints(RunDirectory(str(folder)), documents)
            program: list[str | Path] = [sys.executable, "-m", "benchmarks.dedup.join_scale", "--folder", folder]
            measured = run_measured([*program, "--documents", str(documents)], Path(temporary))
            found = json.loads(measured.stdout.splitlines()[-1])
            shutil.rmtree(folder)
        rows[str(documents)] = {
            **found,
            "peak_gb": round(measured.peak_bytes / 1e9, 2),
            "cpu_microseconds_per_document": round(found["cpu_seconds"] / documents * 1e6, 2),
            "wall_microseconds_per_document": round(found["wall_seconds"] / documents * 1e6, 2),
        }
    result = {"benchmark": "join_scale", "machine": about, "rows": rows}
    print(json.dumps({**result, "versions": versions("gristmill", "apache-beam", "numpy")}))


if __name__ == "__main__":
    main()
