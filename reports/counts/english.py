"""Counts of pronouns and identity terms in English prose, made in one pass for all panels that show them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.reports.counts.batch import Batch
from gristmill.reports.counts.counts import Tally
from gristmill.reports.counts.lexicon import Lexicon, english_terms
from gristmill.reports.counts.mentions import Mentions, count_mentions

WHAT_IS_COUNTED = (
    "Only documents that were identified as English and are not source code are counted; a term is matched as a whole "
    "word, without regard to case."
)


@dataclass(frozen=True)
class EnglishBatch:
    """The mentions in one batch, by group; ``groups`` has a row (source, length bin, verdict) for each group."""

    groups: list[tuple[str, str, str]]
    mentions: Mentions
    lexicon: Lexicon


def read_english(batch: Batch) -> EnglishBatch:
    """Counts the terms in the English prose of ``batch``, grouped by source, length bin and verdict."""
    keys = pc.binary_join_element_wise(batch.source, batch.length_bin, batch.verdict, "\x1f").dictionary_encode()
    wanted: npt.NDArray[np.bool_] = batch.is_english_prose
    numbers: npt.NDArray[np.int32] = np.where(wanted, keys.indices.to_numpy(), -1).astype(np.int32)
    lexicon = english_terms()
    mentions = count_mentions(batch.documents.column("text"), numbers, len(keys.dictionary), lexicon)
    groups = [tuple(key.rsplit("\x1f", 2)) for key in keys.dictionary.to_pylist()]
    return EnglishBatch([(group[0], group[1], group[2]) for group in groups], mentions, lexicon)


def _table(rows: list[tuple[str | int, ...]], tally_keys: tuple[str, ...], values: tuple[str, ...]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * (len(tally_keys) + len(values))
    types = [pa.string()] * len(tally_keys) + [pa.int64()] * len(values)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    return pa.table(dict(zip((*tally_keys, *values), arrays, strict=True)))


_GROUP = ("source", "length_bin", "verdict")


def count_english(batch: Batch) -> pa.Table:
    """English prose by source, length bin and verdict: documents and words."""
    found = batch.once("english", read_english)
    rows: list[tuple[str | int, ...]] = [
        (*group, int(found.mentions.documents[number]), int(found.mentions.words[number]))
        for number, group in enumerate(found.groups)
        if found.mentions.documents[number]
    ]
    return _table(rows, _GROUP, ("documents", "words"))


def count_terms(batch: Batch) -> pa.Table:
    """English prose that mentions each term: documents and occurrences."""
    found = batch.once("english", read_english)
    rows: list[tuple[str | int, ...]] = []
    for number, term in np.argwhere(found.mentions.term_documents):
        amounts = found.mentions.term_documents[number, term], found.mentions.term_occurrences[number, term]
        rows.append((found.lexicon.terms[term].name, *found.groups[number], int(amounts[0]), int(amounts[1])))
    return _table(rows, ("term", *_GROUP), ("documents", "occurrences"))


def count_axes(batch: Batch) -> pa.Table:
    """English prose that mentions any unambiguous term of each axis: documents and occurrences."""
    found = batch.once("english", read_english)
    rows: list[tuple[str | int, ...]] = []
    for number, axis in np.argwhere(found.mentions.axis_documents):
        amounts = found.mentions.axis_documents[number, axis], found.mentions.axis_occurrences[number, axis]
        rows.append((found.lexicon.axes[axis][0], *found.groups[number], int(amounts[0]), int(amounts[1])))
    return _table(rows, ("axis", *_GROUP), ("documents", "occurrences"))


ENGLISH_TALLY = Tally("english", _GROUP, ("documents", "words"), count_english)
TERM_TALLY = Tally("english_terms", ("term", *_GROUP), ("documents", "occurrences"), count_terms)
AXIS_TALLY = Tally("english_axes", ("axis", *_GROUP), ("documents", "occurrences"), count_axes)
