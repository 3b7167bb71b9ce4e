"""What other thresholds of one rule would keep, from stored signals and decisions: no text is read, nothing is judged.

For every threshold two counts of the documents read: those that this rule alone would keep, and those that all rules
together would keep, every other rule as it is. Duplicates are not looked at: the counts are those of the decisions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gristmill import storage
from gristmill.errors import ConfigError, InputError, RunDirectoryError
from gristmill.filters.rules.sets.rule_types import ResolvedRule
from gristmill.inputs import RawShard
from gristmill.runs import RunDirectory
from gristmill.tables import io_threads, read_table

_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_FACTORS = (0.5, 0.75, 0.9, 1.1, 1.25, 1.5, 2.0)


class Judged(NamedTuple):
    """The documents of one group, as one rule sees them.

    Attributes:
        documents: how many there are.
        passing: of those, how many pass every other rule.
        values: signal of each document whose verdict the threshold decides.
        others_pass: bool, whether each of these passes every other rule.
        fixed: documents that fail the rule whatever the threshold (a language with a threshold of its own).
        fixed_passing: of those, how many pass every other rule.
    """

    documents: int
    passing: int
    values: NDArray[Any]
    others_pass: NDArray[np.bool_]
    fixed: int = 0
    fixed_passing: int = 0


class Point(NamedTuple):
    """Documents kept at one threshold: by this rule alone, and by all rules."""

    threshold: float
    alone: int
    together: int


def sweep(judged: Judged, comparison: str, thresholds: Sequence[float]) -> list[Point]:
    """The documents kept at each threshold.

    Args:
        judged: the documents.
        comparison: ``min`` (a document fails below) or ``max`` (above).
        thresholds: in any order.

    >>> judged = Judged(5, 4, np.array([1, 2, 3, 9]), np.array([True, False, True, True]))
    >>> sweep(judged, "min", [0, 2, 10])
    [Point(threshold=0, alone=5, together=4), Point(threshold=2, alone=4, together=3), \
Point(threshold=10, alone=1, together=1)]
    """
    every = _failing(judged.values, comparison, thresholds)
    passing = _failing(judged.values[judged.others_pass], comparison, thresholds)
    return [
        Point(
            threshold,
            judged.documents - judged.fixed - int(every[i]),
            judged.passing - judged.fixed_passing - int(passing[i]),
        )
        for i, threshold in enumerate(thresholds)
    ]


def _failing(values: NDArray[Any], comparison: str, thresholds: Sequence[float]) -> NDArray[np.int64]:
    """How many values fail each threshold, by one sort."""
    bounds = np.asarray(thresholds, np.float64)
    if values.dtype == np.float32:
        bounds = bounds.astype(np.float32)  # as deciding compares them
    ordered = np.sort(values)
    if comparison == "min":
        below: NDArray[np.int64] = np.searchsorted(ordered, bounds, side="left")
        return below
    return len(ordered) - np.searchsorted(ordered, bounds, side="right")


def default_thresholds(values: NDArray[Any], current: float) -> list[float]:
    """Thresholds worth looking at: fractions and multiples of the current one, and quantiles of the signal.

    >>> default_thresholds(np.arange(1, 101), 50)
    [1, 5, 25, 37, 45, 50, 55, 62, 75, 95, 99, 100]
    """
    whole = values.dtype.kind == "i" and float(current).is_integer()
    found = {float(current), *(current * factor for factor in _FACTORS)}
    if len(values):
        found |= {float(value) for value in np.quantile(values, _QUANTILES, method="inverted_cdf")}
        if values.dtype.kind == "f" and float(values.min()) >= 0 and float(values.max()) <= 1 and current <= 1:
            found = {value for value in found if value <= 1}
    if whole:
        return sorted({math.floor(value) for value in found})
    return sorted({value if value == current else float(f"{value:.3g}") for value in found})


def read_judged(
    run: RunDirectory, rule: ResolvedRule, *, in_force: bool, by: str = "", shards: Sequence[RawShard] | None = None
) -> dict[str, Judged]:
    """The documents of a run as one rule sees them, in one pass over the columns it needs.

    Args:
        run: a run whose decisions are made.
        rule: a rule with a number as threshold.
        in_force: whether the run's decisions know the rule.
        by: ``source`` or ``language``: one entry for each; else one entry, ``all``.
        shards: the shards to read; all if None.

    Raises:
        ConfigError: the run does not measure the signal.
        InputError: the decisions were made with another threshold.
        RunDirectoryError: signals or decisions that are not there.
    """
    chosen = run.read_inputs() if shards is None else shards
    kinds: dict[str, str] = {}
    for shard in chosen:
        if shard.source not in kinds and (kind := _kind_of(run, shard)):
            kinds[shard.source] = kind
    with ThreadPoolExecutor(max_workers=io_threads()) as pool:
        parts = list(pool.map(lambda shard: _read_shard(run, shard, rule, kinds.get(shard.source, "")), chosen))
    if in_force:
        _check_decisions(run, rule, parts)
    groups: dict[str, list[Judged]] = {}
    for shard, part in zip(chosen, parts, strict=True):
        for name, judged in part.groups(by, shard.source):
            groups.setdefault(name, []).append(judged)
    return {name: _joined(several) for name, several in sorted(groups.items())}


class _Part(NamedTuple):
    """One shard: its columns, and how many documents its decisions say fail the rule."""

    values: NDArray[Any]
    swept: NDArray[np.bool_]
    others_pass: NDArray[np.bool_]
    fixed: NDArray[np.bool_]
    languages: pa.Array
    failed: int

    def groups(self, by: str, source: str) -> list[tuple[str, Judged]]:
        """The documents by language, or all under one name."""
        if by != "language":
            return [(source if by == "source" else "all", self._judged(np.ones(len(self.values), bool)))]
        codes = self.languages.dictionary_encode()
        indices = codes.indices.to_numpy(zero_copy_only=False)
        return [(name, self._judged(indices == number)) for number, name in enumerate(codes.dictionary.to_pylist())]

    def _judged(self, rows: NDArray[np.bool_]) -> Judged:
        mine, fixed = rows & self.swept, rows & self.fixed
        return Judged(
            int(rows.sum()),
            int((rows & self.others_pass).sum()),
            self.values[mine],
            self.others_pass[mine],
            int(fixed.sum()),
            int((fixed & self.others_pass).sum()),
        )


def _joined(parts: Sequence[Judged]) -> Judged:
    return Judged(
        sum(part.documents for part in parts),
        sum(part.passing for part in parts),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.others_pass for part in parts]),
        sum(part.fixed for part in parts),
        sum(part.fixed_passing for part in parts),
    )


def _kind_of(run: RunDirectory, shard: RawShard) -> str:
    """The kind of a shard's documents, which is that of its source; empty if it has none."""
    uri = run.shard("documents", shard)
    if not storage.exists(uri):
        return ""
    with storage.open_read(uri) as stream, pq.ParquetFile(stream, pre_buffer=False) as file:
        if not file.metadata.num_rows:
            return ""
        return str(file.read_row_group(0, columns=["kind"], use_threads=False).column(0)[0].as_py())


def _read_shard(run: RunDirectory, shard: RawShard, rule: ResolvedRule, kind: str) -> _Part:
    signals_uri, decisions_uri = run.shard("signals", shard), run.shard("decisions", shard)
    for uri in (signals_uri, decisions_uri):
        if not storage.exists(uri):
            msg = f"{run.uri}: {uri} is not there; finish the run with its own command"
            raise RunDirectoryError(msg)
    signals = read_table(signals_uri, [rule.signal])
    if rule.signal not in signals.column_names:
        msg = (
            f"{run.uri} does not measure {rule.signal!r}, which {rule.id} judges; add its section to the configuration"
        )
        raise ConfigError(msg)
    decisions = read_table(decisions_uri, ["failed_rules", "language"])
    values = signals.column(0).to_numpy()
    languages = decisions.column("language").cast(pa.string()).combine_chunks()
    others, failed = _others_pass(decisions.column("failed_rules"), rule.id)
    swept = np.full(len(values), kind in rule.kinds)
    if rule.languages:
        swept &= _among(languages, rule.languages)
    fixed = np.zeros(len(values), bool)
    for code, bound in rule.by_language:
        spoken = swept & _among(languages, (code,))
        fixed |= spoken & ((values < bound) if rule.comparison == "min" else (values > bound))
        swept &= ~spoken
    return _Part(values, swept, others, fixed, languages, failed)


def _among(languages: pa.Array, codes: tuple[str, ...]) -> NDArray[np.bool_]:
    mask = pc.is_in(languages, value_set=pa.array(codes, pa.string()))
    found: NDArray[np.bool_] = mask.to_numpy(zero_copy_only=False)
    return found


def _others_pass(column: pa.ChunkedArray, rule_id: str) -> tuple[NDArray[np.bool_], int]:
    """Whether each document passes every rule but one, and how many fail that one."""
    masks, failed = [np.zeros(0, bool)], 0
    for chunk in column.chunks:
        left = pc.list_value_length(chunk).to_numpy(zero_copy_only=False).astype(np.int64)
        failures = chunk.flatten()
        names = failures.dictionary.to_pylist()
        if rule_id in names:
            hit = failures.indices.to_numpy(zero_copy_only=False) == names.index(rule_id)
            rows = pc.list_parent_indices(chunk).to_numpy(zero_copy_only=False)[hit]
            left[rows] -= 1
            failed += len(rows)
        masks.append(left == 0)
    return np.concatenate(masks), failed


def _check_decisions(run: RunDirectory, rule: ResolvedRule, parts: Sequence[_Part]) -> None:
    """That the decisions were made with the threshold that the run's configuration states."""
    threshold = float(rule.threshold) if not isinstance(rule.threshold, tuple) else math.nan
    now = sum(
        int(_failing(part.values[part.swept], rule.comparison, [threshold])[0]) + int(part.fixed.sum())
        for part in parts
    )
    stored = sum(part.failed for part in parts)
    if now != stored:
        msg = (
            f"{run.uri}: {stored:,} documents fail {rule.id} in its decisions, {now:,} by the threshold "
            f"{threshold:g} of its configuration; finish the run with its own command"
        )
        raise InputError(msg)
