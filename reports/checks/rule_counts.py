"""What each rule in force came to over a whole run, from the footers of ``decisions/`` alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gristmill.errors import RunDirectoryError
from gristmill.filters.rules.outcomes import Outcome
from gristmill.filters.rules.sets.rule_types import ResolvedRule
from gristmill.runs import RunDirectory
from gristmill.tables import read_counts


def read_rule_counts(run: RunDirectory, rules: Sequence[ResolvedRule]) -> tuple[int, dict[str, Outcome]]:
    """The documents of a run, and the outcome of each rule.

    Raises:
        RunDirectoryError: decisions that are not there, or were made under other rules.
    """
    documents = 0
    sums = {rule.id: [0] * len(Outcome._fields) for rule in rules}
    for shard, counts in zip(
        shards := run.read_inputs(), read_counts([run.shard("decisions", s) for s in shards]), strict=True
    ):
        outcomes = counts.get("outcomes", {})
        if list(outcomes) != sorted(sums):
            msg = (
                f"{run.uri}: no decisions under the rules in force for {shard.uri}; finish the run with its own command"
            )
            raise RunDirectoryError(msg)
        documents += counts["documents"]
        for name, amounts in outcomes.items():
            sums[name] = [one + more for one, more in zip(sums[name], amounts, strict=True)]
    return documents, {name: Outcome(*amounts) for name, amounts in sums.items()}


def rule_warnings(outcomes: Mapping[str, Outcome], max_share: float) -> list[str]:
    """Sentences on rules that never fired, that judged nothing, and that failed more than a share of what they judged.

    >>> rule_warnings({"a.min": Outcome(10, 0, 0, 0), "b.max": Outcome(10, 6, 6, 6)}, 0.5)
    ['1 of 2 rules never fired: a.min', 'rule b.max fails 6 of the 10 documents that it judges, more than 50 %']
    """
    out = []
    silent = [name for name, outcome in outcomes.items() if outcome.judged and not outcome.failed]
    if silent:
        out.append(f"{len(silent)} of {len(outcomes)} rules never fired: {', '.join(silent)}")
    idle = [name for name, outcome in outcomes.items() if not outcome.judged]
    if idle:
        out.append(f"{len(idle)} of {len(outcomes)} rules had no document of their kind or language: {', '.join(idle)}")
    out += [
        f"rule {name} fails {outcome.failed:,} of the {outcome.judged:,} documents that it judges, "
        f"more than {100 * max_share:g} %"
        for name, outcome in outcomes.items()
        if outcome.failed > max_share * outcome.judged
    ]
    return out
