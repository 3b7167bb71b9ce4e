"""Language identification on one core: bounded slices by our kernel beside fastText on whole texts, same model.

    python -m benchmarks.filters.language [--rounds N] [--documents N] [--data FOLDER]

Speed is taken on the main content of web pages, as extracted, and on pieces of about 3 KB of them, a typical page: MB
of text per CPU second, whatever part of it is heard. Accuracy is taken on single sentences of known language (lingua's
test data, languages that the model has by an ISO 639-1 code), and as agreement with fastText's answer on the whole text
for the pages and for pieces of books. Without the shared data there are no sentences and books, and the result says so.
"""

from __future__ import annotations

import argparse
import functools
import json
import statistics
import tarfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.measuring import machine, pin_to_one_core, say, versions
from benchmarks.texts import megabytes, page_texts
from benchmarks.warc_inputs import ROOT
from gristmill.filters.fasttext.model import LABEL_PREFIX
from gristmill.filters.language.language import MODEL_PATH, SLICE_BYTES, SLICE_COUNT, identify

SHARED = ROOT.parent / "shared" / "data"
PAGE_CHARS = 3000
BOOK_CHARS = 6000


@functools.cache
def fasttexts_own() -> Any:
    """The bundled model as fastText reads it; its binding is ``.f``."""
    import fasttext.FastText

    # fasttext.load_model prints a deprecation notice on every load; the class under it does not.
    return fasttext.FastText._FastText(model_path=str(MODEL_PATH))  # noqa: SLF001


def whole_text_codes(texts: list[str]) -> list[str]:
    """The answer of fastText on each whole text; ``unknown`` where there is none."""
    lines = [text.replace("\n", " ") + "\n" for text in texts]
    labels, _ = fasttexts_own().f.multilinePredict(lines, 1, 0.0, "replace")
    return [label[0].removeprefix(LABEL_PREFIX) if label else "unknown" for label in labels]


def slice_codes(texts: list[str]) -> list[str]:
    """Our answer on the slices of each text."""
    found: list[str] = identify(pa.array(texts, pa.large_string()))[0].to_pylist()
    return found


def sentences(archive: Path) -> tuple[list[str], list[str]]:
    """Sentences of lingua's test data and their languages (ISO 639-1)."""
    texts, codes = [], []
    with tarfile.open(archive) as tar:
        for member in sorted(tar.getmembers(), key=lambda entry: entry.name):
            stream = tar.extractfile(member) if member.isfile() and "sentences/" in member.name else None
            if stream is None:
                continue
            lines = [line.strip() for line in stream.read().decode().splitlines() if line.strip()]
            texts += lines
            codes += [Path(member.name).stem] * len(lines)
    return texts, codes


def book_pieces(folder: Path) -> list[str]:
    """Three pieces from each of the books in UTF-8."""
    texts = []
    for path in sorted(folder.glob("*/*.txt")):
        if path.parent.name != "jpn":
            text = path.read_bytes()[:80_000].decode("utf-8", "replace")
            texts += [text[at : at + BOOK_CHARS] for at in range(0, 3 * BOOK_CHARS, BOOK_CHARS) if text[at:]]
    return texts


def share_equal(one: list[str], other: list[str]) -> float:
    """Share of places where two lists are equal.

    >>> share_equal(["en", "de"], ["en", "fr"])
    0.5
    """
    return round(float(np.mean([a == b for a, b in zip(one, other, strict=True)])), 5)


def speeds(texts: list[str], rounds: int) -> dict[str, float]:
    """MB of text per CPU second of both, medians of alternating rounds, and their ratio."""
    seconds: dict[str, list[float]] = {"gristmill": [], "fasttext": []}
    column = pa.array(texts, pa.large_string())
    lines = [text.replace("\n", " ") + "\n" for text in texts]
    model = fasttexts_own()
    identify(column)
    for _ in range(rounds):
        began = time.process_time()
        identify(column)
        seconds["gristmill"].append(time.process_time() - began)
        began = time.process_time()
        model.f.multilinePredict(lines, 1, 0.0, "replace")
        seconds["fasttext"].append(time.process_time() - began)
    found = {name: megabytes(texts) / statistics.median(values) for name, values in seconds.items()}
    return {
        "documents": len(texts),
        "mean_bytes": round(1e6 * megabytes(texts) / len(texts)),
        "gristmill_mb_per_cpu_second": round(found["gristmill"], 1),
        "fasttext_mb_per_cpu_second": round(found["fasttext"], 2),
        "ratio": round(found["gristmill"] / found["fasttext"], 1),
    }


def accuracies(data: Path, pages: list[str]) -> dict[str, object]:
    """Accuracy on sentences, and agreement with whole texts on long documents."""
    found: dict[str, object] = {"agreement_on_pages": share_equal(slice_codes(pages), whole_text_codes(pages))}
    archive, books = data / "lang" / "lingua_testdata.tar.gz", data / "books" / "text"
    if archive.is_file():
        texts, codes = sentences(archive)
        known = {label.removeprefix(LABEL_PREFIX) for label in fasttexts_own().f.getLabels("strict")[0]}
        kept = [(text, code) for text, code in zip(texts, codes, strict=True) if code in known]
        texts, codes = [text for text, _ in kept], [code for _, code in kept]
        ours, theirs = share_equal(slice_codes(texts), codes), share_equal(whole_text_codes(texts), codes)
        found |= {
            "sentences": len(texts),
            "accuracy_on_sentences": ours,
            "fasttext_accuracy_on_sentences": theirs,
            "points_lost": round(100 * (theirs - ours), 3),
        }
    if books.is_dir():
        pieces = book_pieces(books)
        found |= {
            "book_pieces": len(pieces),
            "agreement_on_books": share_equal(slice_codes(pieces), whole_text_codes(pieces)),
        }
    if len(found) == 1:
        say(f"no sentences and books below {data}: accuracy is agreement on pages only (--data names another folder)")
    return found


def main() -> None:
    """Prints one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--documents", type=int, help="pages of the default WARC files (default: all)")
    parser.add_argument("--data", type=Path, default=SHARED, help="folder with lang/ and books/")
    arguments = parser.parse_args()
    about, pinning = machine(), pin_to_one_core()
    pages = page_texts(arguments.documents)
    typical = [text[at : at + PAGE_CHARS] for text in pages for at in range(0, len(text), PAGE_CHARS)]
    figures = {
        "benchmark": "language",
        "machine": about,
        "pinning": pinning,
        "rounds": arguments.rounds,
        "versions": versions("gristmill", "numba", "fasttext-community"),
        "slices": f"{SLICE_COUNT} x {SLICE_BYTES} bytes",
        "pages": speeds(pages, arguments.rounds),
        "pieces_of_pages": speeds([text for text in typical if len(text) > PAGE_CHARS // 2], arguments.rounds),
        **accuracies(arguments.data, pages),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
