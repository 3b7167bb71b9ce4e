r"""Gopher's quantities as datatrove counts them: variant ``datatrove`` of the two Gopher rule sets.

Source: datatrove 0.10, ``pipeline/filters/gopher_quality_filter.py`` and ``gopher_repetition_filter.py``, with its
default of English. Words are the tokens of `gristmill.filters.tokens.tokens`, case kept, punctuation a token of its
own. What sets it apart:

* the length of the document and of words is asked of tokens that are not punctuation; every other share is of all
  tokens, so that punctuation stands in the denominator of the words with a letter;
* ``•`` and ``-`` are the bullets; blank lines count as lines;
* stop words are distinct tokens, case kept;
* lines are parted by runs of ``\n``, with an empty one before a first and after a last ``\n``; paragraphs by two ``\n``
  or more in the text without white space at its ends; later copies count, white space and all; characters are divided
  by those of the text;
* the top n-gram counts with a space between its words, even if it occurs once; of repeated n-grams the later copies
  count, from left to right, each n words passed over.

Differences from the code: lines end at ``\n`` only (``splitlines`` has more breaks), n-grams are compared word by word
(there ``ab c`` and ``a bc`` are one), an empty text has 0 everywhere (there the filters drop it, or divide by zero; a
rule drops it here).
"""

from __future__ import annotations

import numba
import numpy as np

from gristmill.filters.counts.measure import NATURAL, count, ratio
from gristmill.filters.counts.views import Views
from gristmill.filters.language_packs import STOP_TABLES, STOP_WORDS_EACH, StopWords, stop_slot
from gristmill.filters.text import grams, raw_copies
from gristmill.filters.text.arrays import Bytes, Hashes, Int32s, Int64s
from gristmill.filters.text.buffers import TextBuffer
from gristmill.filters.text.grams import DUPLICATE_LENGTHS, TOP_LENGTHS
from gristmill.filters.text.repeats import first_copies, table_size
from gristmill.filters.text.segments import Segments
from gristmill.filters.text.utf8 import code_point
from gristmill.filters.tokens.splitting import HAS_LETTER, IS_WORD
from gristmill.filters.tokens.tokens import Tokens
from gristmill.kernels.kernel import kernel
from gristmill.kernels.swar import count_bits, hash_bytes, load_eight

BULLETS = "•-"

COLUMNS = (
    "tokens", "token_words", "token_word_chars", "letter_tokens", "token_stop_words", "datatrove_bullet_lines",
    "datatrove_pieces", "datatrove_duplicate_pieces", "datatrove_duplicate_piece_chars",
    "datatrove_paragraphs", "datatrove_duplicate_paragraphs", "datatrove_duplicate_paragraph_chars",
    *(f"datatrove_top_{n}" for n in TOP_LENGTHS), *(f"datatrove_greedy_{n}" for n in DUPLICATE_LENGTHS),
)  # fmt: skip
"""Columns of the array that `count_datatrove` returns, in order."""

_LONGEST_STOP_WORD = 4
_KEPT = np.array([(1 << 8 * size) - 1 for size in range(_LONGEST_STOP_WORD + 1)] + [0], np.uint64)
"""What is kept of the first bytes of a token, by its size: nothing of one that is too long."""
_GREEDY = [grams.COLUMNS.index(f"greedy_{n}") for n in DUPLICATE_LENGTHS]
_NEWLINE = ord("\n")
_BULLET_POINTS = (ord(BULLETS[0]), ord(BULLETS[1]))


def count_datatrove(views: Views) -> Int64s:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS))."""
    counts = np.zeros((views.documents, len(COLUMNS)), np.int64)
    buffer, segments = views.buffer, views.segments
    _count_tokens(buffer.data, views.tokens, STOP_TABLES, counts)
    _count_bullets(buffer.data, segments, counts)
    copies = dict(zip(raw_copies.COLUMNS, views.raw_copies.T, strict=True))
    lengths = np.diff(buffer.offsets)
    first, last = np.minimum(buffer.offsets[:-1], len(buffer.data) - 1), np.maximum(buffer.offsets[1:] - 1, 0)
    opens = (lengths > 0) & (buffer.data[first] == _NEWLINE)
    closes = (lengths > 0) & (buffer.data[last] == _NEWLINE)
    counts[:, 6] = copies["filled_lines"] + opens + closes
    counts[:, 7] = copies["later_filled_lines"] + (opens & closes)
    counts[:, 8] = copies["later_filled_line_chars"]
    _count_paragraphs(buffer, segments, counts[:, 9:12])
    for column, n in enumerate(TOP_LENGTHS, 12):
        top, many = (views.token_grams[:, grams.COLUMNS.index(f"{kind}_{n}")] for kind in ("top", "top_copies"))
        counts[:, column] = top + many * (n - 1)
    counts[:, 12 + len(TOP_LENGTHS) :] = views.token_grams[:, _GREEDY]
    return counts


@kernel
def _count_tokens(data: Bytes, tokens: Tokens, stop: StopWords, counts: Int64s) -> None:
    bounds = tokens.bounds
    keys, bits, factor = stop.keys[0], stop.bits[0], stop.factors[0]
    for document in range(counts.shape[0]):
        words = word_chars = lettered = seen = 0
        for token in range(bounds[document], bounds[document + 1]):
            place = np.uint64(token)
            flags = tokens.flags[place]
            is_word = (flags & IS_WORD) // IS_WORD
            words += is_word
            word_chars += is_word * tokens.chars[place]
            lettered += flags & HAS_LETTER
            size = tokens.end[place] - tokens.start[place]
            key = load_eight(data, tokens.start[place]) & _KEPT[min(size, _LONGEST_STOP_WORD + 1)]
            slot = stop_slot(key, factor)
            # A token may end with NUL, which packed words are filled up with.
            ended = data[tokens.end[place] - 1] != 0
            seen |= bits[slot] * (ended and keys[slot] == key)
        row = counts[document]
        row[0], row[1] = bounds[document + 1] - bounds[document], words
        row[2], row[3] = word_chars, lettered
        row[4] = count_bits(np.uint64(seen))


@kernel
def _count_bullets(data: Bytes, segments: Segments, counts: Int64s) -> None:
    start, end = segments.lines.start, segments.lines.end
    bounds = segments.document_lines
    for document in range(counts.shape[0]):
        for line in range(bounds[document], bounds[document + 1]):
            point, _ = code_point(data, start[line], end[line])
            counts[document, 5] += point == _BULLET_POINTS[0] or point == _BULLET_POINTS[1]


def _count_paragraphs(buffer: TextBuffer, segments: Segments, counts: Int64s) -> None:
    most = int(np.diff(segments.document_raw_lines).max(initial=0)) + 1
    _count_raw_paragraphs(buffer, segments, most, table_size(most), counts)


@kernel
def _count_chars(data: Bytes, i: int, end: int) -> int:
    chars = 0
    while i < end:
        _, width = code_point(data, i, end)
        i += width
        chars += 1
    return chars


@kernel
def _list_paragraphs(data: Bytes, segments: Segments, first: int, last: int, hashes: Hashes, chars: Int32s) -> int:
    """Hash and characters of each run of raw lines without an empty one, the ends of the text trimmed; how many."""
    raw_start, raw_end, raw_chars, raw_line, blank = segments.raw_lines
    while first < last and blank[first]:
        first += 1
    while first < last and blank[last - 1]:
        last -= 1
    found, line = 0, first
    while line < last:
        if raw_start[line] == raw_end[line]:
            line += 1
            continue
        begin, size, opened = raw_start[line], -1, line
        while line < last and raw_start[line] < raw_end[line]:
            size += raw_chars[line] + 1
            line += 1
        end = raw_end[line - 1]
        if opened == first:
            trimmed = segments.lines.start[raw_line[opened]]
            size -= _count_chars(data, begin, trimmed)
            begin = trimmed
        if line == last:
            trimmed = segments.lines.end[raw_line[line - 1]]
            size -= _count_chars(data, trimmed, end)
            end = trimmed
        hashes[found], chars[found] = hash_bytes(data, begin, end), size
        found += 1
    return found


@numba.njit(nogil=True, cache=True)
def _count_raw_paragraphs(buffer: TextBuffer, segments: Segments, most: int, slots: int, counts: Int64s) -> None:
    """Paragraphs, later copies, their characters."""
    hashes, chars = np.empty(most, np.uint64), np.empty(most, np.int32)
    first, copies, table = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(slots, np.int32)
    bounds = segments.document_raw_lines
    for document in range(counts.shape[0]):
        found = _list_paragraphs(buffer.data, segments, bounds[document], bounds[document + 1], hashes, chars)
        first_copies(hashes, found, first, copies, table)
        counts[document, 0] = found
        for paragraph in range(found):
            if first[paragraph] != paragraph:
                counts[document, 1] += 1
                counts[document, 2] += chars[paragraph]


_QUALITY = "datatrove 0.10, pipeline/filters/gopher_quality_filter.py"
_REPETITION = "datatrove 0.10, pipeline/filters/gopher_repetition_filter.py"

MEASURES = (
    count("datatrove_token_count", "tokens", "tokens, see gristmill.filters.tokens.tokens", _QUALITY, of="tokens"),
    count("datatrove_word_count", "tokens", "tokens that are not punctuation only", _QUALITY, of="token_words"),
    ratio(
        "datatrove_mean_word_length", "characters of tokens that are not punctuation only / such tokens", _QUALITY,
        of="token_word_chars", to="token_words", unit="characters per token", limits=NATURAL,
    ),
    ratio(
        "datatrove_hash_to_token_ratio", "occurrences of # / tokens", _QUALITY,
        of="hash_symbols", to="tokens", unit="per token", limits=NATURAL,
    ),
    ratio(
        "datatrove_ellipsis_to_token_ratio", "occurrences of … and of ... (without overlap) / tokens", _QUALITY,
        of="ellipses", to="tokens", unit="per token", limits=NATURAL,
    ),
    ratio(
        "datatrove_bullet_line_fraction", f"raw lines whose first character after white space is one of {BULLETS} / "
        "raw lines", _QUALITY, of="datatrove_bullet_lines", to="raw_lines",
    ),
    ratio(
        "datatrove_ellipsis_line_fraction", "raw lines that end with ... or … before white space / raw lines", _QUALITY,
        of="ellipsis_lines", to="raw_lines",
    ),
    ratio(
        "datatrove_letter_token_fraction", "tokens with a letter / tokens", _QUALITY, of="letter_tokens", to="tokens"
    ),
    count(
        "datatrove_stop_word_count", "distinct tokens", "how many of the eight English stop words are tokens, "
        "case kept", _QUALITY, of="token_stop_words", limits=f"0 to {STOP_WORDS_EACH}",
    ),
    ratio(
        "datatrove_duplicate_line_fraction", "later copies of lines / lines, parted by runs of line breaks, white "
        "space and all", _REPETITION, of="datatrove_duplicate_pieces", to="datatrove_pieces",
    ),
    ratio(
        "datatrove_duplicate_line_char_fraction", "characters of later copies of lines / characters of the text",
        _REPETITION, of="datatrove_duplicate_piece_chars", to="chars",
    ),
    ratio(
        "datatrove_duplicate_paragraph_fraction", "later copies of paragraphs / paragraphs, parted by two line breaks "
        "or more", _REPETITION, of="datatrove_duplicate_paragraphs", to="datatrove_paragraphs",
    ),
    ratio(
        "datatrove_duplicate_paragraph_char_fraction", "characters of later copies of paragraphs / characters of the "
        "text", _REPETITION, of="datatrove_duplicate_paragraph_chars", to="chars",
    ),
    *(
        ratio(
            f"datatrove_top_{n}gram_char_fraction", f"characters, with a space between tokens, times copies of the "
            f"most frequent {n}-gram of tokens (ties: the first), even if it occurs once / characters of the text",
            _REPETITION, of=f"datatrove_top_{n}", to="chars", limits=NATURAL,
        )
        for n in TOP_LENGTHS
    ),
    *(
        ratio(
            f"datatrove_duplicate_{n}gram_char_fraction", f"characters of {n}-grams of tokens that were seen before, "
            f"from left to right, the next {n} tokens passed over / characters of the text", _REPETITION,
            of=f"datatrove_greedy_{n}", to="chars",
        )
        for n in DUPLICATE_LENGTHS
    ),
)  # fmt: skip
"""Signals of variant ``datatrove``."""
