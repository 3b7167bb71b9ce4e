r"""Counts for the FineWeb quality rules: how lines end, how short they are, how many characters repeat, line breaks.

Source: ``FineWebQualityFilter`` in datatrove (``pipeline/filters/fineweb_quality_filter.py``, 0.10), by the authors of
FineWeb (Penedo et al. 2024, arXiv:2406.17557), read on the lines and words of `gristmill.filters.segment`. Differences:
lines are without leading and trailing white space here (the filter keeps it, so a line that ends with a blank after its
full stop does not count as ended there); words are white-space words (there: spaCy tokens, which count punctuation
too, so its ratio of line breaks to words is smaller).
"""

from __future__ import annotations

import numba
import numpy as np

from gristmill.filters.arrays import Bytes, Int64s
from gristmill.filters.buffers import TextBuffer
from gristmill.filters.measure import NATURAL, ratio
from gristmill.filters.segment import Segments
from gristmill.filters.unicode_classes import SENTENCE_TERMINAL, class_table
from gristmill.filters.utf8 import code_point

SHORT_LINE_CHARS = 30
"""A line of at most so many characters is short."""

COLUMNS = ("terminal_lines", "short_lines", "newlines", "chars_without_newlines")
"""Columns of the array that `count_fineweb` returns, in order."""


def count_fineweb(buffer: TextBuffer, segments: Segments) -> Int64s:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS))."""
    counts = np.zeros((len(segments.document_chars), len(COLUMNS)), np.int64)
    _count_lines(buffer, segments, class_table(), counts)
    counts[:, 3] = segments.document_chars - counts[:, 2]
    return counts


@numba.njit(nogil=True, cache=True)
def _count_lines(buffer: TextBuffer, segments: Segments, classes: Bytes, counts: Int64s) -> None:
    data, offsets = buffer
    line_start, line_end, _, line_chars, _, _ = segments.lines
    document_lines = segments.document_lines
    for document in range(counts.shape[0]):
        for line in range(document_lines[document], document_lines[document + 1]):
            last = line_end[line] - 1
            while last > line_start[line] and (data[last] & 0xC0) == 0x80:
                last -= 1
            point, width = code_point(data, last, line_end[line])
            if last + width == line_end[line]:
                counts[document, 0] += (classes[point] & SENTENCE_TERMINAL) != 0
            counts[document, 1] += line_chars[line] <= SHORT_LINE_CHARS
        newlines = 0
        for i in range(offsets[document], offsets[document + 1]):
            newlines += data[i] == ord("\n")
        counts[document, 2] = newlines


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
