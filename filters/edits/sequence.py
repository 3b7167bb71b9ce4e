"""A run's edits one after another over a batch of documents, and what each of them came to as signals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.filters.counts.measure import ARROW_TYPES, FRACTION, NATURAL, Signal
from gristmill.filters.edits.compose import compose
from gristmill.filters.edits.cuts import Cuts, apply_buffer, string_array
from gristmill.filters.edits.edit_types import PlannedEdit
from gristmill.filters.text.arrays import Bytes, Int64s
from gristmill.filters.text.buffers import TextBuffer, text_buffer
from gristmill.filters.text.unicode_classes import WHITE_SPACE, class_table
from gristmill.filters.text.utf8 import NON_ASCII, code_point
from gristmill.kernels.kernel import kernel

_NEWLINE = 10


class Edited(NamedTuple):
    """What a batch of documents became.

    Attributes:
        texts: the edited texts.
        cuts: all cuts, as offsets into the texts that came in.
        signals: one column for each of `edit_signals`.
        counts: cuts by edit and reason, as each edit made them.
    """

    texts: pa.LargeStringArray
    cuts: Cuts
    signals: list[pa.Array]
    counts: dict[str, dict[str, int]]


def edit_signals(name: str) -> tuple[Signal, ...]:
    """The signals that every edit makes, each told of the text as the edit found it.

    >>> [signal.name for signal in edit_signals("pii")]
    ['pii_cut_count', 'pii_cut_char_count', 'pii_cut_line_count', 'pii_cut_word_fraction']
    """
    source = "gristmill.filters.edits.sequence"
    own = f"by the edit {name}"
    return (
        Signal(f"{name}_cut_count", "int64", "passages", NATURAL, f"passages cut {own}", source),
        Signal(f"{name}_cut_char_count", "int64", "characters", NATURAL, f"characters in them, cut {own}", source),
        Signal(
            f"{name}_cut_line_count", "int64", "lines", NATURAL,
            f"lines that are gone, cut {own}; what it only tidies is not counted", source,
        ),
        Signal(
            f"{name}_cut_word_fraction", "float64", "fraction", FRACTION,
            f"share of the words that are gone, cut {own}; what it only tidies is counted on neither side", source,
        ),
    )  # fmt: skip


def run_edits(documents: pa.RecordBatch, edits: Sequence[PlannedEdit]) -> Edited:
    """Runs the edits in order; each sees the texts as the ones before have left them.

    Args:
        documents: a batch with `EDIT_COLUMNS`.
        edits: of the run. An edit leaves documents of other kinds than its own as they are.
    """
    texts: pa.Array = documents.column("text").cast(pa.large_string())
    total = Cuts.none(documents.num_rows)
    columns: list[pa.Array] = []
    counts: dict[str, dict[str, int]] = {}
    for planned in edits:
        cuts = _of_kinds(documents, texts, planned)
        after = string_array(apply_buffer(text_buffer(texts), cuts))
        columns += measure_cuts(planned.edit.name, texts, cuts, after, planned.edit.tidying)
        counts |= cuts.counts()
        texts, total = after, compose(total, cuts)
    return Edited(texts, total, columns, counts)


def _of_kinds(documents: pa.RecordBatch, texts: pa.Array, planned: PlannedEdit) -> Cuts:
    """The cuts of an edit, none in documents of other kinds."""
    place = documents.schema.get_field_index("text")
    field = pa.field("text", pa.large_string(), nullable=False)
    seen = documents.set_column(place, field, texts)
    mask = pc.is_in(documents.column("kind").cast(pa.string()), value_set=pa.array(planned.kinds, pa.string()))
    chosen = mask.to_numpy(zero_copy_only=False)
    if chosen.all():
        return planned.edit.find(seen)
    cuts = planned.edit.find(seen.filter(mask))
    sizes = np.zeros(documents.num_rows, np.int64)
    sizes[chosen] = np.diff(cuts.bounds)
    bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    return Cuts(bounds, cuts.start, cuts.end, cuts.label, cuts.replacement, cuts.labels)


def measure_cuts(
    name: str, before: pa.Array, cuts: Cuts, after: pa.Array, tidying: Collection[str] = ()
) -> list[pa.Array]:
    """The columns of `edit_signals` for one edit.

    Args:
        name: of the edit.
        before: the texts as it found them.
        cuts: what it cut.
        after: the texts as it left them.
        tidying: reasons of cuts that only tidy.
    """
    buffer = text_buffer(before)
    tidy = np.array([label.reason in tidying for label in cuts.labels] or [False])[cuts.label]
    tidied = apply_buffer(buffer, cuts.keep(tidy)) if tidy.any() else buffer
    held, left = _sizes(tidied), _sizes(text_buffer(after))
    gone = np.maximum(held - left, 0)
    words = np.divide(gone[:, 0], held[:, 0], out=np.zeros(len(gone)), where=held[:, 0] > 0)
    values = (np.diff(cuts.bounds), _cut_chars(buffer, cuts), gone[:, 1], words)
    types = [ARROW_TYPES[signal.dtype] for signal in edit_signals(name)]
    return [pa.array(column, dtype) for column, dtype in zip(values, types, strict=True)]


def _sizes(buffer: TextBuffer) -> Int64s:
    """Words and lines of each text. Shape (texts, 2)."""
    sizes = np.zeros((len(buffer.offsets) - 1, 2), np.int64)
    _count(buffer.data, buffer.offsets, class_table(), sizes)
    return sizes


def _cut_chars(buffer: TextBuffer, cuts: Cuts) -> Int64s:
    """Characters inside the cuts of each text. Shape (texts,)."""
    chars = np.zeros(cuts.texts, np.int64)
    _count_chars(buffer.data, buffer.offsets, cuts.bounds, cuts.start, cuts.end, chars)
    return chars


@kernel
def _count(data: Bytes, offsets: Int64s, classes: Bytes, sizes: Int64s) -> None:
    for text in range(sizes.shape[0]):
        i, end = offsets[text], offsets[text + 1]
        words = lines = 0
        in_word = in_line = False
        while i < end:
            point, width = int(data[i]), 1
            if point >= NON_ASCII:
                point, width = code_point(data, i, end)
            if classes[point] & WHITE_SPACE:
                in_word = False
                in_line &= point != _NEWLINE
            else:
                words += not in_word
                lines += not in_line
                in_word = in_line = True
            i += width
        sizes[text, 0], sizes[text, 1] = words, lines


@kernel
def _count_chars(data: Bytes, offsets: Int64s, bounds: Int64s, start: Int64s, end: Int64s, chars: Int64s) -> None:
    for text in range(chars.size):
        for cut in range(bounds[text], bounds[text + 1]):
            for i in range(offsets[text] + start[cut], offsets[text] + end[cut]):
                chars[text] += (data[i] & 0xC0) != 0x80
