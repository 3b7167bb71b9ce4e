"""Which copies of a line go, among all lines of one partition of their keys."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gristmill.errors import ConfigError

MOST_NAMED = 50
"""Repeated lines that are named, those with the most copies cut first; of each partition, and of a run."""


class RepeatedLines(NamedTuple):
    """The choice among the lines of a partition.

    Attributes:
        copies: bool, which lines go.
        repeats: distinct lines that repeat.
        frequent: of the ones with the most copies cut (ties: the first in the order of the rows): how many copies
            there are, in how many documents, and how many are cut.
        rows: of each of those, the row of the copy that stays.
    """

    copies: npt.NDArray[np.bool_]
    repeats: int
    frequent: list[dict[str, int]]
    rows: list[int]


def repeated_lines(
    keys: npt.NDArray[np.uint64], documents: npt.NDArray[np.int64], min_documents: int = 2
) -> RepeatedLines:
    """A line that stands in enough documents stays in the first of them, wherever it stands there, and goes elsewhere.

    This is C4's rule (``remove_duplicate_text`` in tensorflow_datasets ``text/c4_utils.py``), which keeps the page
    whose hashed address is the smallest instead of the first; copies within the page that keeps the line stay too.

    Args:
        keys: uint64, of each line.
        documents: int64, number of its document.
        min_documents: documents that must hold a line for it to be a repeat.

    Raises:
        ConfigError: ``min_documents`` is below 2.

    >>> found = repeated_lines(np.array([7, 7, 7, 9], np.uint64), np.array([3, 1, 1, 1]))
    >>> found.copies.tolist(), found.repeats
    ([True, False, False, False], 1)
    """
    if min_documents < 2:
        message = f"min_documents must be at least 2, got {min_documents}: one document repeats nothing"
        raise ConfigError(message)
    copies = np.zeros(len(keys), bool)
    if not len(keys):
        return RepeatedLines(copies, 0, [], [])
    order = np.lexsort((documents, keys))
    key, document = keys[order], documents[order]
    opens = np.concatenate([[True], key[1:] != key[:-1]])
    group = np.cumsum(opens) - 1
    changes = opens | np.concatenate([[True], document[1:] != document[:-1]])
    starts = np.flatnonzero(opens)
    holders = np.add.reduceat(changes, starts)
    sizes = np.diff(np.append(starts, len(key)))
    repeats = holders >= min_documents
    copies[order] = repeats[group] & (document != document[starts][group])
    cut = np.add.reduceat(copies[order].astype(np.int64), starts)
    named = np.flatnonzero(repeats)
    named = named[np.lexsort((order[starts[named]], -cut[named]))][:MOST_NAMED]
    frequent = [{"copies": int(sizes[i]), "documents": int(holders[i]), "cut": int(cut[i])} for i in named]
    return RepeatedLines(copies, int(repeats.sum()), frequent, order[starts[named]].tolist())
