"""The counting kernel against a slow count with regular expressions."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import ConfigError
from gristmill.reports.counts.lexicon import english_terms, parse_lexicon
from gristmill.reports.counts.mentions import Mentions, count_mentions
from tests.places import SHARED

LEXICON = english_terms()
FORMS = {form: term.name for term in LEXICON.terms for form in term.forms}


def _slow_count(text: str) -> tuple[int, Counter[str]]:
    """Words and terms, with Python's own idea of a word; a pair of words wins over its first word."""
    words = list(re.finditer(r"\w+", text))
    found: Counter[str] = Counter()
    at = 0
    while at < len(words):
        word = words[at].group().lower()
        if at + 1 < len(words):
            between = text[words[at].end() : words[at + 1].start()]
            pair = f"{word} {words[at + 1].group().lower()}"
            if between in (" ", "-", "\n") and pair in FORMS:
                found[FORMS[pair]] += 1
                at += 2
                continue
        if word in FORMS:
            found[FORMS[word]] += 1
        at += 1
    return len(words), found


def _count(texts: list[str]) -> Mentions:
    return count_mentions(pa.array(texts, pa.large_string()), np.zeros(len(texts), dtype=np.int32), 1, LEXICON)


def _occurrences(found: Mentions, group: int = 0) -> Counter[str]:
    names = [term.name for term in LEXICON.terms]
    return Counter({names[t]: int(n) for t, n in enumerate(found.term_occurrences[group]) if n})


_PIECES = st.sampled_from(
    [
        *sorted({word for form in FORMS for word in form.split(" ")}), "the", "shed", "HER", "Woman", "caf\u00e9", "\u00fcber",
        "x1", "_", "9", "\u0441\u043b\u043e\u0432\u043e", "\u4e2d", "he\u00e9",
    ]
)  # fmt: skip
_GAPS = st.sampled_from(
    [" ", "-", "\n", ", ", ". ", "  ", "'", "\u2019", "\u2014", "\u00a0", "/", "\u3002", "\U0001f600", ""]
)
_TEXTS = st.lists(st.tuples(_PIECES, _GAPS), max_size=40).map(lambda parts: "".join(a + b for a, b in parts))


@settings(max_examples=300, deadline=None)
@given(_TEXTS)
def test_words_and_terms_equal_a_count_with_regular_expressions(text: str) -> None:
    words, terms = _slow_count(text)
    found = _count([text])
    assert int(found.words[0]) == words
    assert _occurrences(found) == terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He's here; he\u2019s there; the she-wolf", {"he": 2, "she": 1}),
        ("SHE she She", {"she": 3}),
        ("theory shell others", {}),
        ("African-American, African\nAmerican, African, American", {"African American": 2, "American": 1}),
        ("same same-sex", {"same-sex": 1}),
        ("African  American, Native - American, same -sex", {"American": 2}),
        ("Native. American", {"American": 1}),
        ("she_x x_she she2", {}),
        ("h\u00e9 he\u0301", {}),
        ("", {}),
    ],
)
def test_whole_words_only_and_the_longer_term_wins(text: str, expected: dict[str, int]) -> None:
    assert dict(_occurrences(_count([text]))) == expected


def test_documents_are_counted_once_however_often_they_mention_a_term() -> None:
    found = _count(["she she her", "she", "nothing"])
    she = [term.name for term in LEXICON.terms].index("she")
    axis = [axis for axis, _, _ in LEXICON.axes].index("she")
    assert int(found.term_documents[0, she]) == 2
    assert int(found.term_occurrences[0, she]) == 3
    assert int(found.axis_documents[0, axis]) == 2
    assert int(found.axis_occurrences[0, axis]) == 4


def test_ambiguous_terms_do_not_count_for_their_axis() -> None:
    found = _count(["black and straight and blind"])
    assert int(found.term_documents.sum()) == 3
    assert int(found.axis_documents.sum()) == 0


def test_a_slice_and_skipped_rows_count_only_their_own_documents() -> None:
    texts = pa.array(["she", "he", "they", "her"], pa.large_string()).slice(1, 3)
    found = count_mentions(texts, np.array([0, -1, 1], dtype=np.int32), 2, LEXICON)
    assert found.documents.tolist() == [1, 1]
    assert _occurrences(found, 0) == Counter({"he": 1})
    assert _occurrences(found, 1) == Counter({"her": 1})


def test_a_word_cut_off_at_the_end_of_its_document_does_not_run_into_the_next() -> None:
    found = _count(["s", "he", "African", "American", "\u00e9"])
    assert _occurrences(found) == Counter({"he": 1, "American": 1})
    assert int(found.words[0]) == 5


def test_every_form_of_the_list_is_found_as_its_own_term() -> None:
    for form, term in FORMS.items():
        assert _occurrences(_count([form.upper()])) == Counter({term: 1}), form


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ([{"axis": "a", "role": "people", "selected_by": "", "terms": []}], "wants a role of pronoun, identity, control"),
        ([{"axis": "a", "role": "control", "selected_by": "", "terms": [{"term": "x", "forms": ["a b c"]}]}], "one or two"),
        ([{"axis": "a", "role": "control", "selected_by": "", "terms": [{"term": "x"}, {"term": "X"}]}], "belongs to the term 'x'"),
    ],
)  # fmt: skip
def test_a_faulty_word_list_is_refused_by_name(axes: list[object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_lexicon({"name": "x", "version": "1", "axes": axes})


BOOKS = SHARED / "books" / "text"


@pytest.mark.shared
@pytest.mark.skipif(not BOOKS.exists(), reason="../shared/data/books is missing")
def test_terms_in_real_books_equal_a_count_with_regular_expressions() -> None:
    paths = sorted(BOOKS.rglob("*.txt"))
    texts = [path.read_text(encoding="utf-8", errors="replace")[:40_000] for path in paths]
    slow: Counter[str] = Counter()
    for text in texts:
        slow += _slow_count(text)[1]
    assert sum(slow.values()) > 1000
    assert _occurrences(_count(texts)) == slow
