"""Keep-rate ratios: were English documents that mention a term kept as often as those that do not?

The plain ratio compares all documents. The adjusted ratio compares documents of the same source and length only
(Mantel-Haenszel over source and length bin), because long documents mention more of everything, and many rules look at
length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gristmill.reports.counts.counts import Counts, Key
from gristmill.reports.counts.intervals import Estimate, Stratum, share_ratio, stratified_ratio

MIN_MENTIONING = 100
"""Documents that mention the term, kept or removed, needed before a ratio is printed."""

MIN_EACH_WAY = 10
"""Of those, how many must have been kept, and how many removed."""


@dataclass(frozen=True)
class KeepRates:
    """Documents that mention a term and those that do not, kept and removed.

    Attributes:
        mentioning_kept, mentioning_removed: documents with the term.
        others_kept, others_removed: English documents without it.
        strata: the same counts by source and length bin.
    """

    mentioning_kept: int
    mentioning_removed: int
    others_kept: int
    others_removed: int
    strata: tuple[Stratum, ...]

    @property
    def mentioning(self) -> int:
        """Documents with the term, kept or removed."""
        return self.mentioning_kept + self.mentioning_removed

    @property
    def others(self) -> int:
        """Documents without the term, kept or removed."""
        return self.others_kept + self.others_removed

    @property
    def shortage(self) -> str | None:
        """Why no ratio can be printed, or None when it can."""
        if self.mentioning < MIN_MENTIONING:
            return f"{self.mentioning} documents, {MIN_MENTIONING} needed"
        if self.others < MIN_MENTIONING:
            return f"{self.others} documents without the term, {MIN_MENTIONING} needed"
        if self.mentioning_kept < MIN_EACH_WAY:
            return f"{self.mentioning_kept} kept, {MIN_EACH_WAY} needed"
        if self.mentioning_removed < MIN_EACH_WAY:
            return f"{self.mentioning_removed} removed, {MIN_EACH_WAY} needed"
        return None

    @property
    def plain(self) -> Estimate:
        """Keep rate with the term over keep rate without it."""
        return share_ratio(self.mentioning_kept, self.mentioning, self.others_kept, self.others)

    @property
    def adjusted(self) -> Estimate | None:
        """The same ratio among documents of the same source and length."""
        return stratified_ratio(self.strata)


def keep_rates(english: Counts, mentions: Counts, names: Sequence[str]) -> dict[str, KeepRates]:
    """The counts behind the ratio of each name.

    Args:
        english: all English documents, by (source, length bin, verdict).
        mentions: those that mention something, by (what, source, length bin, verdict).
        names: what to look for among the mentioned; one that never occurs gets zeros.
    """
    everyone: dict[Key, list[int]] = {}
    for (source, length_bin, verdict), amounts in english.rows.items():
        _add(everyone, (source, length_bin), verdict, amounts[0])
    mentioning: dict[str, dict[Key, list[int]]] = {name: {} for name in names}
    for (name, source, length_bin, verdict), amounts in mentions.rows.items():
        if name in mentioning:
            _add(mentioning[name], (source, length_bin), verdict, amounts[0])
    return {name: _rates(everyone, mentioning[name]) for name in names}


def _add(strata: dict[Key, list[int]], place: Key, verdict: str, documents: int) -> None:
    """Adds to the (kept, removed) documents of a stratum; duplicates and errors are neither."""
    if verdict in ("kept", "removed"):
        strata.setdefault(place, [0, 0])[verdict == "removed"] += documents


def _rates(everyone: dict[Key, list[int]], mentioning: dict[Key, list[int]]) -> KeepRates:
    strata = []
    for place in sorted(everyone):
        kept, removed = everyone[place]
        with_kept, with_removed = mentioning.get(place, (0, 0))
        with_all = with_kept + with_removed
        strata.append(Stratum(with_kept, with_all, kept - with_kept, kept + removed - with_all))
    with_kept = sum(stratum.group_kept for stratum in strata)
    with_all = sum(stratum.group_documents for stratum in strata)
    rest_kept = sum(stratum.rest_kept for stratum in strata)
    rest_all = sum(stratum.rest_documents for stratum in strata)
    return KeepRates(with_kept, with_all - with_kept, rest_kept, rest_all - rest_kept, tuple(strata))
