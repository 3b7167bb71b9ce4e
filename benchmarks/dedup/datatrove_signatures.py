"""datatrove's MinHash signatures of ready texts. Run by the interpreter of ``.venv-datatrove``.

    .venv-datatrove/bin/python benchmarks/dedup/datatrove_signatures.py TEXTS.jsonl

14 buckets of 8 hashes over word 5-grams. Prints one JSON object: CPU seconds of shingles and signatures, without
reading and without writing.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig


def main(path: Path) -> None:
    """Warms up on ten texts, so that loading spaCy is not timed, then signs all."""
    texts = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        step = MinhashDedupSignature(folder, config=MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8))

        def sign(some: list[str]) -> None:
            for text in some:
                shingles = step.get_shingles(text)
                if shingles.size:
                    step.get_signature(shingles)

        sign(texts[:10])
        began = time.process_time()
        sign(texts)
        print(json.dumps({"from_text": time.process_time() - began}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
