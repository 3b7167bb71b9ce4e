"""Writes what datatrove's first MinHash stage writes for a few texts. Run by the interpreter of ``.venv-datatrove``.

    .venv-datatrove/bin/python tests/dedup/signatures/datatrove_rank.py > tests/dedup/signatures/datatrove_rank.json

For each precision: the bytes of each bucket's file in hex, and the words of each text that the shingles were made of.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import HashConfig, MinhashConfig
from datatrove.utils.text import simplify_text

TEXTS = [
    "The miller ground the wheat before the rain came over the hill, and 12 sacks of flour were sold by noon.",
    "The miller ground the wheat before the rain came over the hill, and 30 sacks of flour were sold at dawn!",
    "Short.",
    "A dog ran over the long road; nobody saw where it went, and it didn't come back.",
    "The miller ground the wheat before the rain came over the hill, and 7 sacks of flour were sold by noon.",
]


def rank(precision_bits: int, bands: int, rows: int) -> dict[str, Any]:
    """One rank's files and words."""
    config = MinhashConfig(
        n_grams=3, num_buckets=bands, hashes_per_bucket=rows, seed=7, hash_config=HashConfig(precision=precision_bits)
    )
    with tempfile.TemporaryDirectory() as folder:
        step = MinhashDedupSignature(folder, config=config)
        step.run(Document(text=text, id=str(number)) for number, text in enumerate(TEXTS))
        files = [
            (Path(folder) / f"bucket_{band:03d}" / "00000.minhash.sig").read_bytes().hex() for band in range(bands)
        ]
        words = [step.word_tokenizer.word_tokenize(simplify_text(text, config.norm_config)) for text in TEXTS]
    return {"precision_bits": precision_bits, "bands": bands, "rows": rows, "files": files, "words": words}


if __name__ == "__main__":
    sys.stdout.write(json.dumps([rank(64, 5, 4), rank(32, 4, 3)], indent=1) + "\n")
