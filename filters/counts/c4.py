r"""Counts for the C4 rules: which lines of each document C4's cleaning would keep, and what it would cut.

Source: ``clean_page`` in ``tensorflow_datasets/text/c4_utils.py`` (commit 3e77995), the code that builds C4, read as
document-level counts. On each line (see `gristmill.filters.text.segment`), in this order:

1. a word longer than 1,000 characters cuts the line;
2. citation marks ``[12]``, ``[]``, ``[edit]``, ``[citation needed]`` are taken out of it;
3. it must then end with ``.``, ``?``, ``!`` or ``"``, and not with ``...``;
4. it must have at least 5 words (variant ``tfds``; 3 in variant ``paper``);
5. ``lorem ipsum`` in it condemns the document;
6. ``javascript`` in it cuts the line;
7. ``{`` in it condemns the document;
8. a policy phrase in it cuts the line;
9. what is left is kept, and its sentences are counted (see `gristmill.filters.text.sentences`; C4 itself uses punkt).

Phrases are found with the letters A to Z lowered. Differences from the code: lines end at ``\n`` only, which is how
stored text ends them; white space is the Unicode property (Python's ``strip`` also takes U+001C to U+001F).
"""

from __future__ import annotations

import numpy as np

from gristmill.filters.counts.c4_phrases import (
    ALL_PHRASES,
    HAS_BRACKET,
    HAS_CURLY,
    HAS_JAVASCRIPT,
    HAS_LOREM_IPSUM,
    HAS_POLICY,
    PHRASE_PAIRS,
    find_phrases,
    packed,
)
from gristmill.filters.counts.measure import count
from gristmill.filters.counts.views import Views
from gristmill.filters.text.arrays import Bytes, Int32s, Int64s
from gristmill.filters.text.buffers import PAD_BYTES
from gristmill.filters.text.segments import Segments
from gristmill.filters.text.sentences import count_sentences, count_word_sentences, next_word
from gristmill.filters.text.unicode_classes import DECIMAL, class_table
from gristmill.filters.text.utf8 import code_point
from gristmill.kernels.kernel import kernel

_END_MARKS = tuple(b'.?!"')

MAX_WORD_CHARS = 1000
MIN_LINE_WORDS = 5
PAPER_MIN_LINE_WORDS = 3
CITATION_WORDS = ("edit]", "citation needed]")

COLUMNS = (
    "long_word_lines", "no_end_mark_lines", "few_words_lines", "lorem_ipsum_lines", "javascript_lines",
    "curly_bracket_lines", "policy_lines", "kept_lines", "kept_bytes", "sentences",
    "paper_kept_lines", "paper_kept_bytes", "paper_sentences", "paper_lorem_ipsum_lines", "paper_curly_bracket_lines",
)  # fmt: skip
"""Columns of the array that `count_c4` returns. Each line adds one to exactly one of the first eight."""


CITATIONS = packed(CITATION_WORDS)
"""What may stand after ``[`` in a citation mark, beside digits and nothing, as `citation_end` takes it."""


def count_c4(views: Views) -> Int64s:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS))."""
    counts = np.zeros((views.documents, len(COLUMNS)), np.int64)
    phrases, scratch = (ALL_PHRASES, PHRASE_PAIRS, CITATIONS), line_scratch(views)
    _count_c4(views.buffer.data, views.segments, views.line_marks, class_table(), phrases, scratch, counts)
    return counts


def line_scratch(views: Views) -> Bytes:
    """Room for the longest line of a batch."""
    lines = views.segments.lines
    return views.arena.empty(int((lines.end - lines.start).max(initial=0)) + PAD_BYTES, np.uint8)


@kernel
def citation_end(data: Bytes, i: int, end: int, classes: Bytes, citations: Bytes) -> int:
    """The byte after the citation mark that begins at ``i``, or ``i`` if none does."""
    k = i + 1
    while k < end:
        point, width = code_point(data, k, end)
        if not classes[point] & DECIMAL:
            break
        k += width
    if k < end and data[k] == 93:
        return k + 1
    for which in range(citations.shape[0]):
        length = 0
        while citations[which, length] != 0 and i + 1 + length < end:
            if data[i + 1 + length] != citations[which, length]:
                break
            length += 1
        if citations[which, length] == 0:
            return i + 1 + length
    return i


@kernel
def without_citations(data: Bytes, start: int, end: int, scratch: Bytes, classes: Bytes, citations: Bytes) -> int:
    """Copies the line into ``scratch`` without citation marks; the number of bytes copied."""
    size = 0
    i = start
    while i < end:
        after = citation_end(data, i, end, classes, citations) if data[i] == 91 else i
        if after > i:
            i = after
            continue
        scratch[size] = data[i]
        size += 1
        i += 1
    return size


@kernel
def count_words(data: Bytes, start: int, end: int, classes: Bytes) -> int:
    """White-space words of ``data[start:end]``."""
    words = 0
    word, i = next_word(data, start, end, classes)
    while word < end:
        words += 1
        word, i = next_word(data, i, end, classes)
    return words


@kernel
def ends_line(data: Bytes, start: int, end: int, marks: tuple[int, ...]) -> bool:
    """Whether the line ends with one of ``marks``, and not with three dots."""
    last = data[end - 1] if end > start else np.uint8(0)
    dots = end - start >= 3 and last == 46 and data[end - 2] == 46 and data[end - 3] == 46
    return not dots and last in marks


@kernel
def _judge(found: int, words: int, size: int, sentences: int, row: Int64s) -> None:
    """Steps 4 to 9 on a line that ends well, for both variants at once."""
    strict = words >= MIN_LINE_WORDS
    row[2] += not strict
    if words < PAPER_MIN_LINE_WORDS:
        return
    if found & HAS_LOREM_IPSUM:
        row[13] += 1
        row[3] += strict
    elif found & HAS_JAVASCRIPT:
        row[4] += strict
    elif found & HAS_CURLY:
        row[14] += 1
        row[5] += strict
    elif found & HAS_POLICY:
        row[6] += strict
    else:
        row[10] += 1
        row[11] += size
        row[12] += sentences
        if strict:
            row[7] += 1
            row[8] += size
            row[9] += sentences


@kernel
def too_long(chars: Int32s, first: int, last: int, line_bytes: int) -> bool:
    """Whether one of the words ``first`` to ``last`` of a line has more than `MAX_WORD_CHARS` characters."""
    longest = 0
    if line_bytes > MAX_WORD_CHARS:
        for word in range(first, last):
            longest = max(longest, chars[word])
    return longest > MAX_WORD_CHARS


@kernel
def _count_c4(
    data: Bytes,
    segments: Segments,
    marks: Bytes,
    classes: Bytes,
    phrases: tuple[Bytes, Bytes, Bytes],
    scratch: Bytes,
    counts: Int64s,
) -> None:
    line_start, line_end, line_words, _, _, _ = segments.lines
    words = segments.words
    bounds = segments.document_lines
    for document in range(counts.shape[0]):
        row = counts[document]
        for line in range(bounds[document], bounds[document + 1]):
            start, end, first, last = line_start[line], line_end[line], line_words[line], line_words[line + 1]
            if too_long(words.chars, first, last, end - start):
                row[0] += 1
            elif not marks[line] & HAS_BRACKET:
                if not ends_line(data, start, end, _END_MARKS):
                    row[1] += 1
                    continue
                sentences = count_word_sentences(data, words.start, words.end, words.flags, first, last, classes)
                _judge(marks[line], last - first, end - start, sentences, row)
            else:
                size = without_citations(data, start, end, scratch, classes, phrases[2])
                if not ends_line(scratch, 0, size, _END_MARKS):
                    row[1] += 1
                    continue
                found = find_phrases(scratch, 0, size, phrases[0], phrases[1])
                sentences = count_sentences(scratch, 0, size, classes)
                _judge(found, count_words(scratch, 0, size, classes), size, sentences, row)


_SOURCE = "Raffel et al. 2020, arXiv:1910.10683, section 2.2, as tensorflow_datasets/text/c4_utils.py at 3e77995"


def _cut(cause: str) -> str:
    return f"lines that C4's cleaning cuts (tfds): {cause}"


MEASURES = tuple(
    count(f"c4_{of[:-1]}_count", unit, definition, _SOURCE, of=of)
    for of, unit, definition in (
        ("long_word_lines", "lines", _cut("a word of more than 1,000 characters")),
        ("no_end_mark_lines", "lines", _cut('no . ? ! or " at the end, or ... there')),
        ("few_words_lines", "lines", _cut("fewer than 5 words")),
        ("lorem_ipsum_lines", "lines", "lines with lorem ipsum that no earlier step cuts; one condemns the page"),
        ("javascript_lines", "lines", _cut("javascript in it")),
        ("curly_bracket_lines", "lines", "lines with { that no earlier step cuts; one condemns the page"),
        ("policy_lines", "lines", _cut("a policy phrase in it")),
        ("kept_lines", "lines", "lines that C4's cleaning keeps (tfds)"),
        ("kept_bytes", "bytes", "UTF-8 bytes of the kept lines without citation marks"),
        ("sentences", "sentences", "sentences on the kept lines, see gristmill.filters.text.sentences"),
        ("paper_kept_lines", "lines", "lines kept if 3 words are enough for a line (paper)"),
        ("paper_kept_bytes", "bytes", "bytes kept if 3 words are enough for a line (paper)"),
        ("paper_sentences", "sentences", "sentences on the lines kept if 3 words are enough (paper)"),
        ("paper_lorem_ipsum_lines", "lines", "as c4_lorem_ipsum_line_count, if 3 words are enough (paper)"),
        ("paper_curly_bracket_lines", "lines", "as c4_curly_bracket_line_count, if 3 words are enough (paper)"),
    )
)
"""Signals on what C4's cleaning would keep and cut."""
