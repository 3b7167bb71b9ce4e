"""Tiny fastText models of each kind, trained by fastText itself, and fastText's own answers: the oracle of our kernels."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SENTENCES = {
    "en": "The miller takes the grain to the stones and waits for the flour.",
    "de": "Der Müller bringt das Korn zu den Steinen und wartet auf das Mehl.",
    "fr": "Le meunier porte le grain aux meules et attend la farine.",
    "ru": "Мельник несёт зерно к жерновам и ждёт муку.",
    "ja": "粉屋は穀物を石臼に運び、小麦粉を待ちます。",
    "ar": "يحمل الطحان الحبوب إلى حجر الرحى وينتظر الدقيق.",
}

_TRAIN = """
import sys, fasttext
text, path, loss, quantize, options = sys.argv[1], sys.argv[2], sys.argv[3], eval(sys.argv[4]), eval(sys.argv[5])
model = fasttext.train_supervised(text, loss=loss, thread=1, verbose=0, **options)
if quantize is not None:
    model.quantize(input=text, retrain=False, **quantize)
model.save_model(path)
"""

PRUNED: dict[str, Any] = {"cutoff": 300, "qnorm": True}
"""How lid.176.ftz was quantized."""


LANGUAGES = ("eng_Latn", "deu_Latn", "rus_Cyrl", "fra_Latn")


def labelled(count: int) -> list[str]:
    """Lines to train on: sentences of up to four languages; of more labels, made-up words."""
    if count > len(LANGUAGES):
        return [
            f"__label__L{label} w{label * k % 997} w{label + k} w{k}" for label in range(count) for k in range(1, 5)
        ]
    texts = zip(LANGUAGES, [SENTENCES[code] for code in ("en", "de", "ru", "fr")], strict=True)
    chosen = list(texts)[:count]
    return [f"__label__{label} {' '.join(text.split()[start:])}" for label, text in chosen for start in range(8)]


def trained(
    folder: Path, loss: str, quantize: dict[str, Any] | None = None, labels: int = 3, **options: object
) -> Path:
    """A tiny model, trained on a few lines; ``quantize`` are options of fastText's own."""
    lines = folder / "train.txt"
    lines.write_text("".join(f"{line}\n" for line in labelled(labels)))
    settings = {"dim": 6, "epoch": 20, "bucket": 500, "minn": 2, "maxn": 3} | options
    path = folder / ("model.bin" if quantize is None else "model.ftz")
    # fastText trains on memory that it does not clear; in a new process, filled so, what it reads there is small.
    command = [sys.executable, "-c", _TRAIN, str(lines), str(path), loss, repr(quantize), repr(settings)]
    subprocess.run(command, check=True, env=os.environ | {"MALLOC_PERTURB_": "255"}, capture_output=True)
    return path


def fasttexts_own(path: Path) -> Any:
    """A model as fastText reads it; its binding is ``.f``."""
    import fasttext.FastText

    # fasttext.load_model prints a deprecation notice on every load; the class under it does not.
    return fasttext.FastText._FastText(model_path=str(path))
