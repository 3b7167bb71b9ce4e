"""The signals of decontamination: how much of which evaluation items stands in each document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gristmill.documents import EVIDENCE_TYPE
from gristmill.filters.contamination.index import Search, SetCounts, load_index
from gristmill.filters.contamination.overlap import (
    Overlaps,
    Spans,
    count_chars,
    count_runs,
    evidence_rows,
    overlaps_of,
    shares,
    spans_of,
)
from gristmill.filters.contamination.search import find_runs
from gristmill.filters.counts.measure import FRACTION, NATURAL, Signal
from gristmill.filters.text.arrays import Floats, Int64s
from gristmill.filters.text.buffers import TextBuffer, text_buffer

RULE_SET = "decontamination"
_SOURCE = "Brown et al. 2020, arXiv:2005.14165, appendix C"

CONTAMINATION_SIGNALS = (
    Signal(
        "contamination_ngram_count", "int64", "n-grams", NATURAL,
        "runs of words of the text that stand in an evaluation item; a short item found whole is one", _SOURCE,
    ),
    Signal(
        "contamination_item_count", "int64", "items", NATURAL, "evaluation items that share such a run", _SOURCE,
    ),
    Signal(
        "contamination_span_chars", "int64", "characters", NATURAL, "characters of the text inside those runs", _SOURCE,
    ),
    Signal(
        "contamination_max_item_share", "float64", "fraction", FRACTION,
        "words of an item inside those runs / its words, for the item with the largest share",
        "Lambert et al. 2024, arXiv:2411.15124, section 3.2",
    ),
    Signal(
        "contamination_evidence", "evidence", "items", "0 to 16 items",
        "the items with the largest shares: name, words found, context, place", "gristmill.filters.contamination",
    ),
)  # fmt: skip
"""Columns of `Decontamination`, in order."""


@dataclass(frozen=True)
class Decontamination:
    """The `gristmill.filters.extras.Extra` of ``[decontamination]``.

    Attributes:
        search: what is looked for.
        min_item_share: items of which less is found do not count.
    """

    search: Search
    min_item_share: float = 0.0

    @property
    def signals(self) -> tuple[Signal, ...]:
        """`CONTAMINATION_SIGNALS`."""
        return CONTAMINATION_SIGNALS

    def key(self) -> object:
        """Parameters and checksums of the sets."""
        sets = [[s.name, list(s.sha256), list(s.fields), s.id_field, _names(s.uris)] for s in self.search.sets]
        search = self.search
        return [
            RULE_SET, sets, search.ngram, search.min_item_words, search.max_items, list(search.phrases),
            self.min_item_share, search.least_bounded_words,
        ]  # fmt: skip

    def counts(self) -> tuple[SetCounts, ...]:
        """What became of the items of each set."""
        return load_index(self.search).counts

    def notes(self) -> tuple[str, ...]:
        """What is not looked for, set by set; nothing for a set that is searched whole."""
        return tuple(_note(counts, self.search) for counts in self.counts() if counts.unsearchable or counts.common)

    def measure(self, documents: pa.RecordBatch) -> Sequence[pa.Array]:
        """`CONTAMINATION_SIGNALS` of each document."""
        buffer = text_buffer(documents.column("text"))
        index = load_index(self.search)
        rows = len(buffer.offsets) - 1
        found, hits = overlaps_of(find_runs(buffer, index), index, self.min_item_share)
        largest: Floats = np.zeros(rows, np.float64)
        np.maximum.at(largest, found.document, shares(found, index))
        chars = count_chars(spans_of(hits, index), buffer.data, buffer.offsets, rows)
        texts = _texts(buffer, found)
        return [
            pa.array(count_runs(hits, rows), pa.int64()),
            pa.array(np.bincount(found.document, minlength=rows).astype(np.int64), pa.int64()),
            pa.array(chars, pa.int64()),
            pa.array(largest, pa.float64()),
            pa.array(evidence_rows(found, index, texts, RULE_SET), EVIDENCE_TYPE),
        ]

    def spans(self, buffer: TextBuffer) -> Spans:
        """The stretches of each text that stand in evaluation items."""
        index = load_index(self.search)
        _, hits = overlaps_of(find_runs(buffer, index), index, self.min_item_share)
        return spans_of(hits, index)


def _note(counts: SetCounts, search: Search) -> str:
    left_out = [
        f"{count:,} {why}"
        for count, why in (
            (counts.common, f"in more than {search.max_items} items"),
            (counts.ignored, "in listed phrases"),
            (counts.spelled, "of single letters and digits"),
        )
        if count
    ]
    return (
        f"evaluation set {counts.name}: {counts.unsearchable:,} of {counts.items:,} items cannot be looked for (they "
        f"have no {search.ngram} words that tell, no plain string of {search.least_words}, and not "
        f"{search.least_bounded_words} in all), and {counts.bounded:,} count only as a line, sentence or field of "
        f"their own; of their runs of words {counts.runs:,} are looked for and {', '.join(left_out) or 'none'} left out"
    )


def _texts(buffer: TextBuffer, found: Overlaps) -> list[bytes]:
    """The UTF-8 of the documents in ``found``; empty for the others."""
    texts = [b""] * (len(buffer.offsets) - 1)
    bounds: Int64s = buffer.offsets
    for document in np.unique(found.document).tolist():
        texts[document] = buffer.data[bounds[document] : bounds[document + 1]].tobytes()
    return texts


def _names(uris: Sequence[str]) -> list[str]:
    """File names; they stand in the names of items where a set has several files."""
    return [uri.rpartition("/")[2] for uri in uris] if len(uris) > 1 else []
