"""Documents of about 1 KB made of real sentences, with copies planted in them: the same bytes on any machine.

    python -m benchmarks.dedup.planted FOLDER [--documents N] [--seed N]

Sentences of the books and web pages of the shared data (or of the example's, where those are absent) are drawn at
random into documents; so the words, their frequencies and their repetitions are those of real text, while how similar
two documents are is known. Of a hundred documents five are exact copies of an earlier one and fifteen are edited
copies: words at random places are replaced until about a wanted Jaccard similarity of word 5-grams is left.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.texts import page_texts
from benchmarks.warc_inputs import ROOT

SHARED = ROOT.parent / "shared" / "data"
LANGUAGES = ("eng", "deu", "fra", "ita", "spa", "por", "pol", "hun")
DOCUMENT_CHARS = 1000
EXACT_OF_HUNDRED = 5
EDITED_OF_HUNDRED = 15
SIMILARITIES = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""What edited copies aim at, in turn."""

SHARD_DOCUMENTS = 50_000
SHINGLE = 5

_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Planted:
    """One document.

    Attributes:
        text: its text.
        copy_of: number of the earlier document it was made from, or -1.
        wanted: the similarity aimed at: 1 for an exact copy, 0 for a document of its own.
    """

    text: str
    copy_of: int = -1
    wanted: float = 0.0


def sentences() -> list[str]:
    """Sentences of 40 to 300 characters of the shared books and web pages, each once; else of the example's."""
    folders = [SHARED / "books" / "text" / language for language in LANGUAGES]
    if not folders[0].is_dir():
        folders = [ROOT / "examples" / "data" / "books"]
    texts = [
        path.read_text(encoding="utf-8", errors="replace")
        for folder in folders
        for path in sorted(folder.glob("*.txt"))
    ]
    return split([*texts, *page_texts()])


def split(texts: list[str]) -> list[str]:
    """The sentences of 40 to 300 characters of some texts, each once.

    >>> split(["It rained for the third day in the valley. Yes. It rained for the third day in the valley."])
    ['It rained for the third day in the valley.']
    """
    parts = (part for text in texts for part in _END.split(" ".join(text.split())))
    return list(dict.fromkeys(part for part in parts if 40 <= len(part) <= 300))


def replaced_words(words: int, similarity: float) -> int:
    """Words to replace, far apart, so that about this Jaccard similarity of word 5-grams is left.

    A replaced word takes 5 shingles from each side: ``J = (S - 5k) / (S + 5k)``.

    >>> replaced_words(184, 0.8)
    4
    """
    shingles = words - SHINGLE + 1
    return round(shingles * (1 - similarity) / (SHINGLE * (1 + similarity)))


def edited(rng: random.Random, text: str, similarity: float) -> str:
    """The text with words replaced by ones that occur nowhere else.

    >>> edited(random.Random(0), "a b c d e f g h", 1.0)
    'a b c d e f g h'
    """
    words = text.split(" ")
    count = min(replaced_words(len(words), similarity), max(0, len(words) - SHINGLE))
    stride = max(1, len(words) // max(1, count))
    start = rng.randrange(stride)
    for place in range(start, min(len(words), start + count * stride), stride):
        words[place] = f"x{rng.getrandbits(40):x}"
    return " ".join(words)


def documents(count: int, seed: int, pool: list[str]) -> Iterator[Planted]:
    """So many documents; a copy follows its original.

    Args:
        count: documents.
        seed: of everything drawn.
        pool: sentences to draw from.
    """
    rng = random.Random(seed)
    places, bounds, numbers = array("i"), array("q", [0]), array("q")
    turn = 0
    for number in range(count):
        draw = rng.randrange(100)
        if numbers and draw < EXACT_OF_HUNDRED + EDITED_OF_HUNDRED:
            chosen = rng.randrange(len(numbers))
            original = " ".join(pool[place] for place in places[bounds[chosen] : bounds[chosen + 1]])
            if draw < EXACT_OF_HUNDRED:
                yield Planted(original, numbers[chosen], 1.0)
                continue
            wanted = SIMILARITIES[turn % len(SIMILARITIES)]
            turn += 1
            yield Planted(edited(rng, original, wanted), numbers[chosen], wanted)
            continue
        size, length = rng.randrange(DOCUMENT_CHARS // 2, DOCUMENT_CHARS * 3 // 2), 0
        while length < size:
            places.append(rng.randrange(len(pool)))
            length += len(pool[places[-1]]) + 1
        bounds.append(len(places))
        numbers.append(number)
        yield Planted(" ".join(pool[place] for place in places[bounds[-2] : bounds[-1]]))


def write(folder: Path, count: int, seed: int) -> int:
    """Writes shards of JSON lines ``{"id", "text"}``, as datatrove's reader wants them; returns the bytes of text."""
    folder.mkdir(parents=True, exist_ok=True)
    found = documents(count, seed, sentences())
    written, size = 0, 0
    while written < count:
        with (folder / f"part-{written // SHARD_DOCUMENTS:04d}.jsonl").open("w", encoding="utf-8") as file:
            for number in range(written, min(count, written + SHARD_DOCUMENTS)):
                text = next(found).text
                size += len(text.encode())
                file.write(json.dumps({"id": f"{number:08d}", "text": text}, ensure_ascii=False) + "\n")
        written = min(count, written + SHARD_DOCUMENTS)
    return size


def main() -> None:
    """Writes the documents and prints how much text they are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=17)
    arguments = parser.parse_args()
    print(write(arguments.folder, arguments.documents, arguments.seed))


if __name__ == "__main__":
    main()
