"""Perplexity under a KenLM language model, with CCNet's normalization and buckets (Wenzek et al. 2020).

A text is normalized, cut into SentencePiece pieces, and scored as one line: perplexity is
10 ** (-log10 p / (pieces + 1)), rounded to one decimal as CCNet does. Line breaks are removed with the other
control characters, so the last word of a line and the first of the next become one, as in CCNet, whose models and
cutoffs are made on such text.

KenLM and SentencePiece are optional packages, those of the extra ``perplexity``.
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from gristmill import storage
from gristmill.config.filter_config import PerplexitySection
from gristmill.errors import ConfigError, MissingExtraError
from gristmill.filters.counts.measure import Signal
from gristmill.filters.language.language import encode_languages

CUTOFFS: Mapping[str, tuple[float, float]] = {
    "en": (340, 520), "de": (370, 590), "fr": (180, 330), "es": (180, 290),
    "it": (220, 360), "ru": (210, 310), "ja": (1110, 1450), "zh": (1460, 1950),
}  # fmt: skip
"""For each language the perplexities that end ``head`` and ``middle``: the 30th and 60th percentile of CCNet's models,
``cc_net/data/cutoff.csv``. They mean nothing for another model: give your own with it."""

BUCKETS = ("all", "head", "middle", "tail")
"""Buckets in the order of ``perplexity_bucket_number``; ``all`` is a text without a cutoff or a model."""

_SOURCE = "Wenzek et al. 2020, arXiv:1911.00359; facebookresearch/cc_net, cc_net/perplexity.py"

SIGNALS = (
    Signal(
        "perplexity", "float64", "perplexity", "0 or more",
        "per piece, of the normalized text as one line, one decimal; 0 without a model of the language or text",
        _SOURCE,
    ),
    Signal(
        "perplexity_bucket", "dictionary", "bucket", ", ".join(BUCKETS),
        "head below the language's first cutoff, middle below its second, else tail; all without model, cutoff or text",
        _SOURCE,
    ),
    Signal(
        "perplexity_bucket_number", "int64", "bucket", "0 to 3", "the bucket: 0 all, 1 head, 2 middle, 3 tail",
        _SOURCE,
    ),
)  # fmt: skip

_ASCII_PUNCTUATION = str.maketrans(
    {
        **dict.fromkeys("„”“«»」「《》", '"'),
        **dict.fromkeys("´’", "'"),
        **dict.fromkeys("∶：", ":"),
        **dict.fromkeys("，、", ","),
        **dict.fromkeys("–━►", "-"),
        "。": ".", "？": "?", "！": "!", "（": "(", "）": ")", "；": ";", "—": " - ", "．": ". ", "～": "~", "…": "...",
        "〈": "<", "〉": ">", "【": "[", "】": "]", "％": "%",
    }
)  # fmt: skip
_DIGIT = re.compile(r"\d")
_CONTROL = dict.fromkeys((*range(32), *range(127, 160)))


class LanguageScorer(Protocol):
    """What is asked of a language model; ``kenlm.Model`` is one."""

    def score(self, sentence: str) -> float:
        """log10 of the probability of a line of words with its beginning and end."""
        ...


def normalize(text: str) -> str:
    r"""CCNet's normalization: lower case, no accents, digits as 0, ASCII punctuation, no control characters.

    >>> normalize(" Été 1998…\nOn 3 May, “so” ")
    'ete 0000...on 0 may, "so"'
    """
    line = text.strip().lower()
    line = "".join(c for c in unicodedata.normalize("NFD", line) if unicodedata.category(c) != "Mn")
    return _DIGIT.sub("0", line).translate(_ASCII_PUNCTUATION).translate(_CONTROL)


def perplexity(text: str, model: LanguageScorer, pieces: Any = None) -> float:
    """The perplexity of a text.

    Args:
        text: any text.
        model: the language model.
        pieces: a SentencePieceProcessor; words between white space if None.

    Returns:
        Rounded to one decimal; 0 for a text of which nothing is left.
    """
    line = normalize(text)
    words = line.split() if pieces is None else pieces.encode_as_pieces(line)
    if not words:
        return 0.0
    # CCNet counts what stands between white space in the joined pieces.
    joined = " ".join(words)
    value: float = round(10.0 ** (-model.score(joined) / (len(joined.split()) + 1)), 1)
    return value


def bucket_numbers(
    values: Sequence[float], languages: Sequence[str], cutoffs: Mapping[str, Sequence[float]]
) -> list[int]:
    """The bucket of each perplexity, as its place in `BUCKETS`.

    >>> bucket_numbers([339.9, 340, 520, 0, 5], ["en", "en", "en", "en", "xx"], CUTOFFS)
    [1, 2, 3, 0, 0]
    """
    numbers = []
    for value, language in zip(values, languages, strict=True):
        bounds = cutoffs.get(language)
        numbers.append(0 if bounds is None or value <= 0 else 1 + sum(value >= bound for bound in bounds))
    return numbers


def _import(package: str) -> Any:
    try:
        return __import__(package)
    except ImportError as error:
        extra = "perplexity"
        raise MissingExtraError(package, extra, "[perplexity]") from error


@functools.lru_cache(maxsize=32)
def load_scorer(uri: str) -> LanguageScorer:
    """A KenLM model (ARPA or binary), once per process.

    Raises:
        MissingExtraError: kenlm is not installed.
        ConfigError: no such file, or KenLM cannot read it.
    """
    model: LanguageScorer = _read(uri, _import("kenlm").Model, "models", "KenLM", ".arpa or binary model")
    return model


@functools.lru_cache(maxsize=32)
def load_pieces(uri: str) -> Any:
    """A SentencePiece model, once per process.

    Raises:
        MissingExtraError: sentencepiece is not installed.
        ConfigError: no such file, or it is no SentencePiece model.
    """
    sentencepiece = _import("sentencepiece")
    return _read(
        uri, lambda path: sentencepiece.SentencePieceProcessor(model_file=path), "pieces", "SentencePiece", ".model"
    )


def _read(uri: str, load: Callable[[str], Any], key: str, reader: str, wanted: str) -> Any:
    """What ``load`` makes of a local copy; ``key`` of the section, ``reader`` and ``wanted`` are for errors."""
    if not storage.exists(uri):
        message = f"[perplexity] {key}: no such file {uri!r}; give a {reader} {wanted}"
        raise ConfigError(message)
    with storage.local_copy(uri) as path:
        try:
            return load(str(path))
        except (OSError, RuntimeError) as error:
            message = f"[perplexity] {key}: {reader} cannot read {uri!r}: {error}"
            raise ConfigError(message) from error


@functools.lru_cache(maxsize=64)
def _sha256(uri: str) -> str:
    with storage.open_read(uri) as stream:
        hasher = hashlib.sha256()
        while block := stream.read(1 << 20):
            hasher.update(block)
    return hasher.hexdigest()


@dataclass(frozen=True)
class Perplexity:
    """The extra that makes `SIGNALS`.

    Attributes:
        models: language and uri of each KenLM model.
        pieces: language and uri of each SentencePiece model.
        cutoffs: language and the two cutoffs.
    """

    models: tuple[tuple[str, str], ...]
    pieces: tuple[tuple[str, str], ...]
    cutoffs: tuple[tuple[str, tuple[float, float]], ...]

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Three columns."""
        return SIGNALS

    def key(self) -> object:
        """Checksums of the models, the cutoffs, and the versions of both packages."""
        files = [[[language, _sha256(uri)] for language, uri in kind] for kind in (self.models, self.pieces)]
        packages = ("kenlm", "sentencepiece") if self.pieces else ("kenlm",)
        return ["perplexity", files, self.cutoffs, [metadata.version(package) for package in packages]]

    def measure(self, documents: pa.RecordBatch) -> Sequence[pa.Array]:
        """The three columns of a batch; models are loaded once per process, when a document needs them."""
        models, pieces = dict(self.models), dict(self.pieces)
        languages = documents.column("language").to_pylist()
        values = np.zeros(len(languages), np.float64)
        for row, (text, language) in enumerate(zip(documents.column("text").to_pylist(), languages, strict=True)):
            if language in models:
                cutter = load_pieces(pieces[language]) if language in pieces else None
                values[row] = perplexity(text, load_scorer(models[language]), cutter)
        numbers = bucket_numbers(values.tolist(), languages, dict(self.cutoffs))
        names = encode_languages([BUCKETS[number] for number in numbers])
        return [pa.array(values, pa.float64()), names, pa.array(numbers, pa.int64())]


def configured_perplexity(section: PerplexitySection) -> Perplexity:
    """The extra of a ``[perplexity]`` section, its models loaded once to see that they can be.

    Raises:
        ConfigError: a file that cannot be read, a language without a model, or cutoffs in the wrong order.
        MissingExtraError: a package is not installed.
    """
    for uri in section.models.values():
        load_scorer(uri)
    for language, uri in section.pieces.items():
        if language not in section.models:
            message = f"[perplexity] pieces: {language!r} has no model; languages with one: {', '.join(section.models)}"
            raise ConfigError(message)
        load_pieces(uri)
    cutoffs = {**CUTOFFS, **section.cutoffs}
    for language, (head, middle) in cutoffs.items():
        if not 0 < head <= middle:
            message = f"[perplexity] cutoffs: {language!r} needs two rising perplexities, got {head:g} and {middle:g}"
            raise ConfigError(message)
    return Perplexity(
        tuple(sorted(section.models.items())), tuple(sorted(section.pieces.items())), tuple(sorted(cutoffs.items()))
    )
