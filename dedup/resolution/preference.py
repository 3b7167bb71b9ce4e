"""Which of several copies stays: a total order of documents, best first."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill.dedup.signatures.digests import halves
from gristmill.errors import ConfigError, InputError, unknown_name

Keep = Literal["longest", "earliest", "best_quality", "source_order"]
KEEPS: tuple[Keep, ...] = get_args(Keep)
DEFAULT_KEEP: Keep = "longest"


def preference(
    lengths: npt.NDArray[np.int64],
    doc_ids: pa.FixedSizeBinaryArray,
    keep: Keep = DEFAULT_KEEP,
    *,
    values: npt.NDArray[Any] | None = None,
) -> npt.NDArray[np.int64]:
    """The rank of each document: 0 for the one that stays before all others.

    * ``longest`` (default): longest text first, ties by smallest ``doc_id``.
    * ``earliest``: smallest value first, such as seconds since 1970.
    * ``best_quality``: largest value first.
    * ``source_order``: smallest value first, such as the place of the source in the config.

    In the last three, documents of equal value are ordered as in ``longest``, and NaN comes after every value.

    Args:
        lengths: int64, characters or bytes of each text.
        doc_ids: ``fixed_size_binary[16]``.
        keep: the rule.
        values: numbers the rule orders by; all rules but ``longest`` need them.

    Returns:
        int64 ranks, each of 0..n-1 once. They do not depend on the order of the input.

    Raises:
        ConfigError: the rule is unknown, or lacks its values.
        InputError: the ids are not 16 bytes, or one occurs twice, which would leave the order to chance.

    >>> ids = pa.array([b"b" * 16, b"a" * 16, b"c" * 16], pa.binary(16))
    >>> preference(np.array([10, 10, 99]), ids).tolist()
    [2, 1, 0]
    >>> preference(np.array([10, 10, 99]), ids, "earliest", values=np.array([1.0, 2.0, np.nan])).tolist()
    [0, 1, 2]
    """
    if keep not in KEEPS:
        raise ConfigError(unknown_name("keep rule", keep, KEEPS))
    ids = halves(doc_ids)
    keys: list[npt.NDArray[Any]] = [ids[:, 1], ids[:, 0], -np.asarray(lengths, np.int64)]
    if keep != "longest":
        if values is None:
            message = f"keep = {keep!r} needs values to order by (one number per document), got none"
            raise ConfigError(message)
        numbers = np.asarray(values, np.float64)
        keys.append(-numbers if keep == "best_quality" else numbers)
    if any(len(key) != len(ids) for key in keys):
        message = f"lengths, values and doc_ids must be of one length, got {[len(key) for key in keys[1:]]}"
        raise InputError(message)
    by_id = np.lexsort((ids[:, 1], ids[:, 0]))
    repeated = np.flatnonzero((ids[by_id[1:]] == ids[by_id[:-1]]).all(axis=1))
    if len(repeated):
        identifier = doc_ids[int(by_id[repeated[0]])].as_py().hex()
        message = f"doc_id {identifier} occurs more than once ({len(repeated)} repeats in all); ids must be unique"
        raise InputError(message)
    order = np.lexsort(tuple(keys))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return ranks
