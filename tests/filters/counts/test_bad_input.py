"""Hostile text has defined values, and no kernel does more than twice the work on twice the text."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from gristmill.filters.counts.views import Views
from gristmill.filters.signals import SIGNALS, signals
from gristmill.filters.text import grams
from gristmill.filters.text.buffers import text_buffer
from gristmill.filters.text.grams import Stream, count_grams


def measure(text: str) -> dict[str, float]:
    row: dict[str, float] = signals(pa.array([text], pa.large_string()), languages=pa.array(["en"])).to_pylist()[0]
    return {name: value for name, value in row.items() if name not in ("language", "language_score")}


def test_empty_text_has_every_signal_zero() -> None:
    assert {name for name, value in measure("").items() if value} == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("word", {"word_count": 1, "datatrove_token_count": 1, "rpv2_word_count": 1, "top_2gram_char_fraction": 0,
                  "dolma_top_2gram_char_fraction": 0, "datatrove_top_2gram_char_fraction": 0, "line_count": 1}),
        ("\n\n\n", {"char_count": 3, "word_count": 0, "line_count": 0, "raw_line_count": 3,
                    "datatrove_duplicate_line_fraction": 0.5, "dolma_duplicate_line_fraction": 1.0}),
        ("a b", {"top_2gram_char_fraction": 0, "rpv2_top_2gram_char_fraction": 0, "dolma_top_2gram_char_fraction": 1.0,
                 "datatrove_top_2gram_char_fraction": 1.0}),
        ("👩‍🚀 e\u0301", {"char_count": 6, "word_count": 2, "letter_word_fraction": 0.5, "rpv2_word_count": 2,
                         "datatrove_token_count": 4}),
        ("שלום עולם. שלום", {"word_count": 3, "datatrove_token_count": 4, "letter_word_fraction": 1.0}),
        ("\x00 \x00a", {"char_count": 4, "word_count": 2, "datatrove_token_count": 2, "datatrove_word_count": 1}),
        ("١٢٣ 12 ٤", {"word_count": 3, "letter_word_fraction": 0, "alphanumeric_char_fraction": 0.75}),
        ("日本語のテキスト。 หนังสือ", {"word_count": 2, "rpv2_word_count": 2, "datatrove_token_count": 3}),
        ("É é", {"rpv2_mean_word_length": 2.0, "rpv2_top_2gram_char_fraction": 0, "mean_word_length": 1.0}),
    ],
    ids=["one word", "only newlines", "two words", "emoji", "right to left", "nul", "digits", "unspaced", "accents"],
)  # fmt: skip
def test_hostile_text_has_the_values_that_the_definitions_give(text: str, expected: dict[str, float]) -> None:
    found = measure(text)
    assert {name: found[name] for name in expected} == expected
    assert all(math.isfinite(value) for value in found.values())


def test_a_long_line_and_equal_lines_have_exact_values() -> None:
    line = measure("x" * 10**6)
    assert line["max_raw_line_length"] == line["rpv2_mean_word_length"] == line["dolma_median_word_length"] == 10**6
    lines = measure("same line here\n" * 10**5)
    assert lines["datatrove_token_count"] == lines["rpv2_word_count"] == 3 * 10**5
    assert lines["dolma_duplicate_10gram_char_fraction"] == lines["rpv2_duplicate_10gram_char_fraction"] == 1.0
    assert lines["datatrove_duplicate_line_fraction"] == (10**5 - 1) / (10**5 + 1)


def test_bytes_that_are_no_utf8_are_measured_by_every_family() -> None:
    raw = b"ok \xff\xfe\xe2\x80 \xf0\x9f\x98 caf\xc3 \xe2\x80\xa6\xe2 \xc2"
    column = pa.StringArray.from_buffers(
        2, pa.py_buffer(np.array([0, len(raw) - 1, len(raw)], np.int32)), pa.py_buffer(raw)
    )
    row = signals(column, languages=pa.array(["en", "en"])).to_pylist()[0]
    assert row["word_count"] == row["rpv2_word_count"] == 5
    assert set(row) == set(SIGNALS)
    assert all(math.isfinite(float(value)) for name, value in row.items() if name != "language")


HOSTILE = {
    "distinct": lambda n: np.arange(n, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(1),
    "one word": lambda n: np.full(n, 12345, np.uint64),
    "two in turn": lambda n: np.arange(n, dtype=np.uint64) % np.uint64(2) + np.uint64(7),
    "period of ten": lambda n: np.arange(n, dtype=np.uint64) % np.uint64(10) + np.uint64(7),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_work_on_n_grams_doubles_with_the_words(kind: str) -> None:
    def work(words: int) -> int:
        hashes = HOSTILE[kind](words)
        counted = count_grams(Stream(np.array([0, words]), np.ones(words, np.int32), hashes))
        return int(counted[0, grams.COLUMNS.index("work")])

    assert work(1 << 16) / work(1 << 15) <= 2.2
    assert work(1 << 16) < (1 << 16) * 60


@pytest.mark.parametrize(
    "piece", ["(", ":)", "a@", "a.", ".", "-", "--a", "'s", "$", "1km", "[1]", "http://", "é.", "日。", "don't", "#…"]
)
def test_tokens_of_a_long_word_grow_as_the_word_does(piece: str) -> None:
    def tokens(times: int) -> int:
        return len(Views(text_buffer(pa.array([piece * times]))).tokens.start)

    assert tokens(200_000) <= max(2.2 * tokens(100_000), 4)
