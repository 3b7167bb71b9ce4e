"""Rensa's MinHash on ready texts. Run by the interpreter of ``.venv-rensa``.

    .venv-rensa/bin/python benchmarks/dedup/rensa_signatures.py TEXTS.jsonl

Prints one JSON object: CPU seconds for shingles and signatures, and for the signatures alone.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

from rensa import RMinHash  # type: ignore[import-not-found,unused-ignore]  # lives in the peer's environment

WORD = re.compile(r"\w+")
SHINGLE = 5
NUM_PERM = 112


def shingles(text: str) -> list[str]:
    """Word 5-grams of the lower-cased text."""
    words = WORD.findall(text.lower())
    return [" ".join(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)]


def main(path: Path) -> None:
    """Two passes: the first makes the shingles, the second sketches them."""
    texts = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    began = time.process_time()
    prepared = [shingles(text) for text in texts]
    between = time.process_time()
    for grams in prepared:
        sketch = RMinHash(num_perm=NUM_PERM, seed=1)
        sketch.update(grams)
        sketch.digest()
    ended = time.process_time()
    print(json.dumps({"from_text": ended - began, "from_shingles": ended - between}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
