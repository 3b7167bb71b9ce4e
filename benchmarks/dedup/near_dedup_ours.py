"""Near-deduplication of JSON lines by the dedup stage of a run, alone.

    python -m benchmarks.dedup.near_dedup_ours prepare JSONL_FOLDER RUN
    python -m benchmarks.dedup.near_dedup_ours dedup RUN [--workers N] [--memory "4 GB"]

``prepare`` writes ``documents/`` and ``decisions/`` as extract and decide would, one shard a file; ``dedup`` runs
fingerprint, join, components and resolve over them, and prints one JSON object: documents, duplicates, seconds by step.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from gristmill import storage
from gristmill.config.dedup_config import DedupSection
from gristmill.documents import DOCUMENT_SCHEMA
from gristmill.inputs import RawShard
from gristmill.pipelines.dedup.choices import DedupChoices
from gristmill.pipelines.dedup.stage import number_documents, run_dedup
from gristmill.pipelines.engine.options import Budget, Execution
from gristmill.pipelines.engine.plan import Task
from gristmill.pipelines.engine.session import Session, Silent
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter, read_counts

ROW_GROUP = 8_000
SCHEMA = pa.schema([DOCUMENT_SCHEMA.field(name) for name in ("doc_id", "uri", "text", "published", "kind")])
PASSED = pa.schema([pa.field("failed_rules", pa.list_(pa.string()))])


def shard_of(number: int, path: Path) -> RawShard:
    """A file of JSON lines as a raw shard."""
    return RawShard(number, "web", path.name, path.name, str(path), path.stat().st_size, "", f"bench:{path.name}")


def tasks(run: RunDirectory) -> list[Task]:
    """The decided shards of a prepared run."""
    return [
        Task(run.shard("decisions", shard), shard.checksum, shard, shard.bytes)
        for shard in (RawShard(**row) for row in json.loads(Path(run.path("shards.json")).read_text()))
    ]


def prepare(texts: Path, run: RunDirectory) -> None:
    """JSON lines to ``documents/`` and ``decisions/``; every document has passed."""
    shards = [shard_of(number, path) for number, path in enumerate(sorted(texts.glob("*.jsonl")))]
    for shard in shards:
        lines = [json.loads(line) for line in Path(shard.uri).read_text(encoding="utf-8").split("\n") if line]
        counts = {"documents": len(lines), "text_bytes": 0}
        with (
            storage.committing(run.shard("documents", shard), run=run.uri) as documents,
            storage.committing(run.shard("decisions", shard), run=run.uri) as decisions,
            ShardWriter(documents, SCHEMA, shard.checksum) as text_writer,
            ShardWriter(decisions, PASSED, shard.checksum) as decision_writer,
        ):
            for first in range(0, len(lines), ROW_GROUP):
                rows = lines[first : first + ROW_GROUP]
                column = pa.array([row["text"] for row in rows], pa.large_string())
                ids = pa.array(
                    [xxhash.xxh3_128_digest(row["id"].encode()) for row in rows], SCHEMA.field("doc_id").type
                )
                uris = pa.array([f"https://bench.example/{row['id']}" for row in rows])
                dates = pa.nulls(len(rows), SCHEMA.field("published").type)
                kinds = pa.array(["web"] * len(rows)).cast(SCHEMA.field("kind").type)
                text_writer.write(pa.RecordBatch.from_arrays([ids, uris, column, dates, kinds], schema=SCHEMA))
                passed = pa.array([[]] * len(rows), PASSED.field(0).type)
                decision_writer.write(pa.RecordBatch.from_arrays([passed], schema=PASSED))
                counts["text_bytes"] += int(pc.sum(pc.binary_length(column)).as_py())
            text_writer.finish(counts)
            decision_writer.finish(counts)
    rows = [{name: getattr(shard, name) for name in RawShard.__slots__} for shard in shards]
    Path(run.path("shards.json")).write_text(json.dumps(rows))


def bench_session(run: RunDirectory, workers: int, memory: str, **dedup: object) -> Session:
    """A session over a prepared run directory, with the defaults of the configuration but for what is given.

    Args:
        run: the run directory.
        workers: local processes.
        memory: ``dedup.memory_bytes``.
        dedup: further keys of that section.
    """
    section = bench_section(memory, **dedup)
    budget = Budget(section.memory_bytes, section.partition_bytes)
    return Session(run, Execution(workers=workers), Silent(), {"stages": {}}, budget)


def bench_section(memory: str, **dedup: object) -> DedupSection:
    """``[dedup]`` with its defaults but for what is given; see :func:`bench_session`."""
    return DedupSection.model_validate({"memory_bytes": memory, **dedup})


def deduplicate(run: RunDirectory, workers: int, memory: str) -> dict[str, object]:
    """The dedup stage; what it found and how long each step took."""
    session = bench_session(run, workers, memory)
    began = time.monotonic()
    decided = number_documents(tasks(run))
    run_dedup(session, DedupChoices(bench_section(memory)), decided)
    groups = read_counts([entry.uri for entry in storage.walk(run.path("dedup", "resolved"))])
    return {
        "documents": sum(int(counts["documents"]) for counts in read_counts([task.uri for task in decided])),
        "removed": sum(int(counts["duplicates"]) for counts in groups),
        "candidates": sum(int(counts["candidates"]) for counts in groups),
        "seconds": {name: entry["seconds"] for name, entry in session.state["stages"].items()},
        "wall_seconds": round(time.monotonic() - began, 1),
    }


def main() -> None:
    """Prepares, or deduplicates and prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("prepare", "dedup"))
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--memory", default="4 GB")
    arguments = parser.parse_args()
    run = RunDirectory(str(arguments.folders[-1].resolve()))
    if arguments.action == "prepare":
        prepare(arguments.folders[0], run)
    else:
        print(json.dumps(deduplicate(run, arguments.workers, arguments.memory)))


if __name__ == "__main__":
    main()
