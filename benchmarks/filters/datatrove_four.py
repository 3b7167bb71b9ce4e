"""datatrove's four quality filters on ready texts. Run by the interpreter of ``.venv-datatrove``.

    .venv-datatrove/bin/python benchmarks/filters/datatrove_four.py TEXTS.jsonl

Every filter judges every document, as `annotate` measures every signal; datatrove shares the words of a text among its
filters by a small cache. Prints one JSON object: CPU seconds of the filters alone, and the documents each passed.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)

FILTERS = {
    "gopher_repetition": GopherRepetitionFilter(),
    "gopher_quality": GopherQualityFilter(),
    "c4": C4QualityFilter(),
    "fineweb": FineWebQualityFilter(),
}


def judge(texts: list[str]) -> dict[str, int]:
    """Documents that each filter passes; the texts stay as they are, so that each sees all of them."""
    passed = dict.fromkeys(FILTERS, 0)
    for number, text in enumerate(texts):
        for name, filter_of in FILTERS.items():
            document: Any = Document(text=text, id=str(number))
            passed[name] += filter_of.filter(document) is True
    return passed


def main(path: Path) -> None:
    """Warms up on ten documents, so that loading spaCy is not timed, then judges all."""
    texts = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    judge(texts[:10])
    began = time.process_time()
    passed = judge(texts)
    print(json.dumps({"cpu_seconds": time.process_time() - began, "passed": passed}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
