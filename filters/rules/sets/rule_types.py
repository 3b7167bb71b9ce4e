"""What a rule is: one threshold on one signal, in a named set with variants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Comparison = Literal["min", "max", "in"]


@dataclass(frozen=True)
class Rule:
    """One threshold on one signal.

    Attributes:
        name: says what the threshold means; begins with ``min_`` or ``max_``.
        signal: the signal that it judges.
        threshold: the bound; a document fails strictly below a minimum or strictly above a maximum.
        source: where the number comes from.
        languages: the rule judges documents in these languages only; all if empty.
        setting: a key of the configuration, such as ``classifier.threshold``, whose value takes the threshold's place.
        not_measured: value of the signal where it does not apply; such documents pass.
    """

    name: str
    signal: str
    threshold: float
    source: str
    languages: tuple[str, ...] = ()
    setting: str = ""
    not_measured: float | None = None

    @property
    def comparison(self) -> Comparison:
        """``min`` or ``max``, from the name."""
        return "min" if self.name.startswith("min_") else "max"


@dataclass(frozen=True)
class RuleSet:
    """A named set of rules with its variants.

    Attributes:
        name: as in ``rules.use``.
        summary: one sentence on what it removes.
        kinds: the kinds of document that it judges unless told otherwise.
        default: the variant that the bare name means.
        variants: the rules of each variant, in the order in which they are reported.
        notes: what sets each variant apart.
        needs: section of the configuration that makes its signals; empty if every run has them.
    """

    name: str
    summary: str
    kinds: tuple[str, ...]
    default: str
    variants: Mapping[str, tuple[Rule, ...]]
    notes: Mapping[str, str]
    needs: str = ""


@dataclass(frozen=True)
class RuleUse:
    """One entry of ``rules.use``: a rule set, a variant (None: its default), changed thresholds, changed kinds."""

    rule_set: str
    variant: str | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class ResolvedRule:
    """A rule ready to judge.

    Attributes:
        id: ``<rule set>.<rule>``, as it stands in ``failed_rules``.
        signal: the signal that it judges.
        comparison: ``min`` (fails below), ``max`` (fails above) or ``in`` (fails if not one of).
        threshold: a number, or the allowed names for ``in``.
        kinds: the kinds of document that it judges.
        source: where the threshold comes from.
        languages: judges documents in these languages only; all if empty.
        by_language: thresholds that stand in for ``threshold`` in single languages.
        not_measured: value of the signal where it does not apply; such documents pass.
        plugin: what stage keys hold of the plugin that it comes from; empty for a rule of this package.
    """

    id: str
    signal: str
    comparison: Comparison
    threshold: float | tuple[str, ...]
    kinds: tuple[str, ...]
    source: str
    languages: tuple[str, ...] = ()
    by_language: tuple[tuple[str, float], ...] = ()
    not_measured: float | None = None
    plugin: tuple[str, ...] = ()
