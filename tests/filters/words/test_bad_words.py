"""Word lists: the matcher against regular expressions, C4's own reading, and what the bundled lists count."""

from __future__ import annotations

import re
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gristmill.errors import ConfigError
from gristmill.filters.text.buffers import TextBuffer, text_buffer
from gristmill.filters.words.bad_words import BAD_WORD_SIGNALS, WordCounts, word_counts
from gristmill.filters.words.term_matcher import count_terms, fold, term_trie
from gristmill.filters.words.word_lists import BUNDLED, IDENTITY, bundled_trie, parse_terms, user_list
from tests.places import filter_pages

MARKS = "".join(
    character for character in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(character)[0] == "M"
)
WORD = rf"[\w{re.escape(MARKS)}]"
TERMS = {
    "bad": 1,
    "bad boy": 3,
    "g-spot": 5,
    "été": 1,
    "s&m": 1,
    "afri*": 2,
    "african queen": 4,
    "🖕": 1,
    "xx": 1,
    "σας": 1,
}
PIECES = [
    *TERMS,
    "BAD",
    "Été",
    "africans",
    "afri",
    "queen",
    " ",
    "\n",
    "_",
    "x",
    "3",
    "-",
    "é",
    "\u0301",
    "日",
    "İ",
    ".",
]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.characters(codec="utf-8")), max_size=14).map("".join)


def naive(text: str, terms: dict[str, int], *, spaced: bool) -> tuple[int, list[int]]:
    """Characters inside occurrences and occurrences by bit, by a regular expression for each term and place."""
    folded = fold(text)
    before, behind = (f"(?<!{WORD})", f"(?!{WORD})") if spaced else ("", "")
    patterns = [
        (re.compile(before + re.escape(fold(t.removesuffix("*"))) + (f"{WORD}*" if t.endswith("*") else behind)), t)
        for t in terms
    ]
    place, inside, counts = 0, 0, [0, 0, 0]
    while place < len(folded):
        found = [(m.end(), not t.endswith("*"), t) for p, t in patterns if (m := p.match(folded, place))]
        if not found:
            place += 1
            continue
        end, _, term = max(found)
        inside += end - place
        counts = [count + (terms[term] >> bit & 1) for bit, count in enumerate(counts)]
        place = end
    return inside, counts


@given(TEXTS, st.booleans())
@settings(max_examples=200, deadline=None)
@example("bad boy bad boyish xbad bad_ bad3 BAD", True)
@example("bad bad\u0301 african queens african queen", True)
@example("日bad日xxx", False)
def test_counts_equal_regular_expressions(text: str, spaced: bool) -> None:
    found = count_terms(text_buffer(pa.array([text])), np.array([0]), term_trie(TERMS), spaced=spaced)[0].tolist()
    inside, counts = naive(text, TERMS, spaced=spaced)
    assert found == [len(text), inside, *counts]


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_one_word_is_found_exactly_when_c4_finds_one(text: str) -> None:
    plain = [term for term in TERMS if not term.endswith("*")]
    if any(character in MARKS or character == "İ" for character in text):
        return  # C4 takes a combining mark for the end of a word, and the dotted capital for two letters
    c4 = re.compile(r"(?:\W|^)({})(?:\W|$)".format("|".join(re.escape(word) for word in plain)))
    trie = term_trie(dict.fromkeys(plain, 1))
    found = count_terms(text_buffer(pa.array([text])), np.array([0]), trie, spaced=True)[0, 2]
    assert bool(found) == bool(c4.search(fold(text)))


def test_rows_are_chosen_and_broken_bytes_end_no_loop() -> None:
    texts = text_buffer(pa.array(["bad", "bad bad", "good"]))
    assert count_terms(texts, np.array([1, 2, 0]), term_trie(TERMS), spaced=True)[:, 2].tolist() == [2, 0, 1]
    broken = TextBuffer(np.frombuffer(b"bad\xe9\xff bad\xc3\0\0\0\0", np.uint8), np.array([0, 10]))
    assert count_terms(broken, np.array([0]), term_trie(TERMS), spaced=True)[0, :3].tolist() == [10, 6, 2]


def test_work_grows_with_the_text_and_not_with_what_repeats() -> None:
    trie = term_trie({"a" * 50: 1, "a": 1})
    long = text_buffer(pa.array(["a " * 500_000, "a" * 1_000_000]))
    assert count_terms(long, np.array([0, 1]), trie, spaced=True)[:, 2].tolist() == [500_000, 0]


def measured(texts: list[str], languages: list[str], extra: WordCounts | None = None) -> dict[str, list[float]]:
    extra = extra or WordCounts()
    batch = pa.RecordBatch.from_pydict({"text": texts, "language": pa.array(languages).dictionary_encode()})
    columns = extra.measure(batch)
    return {signal.name: column.to_pylist() for signal, column in zip(extra.signals, columns, strict=True)}


def test_the_list_is_that_of_the_documents_language() -> None:
    found = measured(["arschloch", "arschloch", "ARSCHLOCH!", "", "puta ka"], ["de", "en", "deu_Latn", "de", "tl"])
    assert found["bad_word_count"] == [1, 0, 1, 0, 1]
    assert found["bad_word_fraction"] == [1, 0, 0.9, 0, 1]


def test_unspaced_scripts_are_searched_anywhere_and_others_by_word() -> None:
    found = measured(["这是三级片吗", "กกระหรี่ก", "Scunthorpe, class, assess"], ["zh", "th", "en"])
    assert found["bad_word_count"][0] >= 1
    assert found["bad_word_count"][1] >= 1
    assert found["bad_word_count"][2] == 0


def test_tiers_are_counted_apart() -> None:
    texts = [
        "The clinic examined her vulva and rectum.",
        "Muslims and transgender women spoke.",
        "what a negro",
        "shit",
    ]
    found = measured(texts, ["en"] * 4)
    assert found["bad_word_count"] == [2, 0, 1, 1]
    assert found["bad_word_ambiguous_count"] == [2, 0, 1, 0]
    assert found["bad_word_minority_count"] == [0, 0, 1, 0]
    assert found["identity_term_count"] == [0, 3, 0, 0]
    assert measured(["Muslims"], ["de"])["identity_term_count"] == [0]


def test_every_bundled_list_finds_its_own_terms() -> None:
    folder = Path(parse_terms.__code__.co_filename).parents[1] / "data" / "words"
    assert {path.stem for path in folder.iterdir()} == {*BUNDLED, IDENTITY}
    for name in BUNDLED:
        terms = list(parse_terms((folder / f"{name}.txt").read_text(encoding="utf-8")))
        counts = count_terms(text_buffer(pa.array(terms)), np.arange(len(terms)), bundled_trie(name), spaced=True)
        assert (counts[:, 0] == counts[:, 1]).all(), name


def test_a_users_lists_are_columns_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "finance.txt").write_text("# finance\nhedge fund\nbank*\n\n")
    extra = word_counts({"finance": str(tmp_path / "finance.txt")})
    found = measured(["A hedge fund and two banks; riverbank.", "银行bank"], ["en", "zh"], extra)
    assert found["words_finance"] == [2, 1]
    before = extra.key()
    assert str(tmp_path) not in str(before)
    (tmp_path / "finance.txt").write_text("hedge fund\n")
    user_list.cache_clear()
    assert extra.key() != before


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [("Bad-Name", b"a", "must be lower-case"), ("a", b"\xff\xfe", "not UTF-8"), ("b", b"\n# x\n", "holds no word")],
)
def test_a_list_that_cannot_be_used_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / "list.txt").write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        word_counts({name: str(tmp_path / "list.txt")})


def test_a_list_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="no such file 'absent"):
        word_counts({"a": "absent.txt"})


def test_the_page_has_every_signal_as_the_code_defines_it() -> None:
    page = filter_pages()
    for signal in BAD_WORD_SIGNALS:
        assert f"| `{signal.name}` | {signal.unit} | {signal.range} | {signal.definition} | {signal.source} |" in page
