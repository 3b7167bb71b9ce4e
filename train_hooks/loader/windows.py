"""The window rule: how a stretch of the token stream becomes inputs, labels, positions and document numbers.

Window ``k`` of a source has the inputs ``stream[k*T : (k+1)*T]``. The label at a place is the next id of the stream
when that id belongs to the same document, else -100 (nothing is predicted across documents). Hence in one epoch every
id is an input exactly once, and every id but each document's first is a label exactly once; the label of a window's
last place is the first id of the next window. The last window of a source may be short: it is filled with the
end-of-text id, whose places have label -100 and belong to a document of their own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gristmill.train_hooks.loader.token_stream import BoolArray, TokenArray

IGNORE_LABEL = -100
"""The label of a place where nothing is predicted; what ``torch.nn.functional.cross_entropy`` ignores by default."""

IntArray = npt.NDArray[np.int64]


class WindowArrays(NamedTuple):
    """One window of T places.

    Attributes:
        tokens: (T,) int64, the inputs.
        labels: (T,) int64, what follows each input, or -100.
        positions: (T,) int64, counted from the document's first place *in this window*: a document cut by the window's
            start begins again at 0, for what stands before it cannot be attended to.
        document_ids: (T,) int64, 0 for the window's first document, rising by one at each document's start. Attention
            is allowed between places with equal numbers only.
    """

    tokens: IntArray
    labels: IntArray
    positions: IntArray
    document_ids: IntArray


def window_count(stream_tokens: int, window_tokens: int) -> int:
    """Windows that cover a stream, the short last one included.

    >>> window_count(10, 4)
    3
    """
    return -(-stream_tokens // window_tokens)


def window_arrays(tokens: TokenArray, begins: BoolArray, window_tokens: int, eot_id: int) -> WindowArrays:
    """Applies the window rule of this module.

    Args:
        tokens: the window's ids and the one that follows, at most ``window_tokens + 1``; fewer at the stream's end.
        begins: which of them begin a document.
        window_tokens: T.
        eot_id: fills the places after the stream's end.

    >>> window = window_arrays(np.array([5, 6, 0, 7, 0], np.uint16), np.array([0, 0, 0, 1, 0], bool), 6, eot_id=0)
    >>> window.tokens.tolist(), window.labels.tolist()
    ([5, 6, 0, 7, 0, 0], [6, 0, -100, 0, -100, -100])
    >>> window.positions.tolist(), window.document_ids.tolist()
    ([0, 1, 2, 0, 1, 0], [0, 0, 0, 1, 1, 2])
    """
    inputs = np.full(window_tokens, eot_id, np.int64)
    labels = np.full(window_tokens, IGNORE_LABEL, np.int64)
    starts = np.zeros(window_tokens, np.bool_)
    held = min(len(tokens), window_tokens)
    inputs[:held] = tokens[:held]
    starts[:held] = begins[:held]
    starts[0] = True
    if held < window_tokens:
        starts[held] = True
    followed = max(0, len(tokens) - 1)
    labels[:followed] = np.where(begins[1:], IGNORE_LABEL, tokens[1:].astype(np.int64))
    places = np.arange(window_tokens, dtype=np.int64)
    positions = places - np.maximum.accumulate(np.where(starts, places, 0))
    return WindowArrays(inputs, labels, positions, np.cumsum(starts, dtype=np.int64) - 1)


def padding_window(window_tokens: int, eot_id: int) -> WindowArrays:
    """A window of padding alone, for a rank that has nothing to do in a step: it adds no label and no gradient."""
    return window_arrays(np.empty(0, np.uint16), np.empty(0, np.bool_), window_tokens, eot_id)
