"""Signals that need more than the text: a file (a model, a list, an evaluation set) or other columns of the document.

An extra is a frozen dataclass that travels to every worker as it is, so it holds parameters and paths, never a loaded
model: what it loads, it loads once per process on first use. Which extras a run has follows from its configuration
(`gristmill.pipelines.extras.extras`); their columns stand after those of `gristmill.filters.signals` in ``signals/``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import pyarrow as pa

from gristmill.filters.counts.measure import Signal

EXTRA_COLUMNS = ("source", "kind", "uri", "text", "meta")
"""Columns of the documents that an extra may read; ``language`` and ``language_score`` come with them."""


class Extra(Protocol):
    """Signals that a run's configuration asks for."""

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The columns it makes, in order."""
        ...

    def key(self) -> object:
        """JSON values that say everything its columns depend on: parameters, and checksums of files, never paths."""
        ...

    def measure(self, documents: pa.RecordBatch) -> Sequence[pa.Array]:
        """One column per signal, one value per row of ``documents`` (`EXTRA_COLUMNS` and the language)."""
        ...


@runtime_checkable
class Noted(Protocol):
    """An extra with something that its user must know before the run starts."""

    def notes(self) -> tuple[str, ...]:
        """Sentences; they stand in the report too."""
        ...


def extra_notes(extras: Sequence[Extra]) -> tuple[str, ...]:
    """The notes of all extras that have any."""
    return tuple(note for extra in extras if isinstance(extra, Noted) for note in extra.notes())
