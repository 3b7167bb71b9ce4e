"""The repeated lines that were cut most often, by their text, so that a reader sees which boilerplate went.

The counts of each partition name its most frequent lines by a place in the corpus; here the texts are read there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from gristmill import storage
from gristmill.config.config import canonical_json
from gristmill.dedup.repeats.lines import LineNormalization, keyed_lines
from gristmill.dedup.repeats.repeats import MOST_NAMED
from gristmill.pipelines.engine.plan import Task
from gristmill.pipelines.engine.texts import open_texts
from gristmill.runs import RunDirectory
from gristmill.tables import read_counts

MOST_CHARS = 200
"""Characters of a line that are listed."""


def frequent_uri(run: RunDirectory) -> str:
    """The most frequent repeated lines of a run that cuts any."""
    return run.path("dedup", "frequent_lines.json")


def write_frequent_lines(
    run: RunDirectory, shards: Sequence[Task], parts: Sequence[Task], key: str, normalization: LineNormalization
) -> None:
    """Writes `frequent_uri`, unless it is there under this key: at most `MOST_NAMED` lines, the most often cut first.

    Args:
        run: the run directory.
        shards: tasks of the shards, each with the number of its first document and the cuts in force before.
        parts: tasks of the chosen lines, which are committed.
        key: of all of them.
        normalization: how lines are keyed.
    """
    uri = frequent_uri(run)
    if storage.exists(uri) and json.loads(storage.read_bytes(uri))["stage_key"] == key:
        return
    counts = read_counts([part.uri for part in parts])
    named = sorted(
        (line for entry in counts for line in entry["frequent"]),
        key=lambda line: (-line["cut"], line["document"], line["place"]),
    )[:MOST_NAMED]
    texts = _texts(run, shards, named, normalization)
    lines = [
        {"text": text, **{name: line[name] for name in ("cut", "copies", "documents", "document")}}
        for line, text in zip(named, texts, strict=True)
    ]
    found = {
        "stage_key": key,
        "repeats": sum(entry["repeats"] for entry in counts),
        "cut": sum(entry["chosen"] for entry in counts),
        "lines": lines,
    }
    storage.write_bytes(uri, canonical_json(found) + b"\n", run=run.uri)


def read_frequent_lines(run: RunDirectory) -> dict[str, Any] | None:
    """What was written; None for a run that cuts no repeated lines."""
    uri = frequent_uri(run)
    if not storage.exists(uri):
        return None
    found: dict[str, Any] = json.loads(storage.read_bytes(uri))
    del found["stage_key"]
    return found


def _texts(
    run: RunDirectory, shards: Sequence[Task], lines: Sequence[dict[str, int]], normalization: LineNormalization
) -> list[str]:
    """The texts of lines, cut to `MOST_CHARS`; each shard that holds one is read once."""
    firsts = np.array([task.first for task in shards], np.int64)
    document = np.array([line["document"] for line in lines], np.int64)
    shard = np.searchsorted(firsts, document, side="right") - 1
    out = [""] * len(lines)
    for number in np.unique(shard).tolist():
        own = np.flatnonzero(shard == number).tolist()
        with open_texts(run, shards[number]) as texts:
            picked = texts.picked(document[own] - firsts[number])
        found = keyed_lines(picked, normalization)
        for place, row in enumerate(own):
            at = int(found.bounds[place]) + lines[row]["place"]
            raw = picked[place].as_py().encode()[int(found.start[at]) : int(found.end[at])]
            out[row] = shortened_line(raw.decode())
    return out


def shortened_line(line: str) -> str:
    r"""A line without white space at its ends, and no more than `MOST_CHARS` characters of it.

    >>> shortened_line("  Home\n"), len(shortened_line("é" * 500))
    ('Home', 201)
    """
    line = line.strip()
    return line if len(line) <= MOST_CHARS else line[:MOST_CHARS] + "…"
