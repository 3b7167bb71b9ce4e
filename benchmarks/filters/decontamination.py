r"""Decontamination on one core: recall on planted items by disguise, false positives on real books, and speed.

    python -m benchmarks.filters.decontamination [--planted N] [--rounds N] [--min-bounded-words N]

Needs ../shared/data. The evaluation sets are LAMBADA, ARC easy, PIQA, COPA, BLiMP and the validation text of
WikiText-2.

*Recall.* N items of each set are planted, each in every disguise, in a passage of a real book of its own. An item is
found if the document is flagged and its evidence names the item. Items that cannot be looked for are counted as missed
in the first figure and left out of the second.

*False positives.* Every book, and the main content of every web page, is searched as it is. Whatever is found is
printed with item, words and context, to be read: a quotation of the same source is no error of the search, but it is no
leak either. ``--min-bounded-words`` shows what shorter items would match.

*Speed.* English books in documents of 6,000 characters; beside a plain Python set of word 13-grams (lower case,
``\w+``), which is how datatrove's ``NGramsDecontFilter`` works. That filter itself cannot run here: it splits words
with NLTK's punkt, which it downloads, and its indexer needs lighteval.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from benchmarks.measuring import machine, pin_to_one_core, say, versions
from benchmarks.warc_inputs import ROOT, pages
from gristmill.documents import normalize_text
from gristmill.filters.contamination.decontamination import Decontamination
from gristmill.filters.contamination.evaluation_items import EvaluationFiles, Item, find_files, read_items
from gristmill.filters.contamination.index import Search, load_index
from gristmill.pipelines.sources.web.page import read_page

SHARED = ROOT.parent / "shared" / "data"
NGRAM = 13

DISGUISES: dict[str, Callable[[str], str]] = {
    "verbatim": lambda text: text,
    "upper case": str.upper,
    "lower case": str.lower,
    "title case": str.title,
    "line breaks": lambda text: re.sub(r"\s+", "\n", text),
    "wide spaces": lambda text: re.sub(r"\s+", " \u00a0\t ", text),
    "punctuation removed": lambda text: re.sub(r"[^\w\s]", "", text),
    "punctuation to spaces": lambda text: re.sub(r"[^\w\s]", " ", text),
    "commas added": lambda text: re.sub(r"\s+", ", ", text),
    "typographic quotes": lambda text: text.replace("'", "\u2019").replace('"', "\u201d"),
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "zero-width spaces": lambda text: text.replace("e", "e\u200b"),
}


def evaluation_sets(folder: Path) -> tuple[EvaluationFiles, ...]:
    """The shared evaluation sets; those that are no JSON lines are written to ``folder`` as such."""
    shared = SHARED / "eval"
    with zipfile.ZipFile(shared / "BLiMP.zip") as archive, (folder / "blimp.jsonl").open("wb") as out:
        for name in sorted(name for name in archive.namelist() if re.fullmatch(r"data/\w+\.jsonl", name)):
            out.write(archive.read(name).rstrip(b"\n") + b"\n")
    paragraphs = (shared / "wikitext2" / "valid.txt").read_text(encoding="utf-8").splitlines()
    texts = [line.strip() for line in paragraphs if line.strip() and not line.strip().startswith("=")]
    (folder / "wikitext2.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts))
    given = (
        ("lambada", shared / "llm-foundry" / "lambada_openai.jsonl", ("context", "continuation")),
        ("arc_easy", shared / "llm-foundry" / "arc_easy.jsonl", ("query", "choices")),
        ("copa", shared / "llm-foundry" / "copa.jsonl", ("query", "choices")),
        ("piqa", shared / "piqa_valid_original.jsonl", ("goal", "sol1", "sol2")),
        ("blimp", folder / "blimp.jsonl", ("sentence_good",)),
        ("wikitext2", folder / "wikitext2.jsonl", ()),
    )
    return tuple(find_files(name, [str(path)], fields) for name, path, fields in given)


def books() -> dict[str, str]:
    """Every plain-text book of the shared data, by name, decoded and in normal form."""
    found = {}
    for path in sorted((SHARED / "books").rglob("*.txt")):
        raw = path.read_bytes()
        for encoding in ("utf-8-sig", "cp932" if "jpn" in str(path) else "latin-1"):
            try:
                found[str(path.relative_to(SHARED / "books"))] = normalize_text(raw.decode(encoding))
                break
            except UnicodeDecodeError:
                continue
    return found


def web_texts() -> dict[str, str]:
    """The main content of every page of the shared web archives, by archive and offset."""
    found = {}
    for file in sorted((SHARED / "web").glob("*/*.warc.gz")):
        for page in pages(file):
            found[f"{file.name}:{page.offset}"] = normalize_text(read_page(page.body).text)
    return found


def matches(extra: Decontamination, texts: dict[str, str]) -> dict[str, object]:
    """How many texts hold an item, and of what; each match is printed."""
    found = [(name, row) for name, rows in zip(texts, measured(extra, list(texts.values())), strict=True)
             for row in rows]  # fmt: skip
    for name, row in found:
        say(f"{name}: {row['item']}: {row['found']!r} in {row['context']!r}")
    return {
        "texts": len(texts),
        "megabytes": round(sum(len(text.encode()) for text in texts.values()) / 1e6, 1),
        "with_matches": len({name for name, _ in found}),
        "items_matched": len({str(row["item"]).rpartition(" (")[0] for _, row in found}),
    }


def measured(extra: Decontamination, texts: list[str]) -> list[list[dict[str, object]]]:
    """The evidence of each text."""
    documents = pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})
    rows: list[list[dict[str, object]]] = extra.measure(documents)[-1].to_pylist()
    return rows


def planted_text(item: Item) -> str:
    """An item as it leaks: its plain strings, and the first of its alternatives."""
    return " ".join(field[0] for field in item.fields)


def recall(extra: Decontamination, files: EvaluationFiles, hosts: list[str], count: int) -> dict[str, object]:
    """Shares of planted items found by name, by disguise, and the items missed verbatim."""
    rng = random.Random(17)
    index = load_index(extra.search)
    searched = {index.names[int(number)].as_py() for number in set(index.runs.item.tolist())}
    items = rng.sample(read_items(files), min(count, len(read_items(files))))
    out: dict[str, object] = {"planted": len(items), "searchable": sum(item.name in searched for item in items)}
    for kind, disguise in DISGUISES.items():
        texts = []
        for number, item in enumerate(items):
            host = hosts[number % len(hosts)]
            texts.append(host[:2500] + "\n\n" + disguise(planted_text(item)) + "\n\n" + host[2500:5000])
        evidence = measured(extra, texts)
        hits = [
            any(str(row["item"]).rpartition(" (")[0] == item.name for row in rows)
            for item, rows in zip(items, evidence, strict=True)
        ]
        among = [hit for hit, item in zip(hits, items, strict=True) if item.name in searched]
        out[kind] = [round(sum(hits) / len(hits), 4), round(sum(among) / max(1, len(among)), 4)]
    return out


def python_set(items: list[Item]) -> set[str]:
    """The n-grams of all strings of all items, as a plain Python program keeps them."""
    found: set[str] = set()
    for item in items:
        for field in item.fields:
            for text in field:
                words = re.findall(r"\w+", text.lower())
                found.update(" ".join(words[i : i + NGRAM]) for i in range(len(words) - NGRAM + 1))
    return found


def python_flags(texts: list[str], ngrams: set[str]) -> int:
    """How many texts share an n-gram with the set."""
    flagged = 0
    for text in texts:
        words = re.findall(r"\w+", text.lower())
        flagged += any(" ".join(words[i : i + NGRAM]) in ngrams for i in range(len(words) - NGRAM + 1))
    return flagged


def speeds(extra: Decontamination, texts: list[str], rounds: int) -> dict[str, float]:
    """Median MB/s of CPU time of both."""
    size = sum(len(text.encode()) for text in texts) / 1e6
    ngrams = python_set([item for files in extra.search.sets for item in read_items(files)])
    documents = pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})
    extra.measure(documents)
    ours, theirs = [], []
    for _ in range(rounds):
        began = time.process_time()
        extra.measure(documents)
        ours.append(time.process_time() - began)
        began = time.process_time()
        python_flags(texts, ngrams)
        theirs.append(time.process_time() - began)
    mine, other = size / statistics.median(ours), size / statistics.median(theirs)
    return {"megabytes": round(size, 1), "gristmill": round(mine, 1), "python_set": round(other, 2),
            "best_gristmill": round(size / min(ours), 1), "ratio": round(mine / other, 1)}  # fmt: skip


def main() -> None:
    """Prints what was found, then one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--planted", type=int, default=200, help="items of each set to plant")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--min-bounded-words", type=int, default=Search.min_bounded_words, help="of the shortest items")
    arguments = parser.parse_args()
    if not SHARED.is_dir():
        parser.error(f"needs the shared data in {SHARED}")
    about, pinning = machine(), pin_to_one_core()
    with tempfile.TemporaryDirectory(prefix="gristmill-bench-") as temporary:
        began = time.process_time()
        extra = Decontamination(
            Search(evaluation_sets(Path(temporary)), NGRAM, min_bounded_words=arguments.min_bounded_words)
        )
        index = load_index(extra.search)
        build_seconds = time.process_time() - began
        library = books()
        english = [text for name, text in library.items() if "eng" in name or "gutenberg" in name]
        hosts = [text[20_000:26_000] for text in english if len(text) > 26_000]
        pieces = [text[i : i + 6000] for text in english for i in range(0, len(text), 6000)]
        figures = {
            "benchmark": "decontamination",
            "machine": about,
            "pinning": pinning,
            "versions": versions("gristmill", "numba"),
            "sets": [vars(counts) for counts in index.counts],
            "index": {"cpu_seconds": round(build_seconds, 1), "megabytes": round(_index_bytes(extra) / 1e6, 1)},
            "books": matches(extra, library),
            "web_pages": matches(extra, web_texts()),
            "recall": {files.name: recall(extra, files, hosts, arguments.planted) for files in extra.search.sets},
            "mb_per_cpu_second": speeds(extra, pieces, arguments.rounds),
        }
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", write_through=True)
    print(json.dumps(figures), file=out)


def _index_bytes(extra: Decontamination) -> int:
    index = load_index(extra.search)
    return sum(column.nbytes for part in (index.table, index.runs) for column in part)


if __name__ == "__main__":
    main()
