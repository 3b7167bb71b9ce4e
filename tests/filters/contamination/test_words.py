from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.filters.contamination.normal_form import (
    CODE_MASK,
    EXPANDS,
    MOST_FOLDED_BYTES,
    MOST_WORDS,
    fold,
    fold_tables,
)
from gristmill.filters.contamination.words import READINGS, words_of
from tests.filters.contamination import naive

_AWKWARD = "aB1 .,'\u2019-—\n\u200b\u00adßﬁ½ﷺ東京ไทยक्षé\u0301ｱﾞ\uff21①İ…²\ufe0f"


@settings(max_examples=150, deadline=None)
@given(st.text(st.one_of(st.sampled_from(_AWKWARD), st.characters(exclude_categories=["Cs"])), max_size=60))
def test_words_are_those_of_the_plain_definition(text: str) -> None:
    for reading in READINGS:
        assert words_of(text, reading) == naive.words(text, reading)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Answer is Forty-Two!", "the answer IS forty two"),
        ("It's a “quoted” word", "it\u2019s a quoted word"),
        ("e\u200bvalua\u00adtion", "evaluation"),
        ("\uff26\uff55\uff4c\uff4c width", "full width"),
        ("oﬃce Straße", "OFFICE STRASSE"),
    ],
)
def test_disguises_of_one_text_give_one_sequence_of_words(one: str, other: str) -> None:
    assert words_of(one) == words_of(other)


def test_no_character_needs_more_room_than_the_kernels_have() -> None:
    for code in np.flatnonzero(fold_tables().entries >> 24 == EXPANDS).tolist():
        size = len(chr(code).encode())
        assert len(fold(chr(code)).encode()) <= MOST_FOLDED_BYTES * size
        assert len(words_of(chr(code))) <= MOST_WORDS * size


def test_every_character_that_does_not_expand_folds_to_its_entry() -> None:
    entries = fold_tables().entries
    for code in [*range(0x3400), 0x4E00, 0x9FFF, *range(0xA000, 0xAC00), 0xAC00, 0xD7A3, *range(0xF900, 0x10500)]:
        if entries[code] >> 24 != EXPANDS:
            assert chr(int(entries[code]) & CODE_MASK) == fold(chr(code))
