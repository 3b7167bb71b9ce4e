"""Cuts: applied, composed, stored; against plain Python on strings."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import IntegrityError
from gristmill.filters.edits.compose import compose
from gristmill.filters.edits.cuts import Cuts, apply, from_column, to_column

Pieces = list[tuple[int, int, int, str]]
"""Cuts of one text in characters: start, end, reason, replacement."""


def cuts_of(edit: str, texts: list[str], found: list[Pieces]) -> Cuts:
    """The same cuts in bytes."""
    rows = [
        (len(text[:start].encode()), len(text[:end].encode()), reason, replacement)
        for text, pieces in zip(texts, found, strict=True)
        for start, end, reason, replacement in pieces
    ]
    bounds = np.cumsum([0, *map(len, found)]).astype(np.int64)
    start, end, reason = (np.array([row[column] for row in rows], np.int64) for column in range(3))
    return Cuts.of(edit, ("p", "q"), bounds, start, end, reason.astype(np.int32), pa.array([r[3] for r in rows], "str"))


def cut_by_hand(text: str, pieces: Pieces) -> str:
    out, place = [], 0
    for start, end, _, replacement in pieces:
        out += [text[place:start], replacement]
        place = end
    return "".join([*out, text[place:]])


@st.composite
def pieces_of(draw: st.DrawFn, size: int) -> Pieces:
    """Sorted cuts of a text of so many characters."""
    marks = sorted(draw(st.lists(st.integers(0, size), max_size=8)))
    pairs = list(zip(marks[::2], marks[1::2], strict=False))
    return [
        (start, end, draw(st.integers(0, 1)), draw(st.sampled_from(["", "", "XY", "é漢"])))
        for start, end in pairs
        if start < end
    ]


TEXTS = st.lists(st.text(st.sampled_from("abcé漢😀\n "), max_size=16), min_size=1, max_size=3)


@settings(max_examples=150, deadline=None)
@given(st.data(), TEXTS)
def test_two_rounds_of_cuts_are_one_composed_round(data: st.DataObject, texts: list[str]) -> None:
    first = [data.draw(pieces_of(len(text))) for text in texts]
    once = [cut_by_hand(*both) for both in zip(texts, first, strict=True)]
    second = [data.draw(pieces_of(len(text))) for text in once]
    twice = [cut_by_hand(*both) for both in zip(once, second, strict=True)]
    one, two = cuts_of("one", texts, first), cuts_of("two", once, second)
    assert apply(pa.array(texts), one).to_pylist() == once
    assert apply(pa.array(once), two).to_pylist() == twice
    both = compose(one, two)
    assert apply(pa.array(texts), both).to_pylist() == twice
    assert apply(pa.array(texts), from_column(to_column(both))).to_pylist() == twice
    # No byte is told twice: what the first round cut is still told, byte for byte, as cut by the first.
    kept = both.keep(np.array([both.labels[label].edit == "one" for label in both.label], bool))
    assert (kept.bounds == one.bounds).all()
    assert (kept.start == one.start).all()
    assert (kept.end == one.end).all()


def test_a_stored_column_says_what_was_cut_and_why() -> None:
    cuts = cuts_of("pii", ["mail a@b.c now"], [[(5, 10, 1, "<EMAIL>")]])
    column = to_column(cuts)
    assert column.to_pylist() == [[{"edit": "pii", "reason": "q", "start": 5, "end": 10, "replacement": "<EMAIL>"}]]
    assert apply(pa.array(["mail a@b.c now"]), from_column(column)).to_pylist() == ["mail <EMAIL> now"]
    assert cuts.counts() == {"pii": {"q": 1}}


@pytest.mark.parametrize(
    ("start", "end"),
    [([3], [3]), ([0], [9]), ([4, 2], [5, 3]), ([0, 1], [2, 3]), ([1], [4]), ([0], [1])],
    ids=["empty", "past the end", "unsorted", "overlapping", "begins inside a character", "ends inside a character"],
)
def test_cuts_that_do_not_fit_their_text_are_refused(start: list[int], end: list[int]) -> None:
    reason = np.zeros(len(start), np.int32)
    cuts = Cuts.of("e", ("r",), np.array([0, len(start)]), np.array(start), np.array(end), reason)
    with pytest.raises(IntegrityError, match="wanted sorted cuts of whole characters"):
        apply(pa.array(["éabcé"]), cuts)


def test_cuts_of_other_texts_are_refused() -> None:
    with pytest.raises(IntegrityError, match="wanted cuts of 2 texts, got cuts of 1"):
        apply(pa.array(["a", "b"]), Cuts.none(1))
    with pytest.raises(IntegrityError, match="got 1 and 2 texts"):
        compose(Cuts.none(1), Cuts.none(2))


def test_slices_and_empty_texts_are_cut_like_any_other() -> None:
    texts = pa.array(["skipped", "", "abc", "", "de"]).slice(1)
    cuts = cuts_of("e", ["", "abc", "", "de"], [[], [(0, 3, 0, "")], [], [(1, 2, 0, "")]])
    assert apply(texts, cuts).to_pylist() == ["", "", "", "d"]
    stored = pa.concat_arrays([to_column(Cuts.none(2)), to_column(cuts)]).slice(2)
    assert apply(texts, from_column(stored)).to_pylist() == ["", "", "", "d"]
