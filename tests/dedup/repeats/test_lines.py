"""Keys of lines: which lines count as the same."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.repeats.lines import LineNormalization, keyed_lines
from gristmill.errors import ConfigError

LINES = st.text(st.sampled_from("aA bB\t1٣.,!…éÉÉ三\n\n\u00a0-_"), max_size=40)


def lower(char: str) -> str:
    small = char.lower()
    return small if len(small) == 1 else small[0]


def normal(line: str, normalization: LineNormalization) -> str:
    """The normal form, from its definition."""
    if normalization == "c4":
        return "".join(" " if char.isspace() else lower(char) for char in line.strip())
    kept = [" " if char.isspace() else char for char in line if char.isspace() or char.isalnum() or char == "_"]
    digits = ["0" if unicodedata.category(char) == "Nd" else lower(char) for char in kept]
    return " ".join("".join(digits).split())


@pytest.mark.parametrize("normalization", ["c4", "ccnet"])
@settings(max_examples=200, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=4))
def test_lines_have_one_key_exactly_when_their_normal_forms_are_equal(
    normalization: LineNormalization, texts: list[str]
) -> None:
    found = keyed_lines(pa.array(texts), normalization)
    forms: list[str] = []
    for d, text in enumerate(texts):
        rows = []
        begin = 0
        for line in text.split("\n"):
            stop = min(begin + len(line.encode()) + 1, len(text.encode()))
            if form := normal(line, normalization):
                rows.append((begin, stop, len(form)))
                forms.append(form)
            begin = stop
        mine = slice(found.bounds[d], found.bounds[d + 1])
        assert list(zip(found.start[mine], found.end[mine], found.chars[mine], strict=True)) == rows
    keys = found.key.tolist()
    assert len(keys) == len(forms)
    assert len(set(zip(keys, forms, strict=True))) == len(set(keys)) == len(set(forms))


def test_ccnet_makes_numbers_equal_and_c4_does_not() -> None:
    texts = pa.array(["Posted 12 May, 10:30", "posted 34 may 11:45"])
    assert len(set(keyed_lines(texts, "ccnet").key.tolist())) == 1
    assert len(set(keyed_lines(texts, "c4").key.tolist())) == 2


def test_an_unknown_normalization_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="ccnet"):
        keyed_lines(pa.array(["a"]), "cc_net")  # type: ignore[arg-type]
