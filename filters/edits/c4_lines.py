r"""The edit ``c4_lines``: C4's cleaning of a page, line by line, as cuts.

Source: ``clean_page`` in ``tensorflow_datasets/text/c4_utils.py`` (commit 3e77995); Raffel et al. 2020,
arXiv:1910.10683, section 2.2. `gristmill.filters.counts.c4` defines the steps and counts what this edit cuts. What is
left is C4's page: its kept lines without citation marks, one ``\n`` between them, and no white space around them.

Three of C4's steps judge a page, not a line, and stay rules (rule set ``c4``): ``lorem ipsum``, ``{`` and too few
sentences. So a line with ``lorem ipsum`` or ``{`` that no earlier step cuts is left for its rule to see.
"""

from __future__ import annotations

import dataclasses
import functools

import numba
import numpy as np
import pyarrow as pa

from gristmill.filters.counts.c4 import (
    CITATIONS,
    MAX_WORD_CHARS,
    MIN_LINE_WORDS,
    PAPER_MIN_LINE_WORDS,
    citation_end,
    count_words,
    without_citations,
)
from gristmill.filters.counts.c4_phrases import (
    JAVASCRIPT,
    LOREM_IPSUM,
    POLICY_PHRASES,
    find_phrases,
    first_pairs,
    packed,
)
from gristmill.filters.edits.cuts import Cuts
from gristmill.filters.edits.edit_types import EditSpec
from gristmill.filters.text.arrays import Bytes, Int32s, Int64s
from gristmill.filters.text.buffers import text_buffer
from gristmill.filters.text.segment import segment
from gristmill.filters.text.segments import Segments
from gristmill.filters.text.unicode_classes import WHITE_SPACE, class_table
from gristmill.filters.text.utf8 import code_point
from gristmill.kernels.kernel import kernel

REASONS = (
    "long_word", "no_end_mark", "few_words", "javascript", "policy_phrase", "citation", "white_space",
)  # fmt: skip
"""The first five cut a whole line, and stand in the order in which they are tried."""

END_MARKS = (".", "?", "!", '"')

_KEPT = -1
_LONG_WORD, _NO_END_MARK, _FEW_WORDS, _JAVASCRIPT, _POLICY, _CITATION, _WHITE_SPACE = range(len(REASONS))
_OPEN_BRACKET, _NEWLINE, _DOT = 91, 10, 46
_PAGE_RULE_BITS = 1 | 8
"""Bits of `find_phrases` for ``lorem ipsum`` and ``{``: they judge the page."""

SPEC = EditSpec(
    name="c4_lines",
    summary="lines that C4 does not keep, citation marks, and white space between lines",
    reasons=REASONS,
    source="tensorflow_datasets/text/c4_utils.py at 3e77995; Raffel et al. 2020, arXiv:1910.10683, section 2.2",
    default="tfds",
    variants={"tfds": "a line needs 5 words, as in the code", "paper": "a line needs 3 words, as printed"},
    kinds=("web",),
)


@dataclasses.dataclass(frozen=True)
class C4Lines:
    r"""C4's line rules.

    Attributes:
        min_words: least white-space words of a line, counted without citation marks.
        end_marks: one of them must end a line. C4's are those of English.
        policy_phrases: a line with one of them is cut; lower case, found with A to Z lowered. C4's are English.

    >>> edit = C4Lines()
    >>> documents = pa.RecordBatch.from_pydict({"text": ["Menu\nThe mill grinds all day long.[1]\nRead our terms"]})
    >>> found = edit.find(documents)
    >>> [(edit.reasons[i], int(a), int(b)) for i, a, b in zip(found.label, found.start, found.end)]
    [('no_end_mark', 0, 5), ('citation', 34, 37), ('white_space', 37, 38), ('no_end_mark', 38, 52)]
    """

    min_words: int = MIN_LINE_WORDS
    end_marks: tuple[str, ...] = END_MARKS
    policy_phrases: tuple[str, ...] = POLICY_PHRASES

    name = SPEC.name
    reasons = REASONS
    tidying = frozenset(("citation", "white_space"))

    @classmethod
    def of(cls, variant: str) -> C4Lines:
        """The edit of a variant of `SPEC`."""
        return cls(PAPER_MIN_LINE_WORDS if variant == "paper" else MIN_LINE_WORDS)

    def key(self) -> object:
        """All parameters."""
        return [self.name, self.min_words, self.end_marks, self.policy_phrases]

    def find(self, documents: pa.RecordBatch) -> Cuts:
        """The cuts in ``text``."""
        buffer = text_buffer(documents.column("text"))
        segments = segment(buffer)
        verdicts = np.empty(len(segments.lines.start), np.int32)
        phrases, pairs, marks = _tables(self.policy_phrases, self.end_marks)
        tables = (class_table(), phrases, pairs, CITATIONS, marks)
        _judge(buffer.data, segments, self.min_words, tables, verdicts)
        # A line, its white space before and after the break that stays; and the citation marks.
        most = 3 * len(verdicts) + int(np.count_nonzero(buffer.data == _OPEN_BRACKET)) + 2 * documents.num_rows
        bounds, start, end = (
            np.zeros(documents.num_rows + 1, np.int64),
            np.empty(most, np.int64),
            np.empty(most, np.int64),
        )
        reason = np.empty(most, np.int32)
        _emit(buffer.data, buffer.offsets, segments, verdicts, class_table(), CITATIONS, (bounds, start, end, reason))
        found = int(bounds[-1])
        first = np.repeat(buffer.offsets[:-1], np.diff(bounds))
        return Cuts.of(self.name, REASONS, bounds, start[:found] - first, end[:found] - first, reason[:found])


@functools.lru_cache(maxsize=4)
def _tables(policy_phrases: tuple[str, ...], end_marks: tuple[str, ...]) -> tuple[Bytes, Bytes, Bytes]:
    phrases = (LOREM_IPSUM, JAVASCRIPT, *policy_phrases)
    return packed(phrases), first_pairs(phrases), packed(end_marks)


@numba.njit(nogil=True, cache=True)
def _judge(
    data: Bytes, segments: Segments, min_words: int, tables: tuple[Bytes, Bytes, Bytes, Bytes, Bytes], verdicts: Int32s
) -> None:
    """For every line `_KEPT` or its reason."""
    classes, phrases, pairs, citations, marks = tables
    line_start, line_end, line_words, _, _, _ = segments.lines
    word_chars = segments.words.chars
    scratch = np.zeros(64, np.uint8)
    for line in range(verdicts.size):
        start, end = line_start[line], line_end[line]
        too_long = bracket = False
        for word in range(line_words[line], line_words[line + 1]):
            too_long |= word_chars[word] > MAX_WORD_CHARS
        if too_long:
            verdicts[line] = _LONG_WORD
            continue
        for i in range(start, end):
            bracket |= data[i] == _OPEN_BRACKET
        if not bracket:
            words = line_words[line + 1] - line_words[line]
            verdicts[line] = _reason(data, start, end, words, min_words, phrases, pairs, marks)
            continue
        if scratch.size <= end - start:
            scratch = np.zeros(2 * (end - start), np.uint8)
        size = without_citations(data, start, end, scratch, classes, citations)
        words = count_words(scratch, 0, size, classes)
        verdicts[line] = _reason(scratch, 0, size, words, min_words, phrases, pairs, marks)


@kernel
def _reason(
    data: Bytes, start: int, end: int, words: int, min_words: int, phrases: Bytes, pairs: Bytes, marks: Bytes
) -> int:
    """Why a line without citation marks is cut, or `_KEPT`."""
    dots = end - start >= 3 and data[end - 1] == _DOT and data[end - 2] == _DOT and data[end - 3] == _DOT
    if dots or not _ends_with(data, start, end, marks):
        return _NO_END_MARK
    if words < min_words:
        return _FEW_WORDS
    found = find_phrases(data, start, end, phrases, pairs)
    if found & 1:
        return _KEPT
    if found & 2:
        return _JAVASCRIPT
    if found & _PAGE_RULE_BITS:
        return _KEPT
    return _POLICY if found else _KEPT


@kernel
def _ends_with(data: Bytes, start: int, end: int, marks: Bytes) -> bool:
    for which in range(marks.shape[0]):
        size = 0
        while marks[which, size] != 0:
            size += 1
        same = size <= end - start
        for k in range(size):
            same = same and data[end - size + k] == marks[which, k]
        if same:
            return True
    return False


_Out = tuple[Int64s, Int64s, Int64s, Int32s]
"""Bounds, start, end (bytes of the batch's buffer) and reason of the cuts found."""


@kernel
def _put(out: _Out, found: int, start: int, end: int, reason: int) -> int:
    """Adds a cut unless it is empty; the next place."""
    if start >= end:
        return found
    out[1][found], out[2][found], out[3][found] = start, end, reason
    return found + 1


@kernel
def _emit(
    data: Bytes, offsets: Int64s, segments: Segments, verdicts: Int32s, classes: Bytes, citations: Bytes, out: _Out
) -> None:
    line_start, line_end = segments.lines.start, segments.lines.end
    document_lines = segments.document_lines
    found = 0
    for text in range(offsets.size - 1):
        first, last = document_lines[text], document_lines[text + 1]
        final = first - 1
        for line in range(first, last):
            if verdicts[line] == _KEPT:
                final = line
        found = _put(out, found, offsets[text], line_start[first] if first < last else offsets[text + 1], _WHITE_SPACE)
        opening = True
        for line in range(first, last):
            after = line_start[line + 1] if line + 1 < last else offsets[text + 1]
            if verdicts[line] != _KEPT:
                found = _put(out, found, line_start[line], after, verdicts[line])
                continue
            found = _emit_citations(data, line_start[line], line_end[line], opening, classes, citations, out, found)
            opening = False
            stop = line_end[line]
            if line < final:
                while data[stop] != _NEWLINE:
                    stop += 1
                found = _put(out, found, line_end[line], stop, _WHITE_SPACE)
                stop += 1
            found = _put(out, found, stop, after, _WHITE_SPACE)
        out[0][text + 1] = found


@kernel
def _emit_citations(
    data: Bytes, start: int, end: int, opening: bool, classes: Bytes, citations: Bytes, out: _Out, found: int
) -> int:
    """The citation marks of a kept line, and the white space among those that open the page; the next place."""
    i = start
    while i < end:
        if data[i] == _OPEN_BRACKET:
            after = citation_end(data, i, end, classes, citations)
            if after > i:
                found = _put(out, found, i, after, _CITATION)
                i = after
                continue
        if opening:
            point, width = code_point(data, i, end)
            if classes[point] & WHITE_SPACE:
                found = _put(out, found, i, i + width, _WHITE_SPACE)
                i += width
                continue
            opening = False
        i += 1
    return found
