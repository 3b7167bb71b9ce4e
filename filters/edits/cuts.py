"""Cuts: which passages of a batch of texts are taken out, by which edit and why, and what stands there instead.

A cut is a half-open range of bytes of one text with at least one byte in it, that neither begins nor ends inside a
character. The cuts of a text are sorted and do not overlap (they may touch). Texts and cuts together give the edited
texts, so an edited text is never stored.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple, Self

import numba
import numpy as np
import pyarrow as pa

from gristmill.errors import IntegrityError
from gristmill.filters.text.arrays import Bytes, Int32s, Int64s
from gristmill.filters.text.buffers import TextBuffer, text_buffer

CUTS_TYPE = pa.list_(
    pa.struct(
        [
            pa.field("edit", pa.string(), nullable=False),
            pa.field("reason", pa.string(), nullable=False),
            pa.field("start", pa.int64(), nullable=False),
            pa.field("end", pa.int64(), nullable=False),
            pa.field("replacement", pa.string(), nullable=False),
        ]
    )
)
"""How the cuts of a document are stored: byte offsets into its text in ``documents/``."""


class Label(NamedTuple):
    """What made a cut: the name of an edit and one of its reasons."""

    edit: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Cuts:
    """The cuts of a batch of D texts, N in all.

    Attributes:
        bounds: int64 of shape (D + 1,); text d has the cuts ``bounds[d]`` to ``bounds[d + 1]``.
        start: int64 of shape (N,), first byte of each cut, counted from the beginning of its text.
        end: int64 of shape (N,), the byte after its last.
        label: int32 of shape (N,), which of ``labels`` made it.
        replacement: N texts that stand where the cuts were, mostly empty.
        labels: every edit and reason that ``label`` may name.
    """

    bounds: Int64s
    start: Int64s
    end: Int64s
    label: Int32s
    replacement: TextBuffer
    labels: tuple[Label, ...]

    @classmethod
    def of(
        cls,
        edit: str,
        reasons: Sequence[str],
        bounds: Int64s,
        start: Int64s,
        end: Int64s,
        reason: Int32s,
        replacement: pa.Array | None = None,
    ) -> Self:
        """The cuts of one edit.

        Args:
            edit: its name.
            reasons: its reasons.
            bounds: see `Cuts`.
            start: see `Cuts`.
            end: see `Cuts`.
            reason: which of ``reasons`` each cut has.
            replacement: string array of N texts; None where nothing is put in place of what is cut.
        """
        nothing = TextBuffer(np.zeros(4, np.uint8), np.zeros(len(start) + 1, np.int64))
        texts = nothing if replacement is None else text_buffer(replacement)
        return cls(bounds, start, end, reason.astype(np.int32), texts, tuple(Label(edit, name) for name in reasons))

    @classmethod
    def none(cls, texts: int) -> Self:
        """No cut in so many texts.

        >>> len(Cuts.none(2))
        0
        """
        empty = np.zeros(0, np.int64)
        return cls.of("", (), np.zeros(texts + 1, np.int64), empty, empty, empty.astype(np.int32))

    def __len__(self) -> int:
        return len(self.start)

    @property
    def texts(self) -> int:
        """How many texts these are the cuts of."""
        return len(self.bounds) - 1

    def keep(self, chosen: np.ndarray) -> Cuts:
        """Only some of the cuts.

        Args:
            chosen: bool of shape (N,).
        """
        place = np.concatenate([np.zeros(1, np.int64), np.cumsum(chosen)])
        replacement = string_array(self.replacement).filter(pa.array(chosen))
        return Cuts(
            place[self.bounds],
            self.start[chosen],
            self.end[chosen],
            self.label[chosen],
            text_buffer(replacement),
            self.labels,
        )

    def counts(self) -> dict[str, dict[str, int]]:
        """How many cuts there are by edit and reason; reasons without one are left out."""
        found: dict[str, dict[str, int]] = {}
        for label, count in zip(self.labels, np.bincount(self.label, minlength=len(self.labels)).tolist(), strict=True):
            if count:
                found.setdefault(label.edit, {})[label.reason] = count
        return found


def string_array(buffer: TextBuffer) -> pa.LargeStringArray:
    """The texts of a buffer as an Arrow array, without a copy.

    >>> string_array(text_buffer(pa.array(["a", "", "b"]))).to_pylist()
    ['a', '', 'b']
    """
    offsets, data = pa.py_buffer(buffer.offsets), pa.py_buffer(buffer.data)
    return pa.LargeStringArray.from_buffers(len(buffer.offsets) - 1, offsets, data)


def apply(texts: pa.Array, cuts: Cuts) -> pa.LargeStringArray:
    """The edited texts: all bytes outside the cuts, and the replacements where the cuts were.

    Args:
        texts: string or large_string, without nulls.
        cuts: their cuts.

    Raises:
        IntegrityError: the cuts do not fit the texts: a text too many or too few, a cut that is empty, that overlaps
            the one before, that passes the end of its text or splits a character.

    >>> cuts = Cuts.of("e", ["r"], np.array([0, 1]), np.array([4]), np.array([7]), np.array([0]), pa.array(["X"]))
    >>> apply(pa.array(["one two three"]), cuts).to_pylist()
    ['one X three']
    """
    return string_array(apply_buffer(text_buffer(texts), cuts))


def apply_buffer(buffer: TextBuffer, cuts: Cuts) -> TextBuffer:
    """As `apply`, on texts in the kernels' form."""
    check_cuts(buffer, cuts)
    if not len(cuts):
        return buffer
    removed = np.concatenate([np.zeros(1, np.int64), np.cumsum(cuts.end - cuts.start)])[cuts.bounds]
    added = cuts.replacement.offsets[cuts.bounds]
    offsets = buffer.offsets - removed + added
    data = np.zeros(int(offsets[-1]) + len(buffer.data) - int(buffer.offsets[-1]), np.uint8)
    _copy(buffer.data, buffer.offsets, cuts.bounds, cuts.start, cuts.end, *cuts.replacement, data, offsets)
    return TextBuffer(data, offsets)


def check_cuts(buffer: TextBuffer, cuts: Cuts) -> None:
    """That every cut lies where a cut may lie.

    Raises:
        IntegrityError: see `apply`.
    """
    if cuts.texts != len(buffer.offsets) - 1:
        message = f"wanted cuts of {len(buffer.offsets) - 1} texts, got cuts of {cuts.texts}; edit the texts again"
        raise IntegrityError(message)
    if not len(cuts):
        return
    text = np.repeat(np.arange(cuts.texts), np.diff(cuts.bounds))
    before = np.concatenate([np.zeros(1, np.int64), cuts.end[:-1]])
    before[cuts.bounds[:-1][np.diff(cuts.bounds) > 0]] = 0
    size = np.diff(buffer.offsets)[text]
    wrong = (cuts.start < before) | (cuts.end <= cuts.start) | (cuts.end > size)
    if not wrong.any():
        first = buffer.offsets[:-1][text]
        # A byte 10xxxxxx continues a character; the byte after the last text is a zero.
        ends_text = cuts.end == size
        inside = (buffer.data[first + cuts.start] & 0xC0) == 0x80
        wrong = inside | (((buffer.data[first + cuts.end] & 0xC0) == 0x80) & ~ends_text)
    if wrong.any():
        which = int(np.argmax(wrong))
        message = (
            f"wanted sorted cuts of whole characters, got bytes {cuts.start[which]} to {cuts.end[which]} of text "
            f"{text[which]}, which has {size[which]} bytes, after a cut that ends at {before[which]}; "
            "edit the texts again"
        )
        raise IntegrityError(message)


@numba.njit(nogil=True, cache=True)
def _copy(
    data: Bytes,
    offsets: Int64s,
    bounds: Int64s,
    start: Int64s,
    end: Int64s,
    replacement: Bytes,
    replacement_offsets: Int64s,
    out: Bytes,
    out_offsets: Int64s,
) -> None:
    for text in range(bounds.size - 1):
        source, target = offsets[text], out_offsets[text]
        for cut in range(bounds[text], bounds[text + 1]):
            stop = offsets[text] + start[cut]
            out[target : target + stop - source] = data[source:stop]
            target += stop - source
            source = offsets[text] + end[cut]
            first, last = replacement_offsets[cut], replacement_offsets[cut + 1]
            out[target : target + last - first] = replacement[first:last]
            target += last - first
        stop = offsets[text + 1]
        out[target : target + stop - source] = data[source:stop]


def to_column(cuts: Cuts) -> pa.ListArray:
    """The cuts as a column of `CUTS_TYPE`, one list per text.

    >>> cuts = Cuts.of("e", ["r"], np.array([0, 1]), np.array([4]), np.array([8]), np.array([0]))
    >>> to_column(cuts).to_pylist()
    [[{'edit': 'e', 'reason': 'r', 'start': 4, 'end': 8, 'replacement': ''}]]
    """
    index = pa.array(cuts.label)
    columns = [
        pa.array([label.edit for label in cuts.labels], pa.string()).take(index),
        pa.array([label.reason for label in cuts.labels], pa.string()).take(index),
        pa.array(cuts.start),
        pa.array(cuts.end),
        string_array(cuts.replacement).cast(pa.string()),
    ]
    fields = list(CUTS_TYPE.value_type)
    values = pa.StructArray.from_arrays(columns, fields=fields)
    return pa.ListArray.from_arrays(pa.array(cuts.bounds.astype(np.int32)), values, type=CUTS_TYPE)


def from_column(column: pa.Array) -> Cuts:
    """The cuts that a column of `CUTS_TYPE` holds.

    >>> cuts = Cuts.of("e", ["r"], np.array([0, 0, 1]), np.array([4]), np.array([8]), np.array([0]))
    >>> from_column(to_column(cuts).slice(1)).labels
    (Label(edit='e', reason='r'),)
    """
    values = column.flatten()
    offsets = column.offsets.to_numpy().astype(np.int64)
    edit, reason = (values.field(name).dictionary_encode() for name in ("edit", "reason"))
    reasons = reason.dictionary.to_pylist()
    pair = edit.indices.to_numpy().astype(np.int64) * max(1, len(reasons)) + reason.indices.to_numpy()
    pairs, label = np.unique(pair, return_inverse=True)
    edits = edit.dictionary.to_pylist()
    return Cuts(
        offsets - offsets[0],
        values.field("start").to_numpy(),
        values.field("end").to_numpy(),
        label.astype(np.int32),
        text_buffer(values.field("replacement")),
        tuple(Label(edits[one // len(reasons)], reasons[one % len(reasons)]) for one in pairs.tolist()),
    )
