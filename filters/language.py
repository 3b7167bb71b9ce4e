r"""Which language a text is in, by a fastText identifier, on a bounded part of the text.

The identifier reads at most `SLICE_COUNT` slices of `SLICE_BYTES` bytes, evenly spread from the beginning to the end
and cut at character boundaries, joined by spaces, with line breaks as spaces: the cost of a long text does not grow
with its length, and a text of up to ``SLICE_COUNT * SLICE_BYTES`` bytes is read whole. A text whose slices hold no
letter is ``unknown`` with score 0.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any, Protocol

import fasttext
import fasttext.FastText
import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.errors import ConfigError
from gristmill.filters.arrays import Bytes, Int64s
from gristmill.filters.buffers import TextBuffer, text_buffer
from gristmill.filters.unicode_classes import LETTER, class_table
from gristmill.filters.utf8 import code_point

UNKNOWN = "unknown"
"""The language of a text that has no letter, or that the model has no answer for."""

SLICE_BYTES = 512
SLICE_COUNT = 3
LABEL_PREFIX = "__label__"
MODEL_PATH = Path(__file__).with_name("data") / "lid.176.ftz"
"""fastText's quantized identifier of 176 languages; origin and licence in ``data/NOTICE.md``."""


class LanguageModel(Protocol):
    """What `identify` asks of a model: fastText's own binding, reached as ``model.f``."""

    f: Any


@functools.lru_cache(maxsize=4)
def load_model(path: Path = MODEL_PATH) -> LanguageModel:
    """Loads a fastText model once per process.

    Raises:
        ConfigError: there is no such file, or it is not a fastText model.
    """
    if not path.is_file():
        message = f"language model {str(path)!r} is not a file; give the path of a fastText .bin or .ftz model"
        raise ConfigError(message)
    # fasttext.load_model prints a deprecation notice on every load; the class under it does not.
    try:
        model: LanguageModel = fasttext.FastText._FastText(model_path=str(path))  # noqa: SLF001
    except ValueError as error:
        message = f"language model {str(path)!r} cannot be read by fastText: {error}"
        raise ConfigError(message) from error
    return model


@functools.lru_cache(maxsize=4)
def model_sha256(path: Path = MODEL_PATH) -> str:
    """Checksum of a model file, for the key of the stage that uses it.

    >>> model_sha256()[:16]
    '8f3472cfe8738a7b'
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()


def identify(
    texts: pa.Array | pa.ChunkedArray, model: LanguageModel | None = None
) -> tuple[pa.DictionaryArray, pa.Array]:
    """Identifies the language of each text.

    Args:
        texts: string or large_string, without nulls.
        model: a model of `load_model`; the bundled one if None.

    Returns:
        Codes as the model names them (ISO 639-1 or 639-3 for the bundled one), ``dictionary<int32, string>``; and the
        probability that the model gives, float32 in 0 to 1.

    >>> codes, scores = identify(pa.array(["The mill grinds slowly.", "Die Mühle mahlt langsam.", "1 2 3"]))
    >>> codes.to_pylist()
    ['en', 'de', 'unknown']
    """
    return identify_buffer(text_buffer(texts), model)


def identify_buffer(buffer: TextBuffer, model: LanguageModel | None = None) -> tuple[pa.DictionaryArray, pa.Array]:
    """`identify` on a buffer that is at hand already."""
    data, offsets, letters = _slices(buffer.data, buffer.offsets, class_table(), SLICE_BYTES, SLICE_COUNT)
    lines = _strings(data, offsets)
    answer = load_model() if model is None else model
    labels, probabilities = answer.f.multilinePredict(lines, 1, 0.0, "replace")
    codes = [label[0].removeprefix(LABEL_PREFIX) if label else UNKNOWN for label in labels]
    scores = np.fromiter((float(found[0]) if len(found) else 0.0 for found in probabilities), np.float32, len(codes))
    known = np.asarray(letters, bool)
    codes = [code if has_letters else UNKNOWN for code, has_letters in zip(codes, known.tolist(), strict=True)]
    # fastText's softmax can pass 1 by a few units of the last place.
    scores = np.where(known, np.minimum(scores, np.float32(1.0)), np.float32(0.0)).astype(np.float32)
    return encode_languages(codes), pa.array(scores, pa.float32())


def encode_languages(codes: list[str]) -> pa.DictionaryArray:
    """Codes as ``dictionary<int32, string>`` whose dictionary is sorted, so that it depends on the set of codes only.

    >>> encode_languages(["fr", "en", "fr"]).dictionary.to_pylist()
    ['en', 'fr']
    """
    names = sorted(set(codes))
    index = {name: i for i, name in enumerate(names)}
    indices = pa.array([index[code] for code in codes], pa.int32())
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))


def _strings(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> list[str]:
    array = pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))
    strings: list[str] = array.to_pylist()
    return strings


@numba.njit(nogil=True, cache=True)
def _slices(
    data: Bytes, offsets: Int64s, classes: Bytes, slice_bytes: int, slice_count: int
) -> tuple[Bytes, Int64s, Bytes]:
    """The slices of each text, each text ended by a line break, and whether they have a letter."""
    documents = offsets.size - 1
    total = 0
    for document in range(documents):
        total += min(offsets[document + 1] - offsets[document], slice_bytes * slice_count) + slice_count + 1
    sliced = np.empty(total, np.uint8)
    bounds = np.zeros(documents + 1, np.int64)
    letters = np.zeros(documents, np.uint8)
    size = 0
    for document in range(documents):
        begin, end = offsets[document], offsets[document + 1]
        length = end - begin
        whole = length <= slice_bytes * slice_count
        for piece in range(1 if whole else slice_count):
            start, stop = begin, end
            if not whole:
                start = begin + (length - slice_bytes) * piece // max(slice_count - 1, 1)
                stop = start + slice_bytes
            while start < stop and (data[start] & 0xC0) == 0x80:
                start += 1
            while stop < end and stop > start and (data[stop] & 0xC0) == 0x80:
                stop -= 1
            if piece:
                sliced[size] = 32
                size += 1
            i = start
            while i < stop:
                point, width = code_point(data, i, stop)
                if classes[point] & LETTER:
                    letters[document] = 1
                broken = width == 1 and data[i] >= 0x80
                for k in range(i, i + width):
                    sliced[size] = 32 if broken or data[k] == 10 else data[k]
                    size += 1
                i += width
        sliced[size] = 10
        size += 1
        bounds[document + 1] = size
    return sliced[:size], bounds, letters
