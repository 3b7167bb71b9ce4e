"""What is made equal before shingles are cut, and what a shingle is made of.

| normalization | words | characters |
|---|---|---|
| ``none`` | as they are written | every code point of the text |
| ``casefold`` | lower-cased | of the normal form of `gristmill.dedup.signatures.exact`: lower case, single spaces |
| ``datatrove`` | of the text simplified as datatrove does (`gristmill.dedup.signatures.simplify`) | of that text |

What a word is, is the same in all three (`gristmill.dedup.signatures.characters`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import pyarrow as pa

from gristmill.dedup.signatures.characters import character_table
from gristmill.dedup.signatures.exact import normalize
from gristmill.dedup.signatures.simplify import simplify
from gristmill.dedup.signatures.text_buffers import Bytes, Offsets, Table, text_buffers
from gristmill.errors import ConfigError, unknown_name

Unit = Literal["word", "character"]
UNITS: tuple[Unit, ...] = get_args(Unit)
Normalization = Literal["none", "casefold", "datatrove"]
NORMALIZATIONS: tuple[Normalization, ...] = get_args(Normalization)


@dataclass(frozen=True)
class Prepared:
    """A text column as the shingle kernels take it.

    Attributes:
        data: UTF-8.
        offsets: int64, of the documents in ``data``.
        table: class and lower case of each code point.
        by_word: shingles are of words, else of characters.
    """

    data: Bytes
    offsets: Offsets
    table: Table
    by_word: bool


def prepare(
    texts: pa.Array | pa.ChunkedArray, unit: Unit = "word", normalization: Normalization = "casefold"
) -> Prepared:
    """Normalizes a text column for shingles of a unit. For words, only ``datatrove`` costs a pass over the text.

    Raises:
        ConfigError: no such unit or normalization.
        InputError: ``texts`` is no text column, or holds nulls.

    >>> prepared = prepare(pa.array(["A  caf\u00e9"]), "character", "datatrove")
    >>> bytes(prepared.data[: prepared.offsets[-1]])
    b'a cafe'
    """
    if unit not in UNITS:
        raise ConfigError(unknown_name("shingle unit", unit, UNITS))
    if normalization not in NORMALIZATIONS:
        raise ConfigError(unknown_name("normalization", normalization, NORMALIZATIONS))
    by_word = unit == "word"
    if normalization == "datatrove":
        texts = simplify(texts)
    elif normalization == "casefold" and not by_word:
        texts = normalize(texts)
    data, offsets = text_buffers(texts)
    return Prepared(data, offsets, character_table(lower=normalization != "none"), by_word)
