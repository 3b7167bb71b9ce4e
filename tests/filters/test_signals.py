# ruff: noqa: RUF001 - marks of many scripts are what is tested here
from __future__ import annotations

import math
import time
import unicodedata

import numpy as np
import pyarrow as pa
import pytest

from gristmill.errors import InputError
from gristmill.filters import signals as module
from gristmill.filters.counts.measure import Signal
from gristmill.filters.signals import SIGNALS, SIGNALS_SCHEMA, signals
from gristmill.filters.text.unicode_classes import (
    ALPHANUMERIC,
    DECIMAL,
    LETTER,
    SENTENCE_TERMINAL,
    UPPER,
    WHITE_SPACE,
    class_table,
)

TEXTS = ["The mill grinds slowly. " * 30, "", "日本語のテキスト。\n" * 5, "one\n\ntwo\n\none"]


def numbers(texts: pa.Array) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = signals(texts, languages=pa.nulls(len(texts), pa.string())).to_pylist()
    return rows


def test_every_signal_is_documented_and_has_its_column() -> None:
    assert SIGNALS_SCHEMA.names == list(SIGNALS)
    for name, signal in SIGNALS.items():
        assert isinstance(signal, Signal)
        assert signal.name == name
        assert all((signal.unit, signal.range, signal.definition, signal.source))
    assert SIGNALS_SCHEMA.field("language").type == pa.dictionary(pa.int32(), pa.string())
    assert SIGNALS_SCHEMA.field("language_score").type == pa.float32()


def test_string_large_string_sliced_and_chunked_columns_agree() -> None:
    expected = numbers(pa.array(TEXTS, pa.large_string()))
    padded = pa.array(["before", *TEXTS, "after"])
    assert numbers(pa.array(TEXTS)) == expected
    assert numbers(padded.slice(1, len(TEXTS))) == expected
    assert numbers(padded.cast(pa.large_string()).slice(1, len(TEXTS))) == expected
    assert numbers(pa.chunked_array([TEXTS[:1], TEXTS[1:]])) == expected
    assert numbers(pa.chunked_array([padded.slice(1, 2), pa.array(TEXTS[2:])])) == expected


def test_no_texts_give_no_rows_with_the_same_schema() -> None:
    for empty in (pa.array([], pa.string()), pa.array([], pa.large_string()), pa.chunked_array([], pa.string())):
        assert signals(empty).schema.equals(SIGNALS_SCHEMA)
        assert signals(empty).num_rows == 0


def test_nulls_and_other_columns_are_refused() -> None:
    with pytest.raises(InputError, match="1 of 2 are"):
        signals(pa.array(["a", None]))
    with pytest.raises(InputError, match="int64"):
        signals(pa.array([1]))
    with pytest.raises(InputError, match="kinds has 2 values for 1 texts"):
        signals(pa.array(["a"]), kinds=pa.array(["web", "web"]))


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = pa.array(TEXTS * 3)
    whole = numbers(texts)
    monkeypatch.setattr(module, "BLOCK_BYTES", 64)
    assert numbers(texts) == whole


def test_given_languages_are_taken_and_code_is_not_asked() -> None:
    given = signals(pa.array(["a", "b"]), languages=pa.array(["fr", None]))
    assert given.column("language").to_pylist() == ["fr", "unknown"]
    assert given.column("language_score").to_pylist() == [1.0, 0.0]
    texts = pa.array(["The mill grinds slowly.", "The mill grinds slowly.", "Die Mühle mahlt langsam."])
    mixed = signals(texts, kinds=pa.array(["web", "code", "book"]).dictionary_encode())
    assert mixed.column("language").to_pylist() == ["en", "unknown", "de"]
    assert mixed.column("language_score")[1].as_py() == 0.0
    assert mixed.column("language_score")[0].as_py() > 0.5


def test_no_value_is_nan_or_infinite_on_hostile_text() -> None:
    texts = ["", "\n", " ", "\x00", "\u200b", "#", "…", "{" * 50, "[" * 50, "." * 50, "\ufeff", "\U0010ffff", "[1" * 99]
    for row in numbers(pa.array(texts)):
        assert all(math.isfinite(float(str(value))) for name, value in row.items() if name != "language")


def test_bytes_that_are_no_utf8_are_measured_without_reading_outside() -> None:
    raw = b"ok \xff\xfe\xe2\x80 \xf0\x9f\x98 caf\xc3"
    column = pa.StringArray.from_buffers(
        2, pa.py_buffer(np.array([0, len(raw) - 1, len(raw)], np.int32)), pa.py_buffer(raw)
    )
    batch = signals(column)
    assert batch.column("word_count").to_pylist() == [4, 1]
    # ok, blank, five broken bytes... each counts as one character
    assert batch.column("char_count").to_pylist() == [len(raw) - 1, 1]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10**6,
        "x " * 500_000,
        "same line here\n" * 100_000,
        "[" * 10**6,
        ". " * 300_000,
        "{\n" * 300_000,
        "a. " * 300_000,
    ],
    ids=["one word", "one-letter words", "equal lines", "brackets", "dots", "braces", "initials"],
)
def test_work_on_hostile_megabytes_is_linear(text: str) -> None:
    signals(pa.array(["warm"]), languages=pa.array(["en"]))
    begun = time.thread_time()
    row = numbers(pa.array([text]))[0]
    assert time.thread_time() - begun < 5  # a quadratic pass over 10^6 characters takes minutes
    assert row["char_count"] == len(text)


def test_equal_lines_are_counted_as_later_copies() -> None:
    row = numbers(pa.array(["same line here\n" * 100_000]))[0]
    assert row["line_count"] == 100_000
    assert row["duplicate_line_fraction"] == 99_999 / 100_000
    assert row["duplicate_10gram_char_fraction"] == 1.0


def test_classes_are_those_of_the_python_string_methods() -> None:
    table = class_table()
    for point in range(0x110000):
        bits, character = int(table[point]), chr(point)
        assert bool(bits & LETTER) == character.isalpha()
        assert bool(bits & ALPHANUMERIC) == character.isalnum()
        assert bool(bits & DECIMAL) == character.isdecimal()
        assert bool(bits & UPPER) == (unicodedata.category(character) in {"Lu", "Lt"})
        assert bool(bits & WHITE_SPACE) == (character.isspace() and character not in "\x1c\x1d\x1e\x1f")


def test_sentence_terminals_are_the_unicode_property() -> None:
    regex = pytest.importorskip("regex")
    ours = {point for point in range(0x110000) if class_table()[point] & SENTENCE_TERMINAL}
    property_now = {
        point for point in range(0x110000) if unicodedata.category(chr(point)) not in {"Cs", "Cn"}
        and regex.match(r"\p{Sentence_Terminal}", chr(point))
    }  # fmt: skip
    # What later versions of Unicode added or took away; all of it outside everyday writing.
    assert len(ours - property_now) <= 5
    assert len(property_now - ours) <= 14
    for mark in ".!?。！？।؟։":
        assert ord(mark) in ours
    for mark in "\"'”…,;:":
        assert ord(mark) not in ours
