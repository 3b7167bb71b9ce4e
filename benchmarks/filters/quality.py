"""What the trained classifier and the word lists are worth, on labelled sets.

    python -m benchmarks.filters.quality [DATA]

DATA is the folder of shared data (``../shared/data`` if not given) with ``quality/clickbait``, ``sms_spam`` and
``toxicity``. For each set a classifier is trained on nine tenths and measured on the rest; for toxicity the word lists
are measured on the whole set, each signal as the verdict "count is at least 1".
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from gristmill.filters.classifier.binary_metrics import at_threshold
from gristmill.filters.classifier.fit import FitOptions
from gristmill.filters.classifier.training import evaluate, held_out_scores, label_texts, train_classifier
from gristmill.filters.words.bad_words import WordCounts

OPTIONS = FitOptions(dim=32, buckets=200_000)

TOXIC = ("hate speech", "offensive language")


def clickbait(data: Path) -> tuple[list[str], list[str]]:
    """Headlines of news (positive) and clickbait."""
    folder = data / "quality" / "clickbait"
    good, bad = (
        [line for line in gzip.decompress((folder / name).read_bytes()).decode().splitlines() if line.strip()]
        for name in ("non_clickbait_data.gz", "clickbait_data.gz")
    )
    return good, bad


def sms(data: Path) -> tuple[list[str], list[str]]:
    """Text messages: ham (positive) and spam."""
    lines = (data / "quality" / "sms_spam" / "SMSSpamCollection").read_text(encoding="utf-8").split("\n")
    rows = [line.partition("\t") for line in lines if line]
    return [text for label, _, text in rows if label == "ham"], [text for label, _, text in rows if label == "spam"]


def tweets(data: Path) -> list[tuple[str, str]]:
    """Tweets with the class that most annotators chose."""
    content = (data / "quality" / "toxicity" / "davidson_labeled_data.csv").read_text(encoding="utf-8")
    names = {"0": TOXIC[0], "1": TOXIC[1], "2": "neither"}
    return [(names[row["class"]], row["tweet"]) for row in csv.DictReader(io.StringIO(content))]


def print_classifier(name: str, good: list[str], bad: list[str]) -> None:
    """Trains on one set and prints what is measured on its held-out tenth."""
    documents = label_texts(good, bad, held_out_share=0.1, seed=OPTIONS.seed)
    with tempfile.TemporaryDirectory() as folder:
        model = train_classifier(documents, OPTIONS, Path(folder) / "model.bin")
    held_out = evaluate(*held_out_scores(documents, model))["held_out"]
    print(
        f"{name:<10} held out {held_out['documents']:>5}  AUC {held_out['auc']:.4f}  at 0.5: precision "
        f"{held_out['precision']:.4f} recall {held_out['recall']:.4f} F1 {held_out['f1']:.4f}"
    )


def print_word_lists(rows: list[tuple[str, str]]) -> None:
    """Precision and recall of each count as a verdict on toxicity, and how often it fires in each class."""
    extra = WordCounts()
    languages = pa.array(["en"] * len(rows)).dictionary_encode()
    columns = extra.measure(pa.RecordBatch.from_pydict({"text": [text for _, text in rows], "language": languages}))
    labels = np.array([label for label, _ in rows])
    toxic = np.isin(labels, TOXIC)
    print(f"word lists on {len(rows)} tweets, {int(toxic.sum())} toxic; fires where the count is at least 1")
    for signal, column in zip(extra.signals, columns, strict=True):
        if signal.dtype != "int64":
            continue
        found = column.to_numpy()
        figures = at_threshold(found, toxic, 1)
        fired = "  ".join(f"{name} {(found[labels == name] > 0).mean():.3f}" for name in (*TOXIC, "neither"))
        print(
            f"  {signal.name:<25} precision {figures['precision']:.4f} recall {figures['recall']:.4f}  fires: {fired}"
        )


def main() -> None:
    """Prints all figures."""
    data = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data")
    print_classifier("clickbait", *clickbait(data))
    print_classifier("sms_spam", *sms(data))
    rows = tweets(data)
    neither = [text for label, text in rows if label == "neither"]
    print_classifier("toxicity", neither, [text for label, text in rows if label in TOXIC])
    print_word_lists(rows)


if __name__ == "__main__":
    main()
