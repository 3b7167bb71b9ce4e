from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.signatures.characters import (
    CLASS_SHIFT,
    IGNORED,
    MARK,
    OTHER,
    SPACE,
    UNSPACED,
    WORD,
    character_table,
    decode,
)
from gristmill.dedup.signatures.text_buffers import frozen


def class_of(character: str) -> int:
    return int(character_table()[ord(character)]) >> CLASS_SHIFT


def decoded(raw: bytes) -> list[int]:
    data = frozen(np.frombuffer(raw, np.uint8), np.uint8)
    codes = []
    at = 0
    while at < len(raw):
        if raw[at] < 0x80:
            codes.append(raw[at])
            at += 1
        else:
            code, after = decode(data, at, len(raw))
            codes.append(int(code))
            at = int(after)
    return codes


def test_each_class_holds_what_its_description_says() -> None:
    expected = {
        WORD: "aZ9_éßЖ한٣",
        UNSPACED: "漢ひカกກក々ဗ",
        MARK: "\u0301\u093f\u0bbe",
        SPACE: " \n\t\u00a0\u3000\u2028",
        IGNORED: "\u00ad\u200d\ufeff\ufe0f\U000e0100",
        OTHER: ".-'@«。\x00€\U0001f600",
    }

    assert {kind: [class_of(c) for c in characters] for kind, characters in expected.items()} == {
        kind: [kind] * len(characters) for kind, characters in expected.items()
    }


def test_word_characters_are_those_of_python() -> None:
    classes = character_table() >> CLASS_SHIFT
    python = {code for code in range(0x110000) if chr(code).isalnum() or chr(code) == "_"}

    assert {int(code) for code in np.flatnonzero((classes == WORD) | (classes == UNSPACED))} == python


def test_digits_of_unspaced_scripts_run_together_like_any_number() -> None:
    assert [class_of(c) for c in "๑໑១၁"] == [WORD] * 4


def test_lower_case_is_one_character_for_one() -> None:
    lower = [chr(int(character_table()[ord(c)]) & 0x1FFFFF) for c in "AÉΣς\u0130ẞ"]

    assert lower == ["a", "é", "\u03c3", "\u03c3", "i", "ß"]


@given(st.text())
def test_valid_utf8_decodes_as_python_does(text: str) -> None:
    assert decoded(text.encode("utf-8", "surrogatepass")) == [ord(c) for c in text]


@settings(max_examples=300)
@given(st.binary(max_size=12) | st.lists(st.sampled_from(b"a\x80\xbf\xc2\xe0\xed\xf0\xf4\xff")).map(bytes))
def test_malformed_bytes_become_one_replacement_each(raw: bytes) -> None:
    expected, at = [], 0
    while at < len(raw):
        for width in (1, 2, 3, 4):
            try:
                expected.append(ord(raw[at : at + width].decode("utf-8", "surrogatepass")))
            except (UnicodeDecodeError, TypeError):
                continue
            at += width
            break
        else:
            expected.append(0xFFFD)
            at += 1

    assert decoded(raw) == expected
