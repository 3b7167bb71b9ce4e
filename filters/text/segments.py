"""What `gristmill.filters.text.segment` finds: words, lines and paragraphs, each kind numbered through the batch."""

from __future__ import annotations

from typing import NamedTuple

from gristmill.filters.text.arrays import Bytes, Hashes, Int32s, Int64s

HAS_LETTER = 1
"""Flag of a word that has a letter (Unicode L*)."""
PLAIN = 2
"""Flag of a word of ASCII letters and digits only."""
ASCII = 4
"""Flag of a word of ASCII characters only."""
LETTERS = 8
"""Flag of a word of letters only."""
MARKED = 16
"""Flag of a word of letters with one more byte at its end, which is none."""


class Words(NamedTuple):
    """The words of a batch.

    Attributes:
        start: first byte of each word in the batch's buffer.
        end: the byte after its last.
        chars: code points.
        flags: `HAS_LETTER`, `PLAIN`, `ASCII`, `LETTERS`, `MARKED`.
        hash: 64 bits of its bytes.
    """

    start: Int64s
    end: Int64s
    chars: Int32s
    flags: Bytes
    hash: Hashes


class Lines(NamedTuple):
    """The lines of a batch.

    Attributes:
        start: first byte of each line that is not white space.
        end: the byte after its last.
        words: of shape (lines + 1,); line l has the words ``words[l]`` to ``words[l + 1]``.
        chars: code points between ``start`` and ``end``.
        opens: 1 if a blank line, or nothing, comes before it in its document: it opens a paragraph.
        hash: 64 bits of its bytes.
    """

    start: Int64s
    end: Int64s
    words: Int64s
    chars: Int32s
    opens: Bytes
    hash: Hashes


class RawLines(NamedTuple):
    """The raw lines of a batch.

    Attributes:
        start: first byte of each.
        end: the byte after its last, which is the line break or the end of the text.
        chars: code points.
        line: the number of the first line (of `Lines`) that does not lie before it: its own, if it is not blank.
        blank: 1 if there is nothing but white space in it.
    """

    start: Int64s
    end: Int64s
    chars: Int32s
    line: Int64s
    blank: Bytes


class Paragraphs(NamedTuple):
    """The paragraphs of a batch.

    Attributes:
        chars: code points of its lines, and one for each break between them.
        hash: 64 bits of its lines' hashes.
    """

    chars: Int32s
    hash: Hashes


class Documents(NamedTuple):
    """What is counted of each document on the way.

    Attributes:
        chars: code points.
        alphanumerics: letters, digits and other numbers.
        letters: letters.
    """

    chars: Int64s
    alphanumerics: Int64s
    letters: Int64s


class Planes(NamedTuple):
    """Bit planes of a batch (`gristmill.kernels.bit_planes`): ends of ASCII words, letters, digits."""

    ends: Bytes
    letters: Bytes
    digits: Bytes


class Segments(NamedTuple):
    """Words, lines and paragraphs of a batch of D documents, each kind numbered through the whole batch.

    Attributes:
        documents: of shape (D,) each.
        document_words: of shape (D + 1,); document d has the words ``document_words[d]`` to ``document_words[d + 1]``.
        document_lines: of shape (D + 1,), the same for lines.
        document_raw_lines: of shape (D + 1,), the same for raw lines.
        document_paragraphs: of shape (D + 1,), the same for paragraphs.
        words: all words.
        lines: all lines.
        raw_lines: all raw lines.
        paragraphs: all paragraphs.
        planes: what kind each byte is.
    """

    documents: Documents
    document_words: Int64s
    document_lines: Int64s
    document_raw_lines: Int64s
    document_paragraphs: Int64s
    words: Words
    lines: Lines
    raw_lines: RawLines
    paragraphs: Paragraphs
    planes: Planes
