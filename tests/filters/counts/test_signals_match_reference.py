# ruff: noqa: RUF001 - marks of many scripts are what is tested here
"""Every signal of `gristmill.filters.signals`, computed a second time in plain Python from its written definition."""

from __future__ import annotations

import itertools
import re
import statistics
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.filters.signals import SIGNALS, SIGNALS_SCHEMA, signals
from tests.filters.tokens.naive_tokens import tokens_of_word

SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
WORD = re.compile(f"[^{SPACE}]+")
STOP = {"the", "be", "to", "of", "and", "that", "have", "with"}
POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")
ABBREVIATIONS = {
    "a.m", "adm", "apr", "approx", "assn", "aug", "ave", "bros", "capt", "cf", "co", "col", "corp", "ct", "dec",
    "dept", "dr", "e.g", "est", "etc", "feb", "fig", "ft", "gen", "gov", "hon", "i.e", "inc", "jan", "jr", "jul",
    "jun", "lt", "ltd", "maj", "messrs", "mr", "mrs", "ms", "mt", "nov", "oct", "p.m", "ph.d", "pp", "prof", "rep",
    "rev", "sen", "sep", "sept", "sgt", "sr", "st", "u.k", "u.n", "u.s", "u.s.a", "viz", "vol", "vs",
}  # fmt: skip
LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def words_of(text: str) -> list[str]:
    return WORD.findall(text)


def lines_of(text: str) -> list[str]:
    return [line.strip(SPACE) for line in text.split("\n") if line.strip(SPACE)]


def paragraphs_of(text: str) -> list[str]:
    found: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.strip(SPACE):
            found[-1].append(line.strip(SPACE))
        else:
            found.append([])
    return ["\n".join(lines) for lines in found if lines]


def core(word: str) -> str:
    while word and not word[0].isalnum():
        word = word[1:]
    while word and not word[-1].isalnum():
        word = word[:-1]
    return word


def low(character: str) -> str:
    return character.lower() if len(character.lower()) == 1 else character


def share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def quality(text: str) -> dict[str, float]:
    words, lines = words_of(text), lines_of(text)
    return {
        "char_count": len(text),
        "word_count": len(words),
        "line_count": len(lines),
        "paragraph_count": len(paragraphs_of(text)),
        "mean_word_length": share(sum(map(len, words)), len(words)),
        "hash_to_word_ratio": share(text.count("#"), len(words)),
        "ellipsis_to_word_ratio": share(len(re.findall(r"\.\.\.|…", text)), len(words)),
        "bullet_line_fraction": share(sum(line[0] in "•‣⁃◦●○▪▫■□▶*-" for line in lines), len(lines)),
        "ellipsis_line_fraction": share(sum(line.endswith(("...", "…")) for line in lines), len(lines)),
        "letter_word_fraction": share(sum(any(c.isalpha() for c in word) for word in words), len(words)),
        "stop_word_count": len({"".join(map(low, core(word))) for word in words} & STOP),
    }


def later_copies(items: Sequence[str]) -> list[str]:
    return [item for i, item in enumerate(items) if item in items[:i]]


def gram_chars(words: list[str], n: int, *, only_top: bool) -> int:
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    repeated = {gram: many for gram, many in Counter(grams).items() if many > 1}
    if only_top and repeated:
        best = max(repeated, key=lambda gram: (repeated[gram], sum(map(len, gram)), -grams.index(gram)))
        repeated = {best: repeated[best]}
    inside = {k for i, gram in enumerate(grams) if gram in repeated for k in range(i, i + n)}
    return sum(len(words[k]) for k in inside)


def repetition(text: str) -> dict[str, float]:
    words, lines, paragraphs = words_of(text), lines_of(text), paragraphs_of(text)
    all_chars = sum(map(len, words))
    return {
        "duplicate_line_fraction": share(len(later_copies(lines)), len(lines)),
        "duplicate_line_char_fraction": share(sum(map(len, later_copies(lines))), sum(map(len, lines))),
        "duplicate_paragraph_fraction": share(len(later_copies(paragraphs)), len(paragraphs)),
        "duplicate_paragraph_char_fraction": share(sum(map(len, later_copies(paragraphs))), sum(map(len, paragraphs))),
        **{f"top_{n}gram_char_fraction": share(gram_chars(words, n, only_top=True), all_chars) for n in (2, 3, 4)},
        **{
            f"duplicate_{n}gram_char_fraction": share(gram_chars(words, n, only_top=False), all_chars)
            for n in range(5, 11)
        },
    }


def sentences_in(line: str) -> int:
    words = words_of(line)
    breaks = 0
    for word, following in itertools.pairwise(words):
        bare = word.rstrip("\"')]}”’»")
        if bare.endswith(("..", "…")):
            first = next((c for c in following if c.isalnum()), "")
            breaks += unicodedata.category(first) in {"Lu", "Lt"} if first else False
        elif bare.endswith(("?", "!")):
            breaks += 1
        elif bare.endswith("."):
            stem = bare[:-1]
            while stem and not stem[0].isalnum():
                stem = stem[1:]
            initial = len(stem) == 1 and stem.isalpha()
            breaks += not (initial or stem.translate(LOWER) in ABBREVIATIONS)
    return breaks + 1 if words else 0


def c4(text: str) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for whole_line in lines_of(text):
        if any(len(word) > 1000 for word in words_of(whole_line)):
            counts["c4_long_word_line_count"] += 1
            continue
        line = re.sub(r"\[\d*\]|\[edit\]|\[citation needed\]", "", whole_line)
        if not line.endswith((".", "?", "!", '"')) or line.endswith("..."):
            counts["c4_no_end_mark_line_count"] += 1
            continue
        many, lowered = len(words_of(line)), line.translate(LOWER)
        counts["c4_few_words_line_count"] += many < 5
        for prefix, least in (("c4_", 5), ("c4_paper_", 3)):
            if many < least:
                continue
            if "lorem ipsum" in lowered:
                counts[f"{prefix}lorem_ipsum_line_count"] += 1
            elif "javascript" in lowered:
                counts[f"{prefix}javascript_line_count"] += 1
            elif "{" in line:
                counts[f"{prefix}curly_bracket_line_count"] += 1
            elif any(phrase in lowered for phrase in POLICY):
                counts[f"{prefix}policy_line_count"] += 1
            else:
                counts[f"{prefix}kept_line_count"] += 1
                counts[f"{prefix}kept_byte_count"] += len(line.encode())
                counts[f"{prefix}sentence_count"] += sentences_in(line)
    return {
        name: counts[name]
        for name in SIGNALS
        if name.startswith("c4_") and not name.startswith(("c4_datatrove", "c4_fineweb"))
    }


def fineweb(text: str) -> dict[str, float]:
    lines = lines_of(text)
    ends = ".!?。！？।؟‼…"  # the ellipsis is no Sentence_Terminal; the alphabet below holds no other one
    return {
        "terminal_line_fraction": share(sum(line[-1] in ends.replace("…", "") for line in lines), len(lines)),
        "short_line_fraction": share(sum(len(line) <= 30 for line in lines), len(lines)),
        "duplicate_line_text_fraction": share(sum(map(len, later_copies(lines))), len(text.replace("\n", ""))),
        "newline_to_word_ratio": share(text.count("\n"), len(words_of(text))),
    }


def source_code(text: str) -> dict[str, float]:
    raw = text.split("\n")
    raw = raw[:-1] if raw[-1] == "" else raw
    return {
        "raw_line_count": len(raw),
        "max_raw_line_length": max(map(len, raw), default=0),
        "mean_raw_line_length": share(sum(map(len, raw)), len(raw)),
        "alphanumeric_char_fraction": share(sum(c.isalnum() for c in text), len(text)),
        "letter_char_fraction": share(sum(c.isalpha() for c in text), len(text)),
        "xml_header_count": int("<?xml version=" in text[:100]),
    }


def top_times(words: Sequence[str], n: int, least: int) -> tuple[int, int]:
    """Characters times copies of the most frequent n-gram, and its copies; (0, 0) below ``least`` copies."""
    counted = Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1)).most_common(1)
    if not counted or counted[0][1] < least:
        return 0, 0
    return sum(map(len, counted[0][0])) * counted[0][1], counted[0][1]


def rpv2(text: str) -> dict[str, float]:
    kept = "".join(c for c in text if c not in string.punctuation)
    words = words_of(unicodedata.normalize("NFD", "".join(c.lower() for c in kept)))
    raw = [piece for word in words_of(text) for piece in re.findall(r"\w+|\W+", word)]
    lines = text.split("\n")
    lines = lines[:-1] if lines[-1] == "" else lines
    bare = [line.strip(SPACE) for line in lines]
    all_chars = sum(map(len, words))
    return {
        "rpv2_word_count": len(words),
        "rpv2_mean_word_length": share(all_chars, len(words)),
        "rpv2_symbol_to_word_ratio": share(sum(map(text.count, ("#", "...", "…"))), len(raw)),
        "rpv2_letterless_word_fraction": share(sum(not re.search("[a-zA-Z]", word) for word in raw), len(raw)),
        "rpv2_bullet_line_fraction": share(sum(line[:1] in set("•‣▶◀◦■□▪▫–") for line in bare), len(lines)),
        "rpv2_ellipsis_line_fraction": share(sum(line.endswith(("...", "…")) for line in bare), len(lines)),
        **{f"rpv2_top_{n}gram_char_fraction": share(top_times(words, n, 2)[0], all_chars) for n in (2, 3, 4)},
        **{
            f"rpv2_duplicate_{n}gram_char_fraction": share(gram_chars(words, n, only_top=False), all_chars)
            for n in range(5, 11)
        },
    }


def dolma(text: str) -> dict[str, float]:
    words, lines = words_of(text), text.split("\n")
    all_chars = sum(map(len, words))
    copies = Counter(lines)
    repeated = [line for line in lines if copies[line] > 1]
    found: dict[str, float] = {
        "dolma_median_word_length": statistics.median(map(len, words)) if words else 0,
        "dolma_symbol_word_fraction": share(sum("#" in word or "…" in word for word in words), len(words)),
        "dolma_stop_word_count": sum(word in STOP for word in words),
        "dolma_bullet_line_fraction": sum(line.startswith(("*", "-")) for line in lines) / len(lines),
        "dolma_ellipsis_line_fraction": sum(line.endswith("…") for line in lines) / len(lines),
        "dolma_duplicate_line_fraction": len(repeated) / len(lines),
        "dolma_duplicate_line_char_fraction": share(sum(map(len, repeated)), all_chars),
        **{f"dolma_top_{n}gram_char_fraction": share(top_times(words, n, 1)[0], all_chars) for n in (2, 3, 4)},
    }
    for n in range(5, 11):
        grams = Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
        mass = {gram: len("".join(gram)) * many for gram, many in grams.items()}
        again = sum(mass[gram] for gram, many in grams.items() if many > 1)
        found[f"dolma_duplicate_{n}gram_char_fraction"] = share(again, sum(mass.values()))
    return found


DT_PUNCTUATION = set("!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_.\"}►».!?。！？।؟‼") | {
    chr(point) for span in (range(9), range(11, 13), range(13, 32), range(127, 160)) for point in span
}  # fmt: skip


def tokens_of(text: str) -> list[str]:
    return [token for word in words_of(text) for token in tokens_of_word(word)]


def greedy_chars(words: list[str], n: int) -> int:
    seen: set[tuple[str, ...]] = set()
    chars = i = 0
    while i <= len(words) - n:
        gram = tuple(words[i : i + n])
        if gram in seen:
            chars += sum(map(len, gram))
            i += n
        else:
            seen.add(gram)
            i += 1
    return chars


def datatrove(text: str) -> dict[str, float]:
    tokens = tokens_of(text)
    filled = [token for token in tokens if set(token) - DT_PUNCTUATION]
    lines = text.split("\n")
    lines = lines[:-1] if lines[-1] == "" else lines
    pieces = re.split("\n+", text) if text else []
    stripped = text.strip(SPACE)
    paragraphs = re.split("\n{2,}", stripped) if stripped else []
    spoken = [line for line in lines if line.strip(SPACE)]
    ends = tuple(".!?。！？।؟‼")
    found: dict[str, float] = {
        "datatrove_token_count": len(tokens),
        "datatrove_word_count": len(filled),
        "datatrove_mean_word_length": share(sum(map(len, filled)), len(filled)),
        "datatrove_hash_to_token_ratio": share(text.count("#"), len(tokens)),
        "datatrove_ellipsis_to_token_ratio": share(text.count("...") + text.count("…"), len(tokens)),
        "datatrove_bullet_line_fraction": share(
            sum(line.strip(SPACE).startswith(("•", "-")) for line in lines), len(lines)
        ),
        "datatrove_ellipsis_line_fraction": share(
            sum(line.strip(SPACE).endswith(("...", "…")) for line in lines), len(lines)
        ),
        "datatrove_letter_token_fraction": share(sum(any(c.isalpha() for c in token) for token in tokens), len(tokens)),
        "datatrove_stop_word_count": len(set(tokens) & STOP),
        "datatrove_duplicate_line_fraction": share(len(later_copies(pieces)), len(pieces)),
        "datatrove_duplicate_line_char_fraction": share(sum(map(len, later_copies(pieces))), len(text)),
        "datatrove_duplicate_paragraph_fraction": share(len(later_copies(paragraphs)), len(paragraphs)),
        "datatrove_duplicate_paragraph_char_fraction": share(sum(map(len, later_copies(paragraphs))), len(text)),
        "datatrove_terminal_line_fraction": share(sum(line.endswith(ends) for line in spoken), len(spoken)),
        "datatrove_short_line_fraction": share(sum(len(line) <= 30 for line in spoken), len(spoken)),
        "datatrove_duplicate_line_text_fraction": share(
            sum(map(len, later_copies(spoken))), len(text.replace("\n", ""))
        ),
        "datatrove_newline_to_token_ratio": share(text.count("\n"), len(tokens)),
    }
    for n in (2, 3, 4):
        chars, copies = top_times(tokens, n, 1)
        found[f"datatrove_top_{n}gram_char_fraction"] = share(chars + copies * (n - 1), len(text))
    for n in range(5, 11):
        found[f"datatrove_duplicate_{n}gram_char_fraction"] = share(greedy_chars(tokens, n), len(text))
    return found | c4_datatrove(text, "c4_datatrove", True) | c4_datatrove(text, "c4_fineweb", False)


def c4_datatrove(text: str, name: str, ends_matter: bool) -> dict[str, float]:
    sentences = lorem = curly = 0
    for whole_line in lines_of(text):
        words = words_of(whole_line)
        line = re.sub(r"\[\d*\]|\[edit\]|\[citation needed\]", "", whole_line)
        if any(len(word) > 1000 for word in words) or len(words) < 3:
            continue
        lowered = line.translate(LOWER)
        if ends_matter and (line.endswith("...") or not line.endswith((".", "?", "!", '"', "'"))):
            continue
        if "lorem ipsum" in lowered:
            lorem += 1
        elif "javascript" in lowered:
            continue
        elif "{" in line:
            curly += 1
        elif not any(phrase in lowered for phrase in POLICY):
            sentences += sentencizer_count(line)
    return {
        f"{name}_sentence_count": sentences,
        f"{name}_lorem_ipsum_line_count": lorem,
        f"{name}_curly_bracket_line_count": curly,
    }


def sentencizer_count(line: str) -> int:
    parts = re.split(f"([{SPACE}]+)", line)
    tokens = [token for part in parts for token in (tokens_of_word(part) if part.strip(SPACE) else [part])]
    tokens = [token for token in tokens if token not in {"", " "}]
    count, ended = 1 if tokens else 0, False
    for token in tokens:
        mark = token in set(".!?。！？।؟‼")
        if ended and not mark and not all(unicodedata.category(c).startswith("P") for c in token):
            count, ended = count + 1, False
        elif mark:
            ended = True
    return count


def reference(text: str) -> dict[str, float]:
    parts = (quality, repetition, rpv2, dolma, datatrove, c4, fineweb, source_code)
    return {name: value for part in parts for name, value in part(text).items()}


def measured(texts: Sequence[str]) -> list[dict[str, float]]:
    batch = signals(pa.array(texts, pa.large_string()), languages=pa.nulls(len(texts), pa.string()))
    assert batch.schema.equals(SIGNALS_SCHEMA)
    elsewhere = ["language", "language_score", "script_share", *(name for name in SIGNALS if name.startswith("pii_"))]
    rows: list[dict[str, float]] = batch.drop_columns(elsewhere).to_pylist()
    return rows


PIECES = (
    "the", "The", "“That", "with,", "of", "and", "be-", "to", "have", "that's", "a", "b", "cat", "mat.", "sat!", "why?",
    "Mr.", "J.", "e.g.", "wait...", "wait…", "...", "....", "x#y", "#", "•", "- item", "* item", "[1]", "[]", "[edit]",
    "[citation needed]", "[٣]", "[x]", "javascript", "JavaScript", "{", "lorem ipsum", "Lorem  ipsum", "privacy policy",
    "Use cookies", "terms of use", '"quoted."', "(end.)", "‘so.’", "日本語。", "한국어", "हिन्दी।", "مرحبا؟", "é", "e\u0301", "👩‍🚀", "١٢٣", "12",
    "don't", "(Don't),", "U.S.", "John's", "well-known", "a--b", "10km", "$5", "5€", "US$", "3.5%", ":-)", ":):)", "e.g.,", "the.end", "End.The",
    "www.example.com", "http://a.bc/d?e", "x@y.org,", "1-2", "and/or", "http://", '"(so)"', "''", "i'm", "’s", "it’s", "10am", "....", "a,b", "a:b", "–", "x–y", "+1", "C++", "°C.", "20°C.",
    "\x00", "\x1c", "\u200f", "ǅ", "Ⅷ", " ", "  ", "\n", "\n\n", "\n \n", "\t", "\u2028", "\u3000", "\xa0", "<?xml version=", "the cat sat on the mat. ",
)  # fmt: skip
LIKELY = st.lists(st.sampled_from(PIECES), max_size=60).flatmap(
    lambda pieces: st.sampled_from([" ", "", "\n"]).map(lambda gap: gap.join(pieces))
)
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


def without_rare_terminals(text: str) -> bool:
    """Keeps arbitrary text to the sentence ends that the naive reference lists; the full set has its own test."""
    return not any(unicodedata.category(c) == "Po" and c not in ".!?。！？।؟‼…,:;#%&*'\"/\\@-·•‣⁃†‡" for c in text)


@settings(max_examples=150, deadline=None)
@given(st.lists(LIKELY, min_size=1, max_size=6))
def test_signals_equal_the_naive_definitions_on_likely_text(texts: list[str]) -> None:
    assert measured(texts) == [reference(text) for text in texts]


@settings(max_examples=150, deadline=None)
@given(st.lists(ANYTHING.filter(without_rare_terminals), min_size=1, max_size=4))
def test_signals_equal_the_naive_definitions_on_arbitrary_unicode(texts: list[str]) -> None:
    assert measured(texts) == [reference(text) for text in texts]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["a", "bb", "a b", "c\n", "\n\n"]), max_size=60))
def test_repetition_equals_the_naive_definition_where_everything_repeats(pieces: list[str]) -> None:
    text = " ".join(pieces)
    assert measured([text]) == [reference(text)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one",
        "the\x00 of\x00\x00",
        "\n\n\n",
        "a " * 11,
        "x" * 1001 + " is far too long a word.\nBut this line is just fine here.",
        "x" * 1000 + " is not too long a word.",
        "שלום עולם. מה שלומך היום ידידי?\n" * 3,
        "👩‍🚀 e\u0301 ́\n" * 5,
        "a\x00b c\x00\n\x00",
        "One two three four five six. [12]\n[edit]\n[1][2]",
        "A lorem ipsum line of text {.\nA javascript { line of lorem text.\nUse cookies { and javascript of it.",
        "Three words here.\nOnly two.\nFour words are here.",
        "\u3000indented\u3000\n\u3000indented",
        "<?xml version='1.0'?>",
        " " * 86 + "<?xml version=",
        " " * 87 + "<?xml version=",
    ],
)
def test_signals_of_edge_cases_equal_the_naive_definitions(text: str) -> None:
    assert measured([text]) == [reference(text)]
