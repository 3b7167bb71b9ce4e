from __future__ import annotations

import pyarrow as pa
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.signatures.exact import exact_hashes, exact_keys, normalize
from gristmill.dedup.signatures.shingles import hashes

INVISIBLE = dict.fromkeys([0xAD, 0x200C, 0x200D, 0x2060, 0xFEFF, *range(0xFE00, 0xFE10), *range(0x180B, 0x1810)])
INVISIBLE |= dict.fromkeys(range(0xE0100, 0xE01F0))
TEXT = st.text() | st.text(st.sampled_from("aA bB\n\t\u3000\u00ad.é漢ΣςİẞÅ\U0001f600"), max_size=30)


def naive(text: str) -> str:
    folded = "".join("\u03c3" if c == "\u03c2" else c.lower()[0] for c in text.translate(INVISIBLE))
    return " ".join(folded.split())


@settings(max_examples=200)
@given(st.lists(TEXT, max_size=5))
def test_the_normal_form_is_lower_case_with_single_spaces(texts: list[str]) -> None:
    column = pa.array(["dropped", *texts], pa.large_string())[1:]

    assert normalize(column).to_pylist() == [naive(text) for text in texts]


@given(st.lists(TEXT, max_size=5))
def test_the_hash_is_xxh3_of_the_normal_form(texts: list[str]) -> None:
    digests = exact_hashes(pa.array(texts, pa.string()))

    assert digests.type == pa.binary(16)
    assert digests.to_pylist() == [xxhash.xxh3_128_digest(naive(text).encode()) for text in texts]


@given(TEXT, st.text(st.sampled_from(" \n\t\u00ad"), max_size=3))
def test_exact_duplicates_have_the_same_shingles(text: str, margin: str) -> None:
    copy = margin + text.replace(" ", " \n").swapcase() + margin
    first, second = exact_hashes(pa.array([text, copy]))
    if first == second:
        assert hashes(text, 2).tolist() == hashes(copy, 2).tolist()


def test_digits_punctuation_and_accents_make_a_difference() -> None:
    digests = exact_hashes(pa.array(["cafe 1", "cafe 2", "cafe 1.", "café 1", "CAFE\n1"])).to_pylist()

    assert len(set(digests)) == 4
    assert digests[0] == digests[4]


def test_malformed_utf8_is_replaced_and_stays_in_bounds() -> None:
    raw = pa.array([b"a\xff\xff\xff", b"\xe6\xbc", b"b"], pa.large_binary())
    texts = pa.LargeStringArray.from_buffers(3, *raw.buffers()[1:])

    assert normalize(texts).to_pylist() == ["a\ufffd\ufffd\ufffd", "\ufffd\ufffd", "b"]


def test_keys_are_the_head_of_the_hash() -> None:
    digests = exact_hashes(pa.array(["a", "b", "a"]))
    keys = exact_keys(digests)

    assert keys.tolist() == [int.from_bytes(digest[:8], "big") for digest in digests.to_pylist()]
    assert exact_keys(digests[1:]).tolist() == keys[1:].tolist()
