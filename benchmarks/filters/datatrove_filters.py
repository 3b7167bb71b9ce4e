"""datatrove's Gopher quality and C4 filters on ready texts. Run by the interpreter of ``.venv-datatrove``.

    .venv-datatrove/bin/python benchmarks/filters/datatrove_filters.py TEXTS.jsonl

Prints one JSON object: CPU seconds of the two filters alone, and which documents passed both.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter, GopherQualityFilter


def run_filters(documents: list[Any]) -> set[str]:
    """The ids of the documents that pass the chain; what fails the first filter does not reach the second."""
    passed = C4QualityFilter().run(GopherQualityFilter(min_stop_words=0).run(iter(documents)))
    return {document.id for document in passed}


def main(path: Path) -> None:
    """Warms up on ten documents, so that loading spaCy is not timed, then runs all."""
    texts = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    run_filters([Document(text=text, id=str(number)) for number, text in enumerate(texts[:10])])
    documents = [Document(text=text, id=str(number)) for number, text in enumerate(texts)]
    began = time.process_time()
    passed = run_filters(documents)
    seconds = time.process_time() - began
    print(json.dumps({"cpu_seconds": seconds, "passed": [str(number) in passed for number in range(len(texts))]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
