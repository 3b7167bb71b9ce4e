r"""The edit ``refinedweb_lines``: RefinedWeb's line-wise corrections, as cuts.

Source: Penedo et al. 2023, arXiv:2306.01116, section 3.2 and appendix G.2, with the thresholds of DCLM's own version
(``baselines/baselines_configs/refinedweb.yaml``). In this order:

1. addresses in the text are cut (`gristmill.filters.edits.urls`);
2. of several blank lines one after another the first stays, so at most two ``\n`` follow each other;
3. a line is cut if more than half of its characters are upper-case letters (categories Lu and Lt),
4. or if all its characters but white space are decimal digits,
5. or if it is a counter: a number such as ``1,204`` or ``3K``, and one word of `COUNTED` ("3 likes"),
6. or if it has fewer than 2 words;
7. from a line of at most 10 words, ``items in cart`` is cut anywhere, ``read more...`` (or with ``…``) at its end and
   ``sign-in`` at its beginning, with the spaces beside the last two. A line of which nothing is left is cut.

Lines and words are those of `gristmill.filters.text.segment`; A to Z are lowered for phrases. RefinedWeb then drops a
page of which more than 5 % of the words were cut: rule ``refinedweb.max_words_cut``.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa

from gristmill.filters.counts.c4_phrases import matches, packed
from gristmill.filters.edits.compose import compose
from gristmill.filters.edits.cuts import Cuts, apply_buffer
from gristmill.filters.edits.edit_types import EditSpec
from gristmill.filters.edits.urls import find_urls
from gristmill.filters.text.arrays import Bytes, Int32s, Int64s
from gristmill.filters.text.buffers import TextBuffer, text_buffer
from gristmill.filters.text.segment import segment
from gristmill.filters.text.segments import Segments
from gristmill.filters.text.unicode_classes import ALPHANUMERIC, DECIMAL, UPPER, WHITE_SPACE, class_table
from gristmill.filters.text.utf8 import code_point
from gristmill.kernels.kernel import kernel

REASONS = ("url", "newlines", "upper_case", "digits", "counter", "few_words", "boilerplate")
"""``boilerplate`` cuts a passage or a line; ``url`` and ``newlines`` tidy; the others cut whole lines."""

MAX_UPPER_CASE = 0.5
MIN_WORDS = 2
MAX_BOILERPLATE_WORDS = 10
COUNTED = (
    "like", "likes", "share", "shares", "comment", "comments", "view", "views", "follower", "followers", "reply",
    "replies", "retweet", "retweets", "repost", "reposts", "quote", "quotes", "bookmark", "bookmarks", "upvote",
    "upvotes", "downvote", "downvotes", "download", "downloads",
)  # fmt: skip
"""What a counter line counts."""

_KEPT = -1
_URL, _NEWLINES, _UPPER_CASE, _DIGITS, _COUNTER, _FEW_WORDS, _BOILERPLATE = range(len(REASONS))
_COUNTED = packed(COUNTED)
_BOILER = packed(("items in cart", "read more...", "read more…", "sign-in"))
_ANYWHERE, _SUFFIX, _SUFFIX_DOTS, _PREFIX = range(4)
_NEWLINE = 10
_SPACES = (32, 9)

SPEC = EditSpec(
    name="refinedweb_lines",
    summary="addresses, blank lines, lines of capitals, digits, counters or one word, and boilerplate on short lines",
    reasons=REASONS,
    source="Penedo et al. 2023, arXiv:2306.01116, appendix G.2; DCLM baselines_configs/refinedweb.yaml",
    default="dclm",
    variants={"dclm": "the thresholds of DCLM's re-implementation"},
    kinds=("web",),
)


@dataclasses.dataclass(frozen=True)
class RefinedWebLines:
    r"""RefinedWeb's line-wise corrections.

    >>> edit = RefinedWebLines()
    >>> documents = pa.RecordBatch.from_pydict({"text": ["HOME PAGE\nThe mill, www.mill.example, grinds.\n3 likes"]})
    >>> found = edit.find(documents)
    >>> [(edit.reasons[i], int(a), int(b)) for i, a, b in zip(found.label, found.start, found.end)]
    [('upper_case', 0, 10), ('url', 20, 36), ('counter', 45, 53)]
    """

    name = SPEC.name
    reasons = REASONS
    tidying = frozenset(("url", "newlines"))

    def key(self) -> object:
        """The name; the edit has no parameters."""
        return [self.name]

    def find(self, documents: pa.RecordBatch) -> Cuts:
        """The cuts in ``text``: the lines are judged without addresses."""
        buffer = text_buffer(documents.column("text"))
        bounds, start, end = find_urls(buffer)
        urls = Cuts.of(self.name, REASONS, bounds, start, end, np.full(len(start), _URL, np.int32))
        return compose(urls, _line_cuts(self.name, apply_buffer(buffer, urls)))


def _line_cuts(name: str, buffer: TextBuffer) -> Cuts:
    segments = segment(buffer)
    verdicts = np.empty(len(segments.lines.start), np.int32)
    tables = (class_table(), _COUNTED, _BOILER)
    _judge(buffer.data, segments, tables, verdicts)
    texts = len(buffer.offsets) - 1
    # A raw line is cut once; a boilerplate phrase takes at least 7 bytes, or has a line for itself.
    most = int(np.count_nonzero(buffer.data == _NEWLINE)) + texts + len(buffer.data) // 7 + len(verdicts)
    bounds, start, end = np.zeros(texts + 1, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    reason = np.empty(most, np.int32)
    _emit(buffer.data, buffer.offsets, segments, verdicts, tables, (bounds, start, end, reason))
    found = int(bounds[-1])
    first = np.repeat(buffer.offsets[:-1], np.diff(bounds))
    return Cuts.of(name, REASONS, bounds, start[:found] - first, end[:found] - first, reason[:found])


_Tables = tuple[Bytes, Bytes, Bytes]
"""Character classes, counted words, boilerplate phrases."""


@kernel
def _judge(data: Bytes, segments: Segments, tables: _Tables, verdicts: Int32s) -> None:
    """For every line `_KEPT` or its reason; a line that is only boilerplate is told when it is cut."""
    classes, counted, _ = tables
    line_start, line_end, line_words, line_chars, _, _ = segments.lines
    for line in range(verdicts.size):
        start, end = line_start[line], line_end[line]
        upper = digits = spaces = 0
        i = start
        while i < end:
            point, width = code_point(data, i, end)
            bits = classes[point]
            upper += (bits & UPPER) != 0
            digits += (bits & DECIMAL) != 0
            spaces += (bits & WHITE_SPACE) != 0
            i += width
        if upper > MAX_UPPER_CASE * line_chars[line]:
            verdicts[line] = _UPPER_CASE
        elif digits == line_chars[line] - spaces:
            verdicts[line] = _DIGITS
        elif _is_counter(data, start, end, classes, counted):
            verdicts[line] = _COUNTER
        elif line_words[line + 1] - line_words[line] < MIN_WORDS:
            verdicts[line] = _FEW_WORDS
        else:
            verdicts[line] = _KEPT


@kernel
def _skip(data: Bytes, i: int, end: int, classes: Bytes, bits: int, wanted: bool) -> int:
    """The first byte at or after ``i`` of a character whose having one of the classes ``bits`` is not ``wanted``."""
    while i < end:
        point, width = code_point(data, i, end)
        if ((classes[point] & bits) != 0) != wanted:
            return i
        i += width
    return end


@kernel
def _is_counter(data: Bytes, start: int, end: int, classes: Bytes, counted: Bytes) -> bool:
    """Whether a line is a number, a word that is counted, and nothing else but punctuation at its ends."""
    number = _skip(data, start, end, classes, ALPHANUMERIC, False)
    i = _skip(data, number, end, classes, DECIMAL, True)
    if i == number:
        return False
    while i < end and (data[i] == 46 or data[i] == 44 or classes[code_point(data, i, end)[0]] & DECIMAL):
        i += code_point(data, i, end)[1]
    if i < end and (data[i] | 32 == 107 or data[i] | 32 == 109 or data[i] | 32 == 98):  # k, m, b
        i += 1
    word = _skip(data, i, end, classes, WHITE_SPACE, True)
    if word == i:
        return False
    after = _skip(data, word, end, classes, ALPHANUMERIC, True)
    known = False
    for which in range(counted.shape[0]):
        if matches(data, word, after, counted, which) and counted[which, after - word] == 0:
            known = True
            break
    return known and _skip(data, after, end, classes, ALPHANUMERIC, False) == end


_Out = tuple[Int64s, Int64s, Int64s, Int32s]
"""Bounds, start, end (bytes of the batch's buffer) and reason of the cuts found."""


@kernel
def _put(out: _Out, found: int, start: int, end: int, reason: int) -> int:
    """Adds a cut; the next place."""
    out[1][found], out[2][found], out[3][found] = start, end, reason
    return found + 1


@kernel
def _emit(data: Bytes, offsets: Int64s, segments: Segments, verdicts: Int32s, tables: _Tables, out: _Out) -> None:
    line_start, line_end, line_words, _, _, _ = segments.lines
    found = 0
    for text in range(offsets.size - 1):
        line, last_line = segments.document_lines[text], segments.document_lines[text + 1]
        raw, last = offsets[text], offsets[text + 1]
        # Something stays before this raw line; the last thing that stays is a blank line.
        stays = blank_stays = False
        while raw <= last:
            raw_end = raw
            while raw_end < last and data[raw_end] != _NEWLINE:
                raw_end += 1
            is_line = line < last_line and line_start[line] < raw_end
            reason = _NEWLINES if blank_stays else _KEPT
            if is_line:
                reason = verdicts[line]
                if reason == _KEPT and line_words[line + 1] - line_words[line] <= MAX_BOILERPLATE_WORDS:
                    reason, found = _emit_boilerplate(data, line_start[line], line_end[line], tables, out, found)
                line += 1
            if reason == _KEPT:
                stays, blank_stays = True, not is_line
            elif stays:
                found = _put(out, found, raw - 1, raw_end, reason)  # with the break before it
            else:
                found = _put(out, found, raw, min(raw_end + 1, last), reason)
            raw = raw_end + 1
        out[0][text + 1] = found


@kernel
def _emit_boilerplate(data: Bytes, start: int, end: int, tables: _Tables, out: _Out, found: int) -> tuple[int, int]:
    """Cuts the phrases out of a short line.

    Returns:
        `_KEPT` and the next place, or, if nothing but white space would be left, `_BOILERPLATE` and no cut.
    """
    classes, _, phrases = tables
    begun, left, stop = found, start, end
    after = _phrase_end(data, start, end, tables, _PREFIX)
    if after > start:
        left = _beside(data, after, end)
        found = _put(out, found, start, left, _BOILERPLATE)
    for which in (_SUFFIX, _SUFFIX_DOTS):
        size = 0
        while phrases[which, size] != 0:
            size += 1
        at = end - size
        if at >= left and _starts_word(data, start, at, classes) and matches(data, at, end, phrases, which):
            stop = at
            while stop > left and (data[stop - 1] == _SPACES[0] or data[stop - 1] == _SPACES[1]):
                stop -= 1
    i = left
    anything = False
    while i < stop:
        after = _phrase_end(data, i, stop, tables, _ANYWHERE)
        if after > i and _starts_word(data, start, i, classes):
            found = _put(out, found, i, after, _BOILERPLATE)
            i = after
            continue
        point, width = code_point(data, i, stop)
        anything |= (classes[point] & WHITE_SPACE) == 0
        i += width
    if not anything and (found > begun or stop < end):
        return _BOILERPLATE, begun
    if stop < end:
        found = _put(out, found, stop, end, _BOILERPLATE)
    return _KEPT, found


@kernel
def _phrase_end(data: Bytes, i: int, end: int, tables: _Tables, which: int) -> int:
    """The byte after phrase ``which`` if it stands at ``i`` and no letter or digit follows, else ``i``."""
    classes, _, phrases = tables
    if not matches(data, i, end, phrases, which):
        return i
    after = i
    while phrases[which, after - i] != 0:
        after += 1
    if after < end and classes[code_point(data, after, end)[0]] & ALPHANUMERIC:
        return i
    return after


@kernel
def _beside(data: Bytes, i: int, end: int) -> int:
    """The first byte at or after ``i`` that is no space or tab."""
    while i < end and (data[i] == _SPACES[0] or data[i] == _SPACES[1]):
        i += 1
    return i


@kernel
def _starts_word(data: Bytes, start: int, at: int, classes: Bytes) -> bool:
    """Whether no letter or digit stands before ``at`` on the line that begins at ``start``."""
    if at == start:
        return True
    before = at - 1
    while before > start and data[before] & 0xC0 == 0x80:
        before -= 1
    return not classes[code_point(data, before, at)[0]] & ALPHANUMERIC
