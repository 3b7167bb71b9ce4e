"""Our signals and verdicts beside what the peers' own code said of the same texts."""

from __future__ import annotations

import functools
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gristmill.filters.rules.decide import decide
from gristmill.filters.rules.rules import parse_use, resolve
from gristmill.filters.signals import signals
from tests.conformance.corpus import made_documents, real_documents, text_hash

EXPECTED = Path(__file__).resolve().parent / "expected"

RULE_SETS = ("gopher_quality", "gopher_repetition", "fineweb", "c4")
"""Judged by datatrove and by the variant ``datatrove`` of ours."""

DOLMA_SIGNALS = {
    "word_count": "word_count",
    "median_word_length": "dolma_median_word_length",
    "symbol_to_word_ratio": "dolma_symbol_word_fraction",
    "fraction_of_words_with_alpha_character": "letter_word_fraction",
    "required_word_count": "dolma_stop_word_count",
    "fraction_of_lines_starting_with_bullet_point": "dolma_bullet_line_fraction",
    "fraction_of_lines_ending_with_ellipsis": "dolma_ellipsis_line_fraction",
    "fraction_of_duplicate_lines": "dolma_duplicate_line_fraction",
    "fraction_of_characters_in_duplicate_lines": "dolma_duplicate_line_char_fraction",
}
"""Attribute of Dolma's ``gopher_v1``: the signal of ours that is defined alike."""

DOLMA_GRAMS = {
    "fraction_of_characters_in_most_common_ngram": [f"dolma_top_{n}gram_char_fraction" for n in (2, 3, 4)],
    "fraction_of_characters_in_duplicate_ngrams": [f"dolma_duplicate_{n}gram_char_fraction" for n in range(5, 11)],
}


@dataclass(frozen=True)
class Corpus:
    """The documents that are at hand and known to the stored figures.

    Attributes:
        names: what each document is, such as ``web/12``.
        hashes: of their texts.
        texts: large_string.
    """

    names: list[str]
    hashes: list[str]
    texts: pa.Array

    @property
    def groups(self) -> list[str]:
        """``web``, ``book``, ``code``, ``rights``, ``sentences`` or ``made``, for each document."""
        return [name.partition("/")[0] for name in self.names]


@functools.cache
def corpus(*, real: bool) -> Corpus:
    """The made documents, or the real ones (none where the shared data is absent)."""
    found = real_documents() if real else made_documents()
    return Corpus(
        list(found), [text_hash(text) for text in found.values()], pa.array(list(found.values()), pa.large_string())
    )


@functools.cache
def stored(peer: str) -> dict[str, dict[str, Any]]:
    """What a peer said, by hash of the text."""
    return {row["text"]: row for row in pq.read_table(EXPECTED / f"{peer}.parquet").to_pylist()}


def versions(peer: str) -> dict[str, str]:
    """The versions of a peer's packages that the stored figures come from."""
    metadata = pq.read_schema(EXPECTED / f"{peer}.parquet").metadata
    found: dict[str, str] = json.loads(metadata[b"versions"])
    return found


@functools.cache
def measured(*, real: bool) -> pa.RecordBatch:
    """All signals of a corpus, each text taken as English, as the peers take it."""
    texts = corpus(real=real).texts
    return signals(texts, languages=pa.array(["en"] * len(texts)))


@dataclass(frozen=True)
class Verdicts:
    """Two judges on the same documents: how often they agree.

    Attributes:
        documents: judged.
        both_keep, both_drop, only_we_drop, only_they_drop: by what was said.
        disagreements: name of the document, our failing rules, their reason.
    """

    documents: int
    both_keep: int
    both_drop: int
    only_we_drop: int
    only_they_drop: int
    disagreements: list[tuple[str, list[str], str]]

    @property
    def agreement(self) -> float:
        """Share of the documents with the same verdict."""
        return (self.both_keep + self.both_drop) / max(1, self.documents)


def verdicts(rule_set: str, *, real: bool, group: str | None = None, variant: str = "datatrove") -> Verdicts:
    """A variant of ours beside datatrove's filter of the same name. Texts on which that filter crashes are left out.

    Args:
        rule_set: one of `RULE_SETS`.
        real: the real documents, or the made ones.
        group: only documents of one group.
        variant: the variant of ours.
    """
    found, known = corpus(real=real), stored("datatrove")
    rules = resolve([parse_use({"name": rule_set, "variant": variant, "kinds": ["web"]})])
    kinds = pa.array(["web"] * len(found.names))
    failed = decide(measured(real=real), kinds, rules).column("failed_rules").to_pylist()
    counts: Counter[tuple[bool, bool]] = Counter()
    disagreements = []
    for name, place, digest, ours in zip(found.names, found.groups, found.hashes, failed, strict=True):
        reason = known[digest][rule_set]
        if reason.startswith("!") or group not in (None, place):
            continue
        counts[bool(ours), bool(reason)] += 1
        if bool(ours) != bool(reason):
            disagreements.append((name, ours, reason))
    return Verdicts(
        counts.total(), counts[False, False], counts[True, True], counts[True, False], counts[False, True],
        disagreements,
    )  # fmt: skip


def crashes(rule_set: str, *, real: bool) -> list[str]:
    """Documents on which datatrove's filter raises."""
    found, known = corpus(real=real), stored("datatrove")
    pairs = zip(found.names, found.hashes, strict=True)
    return [name for name, digest in pairs if known[digest][rule_set].startswith("!")]


@dataclass(frozen=True)
class Figures:
    """One figure of a peer's beside the signal of ours.

    Attributes:
        theirs: its name there.
        ours: the signal.
        documents: compared.
        equal: within 1e-12 of each other, relatively.
        largest: the largest absolute difference.
        differing: names of the documents where they differ, the largest difference first.
    """

    theirs: str
    ours: str
    documents: int
    equal: int
    largest: float
    differing: list[str]


def dolma_figures(*, real: bool) -> list[Figures]:
    """Every attribute of Dolma's Gopher tagger beside ours."""
    found, known = corpus(real=real), stored("dolma")
    rows = [known[digest]["gopher_v1"] for digest in found.hashes]
    pairs = [(name, ours, [row[name] for row in rows]) for name, ours in DOLMA_SIGNALS.items()]
    for name, signals_of_lengths in DOLMA_GRAMS.items():
        for place, ours in enumerate(signals_of_lengths):
            # A text with fewer words than the n-gram has no such attribute, which Dolma's mixer reads as passing.
            pairs.append((f"{name}[{place}]", ours, [(row[name][place : place + 1] or [0.0])[0] for row in rows]))
    return [_figures(name, ours, theirs, found.names, real=real) for name, ours, theirs in pairs]


def datatrove_figures(*, real: bool) -> list[Figures]:
    """The counts that datatrove's filters compare, beside ours: what its splitter alone makes differ."""
    found, known = corpus(real=real), stored("datatrove")
    rows = [known[digest] for digest in found.hashes]
    names = {"word_tokens": "datatrove_word_count"}
    return [_figures(name, ours, [row[name] for row in rows], found.names, real=real) for name, ours in names.items()]


def _figures(name: str, ours: str, theirs: list[float], names: list[str], *, real: bool) -> Figures:
    mine = np.asarray(measured(real=real).column(ours).to_numpy(zero_copy_only=False), float)
    other = np.asarray(theirs, float)
    apart = np.abs(mine - other)
    equal = apart <= 1e-12 * np.maximum(1.0, np.abs(other))
    order = np.argsort(-apart, kind="stable")
    return Figures(
        name,
        ours,
        len(names),
        int(equal.sum()),
        float(apart.max(initial=0.0)),
        [names[i] for i in order if not equal[i]],
    )
