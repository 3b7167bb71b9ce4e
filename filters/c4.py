r"""Counts for the C4 rules: which lines of each document C4's cleaning would keep, and what it would cut.

Source: ``clean_page`` in ``tensorflow_datasets/text/c4_utils.py`` (commit 3e77995), the code that builds C4, read as
document-level counts. On each line (see `gristmill.filters.segment`), in this order:

1. a word longer than 1,000 characters cuts the line;
2. citation marks ``[12]``, ``[]``, ``[edit]``, ``[citation needed]`` are taken out of it;
3. it must then end with ``.``, ``?``, ``!`` or ``"``, and not with ``...``;
4. it must have at least 5 words (variant ``tfds``; 3 in variant ``paper``);
5. ``lorem ipsum`` in it condemns the document;
6. ``javascript`` in it cuts the line;
7. ``{`` in it condemns the document;
8. a policy phrase in it cuts the line;
9. what is left is kept, and its sentences are counted (see `gristmill.filters.sentences`; C4 itself uses punkt).

Phrases are found with the letters A to Z lowered. Differences from the code: lines end at ``\n`` only, which is how
stored text ends them; white space is the Unicode property (Python's ``strip`` also takes U+001C to U+001F).
"""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

from gristmill.filters.arrays import Bytes, Hashes, Int64s
from gristmill.filters.measure import count
from gristmill.filters.segment import Segments
from gristmill.filters.sentences import ABBREVIATION_HASHES, count_sentences, next_word
from gristmill.filters.unicode_classes import DECIMAL, class_table
from gristmill.filters.utf8 import code_point
from gristmill.filters.views import Views

_OPEN_BRACKET = ord("[")
_OPEN_BRACE = ord("{")
_END_MARKS = tuple(b'.?!"')

MAX_WORD_CHARS = 1000
MIN_LINE_WORDS = 5
PAPER_MIN_LINE_WORDS = 3
JAVASCRIPT = "javascript"
LOREM_IPSUM = "lorem ipsum"
POLICY_PHRASES = (
    "terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies",
)  # fmt: skip
CITATION_WORDS = ("edit]", "citation needed]")

COLUMNS = (
    "long_word_lines", "no_end_mark_lines", "few_words_lines", "lorem_ipsum_lines", "javascript_lines",
    "curly_bracket_lines", "policy_lines", "kept_lines", "kept_bytes", "sentences",
    "paper_kept_lines", "paper_kept_bytes", "paper_sentences", "paper_lorem_ipsum_lines", "paper_curly_bracket_lines",
)  # fmt: skip
"""Columns of the array that `count_c4` returns. Each line adds one to exactly one of the first eight."""


def packed(phrases: Sequence[str]) -> NDArray[np.uint8]:
    """Phrases as rows of UTF-8 bytes, zero-padded."""
    encoded = [phrase.encode() for phrase in phrases]
    rows = np.zeros((len(encoded), max(map(len, encoded)) + 1), np.uint8)
    for row, phrase in zip(rows, encoded, strict=True):
        row[: len(phrase)] = np.frombuffer(phrase, np.uint8)
    return rows


def first_pairs(phrases: Sequence[str]) -> NDArray[np.uint8]:
    """By two bytes: 1 if a phrase, in any case of A to Z, or a curly bracket begins with them."""
    table = np.zeros((256, 256), np.uint8)
    for phrase in (phrase.encode() for phrase in phrases):
        for first in (phrase.lower()[0], phrase.upper()[0]):
            for second in (phrase.lower()[1], phrase.upper()[1]):
                table[first, second] = 1
    table[_OPEN_BRACE] = 1
    return table.reshape(-1)


ALL_PHRASES = packed((LOREM_IPSUM, JAVASCRIPT, *POLICY_PHRASES))
"""The phrases that C4 looks for, as `find_phrases` takes them."""
PHRASE_PAIRS = first_pairs((LOREM_IPSUM, JAVASCRIPT, *POLICY_PHRASES))
"""How they begin."""
CITATIONS = packed(CITATION_WORDS)
"""What may stand after ``[`` in a citation mark, beside digits and nothing, as `citation_end` takes it."""


def count_c4(views: Views) -> Int64s:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS))."""
    counts = np.zeros((views.documents, len(COLUMNS)), np.int64)
    _count_c4(
        views.buffer.data,
        views.segments,
        class_table(),
        ALL_PHRASES,
        PHRASE_PAIRS,
        CITATIONS,
        ABBREVIATION_HASHES,
        counts,
    )
    return counts


@numba.njit(nogil=True, cache=True)
def matches(data: Bytes, i: int, end: int, phrases: Bytes, which: int) -> bool:
    """Whether a phrase stands at byte ``i`` when A-Z are lowered."""
    k = 0
    while phrases[which, k] != 0:
        if i + k >= end:
            return False
        byte = data[i + k]
        if 65 <= byte <= 90:
            byte |= 32
        if byte != phrases[which, k]:
            return False
        k += 1
    return True


@numba.njit(nogil=True, cache=True)
def find_phrases(data: Bytes, start: int, end: int, phrases: Bytes, pairs: Bytes) -> int:
    """Bits: 1 lorem ipsum, 2 javascript, 4 a policy phrase, 8 a curly bracket."""
    found = 0
    for i in range(start, end):
        # The byte after the line's last may belong to anything; `matches` does not look at it.
        if not pairs[int(data[i]) << 8 | int(data[i + 1])]:
            continue
        if data[i] == _OPEN_BRACE:
            found |= 8
        for which in range(phrases.shape[0]):
            if matches(data, i, end, phrases, which):
                found |= 1 if which == 0 else 2 if which == 1 else 4
    return found


@numba.njit(nogil=True, cache=True)
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


@numba.njit(nogil=True, cache=True)
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


@numba.njit(nogil=True, cache=True)
def count_words(data: Bytes, start: int, end: int, classes: Bytes) -> int:
    """White-space words of ``data[start:end]``."""
    words = 0
    word, i = next_word(data, start, end, classes)
    while word < end:
        words += 1
        word, i = next_word(data, i, end, classes)
    return words


@numba.njit(nogil=True, cache=True)
def _judge_line(
    data: Bytes,
    start: int,
    end: int,
    words: int,
    row: Int64s,
    classes: Bytes,
    phrases: Bytes,
    pairs: Bytes,
    abbreviations: Hashes,
) -> None:
    """Steps 3 to 9 on one line without citations, for both variants at once."""
    last = data[end - 1] if end > start else np.uint8(0)
    dots = end - start >= 3 and last == 46 and data[end - 2] == 46 and data[end - 3] == 46
    if dots or last not in _END_MARKS:
        row[1] += 1
        return
    strict = words >= MIN_LINE_WORDS
    if not strict:
        row[2] += 1
        if words < PAPER_MIN_LINE_WORDS:
            return
    found = find_phrases(data, start, end, phrases, pairs)
    if found & 1:
        row[13] += 1
        row[3] += strict
    elif found & 2:
        row[4] += strict
    elif found & 8:
        row[14] += 1
        row[5] += strict
    elif found & 4:
        row[6] += strict
    else:
        sentences = count_sentences(data, start, end, classes, abbreviations)
        row[10] += 1
        row[11] += end - start
        row[12] += sentences
        if strict:
            row[7] += 1
            row[8] += end - start
            row[9] += sentences


@numba.njit(nogil=True, cache=True)
def _count_c4(
    data: Bytes,
    segments: Segments,
    classes: Bytes,
    phrases: Bytes,
    pairs: Bytes,
    citations: Bytes,
    abbreviations: Hashes,
    counts: Int64s,
) -> None:
    line_start, line_end, line_words, _, _, _ = segments.lines
    word_chars, document_lines = segments.words.chars, segments.document_lines
    scratch = np.zeros(64, np.uint8)
    for document in range(counts.shape[0]):
        row = counts[document]
        for line in range(document_lines[document], document_lines[document + 1]):
            start, end = line_start[line], line_end[line]
            first, last = line_words[line], line_words[line + 1]
            too_long = False
            for word in range(first, last):
                too_long |= word_chars[word] > MAX_WORD_CHARS
            if too_long:
                row[0] += 1
                continue
            bracket = False
            for i in range(start, end):
                bracket |= data[i] == _OPEN_BRACKET
            if not bracket:
                _judge_line(data, start, end, last - first, row, classes, phrases, pairs, abbreviations)
                continue
            if scratch.size <= end - start:
                scratch = np.zeros(2 * (end - start), np.uint8)
            size = without_citations(data, start, end, scratch, classes, citations)
            words = count_words(scratch, 0, size, classes)
            _judge_line(scratch, 0, size, words, row, classes, phrases, pairs, abbreviations)


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
        ("sentences", "sentences", "sentences on the kept lines, see gristmill.filters.sentences"),
        ("paper_kept_lines", "lines", "lines kept if 3 words are enough for a line (paper)"),
        ("paper_kept_bytes", "bytes", "bytes kept if 3 words are enough for a line (paper)"),
        ("paper_sentences", "sentences", "sentences on the lines kept if 3 words are enough (paper)"),
        ("paper_lorem_ipsum_lines", "lines", "as c4_lorem_ipsum_line_count, if 3 words are enough (paper)"),
        ("paper_curly_bracket_lines", "lines", "as c4_curly_bracket_line_count, if 3 words are enough (paper)"),
    )
)
"""Signals on what C4's cleaning would keep and cut."""
