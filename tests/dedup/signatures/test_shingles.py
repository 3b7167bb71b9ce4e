from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.signatures.shingles import hashes, shingle_counts, shingle_sets
from gristmill.errors import ConfigError

SCRIPTS = "aB_9 .,\n\u00adéΣςİßЖ한\u0301ि漢字ひカกา๑\ufeff\u200d\U0001f600\U00020000\x00"
ANY_TEXT = st.text() | st.text(st.sampled_from(SCRIPTS), max_size=60) | st.text(st.characters(codec=None))


@settings(max_examples=300)
@given(text=ANY_TEXT, shingle=st.integers(1, 6))
def test_hashes_equal_the_stated_formula_on_any_text(
    naive_shingles: Callable[[str, int], list[int]], text: str, shingle: int
) -> None:
    assert hashes(text, shingle).tolist() == naive_shingles(text, shingle)


@settings(max_examples=200)
@given(st.text(st.characters(max_codepoint=0x2AF), max_size=80))
def test_words_of_latin_text_are_those_of_a_regular_expression(text: str) -> None:
    text = text.replace("\u00ad", " ").replace("\u0130", "i")
    words = re.findall(r"\w+", text.lower())

    assert hashes(text, 1).tolist() == [int(hashes(word, 1)[0]) for word in words]


@given(st.lists(st.text(st.sampled_from("abcXYZ019_é"), min_size=1, max_size=9), min_size=1, max_size=12), st.data())
def test_punctuation_and_white_space_between_words_do_not_count(words: list[str], draw: st.DataObject) -> None:
    separators = draw.draw(st.lists(st.text(st.sampled_from(" \n.,;:-()!'"), min_size=1), min_size=len(words)))
    noisy = "".join(separator + word.upper() for word, separator in zip(words, separators, strict=False))

    assert hashes(noisy, 2).tolist() == hashes(" ".join(words), 2).tolist()


def test_hashes_are_the_same_on_every_machine_and_version() -> None:
    text = "The quick brown fox jumps over the lazy dog; 吾輩は猫である。"

    assert [f"{value:016x}" for value in hashes(text)[[0, -1]]] == ["54c7a63675ef9964", "886445eea6f6e7c9"]


def test_scripts_without_spaces_have_a_word_per_character(naive_words: Callable[[str], list[str]]) -> None:
    assert len(hashes("吾輩は猫である", 1)) == 7
    assert len(hashes("สวัสดี", 1)) == len(naive_words("สวัสดี")) == 4
    assert len(hashes("第2章 intro漢字", 1)) == 6


def test_a_word_keeps_its_combining_marks() -> None:
    assert len(hashes("हिन्दी तमिऴ்", 1)) == 2
    assert hashes("\u0301abc", 1).tolist() == hashes("abc", 1).tolist()


def test_the_order_of_words_counts() -> None:
    assert set(hashes("a b c", 2).tolist()).isdisjoint(hashes("c b a", 2).tolist())


def test_a_text_shorter_than_a_shingle_has_none() -> None:
    texts = pa.array(["", "...", "one two three four", "one two three four five", "a b c d e f"])

    assert shingle_counts(texts).tolist() == [0, 0, 0, 1, 2]
    assert [len(values) for values in shingle_sets(texts).to_pylist()] == [0, 0, 0, 1, 2]


@settings(max_examples=100)
@given(st.lists(ANY_TEXT.filter(lambda t: t.isascii() or t.encode("utf-8", "ignore").decode() == t), max_size=6))
def test_sets_are_the_sorted_unique_hashes_of_each_document(texts: list[str]) -> None:
    column = pa.array(["dropped", *texts], pa.large_string())[1:]
    sets = shingle_sets(column, 2)

    assert sets.type == pa.large_list(pa.uint64())
    assert sets.to_pylist() == [sorted(set(hashes(text, 2).tolist())) for text in texts]
    assert shingle_counts(column, 2).tolist() == [len(hashes(text, 2)) for text in texts]


def test_one_shingle_repeated_ten_thousand_times_is_a_set_of_one() -> None:
    (only,) = shingle_sets(pa.array(["spam " * 10_000]))

    assert len(only) == 1


def test_shingles_of_different_words_do_not_collide() -> None:
    rng = np.random.default_rng(7)
    text = " ".join(f"{number:x}" for number in rng.integers(0, 1 << 20, 200_000))
    words = text.split()
    distinct = {tuple(words[i : i + 5]) for i in range(len(words) - 4)}

    assert len(np.unique(hashes(text))) == len(distinct)


def test_a_shingle_of_no_words_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 1 word or character, got 0"):
        hashes("a", 0)


@settings(max_examples=100)
@given(text=ANY_TEXT, shingle=st.integers(1, 6))
def test_character_shingles_are_windows_of_code_points(text: str, shingle: int) -> None:
    text = text.encode("utf-8", "replace").decode()
    windows = [text[i : i + shingle] for i in range(len(text) - shingle + 1)]

    found = hashes(text, shingle, unit="character", normalization="none")

    assert len(found) == len(windows)
    assert len(set(found.tolist())) == len(set(windows))


def test_case_counts_only_without_normalization() -> None:
    for unit in ("word", "character"):
        written = [hashes(text, 2, unit=unit, normalization="none").tolist() for text in ("A b c", "a b c")]
        folded = [hashes(text, 2, unit=unit).tolist() for text in ("A b  c", "a B c")]

        assert written[0] != written[1]
        assert folded[0] == folded[1]


def test_datatrove_normalization_makes_documents_equal_that_differ_in_digits_and_accents() -> None:
    texts = pa.array(
        ["Café no. 12 costs 3,50 today!", "cafe no 7 costs 9.99 today", "cafe no seven costs little today"]
    )
    first, second, third = shingle_sets(texts, 3, normalization="datatrove").to_pylist()

    assert first == second
    assert first != third


def test_sets_of_every_kind_are_the_hashes_of_that_kind() -> None:
    texts = ["Some Words, 12.5 of them; 漢字 and été.", "", "x"]
    for unit in ("word", "character"):
        for normalization in ("none", "casefold", "datatrove"):
            sets = shingle_sets(pa.array(texts), 2, unit=unit, normalization=normalization)
            wanted = [sorted(set(hashes(text, 2, unit=unit, normalization=normalization).tolist())) for text in texts]
            assert sets.to_pylist() == wanted
            assert shingle_counts(pa.array(texts), 2, unit=unit, normalization=normalization).tolist() == [
                len(hashes(text, 2, unit=unit, normalization=normalization)) for text in texts
            ]


def test_unknown_units_and_normalizations_are_refused() -> None:
    with pytest.raises(ConfigError, match="unknown shingle unit 'line'"):
        hashes("a", unit="line")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="did you mean 'casefold'"):
        hashes("a", normalization="casefolded")  # type: ignore[arg-type]
