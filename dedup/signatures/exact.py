"""Exact deduplication: documents equal but for case and white space have one 128-bit hash.

The normal form of a text: lower-cased by character, every run of white space one space, none at either end, invisible
characters (soft hyphen, joiners, byte order mark, variation selectors) dropped; see
`gristmill.dedup.signatures.characters`. Punctuation, digits and accents stay. Texts of one normal form have the same
words, so also the same shingles (under any normalization but ``none``): an exact duplicate has Jaccard similarity 1.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from gristmill.dedup.signatures.characters import CLASS_SHIFT, IGNORED, SPACE, character_table, decode, encode
from gristmill.dedup.signatures.digests import halves
from gristmill.dedup.signatures.text_buffers import Bytes, Integer, Offsets, text_buffers
from gristmill.kernels.kernel import kernel
from gristmill.kernels.swar import blank_or_wide, first_lane, load_eight, lowered, store_eight

HASH_BYTES = 16

_CODE_MASK = np.uint32(0x1FFFFF)
_EIGHT = 8


@kernel
def _normalize(
    data: Bytes,
    offsets: Offsets,
    table: npt.NDArray[np.uint32],
    out: npt.NDArray[np.uint8],
    out_offsets: npt.NDArray[np.int64],
) -> Integer:
    """The normal form of every document, one after the other. A byte gives at most 3 (a malformed one U+FFFD)."""
    at: Integer = 0
    for i in range(len(offsets) - 1):
        first = at
        pending_space = False
        position = offsets[i]
        end = offsets[i + 1]
        while position < end:
            if position + _EIGHT <= data.size:  # a word of ASCII characters, eight at a time
                eight = load_eight(data, position)
                size = min(first_lane(blank_or_wide(eight)), end - position)
                if size > 0:
                    if pending_space:
                        out[at] = 0x20
                        at += 1
                        pending_space = False
                    store_eight(out, at, lowered(eight))
                    at += size
                    position += size
                    continue
            byte = data[position]
            if byte < 0x80:
                entry = table[byte]
                position += 1
            else:
                code, position = decode(data, position, end)
                entry = table[code]
            kind = entry >> CLASS_SHIFT
            if kind == SPACE:
                pending_space = bool(at > first)
                continue
            if kind == IGNORED:
                continue
            if pending_space:
                out[at] = 0x20
                at += 1
                pending_space = False
            at = encode(np.int64(entry & _CODE_MASK), out, at)
        out_offsets[i + 1] = at
    return at


def normalize(texts: pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    r"""The normal form under which two texts count as exactly equal.

    Scratch memory is three times the text.

    Raises:
        InputError: ``texts`` is no text column, or holds nulls.

    >>> normalize(pa.array(["  The\tCat,\n\n sat. ", " \n"])).to_pylist()
    ['the cat, sat.', '']
    """
    data, offsets = text_buffers(texts)
    out = np.empty(3 * int(offsets[-1] - offsets[0]) + _EIGHT, np.uint8)  # a step may write behind the last byte
    out_offsets = np.zeros(len(offsets), np.int64)
    length = _normalize(data, offsets, character_table(), out, out_offsets)
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(out_offsets), pa.py_buffer(out[:length]))


def exact_hashes(texts: pa.Array | pa.ChunkedArray) -> pa.FixedSizeBinaryArray:
    """xxh3-128 of the normal form of each text, as 16 big-endian bytes: equal for exact duplicates.

    Raises:
        InputError: ``texts`` is no text column, or holds nulls.

    >>> first, second, third = exact_hashes(pa.array(["A  cat", "a cat ", "a cat."]))
    >>> first == second, first == third, len(first.as_py())
    (True, False, 16)
    """
    normal = normalize(texts)
    _, offset_buffer, data_buffer = normal.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64).tolist()
    view = memoryview(data_buffer)
    # The one loop over documents in Python: 0.3 microseconds each, and the hash stays one that anybody can reproduce.
    digests = b"".join([xxhash.xxh3_128_digest(view[i:j]) for i, j in itertools.pairwise(offsets)])
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(HASH_BYTES), len(normal), [None, pa.py_buffer(digests)])


def exact_keys(digests: pa.FixedSizeBinaryArray) -> npt.NDArray[np.uint64]:
    """The first 64 bits of each exact hash, as a key for `gristmill.dedup.candidates.buckets.star_edges`.

    Joined as one more band, exact duplicates land in one component; there
    `gristmill.dedup.resolution.resolve.resolve` compares all 128 bits, so a collision of keys costs a comparison and no
    document.

    >>> first, second = exact_keys(exact_hashes(pa.array(["a", "A "])))
    >>> bool(first == second)
    True
    """
    return np.ascontiguousarray(halves(digests)[:, 0])
