"""What the dedup stage of one run is told: its section of the configuration, and what that section names, opened."""

from __future__ import annotations

import dataclasses

from gristmill.config.dedup_config import DedupSection
from gristmill.dedup.index.files import Index


@dataclasses.dataclass(frozen=True)
class DedupChoices:
    """The part of a run's plan that decides which documents are duplicates, and which copy stays.

    Attributes:
        section: ``[dedup]``.
        indexes: the indexes of earlier runs, opened and of this run's parameters.
        source_order: the sources in the order of the configuration, if that decides which copy stays; else none.
    """

    section: DedupSection
    indexes: tuple[Index, ...] = ()
    source_order: tuple[str, ...] = ()

    def resolve_settings(self) -> list[object]:
        """What decides which candidates stay, as JSON values: part of a stage key."""
        dedup = self.section
        near = dedup.near.model_dump(mode="json") if dedup.near else None
        quality = dedup.quality_signal if dedup.keep == "best_quality" else None
        return [near, dedup.exact, [dedup.keep, quality, list(self.source_order)]]
