"""MinHash signatures on one core: ours beside datasketch, rensa and datatrove, 112 permutations of word 5-grams.

    python -m benchmarks.dedup.minhash [--rounds N] [--documents N]

The same texts for all. Ours starts from the text: it finds the words, hashes the shingles and sketches them. A peer is
given two figures: from the text too, with the shingles made in Python as its users make them, and from ready shingles,
where ours makes its own all the same. datasketch is also given ready hashes, and so is ours, for the sketch alone: its
``affine32`` scheme, whose signatures ours equal bit by bit (``tests/dedup/signatures/test_minhash.py``; checked here
too). Rounds alternate; medians of CPU seconds.
datatrove, whose word splitter takes minutes for what the others do in seconds, signs one text in ten, once.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import tempfile
import time
from pathlib import Path

import datasketch
import numpy as np
import pyarrow as pa

from benchmarks.measuring import machine, pin_to_one_core, run_measured, versions
from benchmarks.peers import peer_python, pinned
from benchmarks.texts import megabytes, page_texts, write_jsonl
from gristmill.dedup.signatures.minhash import signatures, signatures_of_sets
from gristmill.dedup.signatures.shingles import hashes

WORD = re.compile(r"\w+")
SHINGLE = 5
NUM_PERM = 112
DATATROVE_ONE_IN = 10


def ours_beside(peer: str) -> str:
    """Which figure of ours stands beside a peer's.

    >>> ours_beside("datasketch from hashes"), ours_beside("rensa from shingles")
    ('gristmill from hashes', 'gristmill from text')
    """
    return "gristmill from hashes" if peer.endswith("from hashes") else "gristmill from text"


def byte_shingles(text: str) -> list[bytes]:
    """Word 5-grams of the lower-cased text, in UTF-8.

    >>> byte_shingles("One two, three four five six")
    [b'one two three four five', b'two three four five six']
    """
    words = WORD.findall(text.lower())
    return [" ".join(words[at : at + SHINGLE]).encode() for at in range(len(words) - SHINGLE + 1)]


def hash_seconds(texts: list[str]) -> tuple[float, float]:
    """CPU seconds of `signatures_of_sets` and of datasketch from the same hashes of shingles.

    Raises:
        ValueError: the signatures differ.
    """
    sets = [hashes(text, SHINGLE) & np.uint64(0xFFFFFFFF) for text in texts]
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(values) for values in sets])])
    values, lists = np.concatenate(sets), [each.tolist() for each in sets]
    signatures_of_sets(offsets[:2], values, num_perm=NUM_PERM)
    began = time.process_time()
    ours = signatures_of_sets(offsets, values, num_perm=NUM_PERM)
    between = time.process_time()
    first = datasketch.MinHash(num_perm=NUM_PERM, seed=1, scheme="affine32", hashfunc=int)
    theirs = []
    for each in lists:
        sketch = datasketch.MinHash(
            num_perm=NUM_PERM, seed=1, scheme="affine32", hashfunc=int, permutations=first.permutations
        )
        sketch.update_batch(each)
        theirs.append(sketch.hashvalues)
    ended = time.process_time()
    if not (np.array(theirs) == ours).all():
        message = (
            "our signatures differ from datasketch's on the same hashes; see tests/dedup/signatures/test_minhash.py"
        )
        raise ValueError(message)
    return between - began, ended - between


def datasketch_seconds(texts: list[str]) -> tuple[float, float]:
    """CPU seconds from the texts, and from ready shingles."""
    first = datasketch.MinHash(num_perm=NUM_PERM, seed=1, scheme="affine32")
    began = time.process_time()
    prepared = [byte_shingles(text) for text in texts]
    between = time.process_time()
    for grams in prepared:
        sketch = datasketch.MinHash(num_perm=NUM_PERM, seed=1, scheme="affine32", permutations=first.permutations)
        sketch.update_batch(grams)
    ended = time.process_time()
    return ended - began, ended - between


def main() -> None:
    """Prints one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--documents", type=int, help="pages of the default WARC files (default: all)")
    arguments = parser.parse_args()
    here = Path(__file__).resolve().parent
    peer, script = peer_python("rensa"), here / "rensa_signatures.py"
    about, pinning = machine(), pin_to_one_core()
    texts = page_texts(arguments.documents)
    array = pa.array(texts, pa.large_string())
    signatures(array, shingle=SHINGLE, num_perm=NUM_PERM)
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="gristmill-bench-") as temporary:
        folder = Path(temporary)
        write_jsonl(texts, folder / "texts.jsonl")
        for _ in range(arguments.rounds):
            began = time.process_time()
            signatures(array, shingle=SHINGLE, num_perm=NUM_PERM)
            seconds.setdefault("gristmill from text", []).append(time.process_time() - began)
            from_hashes = hash_seconds(texts)
            seconds.setdefault("gristmill from hashes", []).append(from_hashes[0])
            seconds.setdefault("datasketch from hashes", []).append(from_hashes[1])
            whole, sketches = datasketch_seconds(texts)
            seconds.setdefault("datasketch from text", []).append(whole)
            seconds.setdefault("datasketch from shingles", []).append(sketches)
            rensa = json.loads(run_measured([peer, script, folder / "texts.jsonl"], folder).stdout)
            seconds.setdefault("rensa from text", []).append(rensa["from_text"])
            seconds.setdefault("rensa from shingles", []).append(rensa["from_shingles"])
        few = texts[::DATATROVE_ONE_IN]
        write_jsonl(few, folder / "few.jsonl")
        signing = [peer_python("datatrove"), here / "datatrove_signatures.py", folder / "few.jsonl"]
        taken = json.loads(run_measured(signing, folder).stdout.splitlines()[-1])["from_text"]
        seconds["datatrove from text"] = [taken * megabytes(texts) / megabytes(few)]
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    size = megabytes(texts)
    figures = {
        "benchmark": "minhash",
        "machine": about,
        "pinning": pinning,
        "rounds": arguments.rounds,
        "versions": versions("gristmill", "numba", "datasketch")
        | pinned("rensa", "rensa")
        | pinned("datatrove", "datatrove"),
        "documents": len(texts),
        "megabytes": round(size, 2),
        "mb_per_cpu_second": {name: round(size / value, 2) for name, value in medians.items()},
        "ratio": {
            name: round(value / medians[ours_beside(name)], 1)
            for name, value in medians.items()
            if "gristmill" not in name
        },
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
