"""fastText's supervised training in a process of its own, because in an old one its result is left to chance.

The only place that needs fastText itself, which the extra ``classifier`` brings: models are read and asked by
`gristmill.filters.fasttext`.

With fewer than ten threads fastText fills only the first tenths of its input matrix with random values and leaves the
rest as the allocator gave it (``DenseMatrix::uniformThread``, release 0.9.2): zeros from fresh pages, and whatever was
freed before from used ones, up to NaN. A new process has fresh pages, and ``MALLOC_PERTURB_=255`` makes glibc hand out
zeros for what it uses again.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from gristmill.errors import InputError, MissingExtraError
from gristmill.filters.fasttext.model import FastTextModel, read_model

_ZEROS = {"MALLOC_PERTURB_": "255"}  # glibc fills what it hands out with the complement of this byte
_REFUSED = 3


@dataclass(frozen=True)
class FitOptions:
    """Parameters of fastText's supervised training; the defaults are those of DCLM's classifier (bigrams).

    Attributes:
        word_ngrams: longest run of words that is a feature.
        dim: size of the word vectors.
        epochs: passes over the training documents.
        learning_rate: at the start; it falls to 0.
        min_count: words seen less often are left out.
        buckets: hash buckets of the n-grams; the model takes ``4 * dim * (buckets + words)`` bytes.
        seed: of the initial vectors, the split and the order of the documents.
        threads: fastText trains without locks, so more than one makes the model's bytes vary from run to run.
    """

    word_ngrams: int = 2
    dim: int = 100
    epochs: int = 5
    learning_rate: float = 0.1
    min_count: int = 1
    buckets: int = 2_000_000
    seed: int = 17
    threads: int = 1


def check_can_train() -> None:
    """Says that fastText is missing before any document is read.

    Raises:
        MissingExtraError: it is not installed.
    """
    if importlib.util.find_spec("fasttext") is None:
        package, extra = "fasttext", "classifier"
        raise MissingExtraError(package, extra, "`gristmill classifier train`")


def fit(lines: Iterable[str], options: FitOptions, path: Path) -> FastTextModel:
    """Trains a model on labelled lines, in their order.

    Args:
        lines: ``__label__<name> <text>``, without line breaks.
        options: training parameters.
        path: where the model's file is to be.

    Raises:
        MissingExtraError: fastText is not installed.
        InputError: fastText finds no word to train on, or its training diverges.
    """
    check_can_train()
    with tempfile.TemporaryDirectory(prefix="gristmill-") as folder:
        texts = Path(folder) / "train.txt"
        with texts.open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(f"{line}\n" for line in lines)
        command = [sys.executable, "-m", __name__, str(texts), str(path), json.dumps(asdict(options))]
        done = subprocess.run(command, env=os.environ | _ZEROS, capture_output=True, text=True, check=False)  # noqa: S603  our own
        if done.returncode == _REFUSED:
            reason = done.stderr.strip()
            message = f"fastText cannot train on these documents: {reason} Give more text, or a lower learning rate"
            raise InputError(message)
        done.check_returncode()
    with path.open("rb") as file:
        return read_model(file)


def train_file(texts: str, model: str, options: FitOptions) -> None:
    """Trains on a file of labelled lines and writes the model; called in a process of its own by `fit`."""
    import fasttext  # noqa: PLC0415  an extra

    trained = fasttext.train_supervised(
        input=texts,
        lr=options.learning_rate,
        dim=options.dim,
        epoch=options.epochs,
        minCount=options.min_count,
        wordNgrams=options.word_ngrams,
        bucket=options.buckets if options.word_ngrams > 1 else 0,
        thread=options.threads,
        seed=options.seed,
        loss="softmax",
        verbose=0,
    )
    trained.save_model(model)


if __name__ == "__main__":
    try:
        train_file(sys.argv[1], sys.argv[2], FitOptions(**json.loads(sys.argv[3])))
    except (ValueError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(_REFUSED)
