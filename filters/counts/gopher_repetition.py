"""Counts for the repetition rules of Gopher: repeated lines and paragraphs, the top n-gram, repeated n-grams.

Source: Rae et al. 2021, arXiv:2112.11446, appendix A.1.1 and table A1, read on the words, lines and paragraphs of
`gristmill.filters.text.segment`. Where the paper leaves a choice, it is:

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
"""

from __future__ import annotations

import numba
import numpy as np

from gristmill.filters.counts.measure import ratio
from gristmill.filters.counts.views import Views
from gristmill.filters.text import grams
from gristmill.filters.text.arrays import Hashes, Int32s, Int64s
from gristmill.filters.text.grams import DUPLICATE_LENGTHS, TOP_LENGTHS
from gristmill.filters.text.repeats import first_copies, table_size

COLUMNS = (
    "line_chars", "duplicate_lines", "duplicate_line_chars",
    "paragraph_chars", "duplicate_paragraphs", "duplicate_paragraph_chars", "gram_chars",
    *(f"top_{n}gram_chars" for n in TOP_LENGTHS), *(f"duplicate_{n}gram_chars" for n in DUPLICATE_LENGTHS),
)  # fmt: skip
"""Columns of the array that `count_repetition` returns, in order."""

_GRAM_COLUMNS = [
    grams.COLUMNS.index(name)
    for name in ("chars", *(f"top_covered_{n}" for n in TOP_LENGTHS), *(f"covered_{n}" for n in DUPLICATE_LENGTHS))
]


def count_repetition(views: Views) -> Int64s:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS))."""
    segments = views.segments
    counts = np.zeros((views.documents, len(COLUMNS)), np.int64)
    _count_copies(segments.document_lines, segments.lines.hash, segments.lines.chars, counts[:, 0:3])
    _count_copies(segments.document_paragraphs, segments.paragraphs.hash, segments.paragraphs.chars, counts[:, 3:6])
    counts[:, 6:] = views.word_grams[:, _GRAM_COLUMNS]
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
