# ruff: noqa: RUF001  punctuation and letters of many scripts are what is tested
from __future__ import annotations

import json
import re
import subprocess
import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.signatures.simplify import simplify
from tests.places import ROOT

DATATROVE = ROOT / ".venv-datatrove" / "bin" / "python"

PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~«´»–—’“”„…∶━►、。〈〉《》「」【】！％（），．１：；？～"
BLANKS = str.maketrans(dict.fromkeys([*map(ord, PUNCTUATION), *range(9), *range(11, 32), *range(127, 160)], " "))
SEPARATORS = ".,\u060c\u066b\u2396\u2397\u2398"
TRICKY = "aZ09.,٣ -_\u0301é\u1e9eΣσ한ㅎ漢\n\t\u00a0\u2003İ’１½²\u2028\u0344\u0958\u05d0\U0001d15e\U0001d7ce\x85"


def simplified(text: str) -> str:
    """The steps as the documentation states them, one after the other."""
    digits = "".join("9" if c.isdecimal() else c for c in text.lower().replace("ς", "σ"))
    text = re.sub(f"9+([{SEPARATORS}]9+)?", "0", digits)
    text = re.sub(r"\s+", " ", text.translate(BLANKS).strip())
    marked = unicodedata.normalize("NFD", text)
    return "".join(c for c in marked if unicodedata.category(c) != "Mn").strip()


def sorted_marks_only(text: str) -> bool:
    """Whether no spacing mark would be moved by NFD."""
    return all(unicodedata.combining(c) == 0 or unicodedata.category(c) == "Mn" for c in text)


@settings(max_examples=150)
@given(st.lists(st.text() | st.text(st.sampled_from(TRICKY), max_size=40), max_size=5))
def test_simplified_text_is_that_of_the_stated_steps(texts: list[str]) -> None:
    texts = [text.encode("utf-8", "replace").decode().replace("ς", "σ") for text in texts if sorted_marks_only(text)]

    assert simplify(pa.array(texts, pa.string())).to_pylist() == [simplified(text) for text in texts]


def test_every_assigned_character_is_simplified_as_stated() -> None:
    characters = [chr(code) for code in range(0x323B0) if not 0xD800 <= code < 0xE000]
    texts = [f"a{character}b" for character in characters if sorted_marks_only(character) and character != "ς"]
    found = simplify(pa.array(texts)).to_pylist()

    assert [(text, one) for text, one in zip(texts, found, strict=True) if one != simplified(text)] == []


def test_numbers_take_one_separator() -> None:
    texts = ["1.2.3", "1,234,567", "12", "a1b22c", "٣٫١٤", "1. 5", "3.", "v1.x"]

    assert simplify(pa.array(texts)).to_pylist() == ["0 0", "0 0", "0", "a0b0c", "0", "0 0", "0", "v0 x"]


def test_slices_and_empty_columns_are_fine() -> None:
    assert simplify(pa.array(["dropped", "Kept!", ""])[1:]).to_pylist() == ["kept", ""]
    assert simplify(pa.array([], pa.string())).to_pylist() == []


def test_simplified_text_is_that_of_datatrove(licences: dict[str, str]) -> None:
    if not DATATROVE.exists():
        pytest.skip("datatrove's environment is not in .venv-datatrove")
    texts = [text.replace("ς", "σ") for text in licences.values()]
    program = (
        "import json, sys; from datatrove.utils.text import simplify_text;"
        "print(json.dumps([simplify_text(text) for text in json.load(sys.stdin)]))"
    )
    done = subprocess.run(
        [DATATROVE, "-c", program], input=json.dumps(texts), capture_output=True, text=True, check=True
    )

    assert simplify(pa.array(texts)).to_pylist() == json.loads(done.stdout)
