"""Counts for the rules on source code: line lengths, share of letters and digits, XML headers.

Source: StarCoder's ``preprocessing/filtering.py`` (bigcode-project/bigcode-dataset; Li et al. 2023, arXiv:2305.06161)
and RedPajama-1's ``data_prep/github/github_run_filter.py``, read on the raw lines of `gristmill.filters.text.segment`.
"""

from __future__ import annotations

import numpy as np

from gristmill.filters.counts.measure import count, ratio
from gristmill.filters.counts.views import Views
from gristmill.filters.text.arrays import Bytes, Int64s
from gristmill.filters.text.buffers import TextBuffer
from gristmill.filters.text.segments import Segments
from gristmill.filters.text.utf8 import code_point
from gristmill.kernels.kernel import kernel

XML_HEADER = "<?xml version="
XML_HEADER_CHARS = 100
"""The XML header is looked for in so many characters at the beginning."""

COLUMNS = ("raw_lines", "raw_line_chars", "longest_line_chars", "alphanumeric_chars", "letter_chars", "xml_headers")
"""Columns of the array that `count_code` returns, in order."""

_XML_HEADER = np.frombuffer(XML_HEADER.encode("ascii"), np.uint8)


def count_code(views: Views) -> Int64s:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS))."""
    segments = views.segments
    counts = np.zeros((views.documents, len(COLUMNS)), np.int64)
    counts[:, 0] = np.diff(segments.document_raw_lines)
    counts[:, 3], counts[:, 4] = segments.documents.alphanumerics, segments.documents.letters
    _count_code(views.buffer, segments, _XML_HEADER, counts)
    return counts


@kernel
def _has_header(data: Bytes, start: int, end: int, header: Bytes) -> bool:
    """Whether the header stands whole within the first `XML_HEADER_CHARS` characters."""
    i, chars = start, 0
    while i < end and chars + header.size <= XML_HEADER_CHARS:
        k = 0
        while k < header.size and i + k < end and data[i + k] == header[k]:
            k += 1
        if k == header.size:
            return True
        _, width = code_point(data, i, end)
        i += width
        chars += 1
    return False


@kernel
def _count_code(buffer: TextBuffer, segments: Segments, header: Bytes, counts: Int64s) -> None:
    chars, bounds = segments.raw_lines.chars, segments.document_raw_lines
    for document in range(counts.shape[0]):
        total = longest = 0
        for line in range(bounds[document], bounds[document + 1]):
            total += chars[line]
            longest = max(longest, chars[line])
        counts[document, 1], counts[document, 2] = total, longest
        counts[document, 5] = _has_header(buffer.data, buffer.offsets[document], buffer.offsets[document + 1], header)


_SOURCE = "bigcode-project/bigcode-dataset, preprocessing/filtering.py; Li et al. 2023, arXiv:2305.06161"

MEASURES = (
    count("raw_line_count", "lines", "lines with the blank ones", _SOURCE, of="raw_lines"),
    count(
        "max_raw_line_length", "characters", "characters of the longest line, white space included", _SOURCE,
        of="longest_line_chars",
    ),
    ratio(
        "mean_raw_line_length", "characters that are no line break / lines with the blank ones", _SOURCE,
        of="raw_line_chars", to="raw_lines", unit="characters per line", limits="0 or more",
    ),
    ratio(
        "alphanumeric_char_fraction", "letters, digits and other numbers (str.isalnum) / characters", _SOURCE,
        of="alphanumeric_chars", to="chars",
    ),
    ratio("letter_char_fraction", "letters (Unicode L*) / characters", _SOURCE, of="letter_chars", to="chars"),
    count(
        "xml_header_count", "headers", f"1 if {XML_HEADER} stands in the first {XML_HEADER_CHARS} characters", _SOURCE,
        of="xml_headers", limits="0 or 1",
    ),
)  # fmt: skip
"""Signals on source code."""
