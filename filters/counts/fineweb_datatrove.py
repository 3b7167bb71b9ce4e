"""FineWeb's quantities exactly as datatrove counts them: variant ``datatrove`` of the rule set ``fineweb``.

Source: datatrove 0.10, ``pipeline/filters/fineweb_quality_filter.py``. Lines are raw lines that are not blank, white
space and all: one that has a blank after its full stop does not end with it. Words are the tokens of
`gristmill.filters.tokens.tokens`, which count punctuation. A text without lines has 0 (there it is dropped, as it is
here by the rule on line ends).
"""

from __future__ import annotations

import numpy as np

from gristmill.filters.counts.fineweb import SHORT_LINE_CHARS, ends_with_terminal
from gristmill.filters.counts.measure import NATURAL, ratio
from gristmill.filters.counts.views import Views
from gristmill.filters.text import raw_copies
from gristmill.filters.text.arrays import Bytes, Int64s
from gristmill.filters.text.segments import Segments
from gristmill.filters.text.unicode_classes import class_table
from gristmill.kernels.kernel import kernel

COLUMNS = ("raw_terminal_lines", "raw_short_lines", "raw_duplicate_chars")
"""Columns of the array that `count_fineweb_datatrove` returns, in order."""


def count_fineweb_datatrove(views: Views) -> Int64s:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS))."""
    counts = np.zeros((views.documents, len(COLUMNS)), np.int64)
    _count_lines(views.buffer.data, views.segments, class_table(), counts)
    counts[:, 2] = views.raw_copies[:, raw_copies.COLUMNS.index("later_word_line_chars")]
    return counts


@kernel
def _count_lines(data: Bytes, segments: Segments, classes: Bytes, counts: Int64s) -> None:
    start, end, chars, _, blank = segments.raw_lines
    bounds = segments.document_raw_lines
    for document in range(counts.shape[0]):
        for line in range(bounds[document], bounds[document + 1]):
            if not blank[line]:
                counts[document, 0] += ends_with_terminal(data, start[line], end[line], classes)
                counts[document, 1] += chars[line] <= SHORT_LINE_CHARS


_SOURCE = "datatrove 0.10, pipeline/filters/fineweb_quality_filter.py"

MEASURES = (
    ratio(
        "datatrove_terminal_line_fraction", "raw lines that are not blank whose last character is a Unicode "
        "Sentence_Terminal / raw lines that are not blank", _SOURCE, of="raw_terminal_lines", to="lines",
    ),
    ratio(
        "datatrove_short_line_fraction", f"raw lines that are not blank of at most {SHORT_LINE_CHARS} characters / raw "
        "lines that are not blank", _SOURCE, of="raw_short_lines", to="lines",
    ),
    ratio(
        "datatrove_duplicate_line_text_fraction", "characters of later copies of raw lines that are not blank / "
        "characters of the text that are no line break", _SOURCE, of="raw_duplicate_chars", to="chars_without_newlines",
    ),
    ratio(
        "datatrove_newline_to_token_ratio", "line breaks / tokens", _SOURCE,
        of="newlines", to="tokens", unit="per token", limits=NATURAL,
    ),
)  # fmt: skip
"""Signals of variant ``datatrove``."""
