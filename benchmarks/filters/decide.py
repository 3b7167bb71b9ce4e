"""Deciding on one core: stored signals against the usual rule sets, documents a second.

    python -m benchmarks.filters.decide [--documents N] [--rounds N]

Signals are measured on the example's pages and repeated in a fixed random order; the rules are gopher_quality,
gopher_repetition, c4, fineweb and the language rules, one threshold of which differs by language. One batch of a row
group's size at a time, as the stage reads them; reading and writing Parquet is not counted.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

import numpy as np
import pyarrow as pa

from benchmarks.measuring import machine, pin_to_one_core, versions
from benchmarks.texts import page_texts
from gristmill.filters.rules.decide import decide
from gristmill.filters.rules.rules import parse_use, resolve
from gristmill.filters.signals import signals

RULE_SETS = ("gopher_quality", "gopher_repetition", "c4", "fineweb")
BATCH_ROWS = 50_000
PAGES = 200


def main() -> None:
    """Prints one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    about, pinning = machine(), pin_to_one_core()
    rules = resolve(
        [parse_use(name) for name in RULE_SETS],
        keep_languages=["en", "de", "fr"],
        min_language_score=0.65,
        min_language_scores={"de": 0.5},
    )
    measured = signals(pa.array(page_texts(PAGES), pa.large_string()))
    draw = np.random.default_rng(1)
    rows = min(BATCH_ROWS, arguments.documents)
    batch = measured.take(pa.array(draw.integers(0, measured.num_rows, rows)))
    kinds = pa.array(["web"]).dictionary_encode().take(pa.array(np.zeros(rows, np.int64)))
    batches = max(1, arguments.documents // rows)
    kept = sum(not failed for failed in decide(batch, kinds, rules).column(0).to_pylist())
    seconds = []
    for _ in range(arguments.rounds):
        began = time.process_time()
        for _ in range(batches):
            decide(batch, kinds, rules)
        seconds.append(time.process_time() - began)
    figures = {
        "benchmark": "decide",
        "machine": about,
        "pinning": pinning,
        "rounds": arguments.rounds,
        "versions": versions("gristmill", "numpy", "pyarrow"),
        "rules": len(rules),
        "documents": batches * rows,
        "kept_share": round(kept / rows, 3),
        "documents_per_cpu_second": round(batches * rows / statistics.median(seconds)),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
