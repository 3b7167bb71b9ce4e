r"""Which language a text is in, by a fastText identifier, on a bounded part of the text.

The identifier reads at most `SLICE_COUNT` slices of `SLICE_BYTES` bytes, evenly spread from the beginning to the end
and cut at character boundaries, as words of one line: the cost of a long text does not grow with its length, and a
text of up to ``SLICE_COUNT * SLICE_BYTES`` bytes is read whole. A text whose slices hold no letter is ``unknown`` with
score 0.

Any supervised fastText model will do. One with a softmax or hierarchical softmax (lid.176, GlotLID, OpenLID) is asked
by a kernel that gives fastText's labels many times faster than fastText; another, or a quantized one that is too large
to expand, by the kernel that follows fastText to the last bit. Codes are the model's labels without ``__label__``:
``en`` of lid.176, ``eng_Latn`` of GlotLID and OpenLID.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill import storage
from gristmill.errors import ConfigError
from gristmill.filters.fasttext.kernels import join_slices, predict_slices
from gristmill.filters.fasttext.lines import answer_lines
from gristmill.filters.fasttext.model import FastTextModel, read_model
from gristmill.filters.scripts import count_script_letters, script_mask, script_table
from gristmill.filters.text.buffers import TextBuffer, text_buffer
from gristmill.filters.text.unicode_classes import class_table

UNKNOWN = "unknown"
"""The language of a text that has no letter, or that the model has no answer for."""

SLICE_BYTES = 256
SLICE_COUNT = 3
MODEL_PATH = Path(__file__).parents[1] / "data" / "lid.176.ftz"
"""fastText's quantized identifier of 176 languages; origin and licence in ``data/NOTICE.md``."""

_CHUNK_BYTES = 1 << 24


@dataclass(frozen=True)
class Identifier:
    """A model that identifies languages."""

    model: FastTextModel


class Languages(NamedTuple):
    """What `identify_buffer` finds.

    Attributes:
        codes: as the model names them, ``dictionary<int32, string>`` with a sorted dictionary.
        scores: the model's probability, float32 in 0 to 1.
        script_shares: share of the letters that stand in a script the language is written in, float32 in 0 to 1; 1 for
            a language whose scripts are not known, 0 for ``unknown``.
    """

    codes: pa.DictionaryArray
    scores: pa.Array
    script_shares: pa.Array


@functools.lru_cache(maxsize=2)
def load_identifier(uri: str | None = None) -> Identifier:
    """Loads a model once per process.

    Args:
        uri: a fastText ``.bin`` or ``.ftz``, on disk or in an object store; the bundled lid.176.ftz if None.

    Raises:
        ConfigError: there is no such file, or it is not a supervised fastText model.
    """
    name = str(MODEL_PATH) if uri is None else uri
    if not storage.exists(name) or (not storage.is_remote(name) and Path(name).is_dir()):
        message = f"language model {name!r} is not a file; give the path of a fastText .bin or .ftz model"
        raise ConfigError(message)
    with storage.local_copy(name) as path:
        try:
            with path.open("rb") as file:
                return Identifier(read_model(file))
        except ValueError as error:
            message = f"language model {name!r} cannot be used: {error}; give a supervised fastText .bin or .ftz model"
            raise ConfigError(message) from error


@functools.lru_cache(maxsize=4)
def model_sha256(uri: str | None = None) -> str:
    """Checksum of a model file, for the key of the stage that uses it; the bundled one if ``uri`` is None.

    >>> model_sha256()[:16]
    '8f3472cfe8738a7b'
    """
    load_identifier(uri)  # says what is wrong with the file, before a checksum of it is taken
    hasher = hashlib.sha256()
    with storage.open_read(str(MODEL_PATH) if uri is None else uri) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            hasher.update(chunk)
    return hasher.hexdigest()


def identify(
    texts: pa.Array | pa.ChunkedArray, identifier: Identifier | None = None
) -> tuple[pa.DictionaryArray, pa.Array]:
    """Identifies the language of each text.

    Args:
        texts: string or large_string, without nulls.
        identifier: from `load_identifier`; the bundled one if None.

    Returns:
        Codes as the model names them (ISO 639-1 or 639-3 for the bundled one), ``dictionary<int32, string>``; and the
        probability that the model gives, float32 in 0 to 1.

    >>> codes, scores = identify(pa.array(["The mill grinds slowly.", "Die Mühle mahlt langsam.", "1 2 3"]))
    >>> codes.to_pylist()
    ['en', 'de', 'unknown']
    """
    found = identify_buffer(text_buffer(texts), identifier)
    return found.codes, found.scores


def identify_buffer(buffer: TextBuffer, identifier: Identifier | None = None) -> Languages:
    """`identify` on a buffer that is at hand already, with the share of letters in the language's scripts."""
    model = (load_identifier() if identifier is None else identifier).model
    if model.suits_slices:
        data, offsets = buffer
        numbers, scores = predict_slices(data, offsets, class_table(), model.arrays, SLICE_BYTES, SLICE_COUNT)
    else:
        numbers, scores = _ask_by_line(buffer, model)
    codes = _named(numbers, model.labels)
    # fastText adds a little to every probability, so the sum of them passes 1.
    scores = np.minimum(scores, np.float32(1.0))
    return Languages(codes, pa.array(scores, pa.float32()), script_shares(buffer, codes))


def script_shares(buffer: TextBuffer, codes: pa.DictionaryArray) -> pa.Array:
    """`Languages.script_shares` of texts whose languages are known."""
    names = codes.dictionary.to_pylist()
    masks = np.array([script_mask(name) for name in names], np.uint64)
    indices = codes.indices.to_numpy(zero_copy_only=False)
    unknown = np.array([name == UNKNOWN for name in names], bool)
    row_masks = masks[indices] if len(names) else np.zeros(0, np.uint64)
    letters, fitting = count_script_letters(
        buffer.data, buffer.offsets, script_table(), row_masks, SLICE_BYTES, SLICE_COUNT
    )
    shares = np.divide(fitting, letters, out=np.zeros(len(letters)), where=letters > 0)
    shares[row_masks == 0] = 1.0
    if len(names):
        shares[unknown[indices]] = 0.0
    return pa.array(shares.astype(np.float32), pa.float32())


def encode_languages(codes: list[str]) -> pa.DictionaryArray:
    """Codes as ``dictionary<int32, string>`` whose dictionary is sorted, so that it depends on the set of codes only.

    >>> encode_languages(["fr", "en", "fr"]).dictionary.to_pylist()
    ['en', 'fr']
    """
    names = sorted(set(codes))
    index = {name: i for i, name in enumerate(names)}
    indices = pa.array([index[code] for code in codes], pa.int32())
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))


def _named(numbers: NDArray[np.int32], labels: tuple[str, ...]) -> pa.DictionaryArray:
    """Label numbers as `encode_languages` gives them; -1 is `UNKNOWN`."""
    used, places = np.unique(numbers, return_inverse=True)
    names = [UNKNOWN if number < 0 else labels[number] for number in used.tolist()]
    ordered = sorted(set(names))
    place = np.array([ordered.index(name) for name in names], np.int32)
    indices = place[places] if names else np.zeros(0, np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), pa.array(ordered, pa.string()))


def _ask_by_line(buffer: TextBuffer, model: FastTextModel) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Label numbers, -1 for a text without a letter or an answer, and probabilities."""
    lines = TextBuffer(*join_slices(buffer.data, buffer.offsets, SLICE_BYTES, SLICE_COUNT))
    numbers, chances = answer_lines(lines, model)
    raw, bounds = bytes(lines.data), lines.offsets.tolist()
    texts = (raw[start:stop].decode("utf-8", "replace") for start, stop in itertools.pairwise(bounds))
    silent = np.array([not any(map(str.isalpha, text)) for text in texts], bool)
    numbers[silent], chances[silent] = -1, 0
    return numbers, chances
