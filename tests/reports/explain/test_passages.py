from __future__ import annotations

import random
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.reports.explain.passages import MOST_PASSAGES, SHOWN_CHARS, _differences, differing_passages

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f", "g"]), max_size=60)


@settings(max_examples=200, deadline=None)
@given(WORDS, WORDS)
def test_putting_every_second_passage_for_the_first_makes_the_second_text(left: list[str], right: list[str]) -> None:
    made, at = [], 0
    for begin, end, start, stop in _differences(left, right):
        made += left[at:begin] + right[start:stop]
        at = end
    assert made + left[at:] == right


@given(WORDS)
def test_equal_texts_have_no_passages(words: list[str]) -> None:
    found = differing_passages(" ".join(words), "\n".join(words))

    assert (found.passages, found.complete, found.first_words) == ((), True, len(words))


def text(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [f"w{rng.randrange(5000)}" for _ in range(count)]


def test_the_edits_of_a_long_text_are_found_at_their_places() -> None:
    words = text(30_000, 1)
    other = [*words[:100], "new", *words[100:2000], *words[2040:9000], *["put", "in"] * 600, *words[9000:]]
    found = differing_passages(" ".join(words), " ".join(other))

    assert [passage.word for passage in found.passages] == [100, 2000, 9000]
    assert [bool(passage.first) for passage in found.passages] == [False, True, False]
    assert found.passages[0].second == "new"
    assert found.passages[0].before == " ".join(words[94:100])
    assert found.passages[2].second.endswith("(1,200 words)")
    assert found.complete


def test_texts_of_megabytes_with_nothing_in_common_take_seconds_and_little_to_show() -> None:
    began = time.process_time()
    for other in (text(400_000, 3), ["a", "b"] * 200_000, []):
        found = differing_passages(" ".join(text(400_000, 2)), " ".join(other))
        assert 1 <= len(found.passages) <= MOST_PASSAGES
        assert all(len(passage.first) < SHOWN_CHARS + 40 for passage in found.passages)
    assert time.process_time() - began < 20


def test_more_passages_than_are_wanted_are_said_to_be_more() -> None:
    words = text(500, 4)
    edited = [("x" if at % 50 == 25 else word) for at, word in enumerate(words)]

    assert len(differing_passages(" ".join(words), " ".join(edited)).passages) == MOST_PASSAGES
    assert not differing_passages(" ".join(words), " ".join(edited)).complete
    assert differing_passages(" ".join(words), " ".join(edited), most=10).complete
