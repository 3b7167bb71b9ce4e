"""`gristmill sweep` over a million documents: seconds from stored signals to the table, whole program and inside.

    python -m benchmarks.filters.sweep [--documents N] [--rounds N]

The signals are those of real pages (the default WARC files), drawn with replacement into shards of 50,000 documents as
`gristmill run` stores them; the decisions are made from them by the rules below. All signals and decisions are there,
and no text.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.measuring import machine, pin_to_one_core, run_measured, versions
from benchmarks.texts import page_texts
from gristmill.config.config import parse_config
from gristmill.documents import DOCUMENT_SCHEMA
from gristmill.filters.rules.configured import configured_rules
from gristmill.filters.rules.decide import decide
from gristmill.filters.signals import SIGNALS_SCHEMA, signals
from gristmill.inputs import RawShard, shard_name
from gristmill.pipelines.run_plan.run_plan import run_record
from gristmill.reports.recorded import recorded_run
from gristmill.reports.sweep.sweep import default_thresholds, read_judged, sweep
from gristmill.reports.sweep.swept_rule import find_rule
from gristmill.runs import RunDirectory, open_run
from gristmill.tables import ShardWriter

RULE = "gopher_quality.min_words"
SHARD_ROWS = 50_000
PAGES = 300

_CONFIG = """\
[run]
output = "@OUTPUT@"
[[source]]
name = "web"
kind = "warc"
paths = ["none/*.warc.gz"]
[language]
keep = ["en", "de", "fr"]
min_score = 0.65
[rules]
use = ["gopher_quality", "gopher_repetition", "c4", "fineweb"]
[tokenizer]
path = "none.json"
"""


def make_run(folder: Path, documents: int) -> RunDirectory:
    """A run directory that holds signals and decisions of so many documents, and the kind of their source."""
    config = parse_config(_CONFIG.replace("@OUTPUT@", str(folder / "run")))
    rules = configured_rules(config.rules, config.language, config.classifier)
    run, state = open_run(run_record(config, rules))
    run.write_state(state)
    measured = signals(pa.array(page_texts(PAGES), pa.large_string()))
    draw = np.random.default_rng(5)
    shards: list[RawShard] = []
    for first in range(0, documents, SHARD_ROWS):
        rows = min(SHARD_ROWS, documents - first)
        name = f"crawl-{first:09d}.warc.gz"
        shards.append(RawShard(len(shards), "web", name, shard_name(name), f"none/{name}", 1, "", "", rows))
        batch = measured.take(pa.array(draw.integers(0, measured.num_rows, rows)))
        ids = pa.array([draw.bytes(16) for _ in range(rows)], pa.binary(16))
        kinds = pa.array(["web"]).dictionary_encode().take(pa.array(np.zeros(rows, np.int64)))
        failed = decide(batch, kinds, rules).column(0)
        own = [ids, failed, batch.column("language"), batch.column("language_score")]
        names = ["doc_id", "failed_rules", "language", "language_score"]
        _write(run, "signals", shards[-1], pa.RecordBatch.from_arrays([ids, *batch.columns], schema=_signals()))
        _write(run, "decisions", shards[-1], pa.RecordBatch.from_arrays(own, names=names))
        _write(run, "documents", shards[-1], pa.RecordBatch.from_arrays([kinds], names=["kind"]))
    run.write_inputs(shards)
    return run


def _signals() -> pa.Schema:
    return pa.schema([DOCUMENT_SCHEMA.field("doc_id"), *SIGNALS_SCHEMA])


def _write(run: RunDirectory, folder: str, shard: RawShard, batch: pa.RecordBatch) -> None:
    path = Path(run.shard(folder, shard))
    path.parent.mkdir(parents=True, exist_ok=True)
    with ShardWriter(path, batch.schema, "benchmark") as writer:
        writer.write(batch)
        writer.finish({"documents": batch.num_rows})


def swept_once(run: RunDirectory) -> int:
    """What the command does between parsing and printing; the documents kept at the threshold in force."""
    rule, in_force = find_rule(RULE, recorded_run(run.uri).rules)
    judged = read_judged(run, rule, in_force=in_force)["all"]
    threshold = rule.threshold if not isinstance(rule.threshold, tuple) else 0.0
    points = sweep(judged, rule.comparison, default_thresholds(judged.values, threshold))
    return next(point.together for point in points if point.threshold == threshold)


def main() -> None:
    """Prints one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    about, pinning = machine(), pin_to_one_core()
    with tempfile.TemporaryDirectory(prefix="gristmill-bench-") as temporary:
        run = make_run(Path(temporary), arguments.documents)
        inside, whole, cpu = [], [], []
        command = [sys.executable, "-m", "gristmill.cli", "sweep", run.uri, RULE]
        for _ in range(arguments.rounds):
            began = time.process_time()
            kept = swept_once(run)
            inside.append(time.process_time() - began)
            measured = run_measured(command, Path(temporary))
            whole.append(measured.wall_seconds)
            cpu.append(measured.cpu_seconds)
    figures = {
        "benchmark": "sweep",
        "machine": about,
        "pinning": pinning,
        "rounds": arguments.rounds,
        "versions": versions("gristmill", "numpy", "pyarrow"),
        "documents": arguments.documents,
        "rule": RULE,
        "kept": kept,
        "cpu_seconds": {"sweep": round(statistics.median(inside), 2), "command": round(statistics.median(cpu), 2)},
        "wall_seconds_command": round(statistics.median(whole), 2),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
