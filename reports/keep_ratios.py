"""Keep-rate ratios: were English documents that mention a term kept as often as those that do not?

The plain ratio compares all documents. The adjusted ratio compares documents of the same source and length only
(Mantel-Haenszel over source and length bin), because long documents mention more of everything, and many rules look at
length.
"""

from __future__ import annotations

from dataclasses import dataclass

from gristmill.reports.counts import Counts
from gristmill.reports.intervals import Estimate, Stratum, share_ratio, stratified_ratio

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


def keep_rates(english: Counts, mentions: Counts, **wanted: str) -> KeepRates:
    """The counts behind a ratio.

    Args:
        english: the tally of all English documents by source, length bin and verdict.
        mentions: a tally of those that mention something, with the same keys and one more.
        wanted: the value of that key, as in ``term="woman"``.
    """
    everyone = _by_stratum(english)
    mentioning = _by_stratum(mentions, **wanted)
    strata = []
    for place in sorted(everyone):
        kept, removed = everyone[place]
        with_kept, with_removed = mentioning.get(place, (0, 0))
        strata.append(
            Stratum(with_kept, with_kept + with_removed, kept - with_kept, kept + removed - with_kept - with_removed)
        )
    with_kept = sum(stratum.group_kept for stratum in strata)
    with_all = sum(stratum.group_documents for stratum in strata)
    rest_kept = sum(stratum.rest_kept for stratum in strata)
    rest_all = sum(stratum.rest_documents for stratum in strata)
    return KeepRates(with_kept, with_all - with_kept, rest_kept, rest_all - rest_kept, tuple(strata))


def _by_stratum(counts: Counts, **wanted: str) -> dict[tuple[str, str], tuple[int, int]]:
    """(kept, removed) documents by source and length bin; duplicates and errors are neither."""
    strata: dict[tuple[str, str], tuple[int, int]] = {}
    for key, amounts in counts.select(**wanted):
        if key["verdict"] in ("kept", "removed"):
            place = (key["source"], key["length_bin"])
            kept, removed = strata.get(place, (0, 0))
            if key["verdict"] == "kept":
                strata[place] = kept + amounts["documents"], removed
            else:
                strata[place] = kept, removed + amounts["documents"]
    return strata
