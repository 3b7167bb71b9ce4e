"""The two BPE engines behind one shape: texts in, flat ids and offsets out, on the calling thread only.

``tokenizers`` is the reference, ``gigatoken`` the fast one. Workers are one process per core, so neither may start
threads: gigatoken is called with ``parallel=False``, and ``tokenizers`` text by text, since its batch call sizes a
thread pool from the environment.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tokenizers

from gristmill.tokenize.vocabulary import Vocabulary

FlatIds = tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]
"""Flat token ids, and offsets with one entry more than there are texts, starting at 0."""


CACHE_BYTES = 1 << 28
"""gigatoken remembers every word it has seen, about 110 bytes each, without limit; after this much text it is loaded
again, which takes 0.05-0.2 s and leaves the ids as they are."""


class Engine(Protocol):
    """Turns texts into ids, without special tokens and without an end-of-text id."""

    name: str

    def encode(self, texts: pa.Array) -> FlatIds:
        """Encodes a ``large_string`` array without nulls."""
        ...


class Reference:
    """Hugging Face ``tokenizers``: what every other engine must agree with."""

    name = "tokenizers"

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.tokenizer = tokenizers.Tokenizer.from_str(vocabulary.reference_json)
        # The library's switch for "a special token's characters in a text are just characters".
        self.tokenizer.encode_special_tokens = True

    def encode(self, texts: pa.Array) -> FlatIds:
        """Encodes text by text."""
        rows = [
            np.array(self.tokenizer.encode(text, add_special_tokens=False).ids, np.uint32) for text in texts.to_pylist()
        ]
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum([len(row) for row in rows], out=offsets[1:])
        return np.concatenate([np.empty(0, np.uint32), *rows]), offsets

    def decode(self, ids: npt.NDArray[np.integer[Any]]) -> str:
        """The text of these ids, special tokens spelled out."""
        return str(self.tokenizer.decode(ids.tolist(), skip_special_tokens=False))


class EngineFailure(Exception):  # noqa: N818 - what happened, not what went wrong with the data
    """The fast engine cannot load a tokenizer or stopped in the middle of a text; the reference can go on."""


@contextlib.contextmanager
def _failures(doing: str) -> Iterator[None]:
    """Turns whatever the engine raises into :class:`EngineFailure`; a panic of its Rust code is no ``Exception``."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        message = f"gigatoken cannot {doing} ({type(error).__name__}: {error})"
        raise EngineFailure(message) from error


class Gigatoken:
    """``gigatoken``: the same ids tens of times faster, straight from the Arrow buffers.

    Raises:
        EngineFailure: the package is not installed or does not support this tokenizer.
    """

    name = "gigatoken"

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._json = vocabulary.plain_json
        self._seen_bytes = 0
        with _failures("load this tokenizer"):
            self._awkward = importlib.import_module("awkward")
            self._load = importlib.import_module("gigatoken").Tokenizer.from_json
            self._tokenizer = self._load(self._json)

    def encode(self, texts: pa.Array) -> FlatIds:
        """Encodes the batch; the text is not copied.

        Raises:
            EngineFailure: the engine stopped.
        """
        if not len(texts):
            return np.empty(0, np.uint32), np.zeros(1, np.int64)
        layouts = self._awkward.contents
        _, offsets, data = texts.buffers()
        rows = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
        characters = layouts.NumpyArray(np.frombuffer(data or b"", np.uint8), parameters={"__array__": "char"})
        strings = layouts.ListOffsetArray(
            self._awkward.index.Index64(rows), characters, parameters={"__array__": "string"}
        )
        with _failures("encode a batch"):
            encoded = self._warm(int(rows[-1] - rows[0])).encode_batch(self._awkward.Array(strings), parallel=False)
        return np.asarray(encoded.layout.content.data), np.asarray(encoded.layout.offsets.data)

    def _warm(self, text_bytes: int) -> Any:
        """The library's tokenizer, loaded again when what it remembers has grown too large."""
        if self._seen_bytes > CACHE_BYTES:
            self._tokenizer, self._seen_bytes = self._load(self._json), 0
        self._seen_bytes += text_bytes
        return self._tokenizer
