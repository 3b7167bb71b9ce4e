r"""Gopher's quantities as Dolma counts them: variant ``dolma`` of the two Gopher rule sets.

Source: allenai/dolma at 1c696dd, ``python/dolma/taggers/gopher.py`` (tagger ``gopher_v1``). Words are white-space
words, case and punctuation kept. Lines are the pieces between ``\n``, blank ones and the empty one after a last ``\n``
too. What sets it apart:

* the *median* word length;
* symbol words are words that *contain* ``#`` or ``…`` (``...`` does not count);
* stop words are occurrences, case kept, in whole words;
* ``*`` and ``-`` are the bullets, at the very beginning of a line;
* every copy of a repeated line counts, the first included, and its characters are divided by those that are not white
  space, so that the fraction can pass 1;
* the top n-gram counts even if it occurs once; of repeated n-grams the mass is taken, overlaps and all;
* there is no rule on paragraphs.

Differences from the code: white space is the Unicode property (``str.split`` also splits at U+001C to U+001F), and a
text with fewer than n words has 0 (there the attribute is absent).
"""

from __future__ import annotations

import numpy as np

from gristmill.filters.counts.measure import NATURAL, Counts, count, formula, ratio
from gristmill.filters.counts.views import Views
from gristmill.filters.language_packs import STOP_TABLES, StopWords, find_stop_word
from gristmill.filters.text import grams, raw_copies
from gristmill.filters.text.arrays import Bytes, Int32s, Int64s
from gristmill.filters.text.grams import DUPLICATE_LENGTHS, TOP_LENGTHS
from gristmill.filters.text.segments import PLAIN, Segments
from gristmill.kernels.kernel import kernel
from gristmill.kernels.swar import keep_first, load_eight

COLUMNS = (
    "dolma_twice_median", "dolma_stop_words", "dolma_lines", "dolma_bullet_lines", "dolma_ellipsis_lines",
    "dolma_repeated_lines", "dolma_repeated_line_chars",
    *(f"dolma_top_{n}" for n in TOP_LENGTHS),
    *(f"dolma_{kind}_{n}" for n in DUPLICATE_LENGTHS for kind in ("mass", "all_mass")),
)  # fmt: skip
"""Columns of the array that `count_dolma` returns, in order."""

_GRAM_COLUMNS = [
    grams.COLUMNS.index(name)
    for name in (
        *(f"top_{n}" for n in TOP_LENGTHS),
        *(f"{kind}_{n}" for n in DUPLICATE_LENGTHS for kind in ("mass", "all_mass")),
    )
]
_COMMON_LENGTHS = 256
_LONGEST_STOP_WORD = 4


def count_dolma(views: Views) -> Int64s:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS))."""
    segments = views.segments
    counts = np.zeros((views.documents, len(COLUMNS)), np.int64)
    by_length = np.zeros(_COMMON_LENGTHS, np.int64)
    _count_words(views.buffer.data, segments, STOP_TABLES, by_length, counts)
    _count_lines(views.buffer.data, segments, counts)
    copies = dict(zip(raw_copies.COLUMNS, views.raw_copies.T, strict=True))
    counts[:, 2] = copies["newlines"] + 1
    counts[:, 5], counts[:, 6] = copies["repeated_lines"], copies["repeated_line_chars"]
    counts[:, 7:] = views.word_grams[:, _GRAM_COLUMNS]
    return counts


@kernel
def _at_rank(chars: Int32s, rank: int) -> int:
    """The length that ``rank`` words come before when all are sorted by length, by halving the range it lies in."""
    low, high = 0, 1 << 31
    while low < high:
        middle = (low + high) // 2
        upto = 0
        for size in chars:
            upto += size <= middle
        if upto > rank:
            high = middle
        else:
            low = middle + 1
    return low


@kernel
def _twice_median(chars: Int32s, by_length: Int64s) -> int:
    """The sum of the two middle lengths; ``by_length`` holds how many words have each, its last of that or more."""
    words = chars.size
    if words == 0:
        return 0
    lower, upper = -1, -1
    below = 0
    for size in range(_COMMON_LENGTHS):
        below += by_length[size]
        if lower < 0 and below > (words - 1) // 2:
            lower = size
        if upper < 0 and below > words // 2:
            upper = size
    if upper < _COMMON_LENGTHS - 1:
        return lower + upper
    return _at_rank(chars, (words - 1) // 2) + _at_rank(chars, words // 2)


@kernel
def _count_words(data: Bytes, segments: Segments, stop: StopWords, by_length: Int64s, counts: Int64s) -> None:
    words, bounds = segments.words, segments.document_words
    for document in range(counts.shape[0]):
        first, last = bounds[document], bounds[document + 1]
        by_length[:] = 0
        found = 0
        for word in range(first, last):
            place = np.uint64(word)
            size = words.chars[place]
            by_length[np.uint64(min(size, _COMMON_LENGTHS - 1))] += 1
            if size <= _LONGEST_STOP_WORD and words.flags[place] & PLAIN:
                key = load_eight(data, words.start[place]) & keep_first(size)
                found += find_stop_word(key, stop, 0) != 0
        counts[document, 0] = _twice_median(words.chars[first:last], by_length)
        counts[document, 1] = found


@kernel
def _count_lines(data: Bytes, segments: Segments, counts: Int64s) -> None:
    start, end, _, _, _ = segments.raw_lines
    bounds = segments.document_raw_lines
    for document in range(counts.shape[0]):
        for line in range(bounds[document], bounds[document + 1]):
            i, stop = start[line], end[line]
            if i == stop:
                continue
            counts[document, 3] += data[i] == ord("*") or data[i] == ord("-")
            if stop - i >= 3:
                counts[document, 4] += data[stop - 3] == 0xE2 and data[stop - 2] == 0x80 and data[stop - 1] == 0xA6


_SOURCE = "allenai/dolma at 1c696dd, python/dolma/taggers/gopher.py"


def _median(counts: Counts) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return counts["dolma_twice_median"] / 2.0


MEASURES = (
    formula(
        "dolma_median_word_length", "median of the characters of words", _SOURCE, _median,
        reads=("dolma_twice_median",), unit="characters per word", limits=NATURAL,
    ),
    ratio(
        "dolma_symbol_word_fraction", "words that contain # or … / words", _SOURCE, of="symbol_words", to="words",
    ),
    count(
        "dolma_stop_word_count", "words", "words that are one of the eight English stop words, case kept, each time",
        _SOURCE, of="dolma_stop_words",
    ),
    ratio(
        "dolma_bullet_line_fraction", "pieces between line breaks whose first character is * or - / pieces", _SOURCE,
        of="dolma_bullet_lines", to="dolma_lines",
    ),
    ratio(
        "dolma_ellipsis_line_fraction", "pieces between line breaks that end with … / pieces", _SOURCE,
        of="dolma_ellipsis_lines", to="dolma_lines",
    ),
    ratio(
        "dolma_duplicate_line_fraction", "pieces between line breaks that occur more than once, every copy / pieces",
        _SOURCE, of="dolma_repeated_lines", to="dolma_lines",
    ),
    ratio(
        "dolma_duplicate_line_char_fraction", "characters of pieces between line breaks that occur more than once, "
        "every copy, white space and all / characters that are not white space", _SOURCE,
        of="dolma_repeated_line_chars", to="word_chars", limits=NATURAL,
    ),
    *(
        ratio(
            f"dolma_top_{n}gram_char_fraction", f"characters times copies of the most frequent {n}-gram of "
            "words (ties: the first), even if it occurs once / characters of words", _SOURCE,
            of=f"dolma_top_{n}", to="word_chars",
            limits=NATURAL,
        )
        for n in TOP_LENGTHS
    ),
    *(
        ratio(
            f"dolma_duplicate_{n}gram_char_fraction", f"characters of all {n}-grams of words that occur twice "
            f"or more / characters of all {n}-grams, overlaps counted each time", _SOURCE,
            of=f"dolma_mass_{n}", to=f"dolma_all_mass_{n}",
        )
        for n in DUPLICATE_LENGTHS
    ),
)  # fmt: skip
"""Signals of variant ``dolma``."""
