"""datatrove's four MinHash stages on JSON lines. Run by the interpreter of ``.venv-datatrove``.

    .venv-datatrove/bin/python benchmarks/dedup/datatrove_minhash.py JSONL_FOLDER OUTPUT WORKERS

The stages of datatrove's ``examples/minhash_deduplication.py``: signatures, buckets, cluster, filter, with 14 bands of
8 rows over word 5-grams; as many tasks as files. Prints one JSON object: documents kept, and seconds by stage.
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
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

CONFIG = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)


def main(texts: str, output: Path, workers: int) -> None:
    """The four pipelines, one after another."""
    files = len(list(Path(texts).glob("*.jsonl")))
    signatures, buckets, removed, kept = (str(output / name) for name in ("signatures", "buckets", "removed", "kept"))
    stages: dict[str, tuple[list[Any], int]] = {
        "signatures": ([JsonlReader(texts), MinhashDedupSignature(output_folder=signatures, config=CONFIG)], files),
        "buckets": (
            [MinhashDedupBuckets(input_folder=signatures, output_folder=buckets, config=CONFIG)],
            CONFIG.num_buckets,
        ),
        "cluster": ([MinhashDedupCluster(input_folder=buckets, output_folder=removed, config=CONFIG)], 1),
        "filter": (
            [JsonlReader(texts), MinhashDedupFilter(input_folder=removed), JsonlWriter(kept, compression=None)],
            files,
        ),
    }
    seconds = {}
    for name, (steps, tasks) in stages.items():
        began = time.monotonic()
        LocalPipelineExecutor(
            pipeline=steps, tasks=tasks, workers=min(workers, tasks), logging_dir=str(output / "logs" / name)
        ).run()
        seconds[name] = time.monotonic() - began
    lines = sum(path.read_bytes().count(b"\n") for path in Path(kept).glob("*.jsonl"))
    print(json.dumps({"kept": lines, "seconds": seconds}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
