"""The texts of a batch as the rule families see them; each view is made once, when a family first asks for it."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gristmill.filters.counts.c4_phrases import mark_lines
from gristmill.filters.language_packs import pack_rows
from gristmill.filters.text.arrays import Bytes, Int64s
from gristmill.filters.text.buffers import TextBuffer
from gristmill.filters.text.grams import Stream, count_grams
from gristmill.filters.text.normalized_words import NormalizedWords, normalize_words
from gristmill.filters.text.raw_copies import count_raw_copies
from gristmill.filters.text.segment import segment
from gristmill.filters.text.segments import Segments
from gristmill.filters.tokens.tokens import Tokens, tokenize
from gristmill.kernels.arena import Arena


class Views:
    """One batch of texts.

    Attributes:
        buffer: their UTF-8.
        documents: how many.
        arena: memory for arrays that live as long as this batch does.
    """

    def __init__(self, buffer: TextBuffer, languages: Sequence[str] | None = None, arena: Arena | None = None) -> None:
        """Makes no view yet.

        Args:
            buffer: the texts.
            languages: code of each text; English if not given.
            arena: where the views lie; memory of their own if not given.
        """
        self.arena = arena or Arena()
        self.buffer = buffer
        self.documents = len(buffer.offsets) - 1
        self._languages = languages

    @functools.cached_property
    def packs(self) -> NDArray[np.int8]:
        """Row of each text's language in `gristmill.filters.language_packs.STOP_TABLES`."""
        if self._languages is None:
            return np.zeros(self.documents, np.int8)
        return pack_rows(list(self._languages))

    @functools.cached_property
    def segments(self) -> Segments:
        """Words, lines and paragraphs."""
        return segment(self.buffer, self.arena)

    @functools.cached_property
    def line_marks(self) -> Bytes:
        """Phrases and brackets of each line, see `gristmill.filters.counts.c4_phrases`."""
        lines = self.segments.lines
        return mark_lines(self.buffer.data, lines.start, lines.end, self.arena)

    @functools.cached_property
    def word_grams(self) -> Int64s:
        """`gristmill.filters.text.grams.COLUMNS` of white-space words."""
        words = self.segments.words
        return count_grams(Stream(self.segments.document_words, words.chars, words.hash), self.arena)

    @functools.cached_property
    def normalized(self) -> NormalizedWords:
        """Normalized words."""
        return normalize_words(self.buffer, self.segments, self.arena)

    @functools.cached_property
    def normalized_grams(self) -> Int64s:
        """`gristmill.filters.text.grams.COLUMNS` of normalized words."""
        return count_grams(self.normalized.stream, self.arena)

    @functools.cached_property
    def tokens(self) -> Tokens:
        """Tokens, as spaCy's English tokenizer splits words."""
        return tokenize(self.buffer, self.segments, self.arena)

    @functools.cached_property
    def token_grams(self) -> Int64s:
        """`gristmill.filters.text.grams.COLUMNS` of tokens."""
        return count_grams(Stream(self.tokens.bounds, self.tokens.chars, self.tokens.hash), self.arena)

    @functools.cached_property
    def raw_copies(self) -> Int64s:
        """`gristmill.filters.text.raw_copies.COLUMNS`."""
        return count_raw_copies(self.buffer, self.segments)
