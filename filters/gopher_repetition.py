"""Counts for the repetition rules of Gopher: repeated lines and paragraphs, the top n-gram, repeated n-grams.

Source: Rae et al. 2021, arXiv:2112.11446, appendix A.1.1 and table A1, read on the words, lines and paragraphs of
`gristmill.filters.segment`. Where the paper leaves a choice, it is:

* **Duplicate lines** (and paragraphs) are the later copies: a line that stands twice counts once. Their characters are
  divided by the characters of all lines (of all paragraphs).
* An **n-gram** is n consecutive words of the document, across line breaks, as they stand (case and punctuation kept).
  Its characters are those of its words; all fractions of n-grams are of the characters of all words, so they lie in
  0 to 1 and white space does not matter.
* The **top n-gram** is the most frequent one that occurs at least twice; among equally frequent ones the one with most
  characters, then the one that comes first. What counts are the characters inside any of its occurrences, once each.
* **Duplicate n-grams** are all that occur at least twice, the first occurrence included. What counts are the characters
  inside any of their occurrences, once each.
* A document with fewer than n + 1 words has no repeated n-gram: 0.

An n-gram can only repeat where the (n-1)-gram it begins with does, so each length looks only at the places that were
left by the one before: the work is linear in the words, and in ordinary text nearly all of it is done at n = 2.
"""

from __future__ import annotations

import numba
import numpy as np

from gristmill.filters.arrays import Bytes, Hashes, Int32s, Int64s
from gristmill.filters.buffers import TextBuffer
from gristmill.filters.measure import ratio
from gristmill.filters.repeats import first_copies, table_size
from gristmill.filters.segment import Segments
from gristmill.filters.utf8 import HASH_PRIME, mix

TOP_LENGTHS = (2, 3, 4)
DUPLICATE_LENGTHS = (5, 6, 7, 8, 9, 10)

COLUMNS = (
    "line_chars", "duplicate_lines", "duplicate_line_chars",
    "paragraph_chars", "duplicate_paragraphs", "duplicate_paragraph_chars", "gram_chars",
    *(f"top_{n}gram_chars" for n in TOP_LENGTHS), *(f"duplicate_{n}gram_chars" for n in DUPLICATE_LENGTHS),
)  # fmt: skip
"""Columns of the array that `count_repetition` returns, in order."""

_GRAMS = 7
"""Column of ``top_2gram_chars``; the column of length n is n - 2 further on."""


def count_repetition(buffer: TextBuffer, segments: Segments) -> Int64s:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS))."""
    del buffer  # the hashes say it all
    counts = np.zeros((len(segments.document_chars), len(COLUMNS)), np.int64)
    _count_copies(segments.document_lines, segments.lines.hash, segments.lines.chars, counts[:, 0:3])
    _count_copies(segments.document_paragraphs, segments.paragraphs.hash, segments.paragraphs.chars, counts[:, 3:6])
    most = int(np.diff(segments.document_words).max(initial=0))
    _count_grams(segments.document_words, segments.words.hash, segments.words.chars, most, table_size(most), counts)
    return counts


def _count_copies(bounds: Int64s, hashes: Hashes, chars: Int32s, counts: Int64s) -> None:
    most = int(np.diff(bounds).max(initial=0))
    _count_later_copies(bounds, hashes, chars, most, table_size(most), counts)


@numba.njit(nogil=True, cache=True)
def _count_later_copies(bounds: Int64s, hashes: Hashes, chars: Int32s, most: int, slots: int, counts: Int64s) -> None:
    """All characters; items that stood before in the same document; their characters."""
    first, copies, table = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(slots, np.int32)
    for document in range(counts.shape[0]):
        start, items = bounds[document], bounds[document + 1] - bounds[document]
        first_copies(hashes[start:], items, first, copies, table)
        for item in range(items):
            counts[document, 0] += chars[start + item]
            if first[item] != item:
                counts[document, 1] += 1
                counts[document, 2] += chars[start + item]


@numba.njit(nogil=True, cache=True)
def _covered(places: Int32s, chosen: Bytes, many: int, length: int, reach: Int64s) -> int:
    """Characters inside the n-grams of ``length`` words that begin at the chosen places, each once."""
    total = 0
    done = 0
    for k in range(many):
        if chosen[k]:
            start, end = max(places[k], done), places[k] + length
            total += reach[end] - reach[start]
            done = end
    return total


@numba.njit(nogil=True, cache=True)
def _top(places: Int32s, first: Int32s, copies: Int32s, many: int, length: int, reach: Int64s) -> int:
    """Index of the first occurrence of the most frequent n-gram, or -1 if none occurs twice."""
    best, best_copies, best_chars = -1, 1, 0
    for k in range(many):
        if first[k] == k and copies[k] > 1 and copies[k] >= best_copies:
            chars = reach[places[k] + length] - reach[places[k]]
            if copies[k] > best_copies or chars > best_chars:
                best, best_copies, best_chars = k, copies[k], chars
    return best


@numba.njit(nogil=True, cache=True)
def _count_grams(bounds: Int64s, hashes: Hashes, chars: Int32s, most: int, slots: int, counts: Int64s) -> None:
    """Goes up from n = 2, keeping the places whose n-gram repeats and the running hash of each."""
    places, first, copies = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most, np.int32)
    table, chosen = np.empty(slots, np.int32), np.empty(most, np.uint8)
    running, mixed, reach = np.empty(most, np.uint64), np.empty(most, np.uint64), np.zeros(most + 1, np.int64)
    for document in range(counts.shape[0]):
        start, words = bounds[document], bounds[document + 1] - bounds[document]
        for word in range(words):
            places[word], running[word] = word, hashes[start + word]
            reach[word + 1] = reach[word] + chars[start + word]
        counts[document, _GRAMS - 1] = reach[words]
        many = words
        for length in range(2, 11):
            kept = 0
            for k in range(many):
                if places[k] + length <= words:
                    places[kept] = places[k]
                    running[kept] = running[k] * HASH_PRIME + hashes[start + places[k] + length - 1]
                    mixed[kept] = mix(running[kept])
                    kept += 1
            many = kept
            first_copies(mixed, many, first, copies, table)
            best = _top(places, first, copies, many, length, reach) if length < 5 else -1
            kept = 0
            for k in range(many):
                repeated = copies[first[k]] > 1
                chosen[k] = repeated if length >= 5 else first[k] == best
            counts[document, _GRAMS + length - 2] = _covered(places, chosen, many, length, reach)
            for k in range(many):
                if copies[first[k]] > 1:
                    places[kept], running[kept] = places[k], running[k]
                    kept += 1
            many = kept


_SOURCE = "Rae et al. 2021, arXiv:2112.11446, table A1"

MEASURES = (
    ratio("duplicate_line_fraction", "later copies of lines / lines", _SOURCE, of="duplicate_lines", to="lines"),
    ratio(
        "duplicate_line_char_fraction", "characters of later copies of lines / characters of lines", _SOURCE,
        of="duplicate_line_chars", to="line_chars",
    ),
    ratio(
        "duplicate_paragraph_fraction", "later copies of paragraphs / paragraphs", _SOURCE,
        of="duplicate_paragraphs", to="paragraphs",
    ),
    ratio(
        "duplicate_paragraph_char_fraction", "characters of later copies of paragraphs / characters of paragraphs",
        _SOURCE, of="duplicate_paragraph_chars", to="paragraph_chars",
    ),
    *(
        ratio(
            f"top_{n}gram_char_fraction", f"characters inside occurrences of the most frequent repeated {n}-gram of "
            "words / characters of words", _SOURCE, of=f"top_{n}gram_chars", to="gram_chars",
        )
        for n in TOP_LENGTHS
    ),
    *(
        ratio(
            f"duplicate_{n}gram_char_fraction", f"characters inside any {n}-gram of words that occurs twice or more / "
            "characters of words", _SOURCE, of=f"duplicate_{n}gram_chars", to="gram_chars",
        )
        for n in DUPLICATE_LENGTHS
    ),
)  # fmt: skip
"""Signals on repetition."""
