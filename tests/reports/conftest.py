"""Documents and ledger rows made from a seed, large enough for every panel to have figures."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable

import pyarrow as pa
import pytest

from gristmill.documents import DOCUMENT_SCHEMA, LEDGER_SCHEMA, document_id
from gristmill.reports.measure import Measures

Pair = tuple[pa.RecordBatch, pa.RecordBatch]

WORDS = [
    "the",
    "of",
    "and",
    "a",
    "to",
    "in",
    "is",
    "was",
    "for",
    "on",
    "that",
    "with",
    "as",
    "it",
    "at",
    "by",
    "from",
    "time",
    "year",
    "people",
    "way",
    "day",
    "thing",
    "world",
    "life",
    "hand",
    "part",
    "place",
    "case",
    "week",
    "company",
    "system",
    "program",
    "question",
    "work",
    "government",
    "number",
    "night",
    "point",
    "home",
    "water",
    "room",
    "area",
    "money",
    "story",
    "fact",
    "month",
    "lot",
    "right",
    "study",
    "book",
    "eye",
    "job",
    "word",
    "business",
    "issue",
    "side",
    "kind",
    "head",
    "house",
    "service",
    "friend",
    "power",
    "hour",
    "game",
    "line",
]
MENTIONS = [
    "she",
    "her",
    "he",
    "his",
    "him",
    "they",
    "them",
    "their",
    "woman",
    "women",
    "man",
    "girl",
    "boy",
    "mother",
    "father",
    "gay",
    "lesbian",
    "Muslim",
    "Christian",
    "Jewish",
    "Chinese",
    "American",
    "Asian",
    "African-American",
    "children",
    "elderly",
    "immigrant",
    "refugees",
    "disabled",
    "black",
    "white",
    "Tuesday",
    "window",
    "twelve",
    "kitchen",
    "bridge",
    "corner",
    "yellow",
]
RULES = ("gopher_word_count", "gopher_symbol_ratio", "c4_bad_words", "language")
DOMAINS = ("example.org", "news.example.co.uk", "blog.github.io", "wiki.example.de", "shop.example.com", "127.0.0.1")


def _text(rng: random.Random, length: int) -> str:
    chosen = [rng.choice(MENTIONS) if rng.random() < 0.02 else rng.choice(WORDS) for _ in range(length)]
    return " ".join(chosen) + "."


def _row(rng: random.Random, number: int) -> tuple[dict[str, object], dict[str, object]]:
    kind = rng.choices(("web", "book", "code"), (8, 1, 2))[0]
    source = {"web": rng.choice(("crawl", "news")), "book": "books", "code": "code"}[kind]
    doc_id = document_id(source, "shard", str(number))
    text = _text(rng, int(rng.lognormvariate(5, 1.1)) + 1)
    verdict = rng.choices(("kept", "removed", "duplicate", "error"), (60, 30, 9, 1))[0]
    if "lesbian" in text and verdict == "kept" and rng.random() < 0.5:
        verdict = "removed"
    published = dt.datetime(rng.randint(1995, 2026), 1, 1, tzinfo=dt.UTC) if rng.random() < 0.7 else None
    domain = DOMAINS[min(int(rng.expovariate(0.7)), len(DOMAINS) - 1)]
    uri = {"web": f"https://{domain}/{number}", "book": f"b{number}.epub", "code": f"src/{number}.py"}[kind]
    document: dict[str, object] = {
        "doc_id": doc_id, "source": source, "kind": kind, "uri": uri, "shard": "shard", "offset": number, "length": -1,
        "text": text, "title": None, "published": published,
        "date_evidence": rng.choice(("declared", "html", "http", "crawl")) if published else "none",
        "license": "MIT" if kind == "code" else None, "license_evidence": "detected" if kind == "code" else "none",
        "meta": '{{"language": "{}"}}'.format(rng.choice(("Python", "C", "Rust"))) if kind == "code" else "{}",
    }  # fmt: skip
    copies = rng.choice((2, 2, 3, 12)) if verdict == "duplicate" else 1
    ledger: dict[str, object] = {
        "doc_id": doc_id, "source": source, "uri": uri, "verdict": verdict,
        "failed_rules": [rule for rule in RULES if rng.random() < 0.3] or ["language"] if verdict == "removed" else [],
        "duplicate_of": document_id(source, "shard", "0") if verdict == "duplicate" else None,
        "similarity": rng.choice((0.8, 0.85, 0.93, 1.0)) if verdict == "duplicate" else None,
        "cluster_size": copies, "language": rng.choices(("en", "de", "fr", "zh"), (80, 8, 8, 4))[0],
        "language_score": 0.9, "tokens": len(text) // 4 if verdict == "kept" else 0,
    }  # fmt: skip
    return document, ledger


def _pair(documents: int, seed: int) -> Pair:
    rng = random.Random(seed)
    rows = [_row(rng, seed * 1_000_000 + number) for number in range(documents)]
    return (
        pa.RecordBatch.from_pylist([row[0] for row in rows], schema=DOCUMENT_SCHEMA),
        pa.RecordBatch.from_pylist([row[1] for row in rows], schema=LEDGER_SCHEMA),
    )


@pytest.fixture(scope="session")
def make_pair() -> Callable[[int, int], Pair]:
    """Documents and ledger of a given number of rows from a seed."""
    return _pair


@pytest.fixture(scope="session")
def measures() -> Measures:
    """Six thousand documents, counted."""
    counted = Measures()
    for seed in range(3):
        counted.add(*_pair(2000, seed))
    return counted
