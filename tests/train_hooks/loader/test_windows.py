from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.train_hooks.loader.windows import IGNORE_LABEL, padding_window, window_arrays, window_count

EOT = 0
DOCUMENTS = st.lists(st.lists(st.integers(0, 9), max_size=12).map(lambda ids: [*ids, EOT]), min_size=1, max_size=12)


def naive_window(documents: list[list[int]], number: int, length: int) -> list[tuple[int, int, int, int]]:
    """The window rule, place by place from the documents: (token, label, position, document) of each."""
    places = [
        (token, document[at + 1] if at + 1 < len(document) else IGNORE_LABEL, which, at)
        for which, document in enumerate(documents)
        for at, token in enumerate(document)
    ][number * length : (number + 1) * length]
    first_document, first_at = places[0][2], places[0][3]
    rows = []
    for token, label, which, at in places:
        position = at - first_at if which == first_document else at
        rows.append((token, label, position, which - first_document))
    padding = length - len(rows)
    last = rows[-1][3]
    return rows + [(EOT, IGNORE_LABEL, i, last + 1) for i in range(padding)]


@settings(max_examples=150, deadline=None)
@given(documents=DOCUMENTS, length=st.integers(1, 30))
def test_every_window_follows_the_rule(documents: list[list[int]], length: int) -> None:
    stream = np.array([token for document in documents for token in document], np.uint16)
    begins = np.zeros(len(stream), np.bool_)
    begins[np.cumsum([0, *map(len, documents)])[:-1]] = True
    for number in range(window_count(len(stream), length)):
        part = slice(number * length, (number + 1) * length + 1)
        window = window_arrays(stream[part], begins[part], length, EOT)
        assert list(zip(*(array.tolist() for array in window), strict=True)) == naive_window(documents, number, length)


def test_the_largest_id_is_not_taken_for_an_ignored_label() -> None:
    tokens = np.array([65_535, 65_535, 65_436], np.uint16)
    window = window_arrays(tokens, np.zeros(3, np.bool_), 2, EOT)
    assert window.labels.tolist() == [65_535, 65_436]


def test_an_end_of_text_id_inside_a_document_is_no_boundary() -> None:
    window = window_arrays(np.array([7, EOT, 8, EOT], np.uint16), np.array([True, False, False, False]), 3, EOT)
    assert window.document_ids.tolist() == [0, 0, 0]
    assert window.labels.tolist() == [EOT, 8, EOT]


def test_a_window_of_padding_has_no_label() -> None:
    window = padding_window(4, EOT)
    assert window.tokens.tolist() == [EOT] * 4
    assert set(window.labels.tolist()) == {IGNORE_LABEL}
    assert window.document_ids.min() >= 0
