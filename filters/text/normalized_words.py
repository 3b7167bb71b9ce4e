r"""Normalized words: what RedPajama-V2 counts words and n-grams on.

A **normalized word** is a white-space word (see `gristmill.filters.text.segment`) without ASCII punctuation
(``string.punctuation``), in lower case and canonical decomposition (NFD), if anything is left. Its length is that of
the decomposed form: ``é`` counts as two characters and a Hangul syllable as two or three. Scripts without spaces (Han,
Kana, Thai, ...) are not split: a run between white space is one word, as it is there.

A **raw word** is what ``nltk.WordPunctTokenizer`` finds, ``\w+|[^\w\s]+``: a run of letters, digits, other numbers and
``_``, or a run of anything else that is not white space.

Source: RedPajama-Data at 855a8e0, ``app/src/core/document.py`` and ``app/src/utilities/text/normalization.py``.
Differences: case is folded character by character (no final sigma), and white space is the Unicode property (U+001C to
U+001F are characters here).
"""

from __future__ import annotations

import string
from typing import NamedTuple

import numpy as np

from gristmill.filters.text.arrays import Bytes, Hashes, Int64s
from gristmill.filters.text.buffers import PAD_BYTES, TextBuffer
from gristmill.filters.text.folding import Folding, folding
from gristmill.filters.text.grams import Stream
from gristmill.filters.text.segments import ASCII, HAS_LETTER, PLAIN, Planes, Segments
from gristmill.filters.text.unicode_classes import ALPHANUMERIC, class_table
from gristmill.filters.text.utf8 import NON_ASCII, code_point
from gristmill.kernels.arena import Arena
from gristmill.kernels.bit_planes import LANES, SURE_BITS, bits_from, byte_in, in_range, new_plane
from gristmill.kernels.kernel import inlined_kernel, kernel
from gristmill.kernels.swar import first_bit, hash_bytes, hash_lowered, last_bit, load_eight, lowered, store_eight

_WORD, _PUNCTUATION = 1, 2
_EIGHT = 8
_MOST_BYTES_FOR_ONE = 3
"""No character's folding is more than three times as long as its own UTF-8."""
_ONE = np.uint64(1)
_UNDERSCORE = ord("_")


def _byte_classes() -> Bytes:
    table = np.zeros(NON_ASCII, np.uint8)
    for point in range(NON_ASCII):
        character = chr(point)
        table[point] |= _WORD if character.isalnum() or character == "_" else 0
        table[point] |= _PUNCTUATION if character in string.punctuation else 0
    return table


_BYTE_CLASSES = _byte_classes()


class NormalizedWords(NamedTuple):
    """The words of a batch as RedPajama-V2 sees them.

    Attributes:
        stream: normalized words.
        raw_words: raw words of each document.
        raw_letter_words: those that have an ASCII letter.
    """

    stream: Stream
    raw_words: Int64s
    raw_letter_words: Int64s


def normalize_words(buffer: TextBuffer, segments: Segments, arena: Arena | None = None) -> NormalizedWords:
    """Normalizes all words of a batch; the stream lies in ``arena``, if given.

    >>> import pyarrow as pa
    >>> from gristmill.filters.text.buffers import text_buffer
    >>> from gristmill.filters.text.segment import segment
    >>> text = text_buffer(pa.array(["It's É -- its"]))
    >>> found = normalize_words(text, segment(text))
    >>> found.stream.chars.tolist(), bool(found.stream.hash[0] == found.stream.hash[2]), found.raw_words.tolist()
    ([3, 2, 3], True, [6])
    """
    room = arena or Arena()
    documents, words = len(segments.document_words) - 1, len(segments.words.start)
    stream = Stream(np.zeros(documents + 1, np.int64), room.empty(words, np.int32), room.empty(words, np.uint64))
    raw, lettered = np.zeros(documents, np.int64), np.zeros(documents, np.int64)
    longest = int((segments.words.end - segments.words.start).max(initial=0))
    scratch = np.zeros(_MOST_BYTES_FOR_ONE * longest + PAD_BYTES, np.uint8)
    odd, upper = new_plane(buffer.data, room), new_plane(buffer.data, room)
    _mark_planes(buffer.data, odd, upper)
    views = (odd.view(np.uint8), upper.view(np.uint8))
    _normalize(buffer.data, segments, views, class_table(), folding(), scratch, stream, raw, lettered)
    found = int(stream.bounds[-1])
    return NormalizedWords(Stream(stream.bounds, stream.chars[:found], stream.hash[:found]), raw, lettered)


@kernel
def _mark_planes(data: Bytes, odd: Hashes, upper: Hashes) -> None:
    """ASCII characters that are neither letter, digit, white space nor plain punctuation; A to Z."""
    for k in range((data.size - PAD_BYTES) // LANES + 1):
        i = k * LANES
        controls = in_range(data, i, 0, 8) | in_range(data, i, 14, 31) | byte_in(data, i, 127)
        score, capitals = byte_in(data, i, _UNDERSCORE), in_range(data, i, 65, 90)
        odd[k], upper[k] = controls | score, capitals


@kernel
def _normalize(
    data: Bytes,
    segments: Segments,
    marked: tuple[Bytes, Bytes],
    classes: Bytes,
    fold: Folding,
    scratch: Bytes,
    stream: Stream,
    raw_words: Int64s,
    raw_letter_words: Int64s,
) -> None:
    odd, upper = marked
    found = 0
    for document in range(raw_words.size):
        raw = lettered = 0
        for word in range(segments.document_words[document], segments.document_words[document + 1]):
            place = np.uint64(word)
            start, end, flags = segments.words.start[place], segments.words.end[place], segments.words.flags[place]
            spot, size = np.uint64(found), end - start
            if flags & PLAIN and size < SURE_BITS:
                hashed = segments.words.hash[place]
                if bits_from(upper, start) & ((_ONE << np.uint64(size)) - _ONE):
                    hashed = hash_lowered(data, start, end)
                stream.chars[spot], stream.hash[spot] = size, hashed
                found, raw, lettered = found + 1, raw + 1, lettered + (flags & HAS_LETTER)
                continue
            first, last, more, more_lettered = _plain_core(segments, odd, start, end, flags)
            if last >= 0:
                if last > first:
                    stream.chars[spot], stream.hash[spot] = last - first, hash_lowered(data, first, last)
                    found += 1
            else:
                size, points, more, more_lettered = _fold_word(
                    data, start, end, segments.planes, classes, fold, scratch
                )
                if points:
                    stream.chars[spot], stream.hash[spot] = points, hash_bytes(scratch, 0, size)
                    found += 1
            raw += more
            lettered += more_lettered
        raw_words[document], raw_letter_words[document] = raw, lettered
        stream.bounds[document + 1] = found


@inlined_kernel
def _plain_core(segments: Segments, odd: Bytes, start: int, end: int, flags: int) -> tuple[int, int, int, int]:
    """Of an ASCII word that is letters and digits with plain punctuation around them, if with any.

    Returns:
        Where the letters and digits begin and end, how many raw words it holds, and how many of them have a letter. The
        end is -1 for every other word.
    """
    size = end - start
    if not flags & ASCII or size > SURE_BITS - 1:
        return 0, -1, 0, 0
    kept = (_ONE << np.uint64(size)) - _ONE
    letters = bits_from(segments.planes.letters, start) & kept
    known = letters | (bits_from(segments.planes.digits, start) & kept)
    first, last = first_bit(known), last_bit(known) + 1
    if known == 0:
        first = last = 0
    inner = (_ONE << np.uint64(last)) - (_ONE << np.uint64(first))
    if known != inner or (known != kept and bits_from(odd, start) & kept):
        return 0, -1, 0, 0
    around = (first > 0 or last == 0) + (0 < last < size)
    return start + first, start + last, (1 if known else 0) + around, 1 if letters else 0


@kernel
def _fold_word(
    data: Bytes, i: int, end: int, planes: Planes, classes: Bytes, fold: Folding, scratch: Bytes
) -> tuple[int, int, int, int]:
    """Writes the normalized word; its bytes and characters, and how many raw words it holds, how many with a letter."""
    size = points = raw = lettered = 0
    kind, letter_seen = -1, False
    while i < end:
        letters = bits_from(planes.letters, i)
        run = min(first_bit(~(letters | bits_from(planes.digits, i))), end - i, _EIGHT)
        has_letter = False
        if run:  # ASCII letters and digits, eight at a time
            store_eight(scratch, size, lowered(load_eight(data, i)))
            now, has_letter = _WORD, bool(letters & ((_ONE << np.uint64(run)) - _ONE))
            size, points, i = size + run, points + run, i + run
        elif data[i] < NON_ASCII:
            byte = data[i]
            now = _BYTE_CLASSES[byte] & _WORD
            if not _BYTE_CLASSES[byte] & _PUNCTUATION:
                scratch[size] = byte
                size, points = size + 1, points + 1
            i += 1
        else:
            point, width = code_point(data, i, end)
            now = _WORD if classes[point] & ALPHANUMERIC else 0
            written, more = _fold_point(data, i, point, width, fold, scratch, size)
            size, points, i = size + written, points + more, i + width
        if now != kind:
            raw += 1
            kind, letter_seen = now, False
        if has_letter and not letter_seen:
            letter_seen = True
            lettered += 1
    return size, points, raw, lettered


@inlined_kernel
def _fold_point(
    data: Bytes, i: int, point: int, width: int, fold: Folding, scratch: Bytes, size: int
) -> tuple[int, int]:
    """Writes the folding of one character; its bytes and characters."""
    at = fold.place[point]
    if at < 0:
        for k in range(width):
            scratch[size + k] = data[i + k]
        return width, 1
    for k in range(fold.packed[at]):
        scratch[size + k] = fold.packed[at + 2 + k]
    return int(fold.packed[at]), int(fold.packed[at + 1])
