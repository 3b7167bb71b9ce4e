"""Signals of word lists: bad words by the document's language, English words for groups of people, a user's lists.

They only count. Word lists remove talk about health, law and minorities together with what they are made against
(Dodge et al. 2021, arXiv:2104.08758), so terms that refer to a minority and terms that are often harmless are counted
apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gristmill.errors import ConfigError
from gristmill.filters.counts.measure import ARROW_TYPES, FRACTION, NATURAL, Signal
from gristmill.filters.text.arrays import Int64s
from gristmill.filters.text.buffers import TextBuffer, text_buffer
from gristmill.filters.words.term_matcher import TIERS, count_terms
from gristmill.filters.words.word_lists import (
    BUNDLED,
    IDENTITY,
    UNSPACED,
    bundled_sha256,
    bundled_trie,
    list_language,
    user_list,
)

_LIST = "LDNOOBW list at 5faf2ba, matched as in tensorflow_datasets/text/c4_utils.py"
_WIMBD = "Elazar et al. 2024, arXiv:2310.20707, word_based_bias_list.csv at 72695d6"

BAD_WORD_SIGNALS = (
    Signal(
        "bad_word_count", "int64", "occurrences", NATURAL,
        "listed words and phrases of the document's language; 0 in a language without a list", _LIST,
    ),
    Signal(
        "bad_word_fraction", "float64", "fraction", FRACTION, "characters inside those occurrences / characters", _LIST,
    ),
    Signal(
        "bad_word_minority_count", "int64", "occurrences", NATURAL,
        "those of them that refer to a minority (offensive-minority-reference); English only", _WIMBD,
    ),
    Signal(
        "bad_word_ambiguous_count", "int64", "occurrences", NATURAL,
        "those of them that are often harmless: medicine, law, names, everyday or reclaimed words; English only",
        "this project's choice among the listed terms, filters/data/words/en.txt",
    ),
    Signal(
        "identity_term_count", "int64", "occurrences", NATURAL,
        "words for groups of people that are on no list of bad words (harmless-minority); English only", _WIMBD,
    ),
)  # fmt: skip

_COLUMNS = 2 + TIERS
_NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class WordCounts:
    """The extra that counts the bundled lists, and a user's.

    Attributes:
        lists: name and uri of each of the user's lists.
    """

    lists: tuple[tuple[str, str], ...] = ()

    @property
    def signals(self) -> tuple[Signal, ...]:
        """`BAD_WORD_SIGNALS`, then ``words_<name>`` for each list of the user."""
        return (
            *BAD_WORD_SIGNALS,
            *(
                Signal(f"words_{name}", "int64", "occurrences", NATURAL, f"terms of the list {name!r}", "configuration")
                for name, _ in self.lists
            ),
        )

    def key(self) -> object:
        """Checksums of all lists."""
        return ["words", bundled_sha256(), [[name, user_list(uri)[1]] for name, uri in self.lists]]

    def measure(self, documents: pa.RecordBatch) -> Sequence[pa.Array]:
        """The counts of each document; its ``language`` chooses the list."""
        buffer = text_buffer(documents.column("text"))
        languages = np.array([list_language(code) for code in documents.column("language").to_pylist()], object)
        bad = _by_language(buffer, languages)
        fraction = np.divide(bad[:, 1], bad[:, 0], out=np.zeros(len(bad)), where=bad[:, 0] > 0)
        english = np.flatnonzero(languages == "en")
        identity = np.zeros(len(bad), np.int64)
        identity[english] = count_terms(buffer, english, bundled_trie(IDENTITY), spaced=True)[:, 2]
        columns = [bad[:, 2], fraction, bad[:, 3], bad[:, 4], identity]
        unspaced = np.isin(languages.astype(str), UNSPACED)
        for _, uri in self.lists:
            counts = np.zeros(len(bad), np.int64)
            for rows, spaced in ((np.flatnonzero(~unspaced), True), (np.flatnonzero(unspaced), False)):
                counts[rows] = count_terms(buffer, rows, user_list(uri)[0], spaced=spaced)[:, 2]
            columns.append(counts)
        return [
            pa.array(column, ARROW_TYPES[signal.dtype]) for column, signal in zip(columns, self.signals, strict=True)
        ]


def _by_language(buffer: TextBuffer, languages: np.ndarray) -> Int64s:
    counts = np.zeros((len(languages), _COLUMNS), np.int64)
    for language in sorted(set(languages.tolist()) & set(BUNDLED)):
        rows = np.flatnonzero(languages == language)
        counts[rows] = count_terms(buffer, rows, bundled_trie(language), spaced=language not in UNSPACED)
    return counts


def word_counts(lists: Mapping[str, str]) -> WordCounts:
    """The extra of a ``[words]`` section, its lists read and checked.

    Raises:
        ConfigError: a name that cannot be a column's, or a list that cannot be read.
    """
    for name, uri in lists.items():
        if not _NAME.fullmatch(name):
            message = f"[words] lists: a name must be lower-case letters, digits and _, for a column; got {name!r}"
            raise ConfigError(message)
        user_list(uri)
    return WordCounts(tuple(sorted(lists.items())))
