"""C4's quantities as datatrove counts them: variants ``datatrove`` and ``fineweb`` of the rule set ``c4``.

Source: datatrove 0.10, ``C4QualityFilter`` in ``pipeline/filters/c4_filters.py``, with its defaults. What sets it
apart from `gristmill.filters.counts.c4`: an apostrophe ends a line too; a line needs three words, counted *before*
citation marks are taken out; a page needs five sentences, counted by spaCy's sentencizer: a sentence ends where a token
that is no punctuation follows a mark of `gristmill.filters.tokens.classes`.

FineWeb was made without the rule on how a line ends (``filter_no_terminal_punct=False`` in ``examples/fineweb.py``):
the columns that begin with ``fineweb`` count lines whatever they end with.

Differences from the code: lines end at a line break only (``splitlines`` has more breaks), and phrases are found with
the letters A to Z lowered.
"""

from __future__ import annotations

import numpy as np

from gristmill.filters.counts.c4 import (
    CITATIONS,
    PAPER_MIN_LINE_WORDS,
    ends_line,
    line_scratch,
    too_long,
    without_citations,
)
from gristmill.filters.counts.c4_phrases import (
    ALL_PHRASES,
    HAS_BRACKET,
    HAS_CURLY,
    HAS_JAVASCRIPT,
    HAS_LOREM_IPSUM,
    PHRASE_PAIRS,
    find_phrases,
)
from gristmill.filters.counts.measure import count
from gristmill.filters.counts.views import Views
from gristmill.filters.text.arrays import Bytes, Int64s
from gristmill.filters.text.segments import LETTERS, PLAIN, Segments
from gristmill.filters.text.sentences import next_word
from gristmill.filters.text.unicode_classes import class_table
from gristmill.filters.tokens.affixes import Classes
from gristmill.filters.tokens.classes import token_class_table
from gristmill.filters.tokens.splitting import IS_PUNCTUATION, IS_SENTENCE_END, describe, split_word
from gristmill.filters.tokens.tokens import Tokens
from gristmill.kernels.kernel import kernel

COLUMNS = (
    "datatrove_sentences", "datatrove_lorem_ipsum_lines", "datatrove_curly_bracket_lines",
    "fineweb_sentences", "fineweb_lorem_ipsum_lines", "fineweb_curly_bracket_lines",
)  # fmt: skip
"""Columns of the array that `count_c4_datatrove` returns, in order."""

_END_MARKS = tuple(b".?!\"'")


def count_c4_datatrove(views: Views) -> Int64s:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS))."""
    counts = np.zeros((views.documents, len(COLUMNS)), np.int64)
    tables = (class_table(), ALL_PHRASES, PHRASE_PAIRS, CITATIONS)
    scratch = line_scratch(views)
    ends = views.arena.empty(len(scratch), np.int64)
    views_of = (views.segments, views.tokens, views.line_marks)
    _count(views.buffer.data, *views_of, token_class_table(), tables, (scratch, ends), counts)
    return counts


@kernel
def _next_state(state: int, flags: int) -> tuple[int, int]:
    """Sentences that a token begins, and the state after it: 0 nothing yet, 1 in a sentence, 2 after its end mark."""
    if flags & IS_SENTENCE_END:
        return (1 if state == 0 else 0), 2
    if state == 1 or (state == 2 and flags & IS_PUNCTUATION):
        return 0, state
    return 1, 1


@kernel
def _count_sentences(data: Bytes, segments: Segments, tokens: Tokens, first: int, last: int) -> int:
    """Sentences of the words ``first`` to ``last``."""
    sentences = state = 0
    for word in range(first, last):
        # In a sentence nothing counts but its end, which plain words are not.
        if state == 1 and segments.words.flags[word] & (LETTERS | PLAIN):
            continue
        if word > first and state != 1:
            gap = segments.words.start[word] - segments.words.end[word - 1]
            if gap != 1 or data[segments.words.end[word - 1]] != ord(" "):
                # White space other than one space is a token to spaCy, and no punctuation.
                more, state = _next_state(state, 0)
                sentences += more
        for token in range(tokens.words[word], tokens.words[word + 1]):
            more, state = _next_state(state, int(tokens.flags[token]))
            sentences += more
    return sentences


@kernel
def _count_copied(line: Bytes, size: int, token_classes: Classes, classes: Bytes, ends: Int64s) -> int:
    """`_count_sentences` of a line that stands by itself in scratch."""
    sentences = state = before = 0
    word, end = next_word(line, 0, size, classes)
    while word < size:
        if word - before != 1 or line[before] != ord(" "):
            more, state = _next_state(state, 0) if before else (0, state)
            sentences += more
        begin = word
        for k in range(split_word(line, word, end, token_classes, ends)):
            _, flags = describe(line, begin, ends[k], token_classes)
            more, state = _next_state(state, flags)
            sentences += more
            begin = ends[k]
        before = end
        word, end = next_word(line, end, size, classes)
    return sentences


@kernel
def _judge_line(found: int, ended: bool, row: Int64s) -> int:
    """Of a line with the phrases ``found``: 0 if they cut it, 1 if only its end does, 2 if it stays."""
    if found & HAS_LOREM_IPSUM:
        row[1] += ended
        row[4] += 1
    elif not found & HAS_JAVASCRIPT and found & HAS_CURLY:
        row[2] += ended
        row[5] += 1
    return 0 if found & ~HAS_BRACKET else 1 + int(ended)


@kernel
def _count(
    data: Bytes,
    segments: Segments,
    tokens: Tokens,
    marks: Bytes,
    token_classes: Classes,
    tables: tuple[Bytes, Bytes, Bytes, Bytes],
    room: tuple[Bytes, Int64s],
    counts: Int64s,
) -> None:
    line_start, line_end, line_words, _, _, _ = segments.lines
    chars, bounds = segments.words.chars, segments.document_lines
    scratch, ends = room
    for document in range(counts.shape[0]):
        row = counts[document]
        for line in range(bounds[document], bounds[document + 1]):
            start, end, first, last = line_start[line], line_end[line], line_words[line], line_words[line + 1]
            if last - first < PAPER_MIN_LINE_WORDS or too_long(chars, first, last, end - start):
                continue
            if not marks[line] & HAS_BRACKET:
                stays = _judge_line(marks[line], ends_line(data, start, end, _END_MARKS), row)
                sentences = _count_sentences(data, segments, tokens, first, last) if stays else 0
                row[3] += sentences
                row[0] += sentences if stays == 2 else 0
                continue
            size = without_citations(data, start, end, scratch, tables[0], tables[3])
            found = find_phrases(scratch, 0, size, tables[1], tables[2])
            stays = _judge_line(found, ends_line(scratch, 0, size, _END_MARKS), row)
            sentences = _count_copied(scratch, size, token_classes, tables[0], ends) if stays else 0
            row[3] += sentences
            row[0] += sentences if stays == 2 else 0


_FINEWEB = "datatrove 0.10, examples/fineweb.py: C4QualityFilter(filter_no_terminal_punct=False)"
_SOURCE = "datatrove 0.10, C4QualityFilter in pipeline/filters/c4_filters.py"

MEASURES = (
    count(
        "c4_datatrove_sentence_count", "sentences", "sentences on the lines that datatrove keeps, by spaCy's "
        "sentencizer", _SOURCE, of="datatrove_sentences",
    ),
    count(
        "c4_datatrove_lorem_ipsum_line_count", "lines", "lines with lorem ipsum that no earlier step of datatrove "
        "cuts; one condemns the page", _SOURCE, of="datatrove_lorem_ipsum_lines",
    ),
    count(
        "c4_datatrove_curly_bracket_line_count", "lines", "lines with { that no earlier step of datatrove cuts; one "
        "condemns the page", _SOURCE, of="datatrove_curly_bracket_lines",
    ),
    count(
        "c4_fineweb_sentence_count", "sentences", "as c4_datatrove_sentence_count, on lines whatever they end with",
        _FINEWEB, of="fineweb_sentences",
    ),
    count(
        "c4_fineweb_lorem_ipsum_line_count", "lines", "as c4_datatrove_lorem_ipsum_line_count, whatever lines end with",
        _FINEWEB, of="fineweb_lorem_ipsum_lines",
    ),
    count(
        "c4_fineweb_curly_bracket_line_count", "lines", "as c4_datatrove_curly_bracket_line_count, whatever lines end "
        "with", _FINEWEB, of="fineweb_curly_bracket_lines",
    ),
)  # fmt: skip
"""Signals of variants ``datatrove`` and ``fineweb``."""
