from __future__ import annotations

import random
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.documents import EVIDENCE_TYPE
from gristmill.errors import ConfigError
from gristmill.filters.contamination import boundaries
from gristmill.filters.contamination.evaluation_items import Item
from gristmill.filters.contamination.index import Index, Search, build_index
from gristmill.filters.contamination.overlap import evidence_rows, overlaps_of, shares, spans_of
from gristmill.filters.contamination.search import find_runs
from gristmill.filters.text.buffers import text_buffer
from tests.filters.contamination import naive

_WORDS = st.sampled_from(
    ["the", "Cat", "sat", "on", "it's", "well-known", "東京", "a", "1", "½", "ok.", "\n", "rye,oat", "(so)", "—", "…"]
)
_TEXT = st.lists(_WORDS, max_size=14).map(" ".join)
_FIELD = st.lists(_TEXT, min_size=1, max_size=2).map(tuple)
_ITEM = st.lists(_FIELD, min_size=1, max_size=4).map(tuple)


def index_of(items: list[Item], **changes: int | tuple[str, ...]) -> Index:
    return build_index([("quiz", items)], Search((), **changes))  # type: ignore[arg-type]


def disguises(text: str) -> dict[str, str]:
    """One text in the disguises that must not hide it."""
    return {
        "verbatim": text,
        "upper case": text.upper(),
        "lower case": text.lower(),
        "line breaks": re.sub(r"\s+", "\n", text),
        "wide spaces": re.sub(r"\s+", " \u00a0\t ", text),
        "punctuation removed": re.sub(r"[^\w\s]", "", text),
        "punctuation to spaces": re.sub(r"[^\w\s]", " ", text),
        "commas added": re.sub(r"\s+", ", ", text),
        "typographic quotes": text.replace("'", "\u2019").replace('"', "\u201d"),
        "zero-width": text.replace("e", "e\u200b"),
    }


@settings(max_examples=150, deadline=None)
@given(
    st.lists(_ITEM, min_size=1, max_size=3), st.lists(_TEXT, max_size=3), st.integers(3, 8), st.integers(1, 8),
    st.integers(1, 8), st.sampled_from([" ", "\n", ". "]),
)  # fmt: skip
def test_every_run_of_every_item_is_found_and_no_other(
    drawn: list[tuple[tuple[str, ...], ...]], texts: list[str], ngram: int, least: int, bounded: int, gap: str
) -> None:
    items = [Item(f"quiz:{i}", fields) for i, fields in enumerate(drawn)]
    planted = [" ".join(field[0] for field in fields) for fields in drawn]
    texts += [*planted, *("the" + gap + text + gap + "cat" for text in planted)]
    bounds = (ngram, min(least, ngram), min(bounded, least, ngram))
    try:
        index = index_of(items, ngram=ngram, min_item_words=least, min_bounded_words=bounded)
    except ConfigError:
        assert not any(naive.runs_of(item, *bounds) for item in items)
        return
    found = find_runs(text_buffer(pa.array(texts)), index)
    entries = index.runs.item[found.entry]
    for document, text in enumerate(texts):
        for number, item in enumerate(items):
            mine = (found.document == document) & (entries == number)
            got = set(zip(found.first[mine].tolist(), found.last[mine].tolist(), strict=True))
            assert got == naive.hits(text, item, *bounds)


def _sentence(rng: random.Random, words: int) -> str:
    letters = "bcdfghklmnprstvw"
    made = [rng.choice(letters) + rng.choice("aeiou") + rng.choice(letters) + rng.choice("aeiou") for _ in range(words)]
    made[2] += "'s"
    made[5] += "-" + made[6]
    return " ".join(made).capitalize() + "."


def test_planted_items_are_found_in_every_disguise_each_by_name() -> None:
    rng = random.Random(11)
    items = [Item(f"quiz:{i}", ((_sentence(rng, 9 if i % 4 == 0 else 25),), ("yes", "no"))) for i in range(40)]
    index = index_of(items)
    assert (index.counts[0].unsearchable, index.counts[0].whole) == (0, 10)
    texts = [
        _sentence(rng, 200) + "\n" + disguised + "\n" + _sentence(rng, 200)
        for item in items
        for disguised in disguises(item.fields[0][0]).values()
    ]
    kinds = len(disguises("x"))
    found, _ = overlaps_of(find_runs(text_buffer(pa.array(texts)), index), index)
    assert found.document.tolist() == list(range(len(texts)))
    assert found.item.tolist() == [i // kinds for i in range(len(texts))]
    assert float(shares(found, index).min()) >= 0.75


def test_texts_without_items_give_nothing() -> None:
    rng = random.Random(5)
    index = index_of([Item("quiz:1", ((_sentence(rng, 20),),))])
    texts = ["", " ", "one", *(_sentence(rng, 100) for _ in range(50))]
    found, hits = overlaps_of(find_runs(text_buffer(pa.array(texts)), index), index)
    assert len(found.item) == len(hits.entry) == len(spans_of(hits, index).start) == 0


def test_the_question_is_found_together_with_any_of_its_answers() -> None:
    item = Item("quiz:1", (("What do millers grind in a mill",), ("stones and sand", "wheat and rye")))
    index = index_of([item], ngram=10)
    found, _ = overlaps_of(
        find_runs(text_buffer(pa.array(["What do millers grind in a mill? B: wheat and rye", "x"])), index), index
    )
    assert len(found.item) == 0  # the letter of the answer stands between
    for answer in item.fields[1]:
        text = f"what do millers grind in a mill? {answer}"
        found, _ = overlaps_of(find_runs(text_buffer(pa.array([text])), index), index)
        assert found.words.tolist() == [10]


def test_the_item_share_counts_each_word_of_the_item_once() -> None:
    words = [f"word{i}" for i in range(20)]
    index = index_of([Item("quiz:1", ((" ".join(words),),))], ngram=5)
    text = " ".join([*words[:7], "and", *words[2:9], "then", *words[15:]])
    found, hits = overlaps_of(find_runs(text_buffer(pa.array([text])), index), index)
    assert shares(found, index).tolist() == [14 / 20]
    spans = spans_of(hits, index)
    assert [text[a:b] for a, b in zip(spans.start, spans.end, strict=True)] == [
        " ".join(words[:7]), " ".join(words[2:9]), " ".join(words[15:]),
    ]  # fmt: skip
    assert len(overlaps_of(find_runs(text_buffer(pa.array([text])), index), index, 0.71)[0].item) == 0


def test_evidence_names_item_words_context_and_place() -> None:
    item = "the miller of the hill grinds rye and wheat by the light of the moon"
    index = index_of([Item("quiz:7", ((item,),))])
    text = "Prologue — " + "x " * 100 + item.upper() + "!" + " y" * 100
    buffer = text_buffer(pa.array(["", text]))
    found, _ = overlaps_of(find_runs(buffer, index), index)
    rows = evidence_rows(found, index, [b"", text.encode()], "decontamination")
    assert pa.array(rows, EVIDENCE_TYPE).to_pylist()[0] == []
    (row,) = rows[1]
    assert (row["rule_set"], row["item"], row["found"]) == ("decontamination", "quiz:7 (15 of 15 words)", item.upper())
    assert text.encode()[row["start"] : row["end"]].decode() == item.upper()
    assert row["context"] in text
    assert len(row["context"]) == len(item) + 160


def test_runs_that_say_nothing_are_left_out_and_counted() -> None:
    template = "answer the following question with one of the four letters that are given below"
    oath = "i pledge allegiance to the flag of the united states of america and to the republic"
    items = [Item(f"quiz:{i}", ((f"{template} subject{i} matter{i}",),)) for i in range(8)]
    items += [Item("quiz:8", ((oath,),)), Item("quiz:9", (("1 2 3 4 5 6 7 8 9 10 11 12 13 14",),)), Item("quiz:10", ())]
    index = index_of(items, max_items=5, phrases=(f"So: {oath.upper()}.",))
    counts = index.counts[0]
    assert (counts.items, counts.unsearchable, counts.spelled, counts.common) == (11, 3, 2, 16)
    assert counts.ignored == 4
    found = find_runs(text_buffer(pa.array([template, oath, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"])), index)
    assert len(found.entry) == 0
    assert len(find_runs(text_buffer(pa.array([f"{template} subject3 matter3"])), index).entry) == 2


def test_a_set_in_which_nothing_can_be_looked_for_is_an_error() -> None:
    with pytest.raises(ConfigError, match="nothing can be looked for in its 2 items"):
        index_of([Item("quiz:1", (("too short",),)), Item("quiz:2", ())])


def test_a_text_that_repeats_an_item_gives_one_hit_a_position() -> None:
    item = "row row row your boat gently down the stream merrily merrily merrily merrily"
    index = index_of([Item("quiz:1", ((item,),))], ngram=5)
    for copies in (100, 200):
        hits = find_runs(text_buffer(pa.array([" ".join([item] * copies)])), index)
        assert len(hits.entry) == 9 * copies
        assert np.all(hits.last - hits.first == 4)


def _found(index: Index, *texts: str) -> list[list[str]]:
    """Names of the items found in each text."""
    found, _ = overlaps_of(find_runs(text_buffer(pa.array(texts)), index), index)
    names = [index.names[item].as_py() for item in found.item.tolist()]
    return [[name for name, one in zip(names, found.document.tolist(), strict=True) if one == i]
            for i in range(len(texts))]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Those girls had insulted themselves", True),
        ("THOSE GIRLS\nHAD INSULTED THEMSELVES!", True),
        ("Before.\nThose girls had insulted themselves\nAfter", True),
        ("He left. Those girls had insulted themselves. She stayed", True),
        ('{"good": "Those girls had insulted themselves.", "bad": "x"}', True),
        ("17,Those girls had insulted themselves,1", True),
        ("<li>Those girls had insulted themselves</li>", True),
        ("a\tThose girls had insulted themselves\tb", True),
        ("He says those girls had insulted themselves.", False),
        ("Those girls had insulted themselves again.", False),
        ("So, those girls had insulted themselves, and left", False),
        ("Those girls had insulted themselves \u2014 or had they?", False),
        ("Those girls had insulted themselves-as-such.", False),
        ("Those girls had insulted.", False),
    ],
)
def test_the_shortest_items_count_only_as_a_line_a_sentence_or_a_field(text: str, found: bool) -> None:
    index = index_of([Item("quiz:1", (("Those girls had insulted themselves.",),))])
    assert (index.counts[0].whole, index.counts[0].bounded, index.counts[0].unsearchable) == (0, 1, 0)
    assert _found(index, text) == [["quiz:1"] if found else []]


def test_a_short_question_is_found_with_its_shortest_answer_but_neither_alone() -> None:
    answers = ("uranium", "sea water", "sand and gravel", "dead plants and animals")
    item = Item("arc_easy:1457", (("Question: Fossil fuels were formed from",), answers))
    index = index_of([item])
    assert (index.counts[0].whole, index.counts[0].bounded) == (1, 0)
    for answer in answers:
        planted = f"Question: Fossil fuels were formed from {answer}"
        for text in disguises(planted).values():
            assert _found(index, f"One.\n\n{text}\n\nTwo.") == [["arc_easy:1457"]], text
    assert _found(index, "Question: fossil fuels were formed from.", "Dead plants and animals.") == [[], []]


def test_an_item_of_many_short_fields_is_found_whole() -> None:
    item = Item("piqa:47", (("fire",), ("can melt humans ",), ("can melt water ",)))
    index = index_of([item, Item("piqa:48", (("How to start a blog",), ("Write.",), ("Do not write.",)))])
    for text in disguises("fire can melt humans can melt water").values():
        assert _found(index, f"One.\n{text}\nTwo.") == [["piqa:47"]]
    assert _found(index, "How to start a blog", "Fire: can melt humans", "Fire can melt. Humans") == [[], [], []]


def test_the_least_words_of_bounded_items_can_be_changed_and_switched_off() -> None:
    items = [Item("quiz:1", (("Many girls insulted themselves.",),)), Item("quiz:2", (("One two" + " three" * 12,),))]
    text = "Many girls insulted themselves."
    for least, unsearchable in ((4, 0), (5, 1), (8, 1), (64, 1)):
        index = index_of(items, min_bounded_words=least)
        assert index.counts[0].unsearchable == unsearchable
        assert _found(index, text) == [["quiz:1"] if least == 4 else []]


@settings(deadline=None)
@given(
    st.text(
        st.sampled_from(" \t\n\u2028\x85,-\u2014\u2212.;\"'\u2019\u2026\u3001\uff0c\u3002\u200b\u0301\xa0%"), max_size=4
    )
)
def test_boundaries_are_those_of_the_plain_definition(between: str) -> None:
    assert boundaries.parts(between) == naive.parts(between)
