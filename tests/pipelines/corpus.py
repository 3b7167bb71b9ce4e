"""A small corpus of made-up English that holds every case a run must tell apart, written as raw shards and a config.

The text is drawn from a fixed word list with a seed, so the same arguments give the same bytes on any machine.
"""

from __future__ import annotations

import dataclasses
import gzip
import random
from pathlib import Path

from tests.pipelines.small_run import configuration, json_lines, source

_STARTS = (
    "the old", "a quiet", "the second", "that young", "an honest", "the northern", "every careful", "the wooden",
    "a distant", "the early", "this patient", "the broken",
)  # fmt: skip
_NOUNS = (
    "miller", "river", "teacher", "market", "garden", "letter", "engine", "village", "doctor", "window", "harvest",
    "captain", "library", "bridge", "farmer", "painter", "kitchen", "forest", "station", "student", "carpenter",
    "mountain", "journal", "orchard", "harbour", "machine", "neighbour", "theatre", "winter", "valley", "merchant",
    "island", "question", "answer", "story", "newspaper", "road", "clock", "meadow", "lantern",
)  # fmt: skip
_VERBS = (
    "carried", "followed", "remembered", "repaired", "described", "watched", "measured", "painted", "answered",
    "crossed", "collected", "opened", "studied", "visited", "covered", "counted", "explained", "divided", "supported",
    "returned to",
)  # fmt: skip
_PLACES = (
    "near the church", "with great care", "after the long rain", "before the morning bell", "to the people of the town",
    "and then rested for an hour", "in the middle of the square", "because the weather had changed",
    "while the others were asleep", "for the first time in many years", "at the end of the lane",
    "without a word of complaint", "beside the grey stone wall", "as it was written in the book",
)  # fmt: skip
_GERMAN = (
    "Der alte Müller ging am frühen Morgen durch den Wald und dachte an seine Kinder.",
    "Die Straße war nass, weil es in der Nacht lange geregnet hatte.",
    "Auf dem Marktplatz standen viele Menschen, die auf den Zug warteten.",
    "Im Winter lesen wir gern Bücher und trinken heißen Tee am Fenster.",
    "Niemand wusste, warum die Glocke an diesem Tag nicht läutete.",
)


@dataclasses.dataclass(frozen=True)
class _Share:
    """Of how many documents of a hundred each case makes."""

    exact: int = 7
    near: int = 12
    short: int = 7
    german: int = 7


def english(rng: random.Random, words: int) -> str:
    """About so many words of sentences and paragraphs."""
    sentences: list[str] = []
    count = 0
    while count < words:
        parts = [rng.choice(_STARTS), rng.choice(_NOUNS), rng.choice(_VERBS), rng.choice(_STARTS), rng.choice(_NOUNS)]
        sentence = " ".join([*parts, rng.choice(_PLACES), "and", rng.choice(_VERBS), "the", rng.choice(_NOUNS)])
        sentences.append(sentence[0].upper() + sentence[1:] + rng.choice(".....!?"))
        count += len(sentence.split())
    ends = [rng.choice((" ", " ", " ", "\n\n")) for _ in sentences]
    return "".join(a + b for a, b in zip(sentences, ends, strict=True)).strip()


def edited(rng: random.Random, text: str) -> str:
    """The text with so few words changed that the Jaccard similarity of word 5-grams stays about 0.9."""
    words = text.split(" ")
    for place in rng.sample(range(len(words)), max(1, round(len(words) * 0.0105))):
        words[place] = rng.choice(_NOUNS)
    return " ".join(words)


def texts(rng: random.Random, count: int) -> list[str]:
    """So many texts; each copy follows its original, at a random distance and often in another shard."""
    share, originals, out = _Share(), [english(rng, 160)], []
    for _ in range(count):
        draw = rng.randrange(100)
        if draw < share.exact:
            text = rng.choice(originals)
        elif draw < share.exact + share.near:
            text = edited(rng, rng.choice(originals))
        elif draw < share.exact + share.near + share.short:
            text = english(rng, 12)
        elif draw < share.exact + share.near + share.short + share.german:
            text = " ".join(rng.choice(_GERMAN) for _ in range(12))
        else:
            text = english(rng, rng.randrange(80, 320))
            originals.append(text)
        out.append(text)
    return out


def make_corpus(folder: Path, *, seed: int, documents: int, shards: int) -> Path:
    """Writes raw shards of two sources and a configuration.

    The corpus holds exact copies, near-duplicates of Jaccard about 0.9, texts that fail the Gopher rules and texts in
    German. Paths in the configuration are relative to ``folder``: run it with ``folder`` as current directory.

    Args:
        folder: an existing directory, filled with ``raw/`` and ``run.toml``.
        seed: of the text.
        documents: in all.
        shards: raw shards in all, at least 2; the first half are ``web`` (JSONL in gzip), the others ``books``.

    Returns:
        The configuration, `run.toml`; its output is ``run``, below ``folder``.
    """
    rng = random.Random(seed)
    found = texts(rng, documents)
    raw = folder / "raw"
    raw.mkdir()
    for number in range(shards):
        source = "web" if number < (shards + 1) // 2 else "books"
        rows = [
            {"url": f"https://{source}{index % 7}.example/{index}", "text": text}
            for index, text in enumerate(found)
            if index % shards == number
        ]
        data = json_lines(rows).encode()
        if source == "web":
            (raw / f"{source}-{number:03d}.jsonl.gz").write_bytes(gzip.compress(data, mtime=0))
        else:
            (raw / f"{source}-{number:03d}.jsonl").write_bytes(data)
    return write_config(folder, "run")


def write_config(folder: Path, output: str, *, raw: str = "raw", **changes: str) -> Path:
    """Writes a configuration over the corpus of a folder.

    Args:
        folder: where :func:`make_corpus` wrote.
        output: the run directory, relative to ``folder``, or a uri.
        raw: where the raw shards lie, relative to ``folder``, or a uri.
        changes: values of lines to replace, by key: ``seed="18"``.
    """
    sources = source("web", f"{raw}/web-*.jsonl.gz"), source("books", f"{raw}/books-*.jsonl", kind="book")
    text = configuration(output, *sources, _SETTINGS, vocabulary=600)
    for key, value in changes.items():
        lines = [f"{key} = {value}" if line.startswith(f"{key} = ") else line for line in text.splitlines()]
        text = "\n".join(lines) + "\n"
    path = folder / f"{output.rstrip('/').rpartition('/')[2]}.toml"
    path.write_text(text)
    return path


_SETTINGS = """\
[language]
keep = ["en"]
min_score = 0.5

[rules]
use = ["gopher_quality"]

[dedup]
near = { shingle = 5, bands = 14, rows = 8, min_jaccard = 0.8 }
partition_bytes = "16 kB"

[tokens]
part_bytes = "20 kB"
"""
