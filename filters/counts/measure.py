"""What a signal is, and how it is computed from the counts that the kernels make.

A rule family's file holds its kernel and its list of measures; `gristmill.filters.signals` puts the lists together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from gristmill.documents import EVIDENCE_TYPE
from gristmill.filters.text.arrays import Floats, Int64s

Dtype = Literal["int64", "float64", "float32", "dictionary", "evidence"]

ARROW_TYPES: dict[str, pa.DataType] = {
    "int64": pa.int64(),
    "float64": pa.float64(),
    "float32": pa.float32(),
    "dictionary": pa.dictionary(pa.int32(), pa.string()),
    "evidence": EVIDENCE_TYPE,
}
"""The Arrow type of each `Dtype`."""

FRACTION = "0 to 1"
NATURAL = "0 or more"


@dataclass(frozen=True)
class Signal:
    """One column of the signals table.

    Attributes:
        name: the column's name.
        dtype: its type; ``dictionary`` is ``dictionary<int32, string>``, ``evidence`` is `EVIDENCE_TYPE`.
        unit: what one unit of it is.
        range: the values it can take.
        definition: exactly what is measured.
        source: the paper or code that the measure comes from.
    """

    name: str
    dtype: Dtype
    unit: str
    range: str
    definition: str
    source: str


Counts = Mapping[str, Int64s]
"""Integer counts by name, one value per document each."""


@dataclass(frozen=True)
class Measure:
    """A signal with its formula.

    Attributes:
        signal: what is measured.
        formula: counts in, one value per document out.
        reads: names of the counts that the formula takes.
    """

    signal: Signal
    formula: Callable[[Counts], Int64s | Floats]
    reads: tuple[str, ...]


def count(name: str, unit: str, definition: str, source: str, *, of: str, limits: str = NATURAL) -> Measure:
    """A signal that is one of the counts, ``of``."""
    return Measure(Signal(name, "int64", unit, limits, definition, source), lambda counts: counts[of], (of,))


def ratio(
    name: str,
    definition: str,
    source: str,
    *,
    of: str | tuple[str, ...],
    to: str,
    unit: str = "fraction",
    limits: str = FRACTION,
) -> Measure:
    """A signal that is one count (or several, added up), ``of``, divided by another, ``to``; 0 where that is 0.

    >>> measure = ratio("a_to_b", "a / b", "none", of="a", to="b")
    >>> measure.formula({"a": np.array([1, 1]), "b": np.array([4, 0])}).tolist()
    [0.25, 0.0]
    """
    parts = (of,) if isinstance(of, str) else of

    def divide(counts: Counts) -> Floats:
        above, below = sum(counts[part] for part in parts), counts[to]
        return np.divide(above, below, out=np.zeros(len(below), np.float64), where=below > 0)

    return Measure(Signal(name, "float64", unit, limits, definition, source), divide, (*parts, to))


def formula(
    name: str,
    definition: str,
    source: str,
    compute: Callable[[Counts], Int64s | Floats],
    *,
    reads: tuple[str, ...],
    unit: str = "fraction",
    limits: str = FRACTION,
) -> Measure:
    """A signal that is computed from the counts it reads in its own way.

    >>> half = formula("half", "a / 2", "none", lambda counts: counts["a"] / 2, reads=("a",))
    >>> half.formula({"a": np.array([3])}).tolist()
    [1.5]
    """
    return Measure(Signal(name, "float64", unit, limits, definition, source), compute, reads)


def signal_field(signal: Signal) -> pa.Field:
    """The Arrow field of a signal; no signal is ever null."""
    return pa.field(signal.name, ARROW_TYPES[signal.dtype], nullable=False)
