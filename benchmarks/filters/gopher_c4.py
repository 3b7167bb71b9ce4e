"""Quality rules on one core: our signals and verdicts beside datatrove's Gopher quality and C4 filters, same texts.

    python -m benchmarks.filters.gopher_c4 [--rounds N] [--documents N]

Rounds alternate between the two; the figure is the ratio of the medians of CPU seconds inside the filters, start-up and
loading left out. Our side computes the signals of *every* rule set, as ``annotate`` does, and then judges these two;
languages are given, since datatrove's filters do not identify them either. The two need not agree on every document:
datatrove's words are spaCy's tokens, ours lie between white space; the share of equal verdicts is printed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.measuring import machine, pin_to_one_core, run_measured, versions
from benchmarks.peers import peer_python, pinned
from benchmarks.texts import megabytes, page_texts, write_jsonl
from gristmill.filters.rules.decide import decide
from gristmill.filters.rules.rules import resolve
from gristmill.filters.rules.sets.rule_types import RuleUse
from gristmill.filters.signals import signals, warm_up


def passed_by_gristmill(texts: pa.Array) -> list[bool]:
    """Which texts fail no rule of the two sets."""
    rules = resolve([RuleUse("gopher_quality", thresholds={"min_stop_words": 0}), RuleUse("c4", variant="paper")])
    languages = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(texts), np.int32)), pa.array(["en"]))
    kinds = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(texts), np.int32)), pa.array(["web"]))
    failed = decide(signals(texts, languages=languages), kinds, rules).column("failed_rules")
    passed: list[bool] = pc.equal(pc.list_value_length(failed), 0).to_pylist()
    return passed


def main() -> None:
    """Prints one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--documents", type=int, default=300, help="pages of the default WARC files")
    arguments = parser.parse_args()
    peer, script = peer_python("datatrove"), Path(__file__).resolve().parent / "datatrove_filters.py"
    about, pinning = machine(), pin_to_one_core()
    texts = page_texts(arguments.documents)
    array = pa.array(texts, pa.large_string())
    warm_up()
    passed = passed_by_gristmill(array)
    ours, theirs = [], []
    with tempfile.TemporaryDirectory(prefix="gristmill-bench-") as temporary:
        folder = Path(temporary)
        write_jsonl(texts, folder / "texts.jsonl")
        for _ in range(arguments.rounds):
            passed_by_gristmill(array)  # the peer has had the caches since the last time
            began = time.process_time()
            passed_by_gristmill(array)
            ours.append(time.process_time() - began)
            result = json.loads(run_measured([peer, script, folder / "texts.jsonl"], folder).stdout)
            theirs.append(result["cpu_seconds"])
    size = megabytes(texts)
    our_seconds, peer_seconds = statistics.median(ours), statistics.median(theirs)
    equal = sum(one == other for one, other in zip(passed, result["passed"], strict=True))
    figures = {
        "benchmark": "gopher_c4",
        "machine": about,
        "pinning": pinning,
        "rounds": arguments.rounds,
        "versions": versions("gristmill", "numba") | pinned("datatrove", "datatrove", "spacy"),
        "documents": len(texts),
        "megabytes": round(size, 2),
        "mb_per_cpu_second": {"gristmill": round(size / our_seconds, 1), "datatrove": round(size / peer_seconds, 3)},
        "ratio": round(peer_seconds / our_seconds, 1),
        "passed": {"gristmill": sum(passed), "datatrove": sum(result["passed"])},
        "equal_verdicts": round(equal / len(texts), 3),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
