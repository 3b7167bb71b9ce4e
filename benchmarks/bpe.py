"""How much faster gigatoken turns real text into ids than Hugging Face ``tokenizers``, on one core, ids equal.

    python benchmarks/bpe.py [--tokenizer tokenizer.json] [FILES ...]

Rounds alternate between the engines so that a busy machine slows both; the figure is the ratio of the medians of CPU
seconds. *Cold* is a freshly loaded gigatoken, *warm* one that has seen the same text before: a long run lies between.
``tokenizers`` is measured by its fastest call, ``encode_batch_fast`` without threads.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from gristmill.documents import normalize_text
from gristmill.tokenize import agreement
from gristmill.tokenize.engines import Gigatoken, Reference
from gristmill.tokenize.vocabulary import read_vocabulary

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
ROUNDS = 5


def read_texts(files: list[Path], limit_bytes: int) -> list[str]:
    """Documents of 4,000 characters from the files that are UTF-8, at most ``limit_bytes`` in all."""
    texts: list[str] = []
    for file in files:
        try:
            text = normalize_text(file.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            continue
        texts += [text[at : at + 4000] for at in range(0, len(text), 4000)]
    step = max(1, sum(len(text.encode()) for text in texts) // limit_bytes)
    return texts[::step]


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process for one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Prints one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", type=Path, default=SHARED / "tokenizers" / "gpt-neox-20b" / "tokenizer.json")
    parser.add_argument("--megabytes", type=float, default=4.0, help="of text, taken evenly from the files")
    parser.add_argument("files", type=Path, nargs="*")
    arguments = parser.parse_args()
    files = arguments.files or sorted((SHARED / "books" / "text").glob("*/*.txt"))
    if not files:
        parser.error(f"no text: give files, or put books under {SHARED / 'books' / 'text'}")
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    texts = read_texts(files, int(arguments.megabytes * 1e6))
    array = pa.array(texts, pa.large_string())
    vocabulary = read_vocabulary(arguments.tokenizer)
    reference, warm = Reference(vocabulary), Gigatoken(vocabulary)
    equal = agreement.difference(array, warm.encode(array), warm.name, reference) is None
    seconds: dict[str, list[float]] = {"tokenizers": [], "gigatoken_cold": [], "gigatoken_warm": []}
    peer = functools.partial(reference.tokenizer.encode_batch_fast, texts, add_special_tokens=False)
    for _ in range(ROUNDS):
        seconds["gigatoken_cold"].append(cpu_seconds(functools.partial(Gigatoken(vocabulary).encode, array)))
        seconds["gigatoken_warm"].append(cpu_seconds(functools.partial(warm.encode, array)))
        seconds["tokenizers"].append(cpu_seconds(peer))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    print(
        json.dumps(
            {
                "megabytes": round(megabytes, 2),
                "ids_equal": equal,
                "mb_per_cpu_second": {name: round(megabytes / value, 2) for name, value in medians.items()},
                "ratio_cold": round(medians["tokenizers"] / medians["gigatoken_cold"], 1),
                "ratio_warm": round(medians["tokenizers"] / medians["gigatoken_warm"], 1),
            }
        )
    )


if __name__ == "__main__":
    main()
