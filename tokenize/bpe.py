"""Text to token ids: fast where it is proven equal to the reference, the reference itself where it is not.

The fast engine is compared with ``tokenizers`` when it is loaded (on a fixed set of awkward texts), on a sample of the
first batch of real documents, and on one document in a thousand after that, chosen by a hash of its text. The first
difference is recorded in :attr:`Tokenizer.mismatch`, the batch at hand is encoded again by the reference, and so is
everything after it. Earlier batches are then suspect: :func:`encode_all` starts over, so that what a raw shard becomes
depends on that shard alone and not on what its worker happened to see before.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill.errors import TokenizerError
from gristmill.tokenize import agreement
from gristmill.tokenize.chunking import numpy_dtype
from gristmill.tokenize.engines import EngineFailure, FlatIds, Gigatoken, Reference
from gristmill.tokenize.manifest import TokenizerInfo
from gristmill.tokenize.vocabulary import Vocabulary, read_vocabulary

EngineName = Literal["auto", "tokenizers", "gigatoken"]


class Tokenizer:
    """A ``tokenizer.json`` at work. Make one with :func:`load_tokenizer`; it can be pickled.

    Attributes:
        vocabulary: what the file says.
        sha256: of the file, in hex.
        vocab_size: the largest id + 1, added tokens included.
        dtype: ``uint16`` when every id fits, else ``uint32``.
        eot_token, eot_id: the token that ends every document.
        engine: which engine encodes now.
        mismatch: where gigatoken differed from ``tokenizers``, or why it could not be used; None while it agrees.
    """

    def __init__(
        self, vocabulary: Vocabulary, requested: EngineName, reference: Reference, fast: Gigatoken | None
    ) -> None:
        self.vocabulary = vocabulary
        self.sha256 = vocabulary.sha256
        self.vocab_size = vocabulary.vocab_size
        self.dtype = vocabulary.dtype
        self.eot_token = vocabulary.eot_token
        self.eot_id = vocabulary.eot_id
        self.mismatch: str | None = None
        self._requested: EngineName = requested
        self._reference = reference
        self._fast = fast
        self._started = False
        self._forbidden = np.zeros(self.vocab_size, np.bool_)
        self._forbidden[list(vocabulary.special_ids)] = True

    @property
    def engine(self) -> str:
        """``gigatoken`` or ``tokenizers``."""
        return self._reference.name if self._fast is None else self._fast.name

    @property
    def info(self) -> TokenizerInfo:
        """The manifest's entry for this tokenizer."""
        return self.vocabulary.info

    def fresh(self) -> Tokenizer:
        """The same tokenizer at the start of another shard: its next batch is sampled as a first batch again."""
        again = Tokenizer(self.vocabulary, self._requested, self._reference, self._fast)
        again.mismatch = self.mismatch
        return again

    def encode_batch(self, texts: pa.Array) -> pa.Array:
        """Encodes documents. Adds no special token but the end-of-text id at the end of each.

        A special token spelled out in a text is encoded as the ordinary characters it consists of.

        Args:
            texts: ``string`` or ``large_string``, valid UTF-8, no nulls.

        Returns:
            ``large_list`` of :attr:`dtype`, one row per text; an empty text is the end-of-text id alone.

        Raises:
            TokenizerError: a text yields an id outside the vocabulary or a special one, or the engine asked for by name
                differs from the reference.
        """
        batch = _large_strings(texts)
        flat = None if self._fast is None else self._encode_fast(batch, self._fast)
        return self._finish(self._reference.encode(batch) if flat is None else flat)

    def decode(self, ids: npt.NDArray[np.unsignedinteger] | list[int]) -> str:
        """The text of these ids; one end-of-text id at the end is dropped.

        For byte-level tokenizers this is exactly the text that was encoded, up to the tokenizer's own normalizer.
        """
        row = np.asarray(ids, np.int64)
        if len(row) and row[-1] == self.eot_id:
            row = row[:-1]
        return self._reference.decode(row)

    def __reduce__(self) -> tuple[Callable[[], Tokenizer], tuple[()]]:
        load = functools.partial(load_tokenizer, self.vocabulary.raw, eot_token=self.eot_token, engine=self._requested)
        return load, ()

    def _encode_fast(self, batch: pa.Array, fast: Gigatoken) -> FlatIds | None:
        """The fast engine's ids; None, and the engine dropped, where it fails or differs on a checked document."""
        try:
            flat = fast.encode(batch)
        except EngineFailure as failure:
            self.drop_fast_engine(str(failure))
            return None
        rows = agreement.chosen_rows(batch, at_start=not self._started)
        self._started = self._started or len(batch) > 0
        if len(rows):
            chosen = batch.take(pa.array(rows))
            found = agreement.difference(chosen, agreement.select(flat, rows), fast.name, self._reference)
            if found is not None:
                self.drop_fast_engine(found)
                return None
        return flat

    def drop_fast_engine(self, reason: str) -> None:
        """Goes on with the reference alone, and says why in :attr:`mismatch`.

        Raises:
            TokenizerError: gigatoken was asked for by name.
        """
        self._fast = None
        self.mismatch = reason
        if self._requested == "gigatoken":
            message = f"gigatoken does not do for this tokenizer: {reason}; set the engine to 'auto' or 'tokenizers'"
            raise TokenizerError(message)

    def _finish(self, flat: FlatIds) -> pa.Array:
        """Checks the ids, narrows them to the dtype and ends every row with the end-of-text id."""
        ids, offsets = flat
        if len(ids):
            if int(ids.max()) >= self.vocab_size:
                message = f"{self.engine} produced the id {ids.max()}, outside the vocabulary of {self.vocab_size}"
                raise TokenizerError(message)
            if self._forbidden[ids].any():
                message = f"{self.engine} produced the special id {ids[self._forbidden[ids]][0]} from plain text"
                raise TokenizerError(message)
        ends = offsets + np.arange(len(offsets), dtype=np.int64)
        rows = np.empty(len(ids) + len(offsets) - 1, numpy_dtype(self.dtype))
        is_text = np.ones(len(rows), np.bool_)
        is_text[ends[1:] - 1] = False
        rows[is_text] = ids
        rows[ends[1:] - 1] = self.eot_id
        return pa.LargeListArray.from_arrays(pa.array(ends), pa.array(rows))


def load_tokenizer(
    path_or_json: Path | bytes, *, eot_token: str | None = None, engine: EngineName = "auto"
) -> Tokenizer:
    """Loads a ``tokenizer.json``.

    Args:
        path_or_json: the file or its bytes.
        eot_token: the token that ends a document; None finds it among the added tokens (see
            :data:`gristmill.tokenize.vocabulary.END_OF_TEXT_TOKENS`).
        engine: ``auto`` is gigatoken while it agrees with ``tokenizers``; ``gigatoken`` makes a difference an error.

    Raises:
        ConfigError: no such file.
        TokenizerError: not a tokenizer, no end-of-text token (the message lists candidates), or ``engine`` is
            ``gigatoken`` and it cannot be used.
    """
    vocabulary = read_vocabulary(path_or_json, eot_token)
    reference = Reference(vocabulary)
    tokenizer = Tokenizer(vocabulary, engine, reference, None)
    if engine == "tokenizers":
        return tokenizer
    spelled = [f"a{token}b {token}" for token in vocabulary.added]
    probes = pa.array([*agreement.PROBES, *spelled], pa.large_string())
    try:
        fast = Gigatoken(vocabulary)
        found = agreement.difference(probes, fast.encode(probes), fast.name, reference)
    except EngineFailure as failure:
        found = str(failure)
    if found is not None:
        tokenizer.drop_fast_engine(found)
        return tokenizer
    return Tokenizer(vocabulary, engine, reference, fast)


def encode_all(tokenizer: Tokenizer, batches: Callable[[], Iterable[pa.Array]]) -> tuple[list[pa.Array], str | None]:
    """Encodes the batches of one raw shard, all by the same engine.

    Args:
        tokenizer: left as it is; the shard is encoded by a fresh copy.
        batches: gives the texts; called a second time when the engines differ somewhere in the shard.

    Returns:
        One array per batch, and the difference found, None where there was none.
    """
    mine = tokenizer.fresh()
    encoded = [mine.encode_batch(texts) for texts in batches()]
    if mine.mismatch is not None and tokenizer.mismatch is None:
        encoded = [mine.encode_batch(texts) for texts in batches()]
    return encoded, mine.mismatch


def _large_strings(texts: pa.Array) -> pa.Array:
    if texts.null_count or not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
        message = f"texts must be string or large_string without nulls, got {texts.type} with {texts.null_count} nulls"
        raise TypeError(message)
    return texts.cast(pa.large_string())
