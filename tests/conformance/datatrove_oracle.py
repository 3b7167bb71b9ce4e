"""datatrove's own filters on ready texts. Run by the interpreter of ``.venv-datatrove``, which has no Gristmill.

    .venv-datatrove/bin/python tests/conformance/datatrove_oracle.py < TEXTS.jsonl > FIGURES.jsonl

Reads one JSON string a line and prints one JSON object a line: the reason each filter gives (``""``: kept; ``"!"`` and
the exception's name: it crashes), and what its helpers measure.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.filters.gopher_repetition_filter import find_all_duplicate, find_top_duplicate, get_n_grams
from datatrove.utils.text import PUNCTUATION_SET, split_into_words

FILTERS = {
    "gopher_quality": GopherQualityFilter(),
    "gopher_repetition": GopherRepetitionFilter(),
    "fineweb": FineWebQualityFilter(),
    "c4": C4QualityFilter(),
}


def reason(judge: Any, text: str) -> str:
    """Why the filter drops the text; ``""`` if it keeps it."""
    try:
        verdict = judge.filter(Document(text=text, id="0"))
    except (ZeroDivisionError, IndexError, ValueError, AssertionError) as error:
        return "!" + type(error).__name__
    return "" if verdict is True else str(verdict[1])


def figures(text: str) -> dict[str, Any]:
    """The verdicts on one text, and the counts that the filters compare."""
    words = split_into_words(text, "eng")
    found: dict[str, Any] = {name: reason(judge, text) for name, judge in FILTERS.items()}
    found["tokens"] = len(words)
    found["word_tokens"] = sum(any(char not in PUNCTUATION_SET for char in word) for word in words)
    found["letter_tokens"] = sum(any(char.isalpha() for char in word) for word in words)
    for n in (2, 3, 4):
        grams = get_n_grams(words, n)
        found[f"top_{n}gram_chars"] = find_top_duplicate(grams) if grams else 0
    for n in range(5, 11):
        found[f"duplicate_{n}gram_chars"] = find_all_duplicate(words, n)
    return found


for line in sys.stdin:
    print(json.dumps(figures(json.loads(line))), flush=True)
