r"""`document_repeats` against plain Python written from its definition, on text and cut for cut."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.filters.edits.cuts import apply, to_column
from gristmill.filters.edits.document_repeats import DocumentRepeats


def paragraphs_of(text: str) -> list[list[str]]:
    """The paragraphs of a text as lists of raw lines; a blank raw line is a paragraph of its own."""
    found: list[list[str]] = []
    for raw in text.split("\n"):
        if found and raw.strip() and found[-1][-1].strip():
            found[-1].append(raw)
        else:
            found.append([raw])
    return found


def without_repeats(text: str, lines: bool) -> tuple[str, list[str]]:
    """The edited text, and the reasons of the cuts in order."""
    seen_lines: set[str] = set()
    seen_paragraphs: set[tuple[str, ...]] = set()
    kept: list[str] = []
    reasons: list[str] = []
    for raw_lines in paragraphs_of(text):
        if not raw_lines[0].strip():
            kept.append(raw_lines[0])
            continue
        paragraph = tuple(raw.strip() for raw in raw_lines)
        again = paragraph in seen_paragraphs
        seen_paragraphs.add(paragraph)
        left = []
        gone = 0
        for raw in raw_lines:
            repeats = raw.strip() in seen_lines if lines else again
            seen_lines.add(raw.strip())
            gone += repeats
            if not repeats:
                left.append(raw)
        if left:
            reasons += ["repeated_line"] * gone
            kept += left
        else:
            reasons.append("repeated_paragraph" if again else "repeated_line")
            while kept and not kept[-1].strip():
                kept.pop()
    return "\n".join(kept), reasons


def edited(text: str, lines: bool) -> tuple[str, list[str]]:
    cuts = DocumentRepeats(lines).find(pa.RecordBatch.from_pydict({"text": ["Home", text, text]}))
    first, one, other = to_column(cuts).to_pylist()
    assert first == []
    assert one == other, "documents know nothing of each other"
    return apply(pa.array(["Home", text, text]), cuts)[1].as_py(), [cut["reason"] for cut in one]


LINES = st.sampled_from(("Home", "The mill.", "é 漢", "a", "", "", " ", "Home ", "\tHome", "home", "a b", "a  b"))
TEXTS = st.lists(LINES, max_size=14).map("\n".join)


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.booleans())
def test_the_edit_is_that_of_its_definition(text: str, lines: bool) -> None:
    assert edited(text, lines) == without_repeats(text, lines)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_nothing_repeats_in_what_is_left_and_nothing_is_lost(text: str) -> None:
    left, _ = edited(text, lines=True)
    paragraphs_only, _ = edited(text, lines=False)
    lines = [line.strip() for line in left.split("\n") if line.strip()]
    assert len(lines) == len(set(lines))
    paragraphs = [tuple(line.strip() for line in own) for own in paragraphs_of(paragraphs_only) if own[0].strip()]
    assert len(paragraphs) == len(set(paragraphs))
    assert {line.strip() for line in left.split("\n")} | {""} == {line.strip() for line in text.split("\n")} | {""}
    assert edited(left, lines=True) == (left, [])


@pytest.mark.parametrize(
    ("text", "lines", "left"),
    [
        ("", True, ""),
        ("A\n\nB\n\nA\n\nC", True, "A\n\nB\n\nC"),
        ("A\nB\n\n\nA\nC", True, "A\nB\n\n\nC"),
        ("A\nB\n\n\nA\nC", False, "A\nB\n\n\nA\nC"),
        ("A\nA\nA\n", True, "A\n"),
        ("A\nB\n\n  B\nA", True, "A\nB"),
        ("A\nB\n\nA \n B\n\n", False, "A\nB\n\n"),
    ],
)
def test_what_is_left_of_plain_cases(text: str, lines: bool, left: str) -> None:
    assert edited(text, lines)[0] == left


def test_a_hundred_thousand_equal_lines_leave_one() -> None:
    text, reasons = edited("no\n" * 100_000, lines=True)
    assert (text, len(reasons)) == ("no\n", 99_999)
