"""WARC to tokens by datatrove, as its own examples do it. Run by the interpreter of ``.venv-datatrove``.

    .venv-datatrove/bin/python benchmarks/datatrove_pipeline.py WARC_FOLDER TOKENIZER.json OUTPUT

Prints one JSON object: documents after each step, tokens, and seconds by stage. The steps and their order are those of
datatrove's ``examples/fineweb.py`` without the URL, language and other filters that the comparison leaves out; removal
of duplicates and tokenizer are one pipeline, which spares it one writing and reading of the text. Its defaults stand,
but for two. Trafilatura's time limit of 1 second a page: on a busy machine that would drop pages, which looks like
speed. And the rule of the two English stop words, because the pages are in many languages: with it, the other pages
would be gone before the work is done.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.filters import C4QualityFilter, GopherQualityFilter
from datatrove.pipeline.readers import JsonlReader, WarcReader
from datatrove.pipeline.tokens import DocumentTokenizer
from datatrove.pipeline.writers import JsonlWriter

EXTRACTION_TIMEOUT_SECONDS = 60.0
MINHASH = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)
STEPS = {
    "Warc": "read",
    "Trafilatura": "extract",
    "Gopher Quality": "gopher",
    "C4 Quality": "c4",
    "Jsonl": "write",
}


def execute(name: str, steps: list[Any], logs: Path, tasks: int = 1) -> tuple[Any, float]:
    """Runs one pipeline in this process; its statistics and wall seconds."""
    began = time.monotonic()
    stats = LocalPipelineExecutor(pipeline=steps, tasks=tasks, workers=1, logging_dir=str(logs / name)).run()
    return stats, time.monotonic() - began


def step_seconds(stats: Any) -> dict[str, float]:
    """Seconds inside each step of a pipeline, by datatrove's own clock."""
    found: dict[str, float] = {}
    for step in stats.stats:
        for part, name in STEPS.items():
            if part in step.name:
                found[name] = found.get(name, 0.0) + step.time_stats.total
    return found


def counted(stats: Any, part: str, key: str) -> int:
    """One counter of the step whose name contains ``part``; datatrove leaves out counters that stayed 0."""
    return sum(int(step.stats[key].total) for step in stats.stats if part in step.name and key in step.stats)


def main(warcs: str, tokenizer: str, output: Path) -> None:
    """The five pipelines, one after another."""
    logs, filtered, work = output / "logs", str(output / "filtered"), output / "minhash"
    seconds: dict[str, float] = {}
    extractor = Trafilatura(timeout=EXTRACTION_TIMEOUT_SECONDS)
    rules = [GopherQualityFilter(min_stop_words=0), C4QualityFilter()]
    main_steps = [WarcReader(warcs), extractor, *rules, JsonlWriter(filtered)]
    first, whole = execute("filter", main_steps, logs)
    seconds |= step_seconds(first)
    seconds["other"] = whole - sum(seconds.values())
    signatures, buckets, removed = (str(work / name) for name in ("signatures", "buckets", "removed"))
    steps = [JsonlReader(filtered), MinhashDedupSignature(output_folder=signatures, config=MINHASH)]
    _, seconds["signatures"] = execute("signatures", steps, logs)
    steps = [MinhashDedupBuckets(input_folder=signatures, output_folder=buckets, config=MINHASH)]
    _, seconds["buckets"] = execute("buckets", steps, logs, tasks=MINHASH.num_buckets)
    steps = [MinhashDedupCluster(input_folder=buckets, output_folder=removed, config=MINHASH)]
    _, seconds["cluster"] = execute("cluster", steps, logs)
    tokens = str(output / "tokens")
    steps = [
        JsonlReader(filtered),
        MinhashDedupFilter(input_folder=removed),
        DocumentTokenizer(tokens, tokenizer, eos_token="<|endoftext|>", seed=17),
    ]
    last, seconds["tokenize"] = execute("tokens", steps, logs)
    documents = {
        "read": counted(first, "Trafilatura", "total"),
        "extracted": counted(first, "Trafilatura", "forwarded"),
        "passed_rules": counted(first, "C4 Quality", "forwarded"),
        "kept": counted(last, "MinHash", "forwarded"),
    }
    failures = {name: counted(first, "Trafilatura", name) for name in ("timeout", "broken_process", "clean_error")}
    result = {"documents": documents, "failures": failures, "tokens": counted(last, "Writer", "tokens")}
    print(json.dumps({**result, "seconds": seconds}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
