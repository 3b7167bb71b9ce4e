"""Does the fast engine give the ids of the reference? Which documents are checked, and what a difference looks like."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from gristmill.tokenize.engines import Engine, FlatIds

CHECKED_FRACTION = 0.001
"""Share of all documents that the reference encodes too."""

START_DOCUMENTS = 16
START_BYTES = 65_536
"""At the start of a shard the reference encodes this many documents too, together at most this many bytes."""

PROBES = (
    "",
    " ",
    "Hello, world! It's 3,141.59 -- isn't it?",
    "  leading, trailing and     inner   spaces  \n\n\t\ttabs\r\n\x0b\x0c\x00NUL",
    "caf\u00e9 \u0301\u0328 lone marks",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f1e9\U0001f1ea \u2764\ufe0f",
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u0939\u093f\u0928\u094d\u0926\u0940 \ud55c\uad6d\uc5b4",
    "\u4e2d\u6587\u3001\u65e5\u672c\u8a9e \u0e44\u0e17\u0e22 \u10d0\u10d1 \u1e9e \u01c5",
    "def f(x):\n    return {'a': [1, 2_000], \"b\": x**2}  # 0xFF\n\n\n",
    "https://example.org/a?b=c&d=%20 user@example.org <p>&nbsp;</p>",
    "I'll WE'VE don'T \u2019s O\u2019Neil " + "a" * 300 + " " * 40 + "1234567890" * 4,
)
"""Texts on which engines are known to differ when they differ at all."""


def text_hashes(texts: pa.Array) -> npt.NDArray[np.uint64]:
    """xxh3-64 of each text of a ``large_string`` array: the same document is chosen wherever and whenever it comes."""
    if not len(texts):
        return np.empty(0, np.uint64)
    _, _, data = texts.buffers()
    view = memoryview(data or b"")
    spans = itertools.pairwise(text_ends(texts).tolist())
    return np.array([xxhash.xxh3_64_intdigest(view[start:end]) for start, end in spans], np.uint64)


def text_ends(texts: pa.Array) -> npt.NDArray[np.int64]:
    """The offsets of a non-empty ``large_string`` array into its data buffer: one entry more than there are texts."""
    return np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]


def chosen_rows(texts: pa.Array, *, at_start: bool) -> npt.NDArray[np.int64]:
    """The rows of a ``large_string`` batch that the reference encodes too.

    Those whose hash falls into :data:`CHECKED_FRACTION`, and at the start those of smallest hash within
    :data:`START_DOCUMENTS` and :data:`START_BYTES`.
    """
    hashes = text_hashes(texts)
    chosen = np.flatnonzero(hashes < np.uint64(int(CHECKED_FRACTION * 2**64)))
    if not at_start or not len(texts):
        return chosen
    smallest = np.argsort(hashes, kind="stable")
    within = np.cumsum(np.diff(text_ends(texts))[smallest]) <= START_BYTES
    return np.union1d(chosen, smallest[within][:START_DOCUMENTS])


def select(flat: FlatIds, rows: npt.NDArray[np.int64]) -> FlatIds:
    """A copy of some rows of a flat list of ids."""
    ids, offsets = flat
    picked = [ids[offsets[row] : offsets[row + 1]] for row in rows]
    ends = np.cumsum([0, *(len(row) for row in picked)], dtype=np.int64)
    return np.concatenate([ids[:0], *picked]), ends


def difference(texts: pa.Array, got: FlatIds, got_by: str, reference: Engine) -> str | None:
    """Which text first has other ids than the reference's, and from where on; None where all agree.

    Args:
        texts: ``large_string``.
        got: what another engine made of them.
        got_by: the name of that engine.
        reference: what it must agree with.
    """
    wanted = reference.encode(texts)
    if np.array_equal(wanted[0], got[0]) and np.array_equal(wanted[1], got[1]):
        return None
    if len(wanted[1]) != len(got[1]):
        return f"{got_by} returned {len(got[1]) - 1} rows for {len(texts)} texts"
    for row in range(len(texts)):
        want, have = (flat[0][flat[1][row] : flat[1][row + 1]] for flat in (wanted, got))
        if np.array_equal(want, have):
            continue
        common = min(len(want), len(have))
        parting = np.flatnonzero(want[:common] != have[:common])
        at = int(parting[0]) if len(parting) else common
        text = texts[row].as_py()
        return (
            f"text with xxh3-64 {xxhash.xxh3_64_hexdigest(text.encode())} ({len(text)} characters): from token {at} on "
            f"{reference.name} gives {want[at : at + 4].tolist()}, {got_by} {have[at : at + 4].tolist()}"
        )
    return f"{got_by} returned offsets that do not belong to its rows"
