r"""How much of a source file is comments: one lexer for all languages of `comment_syntax`.

A comment's characters are all of it, marks included, without the line break behind a line comment. In Python a
docstring counts too: a string that stands first on its line, where the last line of code before it ends with a colon,
or where there is none. StarCoder counts the same things less their marks and indentation (``preprocessing/utils/
text_extraction.py``: ``tokenize`` and ``ast`` for Python, Pygments for the others).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gristmill.filters.source_code.comment_syntax import SYNTAXES
from gristmill.filters.text.arrays import Bytes, Int64s
from gristmill.filters.text.buffers import TextBuffer
from gristmill.kernels.kernel import kernel

_MARKS, _MARK_BYTES = 3, 8
_NEWLINE, _BACKSLASH, _APOSTROPHE, _COLON = 10, 92, 39, 58
_CHARACTER_BYTES = 12


class _Tables(NamedTuple):
    """`SYNTAXES` as arrays; a mark of no bytes is none.

    Attributes:
        lines: uint8 of shape (languages, marks, bytes).
        opens: as lines.
        closes: as lines.
        quotes: uint8 of shape (languages, 256): 1 for a string of one line, 2 for one of several.
        flags: uint8 of shape (languages, 4): nested, triple, character, spaced.
    """

    lines: NDArray[np.uint8]
    opens: NDArray[np.uint8]
    closes: NDArray[np.uint8]
    quotes: NDArray[np.uint8]
    flags: NDArray[np.uint8]


LANGUAGES = tuple(SYNTAXES)
"""The languages in the order of their codes."""


def _tables() -> _Tables:
    count = len(SYNTAXES)
    lines, opens, closes = (np.zeros((count, _MARKS, _MARK_BYTES), np.uint8) for _ in range(3))
    quotes, flags = np.zeros((count, 256), np.uint8), np.zeros((count, 4), np.uint8)
    for which, syntax in enumerate(SYNTAXES.values()):
        for table, marks in (
            (lines, syntax.lines),
            (opens, tuple(first for first, _ in syntax.blocks)),
            (closes, tuple(last for _, last in syntax.blocks)),
        ):
            for k, mark in enumerate(marks):
                table[which, k, : len(mark)] = np.frombuffer(mark.encode("ascii"), np.uint8)
        for code, characters in ((1, syntax.quotes), (2, syntax.long_quotes)):
            for character in characters:
                quotes[which, ord(character)] = code
        flags[which] = (syntax.nested, syntax.triple, syntax.character, syntax.spaced)
    return _Tables(lines, opens, closes, quotes, flags)


_TABLES = _tables()


def comment_chars(buffer: TextBuffer, languages: Int64s) -> Int64s:
    """Characters of comments and docstrings of each text.

    Args:
        buffer: the texts.
        languages: for each text an index into `LANGUAGES`, or -1 for none.

    Returns:
        int64 of shape (texts,), 0 where there is no language.

    >>> import pyarrow as pa
    >>> from gristmill.filters.text.buffers import text_buffer
    >>> texts = text_buffer(pa.array(['x = "# no"  # yes', "int a; /* b */"]))
    >>> comment_chars(texts, np.array([LANGUAGES.index("Python"), LANGUAGES.index("C")])).tolist()
    [5, 7]
    """
    found = np.zeros(len(languages), np.int64)
    _count(buffer.data, buffer.offsets, languages, _TABLES, found)
    return found


@kernel
def _count(data: Bytes, offsets: Int64s, languages: Int64s, tables: _Tables, found: Int64s) -> None:
    for text in range(found.size):
        if languages[text] >= 0:
            found[text] = _lex(data, offsets[text], offsets[text + 1], languages[text], tables)


@kernel
def _lex(data: Bytes, begin: int, end: int, language: int, tables: _Tables) -> int:
    """Comment characters of one text."""
    i, chars = begin, 0
    last_code = _COLON  # as if a body began with the file
    line_is_empty = True
    while i < end:
        byte = int(data[i])
        stop, is_comment = i, False
        block = _which(data, i, end, tables.opens, language)
        if block < 0 and i == begin:
            block = _which_at_start(data, i, end, tables.opens, language)
        if block >= 0:
            stop, is_comment = _block_end(data, i, end, language, block, tables), True
        elif _which(data, i, end, tables.lines, language) >= 0 and _may_open(data, i, begin, language, tables):
            is_comment = True
            while stop < end and data[stop] != _NEWLINE:
                stop += 1
        elif tables.quotes[language, byte]:
            stop = _string_end(data, i, end, language, tables)
            is_comment = stop > i + 1 and line_is_empty and last_code == _COLON and tables.flags[language, 1] != 0
        if is_comment:
            chars += _characters(data, i, stop)
            if tables.quotes[language, byte]:
                last_code = byte
            i = stop
            continue
        if stop > i + 1:
            last_code, line_is_empty = byte, False
            i = stop
            continue
        if byte == _NEWLINE:
            line_is_empty = True
        elif byte > 32 and not (line_is_empty and tables.flags[language, 1] and _is_raw_prefix(data, i, end)):
            last_code, line_is_empty = byte, False
        i += 1
    return chars


@kernel
def _which(data: Bytes, i: int, end: int, marks: NDArray[np.uint8], language: int) -> int:
    """Which mark of a language stands at ``i``; -1 if none."""
    for k in range(_MARKS):
        if (
            marks[language, k, 0] != 0
            and marks[language, k, 0] == data[i]
            and _stands(data, i, end, marks, language, k)
        ):
            return k
    return -1


@kernel
def _stands(data: Bytes, i: int, end: int, marks: NDArray[np.uint8], language: int, k: int) -> bool:
    b = 0
    while b < _MARK_BYTES and marks[language, k, b] != 0:
        if i + b >= end or data[i + b] != marks[language, k, b]:
            return False
        b += 1
    return b > 0


@kernel
def _which_at_start(data: Bytes, i: int, end: int, marks: NDArray[np.uint8], language: int) -> int:
    """The same for marks that begin with a line break, at the beginning of a text."""
    for k in range(_MARKS):
        if marks[language, k, 0] == _NEWLINE:
            b = 1
            while b < _MARK_BYTES and marks[language, k, b] and i + b - 1 < end:
                if data[i + b - 1] != marks[language, k, b]:
                    break
                b += 1
            if b == _MARK_BYTES or marks[language, k, b] == 0:
                return k
    return -1


@kernel
def _is_raw_prefix(data: Bytes, i: int, end: int) -> bool:
    """Whether the ``r`` of a docstring ``r"..."`` stands here."""
    return data[i] | 0x20 == ord("r") and i + 1 < end and (data[i + 1] == ord('"') or data[i + 1] == _APOSTROPHE)


@kernel
def _may_open(data: Bytes, i: int, begin: int, language: int, tables: _Tables) -> bool:
    return not tables.flags[language, 3] or i == begin or data[i - 1] <= 32


@kernel
def _block_end(data: Bytes, start: int, end: int, language: int, block: int, tables: _Tables) -> int:
    """Where the block comment that starts here stops; the end of the text if it is not closed."""
    depth, i = 1, start + 1
    while i < end and tables.opens[language, block, 1] and data[i] == tables.opens[language, block, i - start]:
        i += 1
        if i - start >= _MARK_BYTES or tables.opens[language, block, i - start] == 0:
            break
    while i < end:
        if tables.closes[language, block, 0] == data[i] and _stands(data, i, end, tables.closes, language, block):
            depth -= 1
            width = 1
            while width < _MARK_BYTES and tables.closes[language, block, width]:
                width += 1
            i += width
            if depth == 0:
                return i
        elif tables.flags[language, 0] and _stands(data, i, end, tables.opens, language, block):
            depth += 1
            i += 2
        else:
            i += 1
    return end


@kernel
def _string_end(data: Bytes, start: int, end: int, language: int, tables: _Tables) -> int:
    """Where the string that starts here stops; the next byte if it is none."""
    quote = data[start]
    triple = tables.flags[language, 1] and start + 2 < end and data[start + 1] == quote and data[start + 2] == quote
    long = triple or tables.quotes[language, quote] == 2
    i = start + 3 if triple else start + 1
    while i < end:
        if data[i] == _BACKSLASH:
            i += 2
            continue
        if data[i] == quote:
            if not triple:
                return i + 1
            if i + 2 < end and data[i + 1] == quote and data[i + 2] == quote:
                return i + 3
        if data[i] == _NEWLINE and not long:
            return start + 1
        if quote == _APOSTROPHE and tables.flags[language, 2] and i - start > _CHARACTER_BYTES:
            return start + 1
        i += 1
    return end if long else start + 1


@kernel
def _characters(data: Bytes, start: int, stop: int) -> int:
    chars = 0
    for i in range(start, stop):
        chars += (data[i] & 0xC0) != 0x80
    return chars
