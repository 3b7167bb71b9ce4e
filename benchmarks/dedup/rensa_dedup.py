"""rensa's signatures and its LSH on JSON lines. Run by the interpreter of ``.venv-rensa``.

    .venv-rensa/bin/python benchmarks/dedup/rensa_dedup.py JSONL_FOLDER

Shingles are made in Python, as its users make them, and handed over in batches, the fastest way that rensa has. Two
ends are timed: *flags* (one pass that says of each document whether it shares a band with any other, and not with
which) and *candidates* (which ones; needed to choose the copy that stays). Neither compares texts. Prints one JSON
object: documents, how many were flagged, CPU and wall seconds by step.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

from rensa import RMinHash, RMinHashLSH  # type: ignore[import-not-found,unused-ignore]  # lives in the peer's environment

WORD = re.compile(r"\w+")
SHINGLE = 5
NUM_PERM = 112
BANDS = 14
BATCH = 2000


def shingles(text: str) -> list[str]:
    """Word 5-grams of the lower-cased text."""
    words = WORD.findall(text.lower())
    return [" ".join(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)]


def batches(folder: Path) -> list[list[str]]:
    """Texts, a batch at a time."""
    lines = (line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").split("\n"))
    texts = [json.loads(line)["text"] for line in lines if line]
    return [texts[first : first + BATCH] for first in range(0, len(texts), BATCH)]


def main(folder: Path) -> None:
    """Reading and shingles, signatures, then both ends."""
    seconds = dict.fromkeys(("read", "shingles", "signatures", "flags", "candidates"), 0.0)
    clock = time.process_time

    def timed(name: str, began: float) -> float:
        now = clock()
        seconds[name] += now - began
        return now

    began = clock()
    parts = batches(folder)
    began = timed("read", began)
    flags_index = RMinHashLSH(threshold=0.8, num_perm=NUM_PERM, num_bands=BANDS)
    index = RMinHashLSH(threshold=0.8, num_perm=NUM_PERM, num_bands=BANDS)
    flagged, first, sketches = 0, 0, []
    for part in parts:
        began = clock()
        sets = [shingles(text) for text in part]
        began = timed("shingles", began)
        matrix = RMinHash.digest_matrix_from_token_sets(sets, NUM_PERM, 1)
        began = timed("signatures", began)
        flagged += sum(flags_index.insert_matrix_and_query_duplicate_flags(matrix, first))
        began = timed("flags", began)
        sketches.append(RMinHash.from_token_sets(sets, NUM_PERM, 1))  # not timed: the same work again, as objects
        first += len(part)
    began = clock()
    for number, part_sketches in enumerate(sketches):
        index.insert_many(part_sketches, number * BATCH)
    found = sum(len(keys) > 1 for part_sketches in sketches for keys in index.query_all(part_sketches))
    timed("candidates", began)
    print(json.dumps({"documents": first, "flagged": flagged, "with_candidates": found, "cpu_seconds": seconds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
