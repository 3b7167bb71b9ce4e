"""Every signal of every document, as columns: what the rules judge, and what a changed threshold judges again.

A signal is a number about one text, defined once in `SIGNALS`. No threshold appears here: those are in
`gristmill.filters.rules.rules`. A fraction or ratio whose denominator is 0 is 0.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from gristmill.errors import ConfigError, InputError, unknown_name
from gristmill.filters.counts import (
    c4,
    c4_datatrove,
    fineweb,
    fineweb_datatrove,
    gopher_datatrove,
    gopher_dolma,
    gopher_quality,
    gopher_repetition,
    gopher_rpv2,
)
from gristmill.filters.counts.measure import ARROW_TYPES, FRACTION, Counts, Signal, signal_field
from gristmill.filters.counts.views import Views
from gristmill.filters.language.language import (
    UNKNOWN,
    Identifier,
    Languages,
    encode_languages,
    identify_buffer,
    script_shares,
)
from gristmill.filters.pii import counts as pii
from gristmill.filters.source_code import source_code
from gristmill.filters.text.arrays import Int64s
from gristmill.filters.text.buffers import PAD_BYTES, TextBuffer, row_blocks, text_buffer
from gristmill.kernels.arena import kept_arena
from gristmill.kernels.compiling_in_turn import in_turn

BLOCK_BYTES = 2 << 20
"""Bytes of text that the kernels see at once, one text at least; bounds their memory, which is about 50 times as much
address space, a fifth of it touched. What a block's kernels hand to each other then mostly stays in the caches."""

_FAMILIES = (
    (gopher_quality.COLUMNS, gopher_quality.count_quality, gopher_quality.MEASURES),
    (gopher_repetition.COLUMNS, gopher_repetition.count_repetition, gopher_repetition.MEASURES),
    (gopher_rpv2.COLUMNS, gopher_rpv2.count_rpv2, gopher_rpv2.MEASURES),
    (gopher_dolma.COLUMNS, gopher_dolma.count_dolma, gopher_dolma.MEASURES),
    (gopher_datatrove.COLUMNS, gopher_datatrove.count_datatrove, gopher_datatrove.MEASURES),
    (c4.COLUMNS, c4.count_c4, c4.MEASURES),
    (c4_datatrove.COLUMNS, c4_datatrove.count_c4_datatrove, c4_datatrove.MEASURES),
    (fineweb.COLUMNS, fineweb.count_fineweb, fineweb.MEASURES),
    (
        fineweb_datatrove.COLUMNS,
        fineweb_datatrove.count_fineweb_datatrove,
        fineweb_datatrove.MEASURES,
    ),
    (source_code.COLUMNS, source_code.count_code, source_code.MEASURES),
    (pii.COLUMNS, pii.count_pii, pii.MEASURES),
)
"""Each family's names of counts, kernel and measures; a new family is one line here."""

_FAMILY_OF = {name: which for which, (names, _, _) in enumerate(_FAMILIES) for name in names}

_MEASURES = tuple(measure for _, _, measures in _FAMILIES for measure in measures)

_LANGUAGE = (
    Signal(
        "language", "dictionary", "code", "codes of the model, or unknown",
        "language of bounded slices of the text, by fastText", "Joulin et al. 2016, arXiv:1607.01759; lid.176.ftz",
    ),
    Signal(
        "language_score", "float32", "probability", FRACTION, "the model's probability of that language",
        "Joulin et al. 2016, arXiv:1607.01759; lid.176.ftz",
    ),
    Signal(
        "script_share", "float32", "fraction", FRACTION,
        "letters of the slices in a script that the language is written in / letters; 1 if its scripts are not known",
        "gristmill.filters.scripts; the check of GlotScript, Kargaran et al. 2024, arXiv:2309.13320",
    ),
)  # fmt: skip

SIGNALS: dict[str, Signal] = {
    signal.name: signal for signal in (*_LANGUAGE, *(measure.signal for measure in _MEASURES))
}
"""Every signal by name, in the order of the columns."""

SIGNALS_SCHEMA = pa.schema([signal_field(signal) for signal in SIGNALS.values()])
"""The columns of `signals`, in order."""


def signals(
    texts: pa.Array | pa.ChunkedArray,
    *,
    languages: pa.Array | None = None,
    kinds: pa.Array | None = None,
    identifier: Identifier | None = None,
) -> pa.RecordBatch:
    """All signals of all texts.

    Args:
        texts: string or large_string, without nulls; empty texts are fine.
        languages: languages that are known already (string or dictionary of string, same length): the identifier is not
            asked, and ``language_score`` is 1. A null is ``unknown`` with score 0.
        kinds: kind of each text (string or dictionary of string, same length). The language of ``code`` is not asked:
            it is ``unknown`` with score 0.
        identifier: a model of `gristmill.filters.language.language.load_identifier`; the bundled lid.176.ftz if None.

    Returns:
        One row per text, in order, with `SIGNALS_SCHEMA`.

    Raises:
        InputError: ``texts`` is not a string column or has nulls, or lengths differ.

    >>> batch = signals(pa.array(["The mill grinds.", ""]))
    >>> batch.column("word_count").to_pylist(), batch.column("language").to_pylist()
    ([3, 0], ['en', 'unknown'])
    """
    if not isinstance(texts, pa.Array | pa.ChunkedArray):
        message = f"texts: wanted an Arrow column of strings, got {type(texts).__name__}; give pyarrow.array(texts)"
        raise InputError(message)
    compile_kernels(languages=languages is None)
    buffer = text_buffer(texts)
    rows = len(buffer.offsets) - 1
    for name, given in (("languages", languages), ("kinds", kinds)):
        if given is not None and len(given) != rows:
            message = f"{name} has {len(given)} values for {rows} texts; give one value per text"
            raise InputError(message)
    language = _languages(buffer, languages, kinds, identifier)
    counts = _counts(buffer, language.codes.to_pylist())
    columns: list[pa.Array] = [*language]
    columns += [pa.array(measure.formula(counts), ARROW_TYPES[measure.signal.dtype]) for measure in _MEASURES]
    return pa.RecordBatch.from_arrays(columns, schema=SIGNALS_SCHEMA)


def measure_only(
    texts: pa.Array | pa.ChunkedArray, names: Sequence[str], *, languages: pa.Array | None = None
) -> pa.RecordBatch:
    """Some signals of all texts, at the cost of the rule families that they need: for judging a few rule sets alone.

    Args:
        texts: as `signals` takes them.
        names: signals of the text (not of its language), in the order of the columns.
        languages: code of each text, for its stop words; English if not given.

    Raises:
        ConfigError: a name that is no signal of the text.
        InputError: as `signals`.

    >>> measure_only(pa.array(["The mill grinds."]), ["word_count", "line_count"]).to_pylist()
    [{'word_count': 3, 'line_count': 1}]
    """
    known = {measure.signal.name: measure for measure in _MEASURES}
    for name in names:
        if name not in known:
            raise ConfigError(unknown_name("signal of a text", name, known))
    chosen = [known[name] for name in names]
    families = sorted({_FAMILY_OF[read] for measure in chosen for read in measure.reads})
    buffer = text_buffer(texts)
    codes = None if languages is None else [UNKNOWN if code is None else code for code in languages.to_pylist()]
    counts = _counts(buffer, codes, families)
    columns = [pa.array(measure.formula(counts), ARROW_TYPES[measure.signal.dtype]) for measure in chosen]
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema([signal_field(measure.signal) for measure in chosen]))


def warm_up() -> None:
    """Compiles every kernel (or loads it from numba's cache) and loads the language model, before work is timed."""
    signals(pa.array(["The mill grinds. [1]\n\n- slowly...\n", "日本語。", ""]))


@functools.cache
def compile_kernels(*, languages: bool) -> None:
    """Compiles the kernels of all signals, or loads them from the cache: the first thing that a process does.

    Processes that start together share the work (`gristmill.kernels.compiling_in_turn`).

    Args:
        languages: those that identify languages too, with the bundled model.
    """
    names = ["language"] * languages + [columns[0] for columns, _, _ in _FAMILIES]
    texts = text_buffer(pa.array(["The mill grinds.", "日本語。"]))
    for name in in_turn(names, "filters/signals.py"):
        if name == "language":
            identify_buffer(texts, None)
        else:
            _counts(texts, None, [_FAMILY_OF[name]])


def _counts(buffer: TextBuffer, languages: list[str] | None, families: Sequence[int] = range(len(_FAMILIES))) -> Counts:
    with kept_arena() as arena:
        parts = [_block_counts(Views(_block(buffer, 0, 0), arena=arena), families)]  # no text still has every count
        for start, stop in row_blocks(buffer.offsets, BLOCK_BYTES):
            arena.reuse()
            codes = None if languages is None else languages[start:stop]
            parts.append(_block_counts(Views(_block(buffer, start, stop), codes, arena), families))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _block(buffer: TextBuffer, start: int, stop: int) -> TextBuffer:
    first, last = int(buffer.offsets[start]), int(buffer.offsets[stop])
    return TextBuffer(buffer.data[first : last + PAD_BYTES], buffer.offsets[start : stop + 1] - first)


def _block_counts(views: Views, families: Sequence[int]) -> Counts:
    found: dict[str, Int64s] = {}
    for names, kernel, _ in (_FAMILIES[family] for family in families):
        counts = kernel(views)
        found.update({name: counts[:, i] for i, name in enumerate(names)})
    return found


def _languages(
    buffer: TextBuffer, languages: pa.Array | None, kinds: pa.Array | None, identifier: Identifier | None
) -> Languages:
    rows = len(buffer.offsets) - 1
    if languages is not None:
        given = languages.to_pylist()
        codes = encode_languages([UNKNOWN if code is None else code for code in given])
        scores = np.array([code is not None and code != UNKNOWN for code in given], np.float32)
        return Languages(codes, pa.array(scores, pa.float32()), script_shares(buffer, codes))
    asked = np.ones(rows, bool) if kinds is None else np.array([kind != "code" for kind in kinds.to_pylist()], bool)
    if asked.all():
        return identify_buffer(buffer, identifier)
    texts = pa.LargeStringArray.from_buffers(rows, pa.py_buffer(buffer.offsets), pa.py_buffer(buffer.data))
    found = identify_buffer(text_buffer(texts.filter(pa.array(asked))), identifier)
    names = np.full(rows, UNKNOWN, object)
    names[asked] = found.codes.to_pylist()
    scores, shares = np.zeros(rows, np.float32), np.zeros(rows, np.float32)
    scores[asked], shares[asked] = found.scores.to_numpy(), found.script_shares.to_numpy()
    return Languages(encode_languages(names.tolist()), pa.array(scores, pa.float32()), pa.array(shares, pa.float32()))
