"""From runs found to what an auditor asks: which items, how much of each, and where in the text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numba
import numpy as np

from gristmill.filters.contamination.index import Index
from gristmill.filters.contamination.passages import picked
from gristmill.filters.contamination.search import Hits
from gristmill.filters.text.arrays import Flags, Floats, Int32s, Int64s

MOST_EVIDENCE = 16
"""Items told for one document, those of which most is found first; the signals count all of them."""

FOUND_CHARS = 300
"""Characters of the text found that are kept as evidence; its place says the rest."""

CONTEXT_CHARS = 80
"""Characters kept on either side of it."""


class Overlaps(NamedTuple):
    """Pairs of a document and an item that share runs of words, in the order of documents and items.

    Attributes:
        document: int32.
        item: int32.
        words: int32, words of the item that are found.
        start: int64, first byte in the text of the longest stretch of words shared with the item.
        end: int64, the byte after its last.
    """

    document: Int32s
    item: Int32s
    words: Int32s
    start: Int64s
    end: Int64s


class Spans(NamedTuple):
    """Stretches of text covered by runs found: ascending and apart within each document; ``item`` is the first's."""

    document: Int32s
    start: Int64s
    end: Int64s
    item: Int32s


def overlaps_of(hits: Hits, index: Index, min_item_share: float = 0.0) -> tuple[Overlaps, Hits]:
    """The pairs of document and item, and the hits that belong to them.

    Args:
        hits: from `gristmill.filters.contamination.search.find_runs`.
        index: what was looked for.
        min_item_share: pairs with less of the item found are left out, and their hits with them.
    """
    item = index.runs.item[hits.entry]
    order = np.lexsort((hits.last, hits.first, item, hits.document))
    sorted_hits = picked(hits, order)
    item = item[order]
    new = np.ones(len(item), bool)
    new[1:] = (item[1:] != item[:-1]) | (sorted_hits.document[1:] != sorted_hits.document[:-1])
    pair = np.cumsum(new) - 1
    bounds = np.append(np.flatnonzero(new), len(item)).astype(np.int64)
    words, start, end = _measure_pairs(sorted_hits, bounds, index.runs, int(index.item_words.max(initial=0)))
    found = Overlaps(sorted_hits.document[new], item[new], words, start, end)
    kept = shares(found, index) >= min_item_share
    return picked(found, np.flatnonzero(kept)), picked(sorted_hits, np.flatnonzero(kept[pair]))


def shares(found: Overlaps, index: Index) -> Floats:
    """The share of each item's words that is found."""
    share: Floats = found.words / np.maximum(index.item_words[found.item], 1)
    return share


@numba.njit(nogil=True, cache=True)
def _measure_pairs(hits: Hits, bounds: Int64s, runs: Any, most_words: int) -> tuple[Int32s, Int64s, Int64s]:
    pairs = bounds.size - 1
    words, start, end = np.zeros(pairs, np.int32), np.zeros(pairs, np.int64), np.zeros(pairs, np.int64)
    seen = np.full(most_words, -1, np.int64)
    for pair in range(pairs):
        here_start = here_end = here_last = np.int64(-2)
        for hit in range(bounds[pair], bounds[pair + 1]):
            entry = hits.entry[hit]
            for k in range(runs.size[entry]):
                word = runs.first[entry] + k
                if k >= runs.head[entry]:
                    word = runs.second[entry] + k - runs.head[entry]
                for plain in range(runs.plain_first[word], runs.plain_last[word] + 1):
                    words[pair] += seen[plain] != pair
                    seen[plain] = pair
            if hits.first[hit] > here_last + 1:
                here_start, here_end = hits.start[hit], hits.end[hit]
            here_last = max(here_last, hits.last[hit])
            here_end = max(here_end, hits.end[hit])
            if here_end - here_start > end[pair] - start[pair]:
                start[pair], end[pair] = here_start, here_end
    return words, start, end


def spans_of(hits: Hits, index: Index) -> Spans:
    """The stretches that the hits cover; runs that overlap or touch are one."""
    order = np.lexsort((hits.last, hits.first, hits.document))
    document, first, last = hits.document[order], hits.first[order], hits.last[order]
    # The furthest word reached so far in the same document, told apart by a step that no document's words fill.
    step = int(last.max(initial=0)) + 3
    reached = np.maximum.accumulate(last + document.astype(np.int64) * step)
    new: Flags = np.ones(len(order), bool)
    new[1:] = first[1:] + document[1:].astype(np.int64) * step > reached[:-1] + 1
    bounds = np.flatnonzero(new)
    if not len(bounds):
        return Spans(document, first, last, document)
    ends = np.maximum.reduceat(hits.end[order], bounds)
    return Spans(document[bounds], hits.start[order][bounds], ends, index.runs.item[hits.entry[order]][bounds])


def count_runs(hits: Hits, documents: int) -> Int64s:
    """How many runs of words of each document stand in an item, however many items they stand in."""
    order = np.lexsort((hits.first, hits.last, hits.document))
    document, first, last = hits.document[order], hits.first[order], hits.last[order]
    new = np.ones(len(order), bool)
    new[1:] = (document[1:] != document[:-1]) | (first[1:] != first[:-1]) | (last[1:] != last[:-1])
    return np.bincount(document[new], minlength=documents).astype(np.int64)


def count_chars(spans: Spans, data: Any, offsets: Int64s, documents: int) -> Int64s:
    """Characters of each document inside the spans."""
    chars = np.zeros(documents, np.int64)
    _count_chars(spans, data, offsets, chars)
    return chars


@numba.njit(nogil=True, cache=True)
def _count_chars(spans: Spans, data: Any, offsets: Int64s, chars: Int64s) -> None:
    for span in range(spans.start.size):
        document = spans.document[span]
        base = offsets[document]
        for i in range(base + spans.start[span], base + spans.end[span]):
            chars[document] += (data[i] & 0xC0) != 0x80


def evidence_rows(found: Overlaps, index: Index, texts: Sequence[bytes], rule_set: str) -> list[list[dict[str, Any]]]:
    """The evidence of each document, as rows of `gristmill.documents.EVIDENCE_TYPE`.

    Args:
        found: pairs of documents and items.
        index: what was looked for.
        texts: the documents' UTF-8, of those at least that occur in ``found``.
        rule_set: whose evidence it is.
    """
    rows: list[list[dict[str, Any]]] = [[] for _ in texts]
    order = np.lexsort((found.item, -found.words, -shares(found, index), found.document))
    for pair in order.tolist():
        told = rows[int(found.document[pair])]
        if len(told) == MOST_EVIDENCE:
            continue
        item, start, end = int(found.item[pair]), int(found.start[pair]), int(found.end[pair])
        text = texts[int(found.document[pair])]
        words = text[start:end].decode("utf-8", "replace")[:FOUND_CHARS]
        before = text[max(0, start - 4 * CONTEXT_CHARS) : start].decode("utf-8", "ignore")[-CONTEXT_CHARS:]
        shown = start + len(words.encode())
        after = text[shown : shown + 4 * CONTEXT_CHARS].decode("utf-8", "ignore")[:CONTEXT_CHARS]
        told.append(
            {
                "rule_set": rule_set,
                "item": f"{index.names[item].as_py()} ({found.words[pair]} of {index.item_words[item]} words)",
                "found": words,
                "context": before + words + after,
                "start": start,
                "end": end,
            }
        )
    return rows
