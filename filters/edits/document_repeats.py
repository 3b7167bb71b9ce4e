r"""The edit ``document_repeats``: lines and paragraphs that stand in one document before are cut; the first copy stays.

Lines and paragraphs, and what makes two of them the same, are those of `gristmill.filters.text.segment`; here their
bytes are compared, not only their hashes. What is cut are the later copies that Gopher's repetition signals count (Rae
et al. 2021, arXiv:2112.11446, table A1): a text that this edit has left has no duplicate line, or no duplicate
paragraph.

A line goes with the ``\n`` before it; one with which a paragraph begins goes with the ``\n`` after it; a paragraph of
which nothing is left goes with the blank lines before it. So paragraphs that stay, stay apart.
"""

from __future__ import annotations

import dataclasses

import numba
import numpy as np
import pyarrow as pa

from gristmill.filters.edits.cuts import Cuts
from gristmill.filters.edits.edit_types import EditSpec
from gristmill.filters.text.arrays import Bytes, Hashes, Int32s, Int64s
from gristmill.filters.text.buffers import TextBuffer, text_buffer
from gristmill.filters.text.segment import segment
from gristmill.filters.text.segments import Segments
from gristmill.kernels.kernel import kernel

REASONS = ("repeated_line", "repeated_paragraph")

_LINE, _PARAGRAPH = range(len(REASONS))

SPEC = EditSpec(
    name="document_repeats",
    summary="lines and paragraphs that stand in the same document before",
    reasons=REASONS,
    source="the duplicate lines and paragraphs of Rae et al. 2021, arXiv:2112.11446, table A1",
    default="lines",
    variants={"lines": "lines, and so paragraphs", "paragraphs": "whole paragraphs only"},
    kinds=("web",),
)


@dataclasses.dataclass(frozen=True)
class DocumentRepeats:
    r"""Later copies of lines, or of whole paragraphs, of one document.

    Attributes:
        lines: cut repeated lines; else only paragraphs of which all lines repeat those of an earlier one.

    >>> edit = DocumentRepeats()
    >>> documents = pa.RecordBatch.from_pydict({"text": ["Home\nThe mill.\n\nHome\nThe mill.\n\nNews\n Home "]})
    >>> found = edit.find(documents)
    >>> [(edit.reasons[i], int(a), int(b)) for i, a, b in zip(found.label, found.start, found.end)]
    [('repeated_paragraph', 14, 30), ('repeated_line', 36, 43)]
    """

    lines: bool = True

    name = SPEC.name
    reasons = REASONS
    tidying: frozenset[str] = frozenset()

    @classmethod
    def of(cls, variant: str) -> DocumentRepeats:
        """The edit of a variant of `SPEC`."""
        return cls(variant == "lines")

    def key(self) -> object:
        """All parameters."""
        return [self.name, self.lines]

    def find(self, documents: pa.RecordBatch) -> Cuts:
        """The cuts in ``text``."""
        buffer = text_buffer(documents.column("text"))
        segments = segment(buffer)
        first_line = np.arange(len(segments.lines.start))
        _first_lines(buffer.data, segments, _table(segments.document_lines), first_line)
        paragraphs = np.append(np.flatnonzero(segments.lines.opens), len(first_line))
        first_paragraph = np.arange(len(paragraphs) - 1)
        _first_paragraphs(
            segments.document_paragraphs, segments.paragraphs.hash, paragraphs, first_line,
            _table(segments.document_paragraphs), first_paragraph,
        )  # fmt: skip
        again = first_paragraph != np.arange(len(first_paragraph))
        gone = first_line != np.arange(len(first_line)) if self.lines else np.repeat(again, np.diff(paragraphs))
        return _cuts(self.name, buffer, segments, paragraphs, again, gone)


def _table(bounds: Int64s) -> Int64s:
    """Room for a hash table of the items of any one document; -1 is no item."""
    most = int(np.diff(bounds).max(initial=0))
    return np.full(1 << max(3, (2 * most).bit_length()), -1, np.int64)


@kernel
def _first_lines(data: Bytes, segments: Segments, table: Int64s, first: Int64s) -> None:
    """For every line the first one of its document with the same bytes. An entry of an earlier document is no entry."""
    starts, ends, hashes = segments.lines.start, segments.lines.end, segments.lines.hash
    mask = table.size - 1
    for text in range(segments.document_lines.size - 1):
        begin = segments.document_lines[text]
        for line in range(begin, segments.document_lines[text + 1]):
            slot = np.int64(hashes[line] >> np.uint64(20)) & mask
            while table[slot] >= begin and not _same_bytes(data, starts, ends, table[slot], line):
                slot = (slot + 1) & mask
            if table[slot] >= begin:
                first[line] = table[slot]
            else:
                table[slot] = line


@kernel
def _same_bytes(data: Bytes, starts: Int64s, ends: Int64s, one: int, other: int) -> bool:
    size = ends[one] - starts[one]
    if ends[other] - starts[other] != size:
        return False
    for i in range(size):  # noqa: SIM110  a kernel has no generator
        if data[starts[one] + i] != data[starts[other] + i]:
            return False
    return True


@kernel
def _first_paragraphs(
    bounds: Int64s, hashes: Hashes, lines: Int64s, first_line: Int64s, table: Int64s, first: Int64s
) -> None:
    """For every paragraph the first one of its document whose lines are the same, one by one.

    ``lines`` has the first line of each paragraph and the number of all lines at its end.
    """
    mask = table.size - 1
    for text in range(bounds.size - 1):
        begin = bounds[text]
        for paragraph in range(begin, bounds[text + 1]):
            slot = np.int64(hashes[paragraph] >> np.uint64(20)) & mask
            while table[slot] >= begin and not _same_lines(lines, first_line, table[slot], paragraph):
                slot = (slot + 1) & mask
            if table[slot] >= begin:
                first[paragraph] = table[slot]
            else:
                table[slot] = paragraph


@numba.njit(nogil=True, cache=True)
def _same_lines(lines: Int64s, first_line: Int64s, one: int, other: int) -> bool:
    size = lines[one + 1] - lines[one]
    if lines[other + 1] - lines[other] != size:
        return False
    for i in range(size):  # noqa: SIM110  a kernel has no generator
        if first_line[lines[one] + i] != first_line[lines[other] + i]:
            return False
    return True


def _cuts(
    name: str,
    buffer: TextBuffer,
    segments: Segments,
    paragraphs: Int64s,
    again: np.ndarray[tuple[int], np.dtype[np.bool_]],
    gone: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> Cuts:
    raw = segments.raw_lines
    own = np.flatnonzero(raw.blank == 0)  # the raw line of each line
    texts, most = len(buffer.offsets) - 1, int(gone.sum())
    bounds = np.zeros(texts + 1, np.int64)
    start, end, reason = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int32)
    out = (bounds, start, end, reason)
    _emit(segments.document_paragraphs, paragraphs, raw.start[own], raw.end[own], again, gone, out)
    found = int(bounds[-1])
    first = np.repeat(buffer.offsets[:-1], np.diff(bounds))
    return Cuts.of(name, REASONS, bounds, start[:found] - first, end[:found] - first, reason[:found])


@kernel
def _emit(
    document_paragraphs: Int64s,
    paragraphs: Int64s,
    starts: Int64s,
    ends: Int64s,
    again: np.ndarray[tuple[int], np.dtype[np.bool_]],
    gone: np.ndarray[tuple[int], np.dtype[np.bool_]],
    out: tuple[Int64s, Int64s, Int64s, Int32s],
) -> None:
    """Cuts the lines that are ``gone``; ``starts`` and ``ends`` are those of their raw lines."""
    bounds, start, end, reason = out
    found = 0
    for text in range(bounds.size - 1):
        for paragraph in range(document_paragraphs[text], document_paragraphs[text + 1]):
            first, last = paragraphs[paragraph], paragraphs[paragraph + 1]
            if gone[first:last].all():  # never the first paragraph: what it repeats stands before it
                start[found], end[found] = ends[first - 1], ends[last - 1]
                reason[found] = _PARAGRAPH if again[paragraph] else _LINE
                found += 1
                continue
            stays = False
            for line in range(first, last):
                if gone[line]:
                    start[found] = ends[line - 1] if stays else starts[line]
                    end[found] = ends[line] if stays else ends[line] + 1
                    reason[found] = _LINE
                    found += 1
                stays |= not gone[line]
        bounds[text + 1] = found
