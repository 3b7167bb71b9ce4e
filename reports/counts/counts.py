"""Mergeable counts: what a report is made of before any division happens.

A tally is a table from a tuple of names to a tuple of integers. Integers add up the same in any order, so the result
of a run does not depend on the number of workers, the order of shards, or how batches were cut. Shares and intervals
are computed once, at the end, from the sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from gristmill.errors import IntegrityError
from gristmill.reports.counts.batch import Batch

Key = tuple[str, ...]


@dataclass(frozen=True)
class Tally:
    """What to count: a name, the columns that identify a row, the columns to add up, and how to count one batch.

    Attributes:
        name: unique among all tallies; the key under which the counts are stored.
        keys: names of the identifying columns, all strings.
        values: names of the summed columns, all int64.
        count: one batch in, a table with exactly the columns ``keys + values`` out; a key may occur more than once.
    """

    name: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    count: Callable[[Batch], pa.Table]


@dataclass
class Counts:
    """The rows of one tally.

    >>> counts = Counts(("source", "verdict"), ("documents",))
    >>> counts.add_row(("web", "kept"), (2,))
    >>> counts.add_row(("web", "removed"), (1,))
    >>> counts.total(source="web")
    (3,)
    >>> counts.by("verdict")
    {'kept': (2,), 'removed': (1,)}
    """

    keys: tuple[str, ...]
    values: tuple[str, ...]
    rows: dict[Key, list[int]] = field(default_factory=dict)

    def add_row(self, key: Key, amounts: tuple[int, ...]) -> None:
        """Adds ``amounts`` to the row ``key``, in the order of ``values``."""
        row = self.rows.get(key)
        if row is None:
            self.rows[key] = list(amounts)
            return
        for index, amount in enumerate(amounts):
            row[index] += amount

    def add_table(self, table: pa.Table) -> None:
        """Adds every row of ``table``, whose columns are ``keys + values``."""
        columns = [table.column(name).to_pylist() for name in (*self.keys, *self.values)]
        width = len(self.keys)
        for row in zip(*columns, strict=True):
            self.add_row(row[:width], row[width:])

    def merge(self, other: Counts) -> None:
        """Adds every row of ``other``."""
        for key, amounts in other.rows.items():
            self.add_row(key, tuple(amounts))

    def select(self, **wanted: str) -> Iterator[tuple[dict[str, str], dict[str, int]]]:
        """Rows whose key columns have the wanted values, in sorted order, as (key by name, amounts by name)."""
        places = [(self.keys.index(name), value) for name, value in wanted.items()]
        for key in sorted(self.rows):
            if all(key[place] == value for place, value in places):
                amounts = self.rows[key]
                yield dict(zip(self.keys, key, strict=True)), dict(zip(self.values, amounts, strict=True))

    def total(self, **wanted: str) -> tuple[int, ...]:
        """Sums over the rows whose key columns have the wanted values, in the order of ``values``."""
        return self.by_keys(**wanted).get((), (0,) * len(self.values))

    def by(self, name: str, **wanted: str) -> dict[str, tuple[int, ...]]:
        """Sums grouped by one key column, over the rows whose key columns have the wanted values, sorted."""
        return {key[0]: amounts for key, amounts in self.by_keys(name, **wanted).items()}

    def by_keys(self, *names: str, **wanted: str) -> dict[Key, tuple[int, ...]]:
        """Sums grouped by several key columns, over the rows whose key columns have the wanted values, sorted."""
        places = [self.keys.index(name) for name in names]
        conditions = [(self.keys.index(name), value) for name, value in wanted.items()]
        sums: dict[Key, list[int]] = {}
        for key, amounts in self.rows.items():
            if any(key[place] != value for place, value in conditions):
                continue
            row = sums.setdefault(tuple(key[place] for place in places), [0] * len(self.values))
            for index, amount in enumerate(amounts):
                row[index] += amount
        return {key: tuple(sums[key]) for key in sorted(sums)}

    def to_dict(self) -> dict[str, object]:
        """JSON-able form with rows in sorted order."""
        return {
            "keys": list(self.keys),
            "values": list(self.values),
            "rows": [[*key, *self.rows[key]] for key in sorted(self.rows)],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> Counts:
        """The counts that :meth:`to_dict` wrote.

        Raises:
            IntegrityError: a row has another width than its columns, or an amount is not an integer.
        """
        keys, values, rows = stored.get("keys"), stored.get("values"), stored.get("rows")
        if not isinstance(keys, list) or not isinstance(values, list) or not isinstance(rows, list):
            message = f"stored counts want the lists keys, values and rows, got {sorted(stored)}; measure the run again"
            raise IntegrityError(message)
        counts = cls(tuple(keys), tuple(values))
        width = len(keys)
        for row in rows:
            amounts = row[width:]
            if len(row) != width + len(values) or not all(type(amount) is int for amount in amounts):
                message = f"stored counts want {width} names and {len(values)} integers a row, got {row!r}"
                raise IntegrityError(message)
            counts.add_row(tuple(row[:width]), tuple(amounts))
        return counts
