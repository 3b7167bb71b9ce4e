"""Judging: signals against thresholds, whole columns at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.errors import ConfigError, InputError
from gristmill.filters.rules.sets.rule_types import ResolvedRule

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
        rules: from `gristmill.filters.rules.rules.resolve`. The dictionary of the result is their ids, in this order,
            whether they fired or not.

    Returns:
        One row per document with `DECISION_SCHEMA`; an empty list means that every rule was passed.

    Raises:
        ConfigError: a rule judges a signal that is not among the columns.
        InputError: ``signals`` and ``kinds`` differ in length, or a judged signal is null.

    >>> from gristmill.filters.rules.rules import parse_use, resolve
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
    failing = [columns.failing(rule) for rule in rules]
    per_document = np.zeros(rows, np.int64)
    for documents in failing:
        per_document[documents] += 1
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(per_document)])
    if offsets[-1] > np.iinfo(np.int32).max:
        message = f"{offsets[-1]} failures do not fit one batch of decisions; decide at most {2**31 // len(rules)} rows"
        raise InputError(message)
    indices = np.empty(int(offsets[-1]), np.int32)
    place = offsets[:-1].copy()
    for which, documents in enumerate(failing):
        indices[place[documents]] = which
        place[documents] += 1
    names = pa.array([rule.id for rule in rules], pa.string())
    values = pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), names)
    return pa.RecordBatch.from_arrays(
        [pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values)], schema=DECISION_SCHEMA
    )


class _Columns:
    """The judged columns, and the masks of kinds, languages and names, each made once."""

    def __init__(self, signals: pa.RecordBatch, kinds: pa.Array) -> None:
        self._signals = signals
        self._kinds = kinds
        self._masks: dict[tuple[str, tuple[str, ...]], NDArray[np.bool_]] = {}

    def failing(self, rule: ResolvedRule) -> NDArray[np.int64]:
        """The documents that the rule judges and that fail it, in order."""
        if isinstance(rule.threshold, tuple):
            failed = ~self._one_of(rule.signal, rule.threshold)
        elif rule.comparison == "min":
            failed = self._values(rule.signal) < self._threshold(rule.threshold, rule.by_language)
        else:
            failed = self._values(rule.signal) > self._threshold(rule.threshold, rule.by_language)
        if rule.not_measured is not None:
            failed &= self._values(rule.signal) != rule.not_measured
        failed &= self._one_of("kind", rule.kinds)
        if rule.languages:
            failed &= self._one_of("language", rule.languages)
        return np.flatnonzero(failed)

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

    def _values(self, name: str) -> NDArray[Any]:
        # Compared as they are: a copy of each column as float64 would take longer than all comparisons.
        return np.asarray(self._column(name).to_numpy(zero_copy_only=False))

    def _threshold(self, threshold: float, by_language: tuple[tuple[str, float], ...]) -> float | NDArray[np.float64]:
        """The threshold, or one for each document where some languages have their own."""
        if not by_language:
            return threshold
        bounds = np.full(self._signals.num_rows, threshold)
        for code, bound in by_language:
            bounds[self._one_of("language", (code,))] = bound
        return bounds

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
