r"""Counts for the FineWeb quality rules: how lines end, how short they are, how many characters repeat, line breaks.

Source: ``FineWebQualityFilter`` in datatrove (``pipeline/filters/fineweb_quality_filter.py``, 0.10), by the authors of
FineWeb (Penedo et al. 2024, arXiv:2406.17557), read on the lines and words of `gristmill.filters.text.segment`.
Differences: lines are without leading and trailing white space here (the filter keeps it, so a line that ends with a
    blank after its
full stop does not count as ended there); words are white-space words (there: spaCy tokens, which count punctuation
too, so its ratio of line breaks to words is smaller).
"""

from __future__ import annotations

import numpy as np

from gristmill.filters.counts.measure import NATURAL, ratio
from gristmill.filters.counts.views import Views
from gristmill.filters.text import raw_copies
from gristmill.filters.text.arrays import Bytes, Int64s
from gristmill.filters.text.segments import Segments
from gristmill.filters.text.unicode_classes import SENTENCE_TERMINAL, class_table
from gristmill.filters.text.utf8 import code_point
from gristmill.kernels.kernel import kernel

SHORT_LINE_CHARS = 30
"""A line of at most so many characters is short."""

COLUMNS = ("terminal_lines", "short_lines", "newlines", "chars_without_newlines")
"""Columns of the array that `count_fineweb` returns, in order."""


def count_fineweb(views: Views) -> Int64s:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS))."""
    segments = views.segments
    counts = np.zeros((views.documents, len(COLUMNS)), np.int64)
    _count_lines(views.buffer.data, segments, class_table(), counts)
    counts[:, 2] = views.raw_copies[:, raw_copies.COLUMNS.index("newlines")]
    counts[:, 3] = segments.documents.chars - counts[:, 2]
    return counts


@kernel
def ends_with_terminal(data: Bytes, start: int, end: int, classes: Bytes) -> bool:
    """Whether the last character of the bytes is a Sentence_Terminal."""
    last = end - 1
    while last > start and (data[last] & 0xC0) == 0x80:
        last -= 1
    point, width = code_point(data, last, end)
    return last + width == end and (classes[point] & SENTENCE_TERMINAL) != 0


@kernel
def _count_lines(data: Bytes, segments: Segments, classes: Bytes, counts: Int64s) -> None:
    line_start, line_end, _, line_chars, _, _ = segments.lines
    document_lines = segments.document_lines
    for document in range(counts.shape[0]):
        for line in range(document_lines[document], document_lines[document + 1]):
            counts[document, 0] += ends_with_terminal(data, line_start[line], line_end[line], classes)
            counts[document, 1] += line_chars[line] <= SHORT_LINE_CHARS


_SOURCE = "datatrove 0.10, pipeline/filters/fineweb_quality_filter.py"

MEASURES = (
    ratio(
        "terminal_line_fraction", "lines whose last character is a Unicode Sentence_Terminal / lines", _SOURCE,
        of="terminal_lines", to="lines",
    ),
    ratio(
        "short_line_fraction", f"lines of at most {SHORT_LINE_CHARS} characters / lines", _SOURCE,
        of="short_lines", to="lines",
    ),
    ratio(
        "duplicate_line_text_fraction", "characters of later copies of lines / characters of the text that are no line "
        "break", _SOURCE, of="duplicate_line_chars", to="chars_without_newlines",
    ),
    ratio(
        "newline_to_word_ratio", "line breaks / words", _SOURCE,
        of="newlines", to="words", unit="per word", limits=NATURAL,
    ),
)  # fmt: skip
"""Signals on how lines end and how long they are."""
