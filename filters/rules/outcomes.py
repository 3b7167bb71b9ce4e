"""What each rule came to in a batch of decisions: how many documents it judged, failed, failed first, failed alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.filters.rules.sets.rule_types import ResolvedRule


class Outcome(NamedTuple):
    """What one rule came to.

    Attributes:
        judged: documents that it is for, by kind and language.
        failed: of those, the ones that fail it, whatever else they fail.
        first: of those, the ones that fail no rule before it: what it removes if rules are asked in order.
        only: of those, the ones that fail no other rule: what would pass without it.
    """

    judged: int
    failed: int
    first: int
    only: int


def count_outcomes(
    failed_rules: pa.ListArray, kinds: pa.Array, languages: pa.Array, rules: Sequence[ResolvedRule]
) -> list[Outcome]:
    """The outcomes of a batch.

    Args:
        failed_rules: the column of `gristmill.filters.rules.decide.decide`, made with the same rules.
        kinds: kind of each document, string or dictionary of string.
        languages: language of each document, the same.
        rules: the rules in force, in order.

    Returns:
        One for each rule.

    >>> from gristmill.filters.rules.decide import decide
    >>> from gristmill.filters.rules.rules import parse_use, resolve
    >>> rules = resolve([parse_use("gopher_quality")])[:2]
    >>> kinds, languages = pa.array(["web", "web", "code"]), pa.array(["en", "en", "en"])
    >>> found = decide(pa.RecordBatch.from_pydict({"word_count": [3, 60, 3]}), kinds, rules).column(0)
    >>> count_outcomes(found, kinds, languages, rules)[0]
    Outcome(judged=2, failed=1, first=1, only=1)
    """
    indices = failed_rules.flatten().indices.to_numpy(zero_copy_only=False)
    lengths = pc.list_value_length(failed_rules).to_numpy(zero_copy_only=False)
    starts = np.cumsum(lengths) - lengths
    failed = np.bincount(indices, minlength=len(rules))
    first = np.bincount(indices[starts[lengths > 0]], minlength=len(rules))
    only = np.bincount(indices[starts[lengths == 1]], minlength=len(rules))
    judged: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}
    for rule in rules:
        key = (rule.kinds, rule.languages)
        if key not in judged:
            mask = pc.is_in(kinds.cast(pa.string()), value_set=pa.array(rule.kinds, pa.string()))
            if rule.languages:
                spoken = pc.is_in(languages.cast(pa.string()), value_set=pa.array(rule.languages, pa.string()))
                mask = pc.and_(mask, spoken)
            judged[key] = pc.sum(mask).as_py() or 0
    return [
        Outcome(judged[rule.kinds, rule.languages], int(failed[i]), int(first[i]), int(only[i]))
        for i, rule in enumerate(rules)
    ]
