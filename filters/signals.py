"""Every signal of every document, as columns: what the rules judge, and what `gristmill sweep` can judge again.

A signal is a number about one text, defined once in `SIGNALS`. No threshold appears here: `gristmill.filters.rules` holds
those. A fraction or ratio whose denominator is 0 is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.errors import InputError
from gristmill.filters import c4, gopher_quality
from gristmill.filters.buffers import PAD_BYTES, TextBuffer, row_blocks, text_buffer
from gristmill.filters.language import UNKNOWN, encode_languages, identify_buffer
from gristmill.filters.segment import segment

BLOCK_BYTES = 4 << 20
"""Bytes of text that the kernels see at once; bounds their memory, about 25 bytes of scratch per byte of text."""

Dtype = Literal["int64", "float64", "float32", "dictionary"]
_ARROW_TYPES = {
    "int64": pa.int64(),
    "float64": pa.float64(),
    "float32": pa.float32(),
    "dictionary": pa.dictionary(pa.int32(), pa.string()),
}


@dataclass(frozen=True)
class Signal:
    """One column of the signals table.

    Attributes:
        name: the column's name.
        dtype: its type; ``dictionary`` is ``dictionary<int32, string>``.
        unit: what one unit of it is.
        range: the values it can take.
        definition: exactly what is measured.
        source: the paper or code that the measure comes from.
    """

    name: str
    dtype: Dtype
    unit: str
    range: str
    definition: str
    source: str


Counts = dict[str, NDArray[np.int64]]
Formula = Callable[[Counts], NDArray[np.int64] | NDArray[np.float64]]


def _count(column: str) -> Formula:
    return lambda counts: counts[column]


def _ratio(numerator: str, denominator: str) -> Formula:
    def formula(counts: Counts) -> NDArray[np.float64]:
        above, below = counts[numerator], counts[denominator]
        return np.divide(above, below, out=np.zeros(len(above), np.float64), where=below > 0)

    return formula


_SEGMENT = "gristmill.filters.segment"
_GOPHER = "Rae et al. 2021, arXiv:2112.11446, appendix A.1.1"
_C4 = "Raffel et al. 2020, arXiv:1910.10683, section 2.2, as tensorflow_datasets/text/c4_utils.py"

_FRACTION = "0 to 1"
_NATURAL = "0 or more"


def _c4_lines(cause: str) -> str:
    return f"lines that C4's cleaning (tfds) cuts at this step: {cause}"


_TABLE: tuple[tuple[Signal, Formula], ...] = (
    (
        Signal("char_count", "int64", "characters", _NATURAL, "Unicode code points of the text", _SEGMENT),
        _count("chars"),
    ),
    (
        Signal("word_count", "int64", "words", _NATURAL, "maximal runs without Unicode White_Space", _GOPHER),
        _count("words"),
    ),
    (
        Signal("line_count", "int64", "lines", _NATURAL, "lines that are not blank", _SEGMENT),
        _count("lines"),
    ),
    (
        Signal("paragraph_count", "int64", "paragraphs", _NATURAL, "runs of lines between blank lines", _SEGMENT),
        _count("paragraphs"),
    ),
    (
        Signal("mean_word_length", "float64", "characters per word", _NATURAL, "characters in words / words", _GOPHER),
        _ratio("word_chars", "words"),
    ),
    (
        Signal("hash_to_word_ratio", "float64", "per word", _NATURAL, "occurrences of # / words", _GOPHER),
        _ratio("hash_symbols", "words"),
    ),
    (
        Signal(
            "ellipsis_to_word_ratio", "float64", "per word", _NATURAL,
            "occurrences of … and of ... (left to right, without overlap) / words", _GOPHER,
        ),
        _ratio("ellipses", "words"),
    ),
    (
        Signal(
            "bullet_line_fraction", "float64", "fraction", _FRACTION,
            f"lines whose first character is one of {gopher_quality.BULLETS} / lines", _GOPHER,
        ),
        _ratio("bullet_lines", "lines"),
    ),
    (
        Signal(
            "ellipsis_line_fraction", "float64", "fraction", _FRACTION, "lines that end with ... or … / lines", _GOPHER
        ),
        _ratio("ellipsis_lines", "lines"),
    ),
    (
        Signal(
            "letter_word_fraction", "float64", "fraction", _FRACTION,
            "words with at least one letter (Unicode L*) / words", _GOPHER,
        ),
        _ratio("letter_words", "words"),
    ),
    (
        Signal(
            "stop_word_count", "int64", "distinct words", f"0 to {len(gopher_quality.STOP_WORDS)}",
            "how many of the words " + ", ".join(gopher_quality.STOP_WORDS) + " occur, letters A-Z lowered and "
            "everything but letters and digits taken off both ends", _GOPHER,
        ),
        _count("stop_words"),
    ),
    *(
        (Signal(name, "int64", unit, _NATURAL, definition, _C4), _count(column))
        for name, unit, definition, column in (
            ("c4_long_word_line_count", "lines", _c4_lines("a word of more than 1,000 characters"), "long_word_lines"),
            ("c4_no_end_mark_line_count", "lines", _c4_lines('not ended by . ? ! or ", or by ...'), "no_end_mark_lines"),
            ("c4_few_words_line_count", "lines", _c4_lines("fewer than 5 words"), "few_words_lines"),
            ("c4_lorem_ipsum_line_count", "lines", "lines with lorem ipsum, which condemn the page", "lorem_ipsum_lines"),
            ("c4_javascript_line_count", "lines", _c4_lines("holds javascript"), "javascript_lines"),
            (
                "c4_curly_bracket_line_count", "lines",
                "lines with { that no earlier step cuts, which condemn the page", "curly_bracket_lines",
            ),
            ("c4_policy_line_count", "lines", _c4_lines("holds a policy phrase"), "policy_lines"),
            ("c4_kept_line_count", "lines", "lines that C4's cleaning (tfds) keeps", "kept_lines"),
            ("c4_kept_byte_count", "bytes", "UTF-8 bytes of the kept lines, citation marks taken out", "kept_bytes"),
            (
                "c4_sentence_count", "sentences",
                "sentences on the kept lines, by gristmill.filters.sentences", "sentences",
            ),
            ("c4_paper_kept_line_count", "lines", "lines kept when 3 words are enough for one", "paper_kept_lines"),
            ("c4_paper_kept_byte_count", "bytes", "bytes of the lines kept when 3 words are enough", "paper_kept_bytes"),
            ("c4_paper_sentence_count", "sentences", "sentences when 3 words are enough for a line", "paper_sentences"),
            (
                "c4_paper_lorem_ipsum_line_count", "lines", "lines with lorem ipsum when 3 words are enough for a line",
                "paper_lorem_ipsum_lines",
            ),
            (
                "c4_paper_curly_bracket_line_count", "lines", "lines with { when 3 words are enough for a line",
                "paper_curly_bracket_lines",
            ),
        )
    ),
)  # fmt: skip

_LANGUAGE = (
    Signal(
        "language", "dictionary", "code", "codes of the model, or unknown",
        "language of bounded slices of the text, by fastText", "Joulin et al. 2016, arXiv:1607.01759; lid.176.ftz",
    ),
    Signal(
        "language_score", "float32", "probability", _FRACTION, "the model's probability of that language",
        "Joulin et al. 2016, arXiv:1607.01759; lid.176.ftz",
    ),
)  # fmt: skip

SIGNALS: dict[str, Signal] = {signal.name: signal for signal in (*_LANGUAGE, *(signal for signal, _ in _TABLE))}
"""Every signal by name, in the order of the columns."""

SIGNALS_SCHEMA = pa.schema(
    [pa.field(signal.name, _ARROW_TYPES[signal.dtype], nullable=False) for signal in SIGNALS.values()]
)
"""The columns of `signals`, in order."""


def signals(
    texts: pa.Array | pa.ChunkedArray, *, languages: pa.Array | None = None, kinds: pa.Array | None = None
) -> pa.RecordBatch:
    """All signals of all texts.

    Args:
        texts: string or large_string, without nulls; empty texts are fine.
        languages: languages that are known already (string or dictionary of string, same length): the identifier is not
            asked, and ``language_score`` is 1. A null is ``unknown`` with score 0.
        kinds: kind of each text (string or dictionary of string, same length). The language of ``code`` is not asked:
            it is ``unknown`` with score 0.

    Returns:
        One row per text, in order, with `SIGNALS_SCHEMA`.

    Raises:
        InputError: ``texts`` is not a string column or has nulls, or lengths differ.

    >>> batch = signals(pa.array(["The mill grinds.", ""]))
    >>> batch.column("word_count").to_pylist(), batch.column("language").to_pylist()
    ([3, 0], ['en', 'unknown'])
    """
    buffer = text_buffer(texts)
    rows = len(buffer.offsets) - 1
    for name, given in (("languages", languages), ("kinds", kinds)):
        if given is not None and len(given) != rows:
            message = f"{name} has {len(given)} values for {rows} texts; give one value per text"
            raise InputError(message)
    language, score = _languages(buffer, languages, kinds)
    counts = _counts(buffer)
    columns: list[pa.Array] = [language, score]
    columns += [pa.array(formula(counts), _ARROW_TYPES[signal.dtype]) for signal, formula in _TABLE]
    return pa.RecordBatch.from_arrays(columns, schema=SIGNALS_SCHEMA)


def warm_up() -> None:
    """Compiles every kernel (or loads it from numba's cache) and loads the language model, before work is timed."""
    signals(pa.array(["The mill grinds. [1]\n\n- slowly...\n", "日本語。", ""]))


def _counts(buffer: TextBuffer) -> Counts:
    parts: list[Counts] = [_block_counts(_block(buffer, 0, 0))]  # an empty column still has every count
    for start, stop in row_blocks(buffer.offsets, BLOCK_BYTES):
        parts.append(_block_counts(_block(buffer, start, stop)))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _block(buffer: TextBuffer, start: int, stop: int) -> TextBuffer:
    first, last = int(buffer.offsets[start]), int(buffer.offsets[stop])
    return TextBuffer(buffer.data[first : last + PAD_BYTES], buffer.offsets[start : stop + 1] - first)


def _block_counts(buffer: TextBuffer) -> Counts:
    segments = segment(buffer)
    found: Counts = {}
    for names, counts in (
        (gopher_quality.COLUMNS, gopher_quality.count_quality(buffer, segments)),
        (c4.COLUMNS, c4.count_c4(buffer, segments)),
    ):
        found.update({name: counts[:, i] for i, name in enumerate(names)})
    return found


def _languages(
    buffer: TextBuffer, languages: pa.Array | None, kinds: pa.Array | None
) -> tuple[pa.DictionaryArray, pa.Array]:
    rows = len(buffer.offsets) - 1
    if languages is not None:
        given = languages.to_pylist()
        codes = [UNKNOWN if code is None else code for code in given]
        scores = np.array([code is not None and code != UNKNOWN for code in given], np.float32)
        return encode_languages(codes), pa.array(scores, pa.float32())
    if kinds is None:
        return identify_buffer(buffer)
    asked = np.array([kind != "code" for kind in kinds.to_pylist()], bool)
    if asked.all():
        return identify_buffer(buffer)
    texts = pa.LargeStringArray.from_buffers(rows, pa.py_buffer(buffer.offsets), pa.py_buffer(buffer.data))
    language, score = identify_buffer(text_buffer(texts.filter(pa.array(asked))))
    codes = [UNKNOWN] * rows
    scores = np.zeros(rows, np.float32)
    for row, code in zip(np.flatnonzero(asked).tolist(), language.to_pylist(), strict=True):
        codes[row] = code
    scores[asked] = score.to_numpy()
    return encode_languages(codes), pa.array(scores, pa.float32())
