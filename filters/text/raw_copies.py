r"""Raw lines that occur more than once in a document, counted as each peer counts them.

Raw lines are those of `gristmill.filters.text.segment`, white space and all; two are equal when their bytes are.
"""

from __future__ import annotations

import numba
import numpy as np

from gristmill.filters.text.arrays import Bytes, Hashes, Int64s
from gristmill.filters.text.buffers import TextBuffer
from gristmill.filters.text.repeats import first_copies, table_size
from gristmill.filters.text.segments import Segments
from gristmill.kernels.kernel import kernel
from gristmill.kernels.swar import hash_bytes

COLUMNS = (
    "repeated_lines", "repeated_line_chars", "later_filled_lines", "later_filled_line_chars", "later_word_line_chars",
    "filled_lines", "newlines",
)  # fmt: skip
r"""Columns of the array that `count_raw_copies` returns.

Of the pieces between line breaks, the empty one after a last ``\n`` too: those that occur more than once, every copy;
their characters. Of lines that are not empty: later copies; their characters. Of lines with a word: characters of later
copies. Lines that are not empty. Line breaks."""


def count_raw_copies(buffer: TextBuffer, segments: Segments) -> Int64s:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS))."""
    counts = np.zeros((len(buffer.offsets) - 1, len(COLUMNS)), np.int64)
    most = int(np.diff(segments.document_raw_lines).max(initial=0)) + 1
    hashes = np.empty(most, np.uint64)
    _count_raw_copies(buffer, segments, hashes, most, table_size(most), counts)
    return counts


@kernel
def _hash_lines(data: Bytes, segments: Segments, first: int, last: int, hashes: Hashes) -> None:
    """Hashes of the raw lines; a line that has nothing to strip has its hash already."""
    start, end, _, line, blank = segments.raw_lines
    line_start, line_end, known = segments.lines.start, segments.lines.end, segments.lines.hash
    for raw in range(first, last):
        own = line[raw]
        if not blank[raw] and line_start[own] == start[raw] and line_end[own] == end[raw]:
            hashes[raw - first] = known[own]
        else:
            hashes[raw - first] = hash_bytes(data, start[raw], end[raw])


@numba.njit(nogil=True, cache=True)
def _count_raw_copies(
    buffer: TextBuffer, segments: Segments, hashes: Hashes, most: int, slots: int, counts: Int64s
) -> None:
    first, copies, table = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(slots, np.int32)
    _, ends, chars, _, blank = segments.raw_lines
    bounds = segments.document_raw_lines
    for document in range(counts.shape[0]):
        begin, lines, row = bounds[document], bounds[document + 1] - bounds[document], counts[document]
        _hash_lines(buffer.data, segments, begin, begin + lines, hashes)
        open_end = lines > 0 and ends[begin + lines - 1] == buffer.offsets[document + 1]
        pieces = lines + (0 if open_end else 1)
        if not open_end:
            hashes[lines] = hash_bytes(buffer.data, 0, 0)
        row[6] = pieces - 1
        first_copies(hashes, pieces, first, copies, table)
        for piece in range(pieces):
            size = chars[begin + piece] if piece < lines else 0
            if copies[first[piece]] > 1:
                row[0] += 1
                row[1] += size
            row[5] += size > 0
            if first[piece] != piece and size > 0:
                row[2] += 1
                row[3] += size
                row[4] += 0 if blank[begin + piece] else size
