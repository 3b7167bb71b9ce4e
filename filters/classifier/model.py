"""fastText classifiers as files: the model, and beside it the card that says what it scores and how well.

A model ``quality.bin`` has its card in ``quality.bin.json``. A model from elsewhere has none, and works without.
"""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from gristmill import storage
from gristmill.errors import ConfigError
from gristmill.filters.fasttext.model import FastTextModel, read_model
from gristmill.storage_backends import backend

CARD_FORMAT = 1
_BLOCK_BYTES = 1 << 20


@functools.lru_cache(maxsize=2)
def load_classifier(uri: str) -> FastTextModel:
    """Loads a model once per process; `forget` drops those loaded.

    Raises:
        ConfigError: there is no such file, or it is not a supervised fastText model.
    """
    if not storage.exists(uri):
        message = f"classifier {uri!r} is not a file; give a fastText .bin or .ftz (`gristmill classifier train`)"
        raise ConfigError(message)
    with storage.local_copy(uri) as path:
        try:
            with path.open("rb") as file:
                return read_model(file)
        except (ValueError, OSError) as error:
            message = f"classifier {uri!r} cannot be used: {error}; give a model of `gristmill classifier train`"
            raise ConfigError(message) from error


def model_labels(model: FastTextModel) -> tuple[str, ...]:
    """The labels of a model without their prefix, sorted."""
    return tuple(sorted(model.labels))


@functools.lru_cache(maxsize=4)
def classifier_sha256(uri: str) -> str:
    """Checksum of a model file, read in blocks once per process."""
    hasher = hashlib.sha256()
    with storage.open_read(uri) as stream:
        while block := stream.read(_BLOCK_BYTES):
            hasher.update(block)
    return hasher.hexdigest()


def card_uri(uri: str) -> str:
    """Where the card of a model is.

    >>> card_uri("models/quality.bin")
    'models/quality.bin.json'
    """
    return f"{uri}.json"


def read_card(uri: str) -> dict[str, Any] | None:
    """The card of a model, None if it has none.

    Raises:
        ConfigError: the card is no card, or it describes another model.
    """
    if not storage.exists(card_uri(uri)):
        return None
    try:
        card = json.loads(storage.read_bytes(card_uri(uri)))
        label, threshold, checksum = str(card["label"]), float(card["threshold"]), card["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        message = f"{card_uri(uri)} is not the card of a classifier ({error!r}); train again, or remove it"
        raise ConfigError(message) from error
    if checksum != classifier_sha256(uri):
        message = f"{card_uri(uri)} describes another model than {uri}: the checksums differ; copy both, or train again"
        raise ConfigError(message)
    return {**card, "label": label, "threshold": threshold}


def save_classifier(trained: Path, uri: str, card: dict[str, Any]) -> dict[str, Any]:
    """Copies a trained model to its place and then writes its card, each whole or not at all.

    Args:
        trained: the model's file.
        uri: where it is to be.
        card: what is to be said of it.

    Returns:
        The card with the model's checksum and size.
    """
    parent = None if storage.is_remote(uri) else Path(uri).parent
    if parent is not None:
        parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".gristmill-", dir=parent) as folder:
        path = Path(folder) / "model"
        shutil.copyfile(trained, path)
        with path.open("rb") as stream:
            checksum = hashlib.file_digest(stream, "sha256").hexdigest()
        card = {"format": CARD_FORMAT, "sha256": checksum, "bytes": path.stat().st_size, **card}
        # A card of an earlier model beside a new model would be refused; no card is better for the moment between.
        storage.delete(card_uri(uri))
        backend(uri).commit(path, uri)
        described = Path(folder) / "card"
        described.write_text(json.dumps(card, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
        backend(uri).commit(described, card_uri(uri))
    forget()
    return card


def forget() -> None:
    """Drops loaded models and checksums, for a process that has changed a file it read."""
    load_classifier.cache_clear()
    classifier_sha256.cache_clear()
