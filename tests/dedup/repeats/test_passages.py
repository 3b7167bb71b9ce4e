"""Repeated passages: every window that stands twice is found, nothing else is cut."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.repeats.passages import (
    anchors,
    covered,
    later_copies,
    repeated_marks,
    tokens_of,
    windows,
)
from gristmill.errors import ConfigError

WORDS = st.lists(st.sampled_from(["a", "b", "c", "the", "mill", "三", "é", ".", "“"]), max_size=60)


def passages(texts: list[str], min_tokens: int) -> list[list[str]]:
    """What is cut of each text if the first copy in order stays, by the three steps."""
    tokens = tokens_of(pa.array(texts))
    marks, twice = anchors(tokens, min_tokens)
    repeated = marks.token[repeated_marks(marks.hash) | twice]
    runs = windows(tokens, min_tokens, repeated)
    copies = runs.token[later_copies(runs.hash, runs.token)]
    bounds, start, end = covered(tokens, min_tokens, copies)
    return [
        [text.encode()[start[k] : end[k]].decode() for k in range(bounds[d], bounds[d + 1])]
        for d, text in enumerate(texts)
    ]


def naive(texts: list[str], min_tokens: int) -> list[list[str]]:
    """The same from its definition: all windows of all texts in one dictionary."""
    tokens = tokens_of(pa.array(texts))
    seen: set[tuple[bytes, ...]] = set()
    cut = []
    for d, text in enumerate(texts):
        data = text.encode()
        spans = [(int(tokens.start[i]), int(tokens.end[i])) for i in range(tokens.bounds[d], tokens.bounds[d + 1])]
        words = [data[a:b] for a, b in spans]
        found: list[list[int]] = []
        for i in range(len(words) - min_tokens + 1):
            window = tuple(words[i : i + min_tokens])
            if window in seen:
                if found and i <= found[-1][1]:
                    found[-1][1] = i + min_tokens
                else:
                    found.append([i, i + min_tokens])
            seen.add(window)
        cut.append([data[spans[a][0] : spans[b - 1][1]].decode() for a, b in found])
    return cut


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=5), st.integers(8, 13), st.integers(0, 3))
def test_the_three_steps_find_what_the_definition_says(texts: list[list[str]], min_tokens: int, copied: int) -> None:
    joined = [" ".join(words) for words in texts]
    joined += [joined[copied % len(joined)] + " end"] * copied
    assert passages(joined, min_tokens) == naive(joined, min_tokens)


def test_a_planted_passage_is_cut_from_all_but_the_first() -> None:
    rng = random.Random(4)
    words = [f"w{n}" for n in range(5000)]
    passage = " ".join(rng.choices(words, k=60))
    texts = [" ".join(rng.choices(words, k=100)) + f" {passage} " + " ".join(rng.choices(words, k=100)) for _ in "abc"]
    assert passages(texts, 50) == [[], [passage], [passage]]
    assert passages(texts, 61) == [[], [], []]


def test_other_white_space_makes_no_difference_and_other_case_does() -> None:
    text = "one two three four five six seven eight nine ten"
    assert passages([text, text.replace(" ", "\n\t")], 10) == [[], [text.replace(" ", "\n\t")]]
    assert passages([text, text.title()], 10) == [[], []]


def test_a_text_that_repeats_itself_keeps_its_first_period() -> None:
    period = " ".join(f"w{n}" for n in range(20))
    (found,) = passages([" ".join([period] * 5)], 20)
    assert found == [" ".join([period] * 4)]


def test_scripts_without_spaces_are_cut_between_characters() -> None:
    line = "天地玄黃宇宙洪荒日月盈昃辰宿列張"
    assert passages(["甲" + line + "乙", "丙" + line + "丁"], 16) == [[], [line]]


def test_anchors_are_few_even_where_all_tokens_are_equal() -> None:
    tokens = tokens_of(pa.array(["a " * 100_000]))
    assert len(anchors(tokens, 50)[0].hash) <= 100_000 / 25 + 2
    rng = random.Random(1)
    tokens = tokens_of(pa.array([" ".join(str(rng.random()) for _ in range(50_000))]))
    many = len(anchors(tokens, 50)[0].hash)
    assert 2 / 27 * 0.8 < many / len(tokens.hash) < 2 / 27 * 1.2


@pytest.mark.parametrize("text", ["", " \n", "one", "a\u00adb", "\u0301", "e\u0301e\u0301"])
def test_short_and_odd_texts_have_no_passage(text: str) -> None:
    assert passages([text, text], 8) == [[], []]


def test_too_short_a_passage_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 8"):
        anchors(tokens_of(pa.array(["a"])), 7)


def test_ranks_choose_which_copy_stays() -> None:
    hashes = np.array([9, 9, 9, 4], np.uint64)
    assert later_copies(hashes, np.array([2, 0, 1, 3])).tolist() == [True, False, True, False]
