"""The accumulator of the report stage: batches in, mergeable counts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from gristmill.errors import IntegrityError
from gristmill.reports.counts.batch import Batch
from gristmill.reports.counts.counts import Counts
from gristmill.reports.page.panel import Panel
from gristmill.reports.panels.table import PANELS, tallies

FORMAT_VERSION = 1
"""Version of the stored form of :class:`Measures`."""


class Measures:
    """Every count that the report is made of.

    Adding batches and merging give the same counts in any order and any grouping: all of them are sums of integers.

    Attributes:
        counts: the counts by the name of their tally.

    Args:
        panels: what is counted for.

    >>> Measures().to_dict()["version"]
    1
    """

    def __init__(self, panels: Sequence[Panel] = PANELS) -> None:
        self.counts: dict[str, Counts] = {tally.name: Counts(tally.keys, tally.values) for tally in tallies(panels)}

    def add(self, documents: pa.RecordBatch, ledger: pa.RecordBatch, panels: Sequence[Panel] = PANELS) -> None:
        """Counts a batch.

        Args:
            documents: rows of ``DOCUMENT_SCHEMA``, with their text.
            ledger: rows of ``LEDGER_SCHEMA`` for the same documents in the same order.
            panels: what is counted for; not kept here, because counts travel between workers and code does not.

        Raises:
            ReconciliationError: the two do not describe the same documents in the same order.
        """
        batch = Batch(documents, ledger)
        if batch.num_rows == 0:
            return
        for tally in tallies(panels):
            self.counts[tally.name].add_table(tally.count(batch))

    def merge(self, other: Measures) -> None:
        """Adds all counts of ``other``."""
        for name, counts in other.counts.items():
            self.counts[name].merge(counts)

    def to_dict(self) -> dict[str, object]:
        """JSON-able form, the same for the same counts."""
        return {
            "version": FORMAT_VERSION,
            "counts": {name: self.counts[name].to_dict() for name in sorted(self.counts)},
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, object], panels: Sequence[Panel] = PANELS) -> Measures:
        """The counts that :meth:`to_dict` wrote for the same panels.

        Raises:
            IntegrityError: another version of Gristmill wrote them, or they are damaged.
        """
        measures = cls(panels)
        found = stored.get("counts")
        if stored.get("version") != FORMAT_VERSION or not isinstance(found, dict) or set(found) != set(measures.counts):
            message = (
                f"stored measures want version {FORMAT_VERSION} with the counts {', '.join(sorted(measures.counts))}; "
                f"got version {stored.get('version')!r}; delete them and run the report again"
            )
            raise IntegrityError(message)
        for name, counts in measures.counts.items():
            loaded = Counts.from_dict(found[name])
            if (loaded.keys, loaded.values) != (counts.keys, counts.values):
                wanted, got = counts.keys + counts.values, loaded.keys + loaded.values
                message = f"stored counts {name!r} want the columns {wanted}, got {got}; run the report again"
                raise IntegrityError(message)
            measures.counts[name] = loaded
        return measures
