"""Composition: cuts found in an edited text, told as cuts of the original.

`apply` obeys one law: ``apply(apply(texts, first), second) == apply(texts, compose(first, second))``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np

from gristmill.errors import IntegrityError
from gristmill.filters.edits.cuts import Cuts, Label
from gristmill.filters.text.arrays import Bytes, Int32s, Int64s
from gristmill.filters.text.buffers import PAD_BYTES, TextBuffer

_NO_END = np.int64(1) << 62


def compose(first: Cuts, second: Cuts) -> Cuts:
    """Two rounds of cuts as one.

    A byte of the original keeps the label of the edit that took it out first: where a later cut spans an earlier one,
    it is told as the two parts on either side. A replacement that the first round put in belongs to its cut; what the
    second round does to it changes the replacement of that cut, not its label.

    Args:
        first: offsets into the original texts.
        second: offsets into the texts that ``first`` left.

    Returns:
        Cuts with offsets into the original texts.

    Raises:
        IntegrityError: the two are not of equally many texts.

    >>> one = Cuts.of("a", ["x"], np.array([0, 1]), np.array([2]), np.array([4]), np.array([0]))
    >>> two = Cuts.of("b", ["y"], np.array([0, 1]), np.array([1]), np.array([3]), np.array([0]))
    >>> both = compose(one, two)  # in "012345": first "23", then "14" of "0145"
    >>> both.start.tolist(), both.end.tolist(), [both.labels[i].edit for i in both.label]
    ([1, 2, 4], [2, 4, 5], ['b', 'a', 'b'])
    """
    if first.texts != second.texts:
        message = f"wanted two rounds of cuts of the same texts, got {first.texts} and {second.texts} texts"
        raise IntegrityError(message)
    labels = tuple(dict.fromkeys((*first.labels, *second.labels)))
    one, two = _renumbered(first, labels), _renumbered(second, labels)
    if not len(first) or not len(second):
        chosen, label = (second, two) if not len(first) else (first, one)
        return Cuts(chosen.bounds, chosen.start, chosen.end, label, chosen.replacement, labels)
    # Each earlier cut that a later one spans splits it once.
    most = 2 * len(first) + len(second)
    bounds, start, end = np.zeros(first.texts + 1, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    label = np.empty(most, np.int32)
    added = int(first.replacement.offsets[-1] + second.replacement.offsets[-1])
    replacement = TextBuffer(np.zeros(added + PAD_BYTES, np.uint8), np.zeros(most + 1, np.int64))
    _compose(
        (first.bounds, first.start, first.end, one, first.replacement),
        (second.bounds, second.start, second.end, two, second.replacement),
        (bounds, start, end, label, replacement),
    )
    found = int(bounds[-1])
    offsets = replacement.offsets[: found + 1]
    texts = TextBuffer(replacement.data[: int(offsets[-1]) + PAD_BYTES], offsets)
    return Cuts(bounds, start[:found], end[:found], label[:found], texts, labels)


def _renumbered(cuts: Cuts, labels: Sequence[Label]) -> Int32s:
    numbers = {label: number for number, label in enumerate(labels)}
    table = np.array([numbers[label] for label in cuts.labels] or [0], np.int32)
    return table[cuts.label]


_Integer = int | np.int64
"""An index inside a kernel, where ``np.int64(...)`` forces signed arithmetic."""

_Table = tuple[Int64s, Int64s, Int64s, Int32s, TextBuffer]
"""Bounds, start, end, label and replacement of a batch of cuts."""


@numba.njit(nogil=True, cache=True)
def _compose(first: _Table, second: _Table, out: _Table) -> None:
    bounds, first_start, first_end, first_label, (first_data, first_offsets) = first
    second_bounds = second[0]
    out_bounds, out_start, out_end, out_label, (out_data, out_offsets) = out
    found = 0
    for text in range(bounds.size - 1):
        later, last = second_bounds[text], second_bounds[text + 1]
        # The edited text is a row of pieces: kept, replacement, kept, …, kept. ``here`` is where a piece begins in it,
        # ``original`` where a kept piece begins in the original.
        here = original = np.int64(0)
        for cut in range(bounds[text], bounds[text + 1]):
            stop = here + first_start[cut] - original
            later, found = _cut_kept(second, later, last, here, stop, original - here, out, found)
            size = first_offsets[cut + 1] - first_offsets[cut]
            piece = first_data[first_offsets[cut] : first_offsets[cut + 1]]
            later, filled = _cut_replacement(second, later, last, stop, piece, out_data, out_offsets[found])
            out_start[found], out_end[found], out_label[found] = first_start[cut], first_end[cut], first_label[cut]
            found += 1
            out_offsets[found] = filled
            here, original = stop + size, first_end[cut]
        later, found = _cut_kept(second, later, last, here, _NO_END, original - here, out, found)
        out_bounds[text + 1] = found


@numba.njit(nogil=True, cache=True)
def _cut_kept(
    second: _Table, later: int, last: int, here: _Integer, stop: _Integer, shift: _Integer, out: _Table, found: int
) -> tuple[int, int]:
    """The later cuts inside a kept piece, moved by ``shift``; the next later cut and the next place in ``out``."""
    _, start, end, label, (data, offsets) = second
    _, out_start, out_end, out_label, (out_data, out_offsets) = out
    while later < last and start[later] < stop:
        begin, finish = max(start[later], here), min(end[later], stop)
        if begin < finish:
            out_start[found], out_end[found], out_label[found] = begin + shift, finish + shift, label[later]
            filled = out_offsets[found]
            if start[later] >= here:
                size = offsets[later + 1] - offsets[later]
                out_data[filled : filled + size] = data[offsets[later] : offsets[later + 1]]
                filled += size
            found += 1
            out_offsets[found] = filled
        if end[later] > stop:
            break
        later += 1
    return later, found


@numba.njit(nogil=True, cache=True)
def _cut_replacement(
    second: _Table, later: int, last: int, here: _Integer, piece: Bytes, out_data: Bytes, filled: int
) -> tuple[int, _Integer]:
    """What the later cuts leave of a replacement, copied to ``filled``; the next later cut and the byte after it."""
    _, start, end, _, (data, offsets) = second
    stop = here + piece.size
    place = here
    while later < last and start[later] < stop:
        begin = max(start[later], here)
        if begin < min(end[later], stop):
            out_data[filled : filled + begin - place] = piece[place - here : begin - here]
            filled += begin - place
            if start[later] >= here:
                size = offsets[later + 1] - offsets[later]
                out_data[filled : filled + size] = data[offsets[later] : offsets[later + 1]]
                filled += size
            place = min(end[later], stop)
        if end[later] > stop:
            break
        later += 1
    out_data[filled : filled + stop - place] = piece[place - here : piece.size]
    return later, filled + stop - place
