r"""`c4_lines` and `refinedweb_lines` against plain Python written from their definitions, on text and cut for cut.

Python's ``\s`` and ``str.split`` take U+001C to U+001F for white space, which Unicode does not; the texts have none.
"""

import re
import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.filters.edits.c4_lines import C4Lines
from gristmill.filters.edits.cuts import Label, apply, to_column
from gristmill.filters.edits.edit_types import Edit, PlannedEdit
from gristmill.filters.edits.refinedweb_lines import RefinedWebLines
from gristmill.filters.edits.sequence import edit_signals, run_edits
from gristmill.filters.signals import signals

POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")


def lower_ascii(text: str) -> str:
    return "".join(chr(ord(c) | 32) if "A" <= c <= "Z" else c for c in text)


def c4_page(text: str, min_words: int) -> str:
    kept = []
    for raw in text.split("\n"):
        line = raw.strip()
        if any(len(word) > 1000 for word in line.split()):
            continue
        line = re.sub(r"\[\d*\]|\[edit\]|\[citation needed\]", "", line)
        if not line.endswith((".", "?", "!", '"')) or line.endswith("...") or len(line.split()) < min_words:
            continue
        low = lower_ascii(line)
        if "lorem ipsum" not in low and "javascript" in low:
            continue
        # A line with lorem ipsum or { condemns the page by a rule; the edit leaves it for the rule to see.
        if "lorem ipsum" not in low and "{" not in low and any(phrase in low for phrase in POLICY):
            continue
        kept.append(line)
    return "\n".join(kept).strip()


URL = re.compile(r"(?i:https?://|ftp://|www\.)")


def without_urls(text: str) -> str:
    out, i = [], 0
    while i < len(text):
        found = URL.match(text, i)
        if found and not (i and text[i - 1].isalnum()) and found.end() < len(text):
            end = found.end()
            while end < len(text) and in_url(text[end]):
                end += 1
            if end > found.end() and text[found.end()].isalnum():
                url = text[i:end]
                while True:
                    if url[-1] in ".,;:!?'*" or any(
                        url[-1] == b and url.count(b) > url.count(a) for a, b in ("()", "[]")
                    ):
                        url = url[:-1]
                    else:
                        break
                i += len(url)
                continue
        out.append(text[i])
        i += 1
    return "".join(out)


def in_url(char: str) -> bool:
    if char.isascii():
        return char.isalnum() or char in "-._~:/?#[]@!$&'()*+,;=%"
    return char.isalnum() and (ord(char) < 0x0E00 or 0x1E00 <= ord(char) < 0x2000)


COUNTER = re.compile(
    r"[\W_]*\d[\d.,]*[kmbKMB]?\s+"
    r"(?:likes?|shares?|comments?|views?|followers?|repl(?:y|ies)|retweets?|reposts?|quotes?|bookmarks?|(?:up|down)votes?"
    r"|downloads?)[\W_]*",
)


def is_counter(line: str) -> bool:
    return COUNTER.fullmatch(lower_ascii(line)) is not None


def refined_page(text: str) -> str:
    out: list[str] = []
    blank = False
    for raw in without_urls(text).split("\n"):
        line = raw.strip()
        if not line:
            if not blank:
                out.append(raw)
            blank = True
            continue
        upper = sum(unicodedata.category(c) in {"Lu", "Lt"} for c in line)
        if upper > len(line) / 2 or all(c.isdecimal() for c in line if not c.isspace()) or is_counter(line):
            continue
        if len(line.split()) < 2:
            continue
        left = raw
        if len(line.split()) <= 10:
            left = re.sub(r"(?i:^(\s*)sign-in(?![^\W_]))[ \t]*", r"\1", left)
            left = re.sub(r"[ \t]*(?<![^\W_])(?i:read more)(?:\.\.\.|…)(\s*)$", r"\1", left)
            left = re.sub(r"(?<![^\W_])(?i:items in cart)(?![^\W_])", "", left)
            if left != raw and not left.strip():
                continue
        out.append(left)
        blank = False
    return "\n".join(out)


WORDS = (
    "the", "mill", "grinds.", "Corn", "slowly!", "long...", "[12]", "[]", "[edit]", "[citation needed]", "JavaScript",
    "lorem ipsum", "{", "privacy policy", "cookies", "use cookies", '"yes."', "3", "likes", "1,204", "3K", "HOME", "MENU",
    "items in cart", "Read more...", "read more…", "sign-in", "Sign-In", "https://a.example/b?c=d.", "(www.a.example/(x))",
    "www.", "http://", "é", "漢字。", "x" * 1001, "mill.[3]",
)  # fmt: skip
PAGES = st.lists(
    st.tuples(st.sampled_from(WORDS), st.sampled_from((" ", " ", " ", "\n", "\n\n", "\n\n\n", " \n  ", "\t", ""))),
    max_size=40,
).map(lambda pairs: "".join(word + gap for word, gap in pairs))
ANY = st.text(st.sampled_from("aBé漢3 .[]\n\t!{\"'(/:w"), max_size=60)

CASES = [
    "",
    "\n\n\n",
    " \t ",
    "one line that ends well.",
    "\n  one line that ends well.  \n\n\n another line that ends well!\n",
    "[1] a b c d e.\nno end mark\n [2] f g h i j.",
    "three words here.\nwe use cookies on this site.\n{ a brace in it stays here.",
    "a\n\n\n\n\nHOME\n\n\nlast line here",
    "HOME\n1 2 3\n3 likes\nword",
    "two words\nHOME",
    "HOME\ntwo words",
    "* 3K views!\n1.2M Followers\n3 likes it\nlikes 3\n12 and likes",
    "Sign-in now\nsign-ins are old\nA story Read more...\nread more… \n  items in cart  \n5 items in carts",
    "see www.a.example/x_(y), (https://b.example/) and http://c.example!\nxwww.no.example here",
    "请看https://a.example/查看 它\nhttps://straße.example/ä bleibt",
]


def edited(edit: Edit, text: str) -> str:
    cuts = edit.find(pa.RecordBatch.from_pydict({"text": [text]}))
    return str(apply(pa.array([text]), cuts)[0].as_py())


@pytest.mark.parametrize("text", CASES)
def test_the_edits_leave_what_plain_python_leaves_of_each_case(text: str) -> None:
    assert edited(C4Lines.of("tfds"), text) == c4_page(text, 5)
    assert edited(C4Lines.of("paper"), text) == c4_page(text, 3)
    assert edited(RefinedWebLines(), text) == refined_page(text)


@settings(max_examples=150, deadline=None)
@given(st.one_of(PAGES, ANY))
def test_the_edits_leave_what_plain_python_leaves_of_any_text(text: str) -> None:
    assert edited(C4Lines.of("tfds"), text) == c4_page(text, 5)
    assert edited(C4Lines.of("paper"), text) == c4_page(text, 3)
    assert edited(RefinedWebLines(), text) == refined_page(text)


@settings(max_examples=60, deadline=None)
@given(st.one_of(PAGES, ANY))
def test_c4_counts_the_same_sentences_before_and_after_its_edit(text: str) -> None:
    for variant, prefix in (("tfds", "c4_"), ("paper", "c4_paper_")):
        edit = C4Lines.of(variant)
        page = edited(edit, text)
        if edited(edit, page) != page:
            continue  # a mark inside a mark, such as [[1]2]: what is left of it is a mark again
        both = signals(pa.array([text, page]), languages=pa.array(["en", "en"]))
        for name in ("sentence_count", "kept_line_count", "lorem_ipsum_line_count", "curly_bracket_line_count"):
            before, after = both.column(prefix + name).to_pylist()
            assert before == after, name


def test_each_cut_of_a_page_has_the_reason_of_the_step_that_made_it() -> None:
    text = (
        "Menu\n" + "x" * 1001 + " is too long a word.\nToo few words.\nAll of the words are here.[3]\n\n"
        "Please enable JavaScript to see this.\nWe use cookies on this page."
    )
    cuts = C4Lines().find(pa.RecordBatch.from_pydict({"text": [text]}))
    told = [(cut["reason"], text[cut["start"] : cut["end"]].strip()[:9]) for cut in to_column(cuts).to_pylist()[0]]
    assert told == [
        ("no_end_mark", "Menu"), ("long_word", "xxxxxxxxx"), ("few_words", "Too few w"), ("citation", "[3]"),
        ("white_space", ""), ("javascript", "Please en"), ("policy_phrase", "We use co"),
    ]  # fmt: skip
    text = "www.a.example\nHOME\n12 34\n3 likes\nword\nSign-in here\nlast words\n\n\n\nhere too"
    cuts = RefinedWebLines().find(pa.RecordBatch.from_pydict({"text": [text]}))
    reasons = [cut["reason"] for cut in to_column(cuts).to_pylist()[0]]
    assert reasons == ["url", "upper_case", "digits", "counter", "few_words", "boilerplate", "newlines", "newlines"]


def test_end_marks_and_phrases_of_another_language_can_be_given() -> None:
    edit = C4Lines(min_words=1, end_marks=("。",), policy_phrases=("隐私政策",))
    assert edited(edit, "磨坊慢慢地磨。\n我们的隐私政策。\nThe mill grinds.") == "磨坊慢慢地磨。"
    assert edit.key() != C4Lines(min_words=1).key()


def test_a_later_edit_sees_what_an_earlier_one_left_and_its_cuts_are_told_in_the_first_text() -> None:
    text = "HOME\nThe mill (www.mill.example) grinds all day.\nShort one.\nSee www.mill.example for more"
    documents = pa.RecordBatch.from_pydict({"text": [text, text], "kind": ["web", "book"]})
    edits = [PlannedEdit(RefinedWebLines(), ("web",)), PlannedEdit(C4Lines(), ("web", "book"))]
    found = run_edits(documents, edits)
    assert found.texts.to_pylist() == [
        "The mill () grinds all day.",
        "The mill (www.mill.example) grinds all day.",
    ]
    assert apply(documents.column("text"), found.cuts).to_pylist() == found.texts.to_pylist()
    own = [cut["edit"] for cut in to_column(found.cuts).to_pylist()[1]]
    assert set(own) == {"c4_lines"}
    assert Label("refinedweb_lines", "url") in found.cuts.labels
    assert found.counts["refinedweb_lines"] == {"upper_case": 1, "url": 2}


def test_the_signals_of_an_edit_count_what_it_cut_and_not_what_it_tidied() -> None:
    text = "HOME\nten words are on this line and two are www.gone.example\n\n\n\nlast line"
    documents = pa.RecordBatch.from_pydict({"text": [text, "", "same old"], "kind": ["web"] * 3})
    found = run_edits(documents, [PlannedEdit(RefinedWebLines(), ("web",))])
    names = [signal.name for signal in edit_signals("refinedweb_lines")]
    values = dict(zip(names, (column.to_pylist() for column in found.signals), strict=True))
    assert values == {
        "refinedweb_lines_cut_count": [4, 0, 0],
        "refinedweb_lines_cut_char_count": [5 + 16 + 2, 0, 0],
        "refinedweb_lines_cut_line_count": [1, 0, 0],
        # HOME of the twelve words that are left when the address is out
        "refinedweb_lines_cut_word_fraction": [1 / 12, 0.0, 0.0],
    }
