"""Judging: signals against thresholds, whole columns at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.errors import ConfigError, InputError
from gristmill.filters.rules import ResolvedRule

_BLOCK_ROWS = 1 << 16

DECISION_SCHEMA = pa.schema(
    [pa.field("failed_rules", pa.list_(pa.dictionary(pa.int32(), pa.string())), nullable=False)]
)
"""The column of `decide`."""


def decide(signals: pa.RecordBatch, kinds: pa.Array, rules: Sequence[ResolvedRule]) -> pa.RecordBatch:
    """Which rules each document fails: all of them, in rule order.

    Args:
        signals: one row per document with at least the signals that the rules judge (a subset of
            `gristmill.filters.signals.SIGNALS_SCHEMA` will do; ``language`` too where a rule is for some languages).
        kinds: kind of each document, string or dictionary of string.
        rules: from `gristmill.filters.rules.resolve`. The dictionary of the result is their ids, in this order, whether
            they fired or not.

    Returns:
        One row per document with `DECISION_SCHEMA`; an empty list means that every rule was passed.

    Raises:
        ConfigError: a rule judges a signal that is not among the columns.
        InputError: ``signals`` and ``kinds`` differ in length, or a judged signal is null.

    >>> from gristmill.filters.rules import parse_use, resolve
    >>> from gristmill.filters.signals import signals
    >>> rules = resolve([parse_use("gopher_quality")])
    >>> decide(signals(pa.array(["too short"])), pa.array(["web"]), rules).column("failed_rules")[0].as_py()
    ['gopher_quality.min_words', 'gopher_quality.min_stop_words']
    """
    rows = signals.num_rows
    if len(kinds) != rows:
        message = f"kinds has {len(kinds)} values for {rows} rows of signals; give one kind per document"
        raise InputError(message)
    columns = _Columns(signals, kinds)
    documents: list[NDArray[np.int64]] = []
    which: list[NDArray[np.int32]] = []
    for start in range(0, rows, _BLOCK_ROWS):
        stop = min(start + _BLOCK_ROWS, rows)
        failed = np.empty((stop - start, len(rules)), bool)
        for column, rule in enumerate(rules):
            failed[:, column] = columns.failures(rule, start, stop)
        document, rule_index = np.nonzero(failed)
        documents.append(document + start)
        which.append(rule_index.astype(np.int32))
    per_document = np.bincount(np.concatenate(documents), minlength=rows) if documents else np.zeros(0, np.int64)
    offsets = np.concatenate([np.zeros(1, np.int32), np.cumsum(per_document)]).astype(np.int32)
    indices = np.concatenate(which) if which else np.zeros(0, np.int32)
    names = pa.array([rule.id for rule in rules], pa.string())
    values = pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), names)
    return pa.RecordBatch.from_arrays(
        [pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)], schema=DECISION_SCHEMA
    )


class _Columns:
    """The judged columns as numpy arrays, each taken out of Arrow once; masks of names by what is asked for."""

    def __init__(self, signals: pa.RecordBatch, kinds: pa.Array) -> None:
        self._signals = signals
        self._kinds = kinds
        self._numbers: dict[str, NDArray[np.float64]] = {}
        self._masks: dict[tuple[str, tuple[str, ...]], NDArray[np.bool_]] = {}

    def failures(self, rule: ResolvedRule, start: int, stop: int) -> NDArray[np.bool_]:
        """True where the rule judges the document and the document fails it."""
        if isinstance(rule.threshold, tuple):
            failed = ~self._one_of(rule.signal, rule.threshold)[start:stop]
        else:
            values = self._values(rule.signal)[start:stop]
            failed = values < rule.threshold if rule.comparison == "min" else values > rule.threshold
        failed = failed & self._one_of("kind", rule.kinds)[start:stop]
        if rule.languages:
            failed &= self._one_of("language", rule.languages)[start:stop]
        return failed

    def _column(self, name: str) -> pa.Array:
        if name == "kind":
            return self._kinds
        if name not in self._signals.schema.names:
            message = (
                f"a rule judges the signal {name!r}, which is not among the columns "
                f"({', '.join(self._signals.schema.names)}); compute the signals again with this version"
            )
            raise ConfigError(message)
        column = self._signals.column(name)
        if column.null_count:
            message = f"signal {name!r} is null in {column.null_count} rows; compute the signals again"
            raise InputError(message)
        return column

    def _values(self, name: str) -> NDArray[np.float64]:
        if name not in self._numbers:
            self._numbers[name] = self._column(name).to_numpy(zero_copy_only=False).astype(np.float64)
        return self._numbers[name]

    def _one_of(self, name: str, wanted: tuple[str, ...]) -> NDArray[np.bool_]:
        key = (name, wanted)
        if key not in self._masks:
            allowed = pa.array(wanted, pa.string())
            column = self._column(name)
            if pa.types.is_dictionary(column.type):
                in_dictionary = pc.is_in(column.dictionary.cast(pa.string()), value_set=allowed)
                names = in_dictionary.to_numpy(zero_copy_only=False)
                indices = column.indices.to_numpy(zero_copy_only=False)
                self._masks[key] = names[indices] if len(names) else np.zeros(len(column), bool)
            else:
                self._masks[key] = pc.is_in(column, value_set=allowed).to_numpy(zero_copy_only=False)
        return self._masks[key]
