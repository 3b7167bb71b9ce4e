"""What a shard's output was made from, as one hash; an output with the same hash is not made again.

The key of a stage is the hash of its version, of the part of the configuration it reads, and of the key of what it
reads. So a changed threshold changes the keys of ``decide`` and of what follows, and of nothing before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

import xxhash

from gristmill.config.config import canonical_json

STAGES = ("extract", "edit", "annotate", "decide", "dedup", "tokenize", "report")
"""The stages of a run, in order."""

VERSIONS: Mapping[str, int] = {
    "extract": 2,
    "edit": 1,
    "lines": 2,
    "anchors": 1,
    "windows": 1,
    "marks": 1,
    "repeats": 1,
    "annotate": 4,
    "decide": 3,
    "fingerprint": 3,
    "urls": 1,
    "match": 1,
    "select": 1,
    "settle": 1,
    "join": 2,
    "resolve": 3,
    "resolved": 1,
    "train_tokenizer": 1,
    "encode": 3,
    "gather": 1,
    "report": 1,
}
"""Raised by one whenever a change to the code changes the bytes of that step for the same input."""

LIBRARIES: Mapping[str, tuple[str, ...]] = {
    "extract": ("fastwarc", "resiliparse", "trafilatura"),
    "train_tokenizer": ("tokenizers",),
    "encode": ("tokenizers", "gigatoken"),
}
"""Libraries whose version can change the bytes of a step; part of its key."""

_NAMED_ONCE: Mapping[str, Mapping[str, str]] = {"annotate": {"fasttext-numpy2-wheel": "0.9.2"}}
"""What the key of a step named when the first runs were made. ``annotate`` asked this library for the scores of
classifiers; kernels of our own now give the same to the last bit, and without the name in the key every signal of an
earlier run would be measured again for nothing."""


def stage_key(step: str, config: Any, upstream: Iterable[str]) -> str:
    """The key of one output.

    Args:
        step: a name of :data:`VERSIONS`.
        config: the part of the configuration that the step reads, as JSON values.
        upstream: keys or checksums of everything it reads, in a defined order.

    >>> stage_key("decide", {"min": 1}, ["k"]) == stage_key("decide", {"min": 2}, ["k"])
    False
    """
    parts = [step, VERSIONS[step], _library_versions(step), config, list(upstream)]
    return xxhash.xxh3_128_hexdigest(canonical_json(parts))


def _library_versions(step: str) -> dict[str, str]:
    versions = dict(_NAMED_ONCE.get(step, {}))
    for name in LIBRARIES.get(step, ()):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "absent"
    return versions
