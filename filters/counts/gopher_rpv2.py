"""Gopher's quantities as RedPajama-V2 counts them: variant ``rpv2`` of the two Gopher rule sets.

Source: togethercomputer/RedPajama-Data at 855a8e0, ``app/src/core/quality_signals``: ``natural_language.py``,
``lines.py`` and ``repetitions.py``. Words and raw words are those of `gristmill.filters.text.normalized_words`; lines
are raw lines, blank ones too. What sets it apart:

* number signs and ellipses are added up;
* the bullets hold the en dash and not the hyphen;
* words with a letter are raw words with an *ASCII* letter;
* the top n-gram (ties: the first) must occur twice; every copy of a repeated n-gram counts.

RedPajama-V2 judges nothing: the thresholds are Gopher's. It has no rule on lines and paragraphs that repeat, and no
count of stop words to judge. Differences from the code: scores are not rounded, and a text without words has 0 (there:
none).
"""

from __future__ import annotations

import numpy as np

from gristmill.filters.counts.gopher_quality import ends_with_ellipsis
from gristmill.filters.counts.measure import NATURAL, count, ratio
from gristmill.filters.counts.views import Views
from gristmill.filters.text import grams
from gristmill.filters.text.arrays import Bytes, Int64s
from gristmill.filters.text.grams import DUPLICATE_LENGTHS, TOP_LENGTHS
from gristmill.filters.text.segments import Segments
from gristmill.filters.text.utf8 import code_point
from gristmill.kernels.kernel import kernel

BULLETS = "•‣▶◀◦■□▪▫–"  # noqa: RUF001 - the en dash is meant

COLUMNS = (
    "rpv2_words", "rpv2_word_chars", "rpv2_raw_words", "rpv2_letterless_words", "rpv2_bullet_lines",
    "rpv2_ellipsis_lines", *(f"rpv2_top_{n}" for n in TOP_LENGTHS), *(f"rpv2_covered_{n}" for n in DUPLICATE_LENGTHS),
)  # fmt: skip
"""Columns of the array that `count_rpv2` returns, in order."""

_BULLET_POINTS = np.array(sorted(ord(bullet) for bullet in BULLETS), dtype=np.int64)
_COVERED = [grams.COLUMNS.index(f"covered_{n}") for n in DUPLICATE_LENGTHS]


def count_rpv2(views: Views) -> Int64s:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS))."""
    normalized, repeated = views.normalized, views.normalized_grams
    counts = np.zeros((views.documents, len(COLUMNS)), np.int64)
    counts[:, 0] = np.diff(normalized.stream.bounds)
    counts[:, 1] = repeated[:, 0]
    counts[:, 2] = normalized.raw_words
    counts[:, 3] = normalized.raw_words - normalized.raw_letter_words
    _count_lines(views.buffer.data, views.segments, _BULLET_POINTS, counts)
    for column, n in enumerate(TOP_LENGTHS, 6):
        top, copies = (repeated[:, grams.COLUMNS.index(f"{kind}_{n}")] for kind in ("top", "top_copies"))
        counts[:, column] = np.where(copies > 1, top, 0)
    counts[:, 6 + len(TOP_LENGTHS) :] = repeated[:, _COVERED]
    return counts


@kernel
def _count_lines(data: Bytes, segments: Segments, bullets: Int64s, counts: Int64s) -> None:
    start, end = segments.lines.start, segments.lines.end
    bounds = segments.document_lines
    for document in range(counts.shape[0]):
        for line in range(bounds[document], bounds[document + 1]):
            point, _ = code_point(data, start[line], end[line])
            for bullet in bullets:
                counts[document, 4] += point == bullet
            counts[document, 5] += ends_with_ellipsis(data, start[line], end[line])


_CODE = "togethercomputer/RedPajama-Data at 855a8e0, app/src/core/quality_signals"
_LANGUAGE = f"{_CODE}/natural_language.py"
_LINES = f"{_CODE}/lines.py"
_REPETITIONS = f"{_CODE}/repetitions.py"

MEASURES = (
    count(
        "rpv2_word_count", "words", "normalized words: lower case, no ASCII punctuation, NFD, split at white space",
        _LANGUAGE, of="rpv2_words",
    ),
    ratio(
        "rpv2_mean_word_length", "characters of normalized words / normalized words", _LANGUAGE,
        of="rpv2_word_chars", to="rpv2_words", unit="characters per word", limits=NATURAL,
    ),
    ratio(
        "rpv2_symbol_to_word_ratio", "occurrences of #, ... and … together / raw words", _LANGUAGE,
        of=("hash_symbols", "ellipses"), to="rpv2_raw_words", unit="per word", limits=NATURAL,
    ),
    ratio(
        "rpv2_letterless_word_fraction", "raw words without an ASCII letter / raw words", _LANGUAGE,
        of="rpv2_letterless_words", to="rpv2_raw_words",
    ),
    ratio(
        "rpv2_bullet_line_fraction", f"raw lines whose first character after white space is one of {BULLETS} / raw "
        "lines", _LINES, of="rpv2_bullet_lines", to="raw_lines",
    ),
    ratio(
        "rpv2_ellipsis_line_fraction", "raw lines that end with ... or … before white space / raw lines", _LANGUAGE,
        of="rpv2_ellipsis_lines", to="raw_lines",
    ),
    *(
        ratio(
            f"rpv2_top_{n}gram_char_fraction", f"characters times copies of the most frequent {n}-gram of normalized "
            "words (ties: the first), 0 if it occurs once / characters of normalized words", _REPETITIONS,
            of=f"rpv2_top_{n}", to="rpv2_word_chars", limits=NATURAL,
        )
        for n in TOP_LENGTHS
    ),
    *(
        ratio(
            f"rpv2_duplicate_{n}gram_char_fraction", f"characters inside any {n}-gram of normalized words that occurs "
            "twice or more / characters of normalized words", _REPETITIONS,
            of=f"rpv2_covered_{n}", to="rpv2_word_chars",
        )
        for n in DUPLICATE_LENGTHS
    ),
)  # fmt: skip
"""Signals of variant ``rpv2``."""
