"""Measured recall beside theory: how many planted copies of a known similarity become candidates, and are removed.

    python -m benchmarks.dedup.recall [--documents 100000] [--svg docs/recall.svg]

Documents are made of real sentences (see ``planted.py``); one in five is a copy, edited until about a wanted Jaccard
similarity of word 5-grams is left, from 0.5 to 1.0 in steps. The true similarity of each pair is computed from them.
A copy counts as found when it has a band key in common with its original, as theory says it should with probability
``1 - (1 - s^8)^14``; and as removed when resolution leaves one document for both. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.dedup import planted
from benchmarks.dedup.recall_chart import recall_chart
from benchmarks.measuring import machine
from gristmill.dedup.candidates.buckets import star_edges
from gristmill.dedup.components.components import connected_components
from gristmill.dedup.resolution.preference import preference
from gristmill.dedup.resolution.resolve import Resolution, resolve
from gristmill.dedup.resolution.verify import jaccard_pairs
from gristmill.dedup.signatures.banding import BandPlan, band_keys
from gristmill.dedup.signatures.exact import exact_hashes, exact_keys
from gristmill.dedup.signatures.minhash import has_signature, signatures
from gristmill.dedup.signatures.shingles import shingle_sets

PLAN = BandPlan(14, 8)
MIN_JACCARD = 0.8
STEP = 0.05


@dataclass(frozen=True)
class Found:
    """What became of planted copies.

    Attributes:
        similarity: float64, the true Jaccard similarity of each copy and its original.
        met: whether they share a band.
        removed: whether one document stays for both.
        resolution: the fate of all documents.
        truth: float64, for every removed document its true similarity with the kept one.
    """

    similarity: np.ndarray
    met: np.ndarray
    removed: np.ndarray
    resolution: Resolution
    truth: np.ndarray


def deduplicate(documents: Sequence[planted.Planted]) -> Found:
    """Signatures, join, components and resolution in memory, as the dedup stage does them over files."""
    texts = pa.array([document.text for document in documents], pa.large_string())
    rows = signatures(texts, num_perm=PLAN.num_perm)
    sketched = np.flatnonzero(has_signature(rows))
    keys = band_keys(rows, PLAN)
    exact = exact_hashes(texts)
    everyone = np.arange(len(texts))
    joined = star_edges(
        np.concatenate([keys[sketched].ravel(), exact_keys(exact)]),
        np.concatenate([np.repeat(sketched, PLAN.bands), everyone]),
        max_bucket=100_000,
    )
    nodes, labels = connected_components(joined.left, joined.right)
    component = everyone.copy()
    component[nodes] = labels
    sets = shingle_sets(texts)
    offsets, values = sets.offsets.to_numpy(), sets.values.to_numpy()
    ids = pa.array([number.to_bytes(16, "big") for number in range(len(texts))], pa.binary(16))
    order = preference(np.array([len(document.text) for document in documents]), ids)
    fate = resolve(component, order, offsets, values, exact, min_jaccard=MIN_JACCARD)
    copy = np.array([number for number, document in enumerate(documents) if document.copy_of >= 0], np.int64)
    original = np.array([document.copy_of for document in documents if document.copy_of >= 0], np.int64)
    gone = np.flatnonzero(~fate.kept)
    truth = jaccard_pairs(offsets, values, gone, fate.duplicate_of[gone])
    stays = np.where(fate.kept, everyone, fate.duplicate_of)
    halves = np.array(exact.to_pylist())
    return Found(
        jaccard_pairs(offsets, values, copy, original),
        (keys[copy] == keys[original]).any(axis=1),
        stays[copy] == stays[original],
        fate,
        np.where(halves[gone] == halves[fate.duplicate_of[gone]], 1.0, truth),
    )


def by_similarity(found: Found) -> list[dict[str, float]]:
    """Copies by true similarity, in steps: how many, how many were found and removed, and what theory says."""
    rows = []
    for low in np.arange(0.45, 1.0 + STEP / 2, STEP):
        inside = (found.similarity >= low - STEP / 2) & (found.similarity < low + STEP / 2)
        if low > 1 - STEP / 2:
            inside = found.similarity == 1.0
        if inside.sum():
            theory = float(np.mean([PLAN.probability(s) for s in found.similarity[inside].tolist()]))
            rows.append(
                {
                    "similarity": round(float(found.similarity[inside].mean()), 4),
                    "pairs": int(inside.sum()),
                    "recall": round(float(found.met[inside].mean()), 4),
                    "theory": round(theory, 4),
                    "removed": round(float(found.removed[inside].mean()), 4),
                }
            )
    return rows


def figures(documents: Sequence[planted.Planted]) -> dict[str, object]:
    """Everything that is reported of a set of documents."""
    found = deduplicate(documents)
    close, closer = found.similarity >= 0.8, found.similarity >= 0.9
    return {
        "documents": len(documents),
        "rows": by_similarity(found),
        "recall_from_0.9": round(float(found.met[closer].mean()), 4),
        "recall_from_0.8": round(float(found.met[close].mean()), 4),
        "theory_from_0.8": round(float(np.mean([PLAN.probability(s) for s in found.similarity[close].tolist()])), 4),
        "removed": len(found.truth),
        "removed_below_minimum": int((found.truth < MIN_JACCARD).sum()),
        "kept": int(found.resolution.kept.sum()),
    }


def main() -> None:
    """Prints one JSON line and draws the chart."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--svg", type=Path, help="write the chart here")
    arguments = parser.parse_args()
    result = figures(list(planted.documents(arguments.documents, 17, planted.sentences())))
    if arguments.svg:
        arguments.svg.write_text(recall_chart(result["rows"], PLAN, MIN_JACCARD))  # type: ignore[arg-type]
    print(json.dumps({"benchmark": "recall", "machine": machine(), **result}))


if __name__ == "__main__":
    main()
