"""Personal data: precision and recall on labelled text, and speed on real pages, beside datatrove's PII formatter.

    python -m benchmarks.filters.pii [--rounds N] [--documents N] [--labelled FILE]

The labelled texts are Presidio's synthetic set (microsoft/presidio-research, ``synth_dataset_v2.json``): 1,500 texts
with spans. A place counts as found if a span of the same kind overlaps it, and as right if it overlaps one. datatrove
knows e-mail and IP addresses only. For the speed both read the same pages; ours finds all seven kinds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from benchmarks.measuring import machine, pin_to_one_core, run_measured, versions
from benchmarks.peers import peer_python, pinned
from benchmarks.texts import megabytes, page_texts, write_jsonl
from benchmarks.warc_inputs import ROOT
from gristmill.filters.pii.finder import find
from gristmill.filters.pii.kinds import KINDS
from gristmill.filters.text.buffers import text_buffer

LABELLED = ROOT.parent / "shared" / "data" / "quality" / "pii" / "presidio_synth_dataset_v2.json"

LABELS = {
    "EMAIL_ADDRESS": "email", "IP_ADDRESS": "ip", "PHONE_NUMBER": "phone", "IBAN_CODE": "iban", "CREDIT_CARD": "card",
}  # fmt: skip

Place = tuple[int, int, int, str]
"""Text, first character, character behind the last, kind."""


def places_of(texts: list[str]) -> list[Place]:
    """What Gristmill finds, counted in characters."""
    spans = find(text_buffer(pa.array(texts, pa.large_string())))
    encoded = [text.encode() for text in texts]
    return [
        (row, len(encoded[row][:start].decode()), len(encoded[row][:end].decode()), KINDS[kind])
        for row, start, end, kind in zip(*(column.tolist() for column in spans), strict=True)
    ]


def labelled_places(rows: list[dict[str, object]]) -> list[Place]:
    """The labels of the kinds that are measured."""
    return [
        (number, span["start_position"], span["end_position"], LABELS[span["entity_type"]])
        for number, row in enumerate(rows)
        for span in row["spans"]  # type: ignore[attr-defined]
        if span["entity_type"] in LABELS
    ]


def score(found: Iterable[Place], labels: Iterable[Place], kinds: Iterable[str]) -> dict[str, dict[str, float | int]]:
    """Precision and recall by kind.

    >>> score([(0, 0, 5, "ip"), (0, 9, 12, "ip")], [(0, 2, 6, "ip")], ["ip"])
    {'ip': {'labelled': 1, 'found': 2, 'precision': 0.5, 'recall': 1.0}}
    """
    found, labels = list(found), list(labels)
    scores: dict[str, dict[str, float | int]] = {}
    for kind in kinds:
        ours, theirs = [p for p in found if p[3] == kind], [p for p in labels if p[3] == kind]
        right = sum(_overlaps(place, theirs) for place in ours)
        hit = sum(_overlaps(place, ours) for place in theirs)
        scores[kind] = {
            "labelled": len(theirs), "found": len(ours), "precision": round(right / len(ours), 3) if ours else 0.0,
            "recall": round(hit / len(theirs), 3) if theirs else 0.0,
        }  # fmt: skip
    return scores


def _overlaps(place: Place, others: list[Place]) -> bool:
    return any(other[0] == place[0] and other[1] < place[2] and place[1] < other[2] for other in others)


def main() -> None:
    """Prints one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--documents", type=int, default=300, help="pages of the default WARC files")
    parser.add_argument("--labelled", type=Path, default=LABELLED)
    arguments = parser.parse_args()
    peer, script = peer_python("datatrove"), Path(__file__).resolve().parent / "datatrove_pii.py"
    about, pinning = machine(), pin_to_one_core()
    rows = json.loads(arguments.labelled.read_text(encoding="utf-8"))
    texts, labels = [row["full_text"] for row in rows], labelled_places(rows)
    pages = page_texts(arguments.documents)
    buffer = text_buffer(pa.array(pages, pa.large_string()))
    find(buffer)
    ours, theirs = [], []
    with tempfile.TemporaryDirectory(prefix="gristmill-bench-") as temporary:
        folder = Path(temporary)
        write_jsonl(texts, folder / "labelled.jsonl")
        write_jsonl(pages, folder / "pages.jsonl")
        peers_places = json.loads(run_measured([peer, script, folder / "labelled.jsonl"], folder).stdout)["found"]
        for _ in range(arguments.rounds):
            began = time.process_time()
            find(buffer)
            ours.append(time.process_time() - began)
            theirs.append(
                json.loads(run_measured([peer, script, folder / "pages.jsonl"], folder).stdout)["cpu_seconds"]
            )
    size, our_seconds, peer_seconds = megabytes(pages), statistics.median(ours), statistics.median(theirs)
    figures = {
        "benchmark": "pii",
        "machine": about,
        "pinning": pinning,
        "rounds": arguments.rounds,
        "versions": versions("gristmill", "numba") | pinned("datatrove", "datatrove"),
        "labelled_texts": len(texts),
        "gristmill": score(places_of(texts), labels, LABELS.values()),
        "datatrove": score([tuple(place) for place in peers_places], labels, ("email", "ip")),
        "megabytes": round(size, 2),
        "mb_per_cpu_second": {"gristmill": round(size / our_seconds, 1), "datatrove": round(size / peer_seconds, 2)},
        "ratio": round(peer_seconds / our_seconds, 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
