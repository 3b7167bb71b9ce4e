"""The rule set ``mail``: messages that are mostly somebody else's words go."""

from __future__ import annotations

from gristmill.filters.rules.sets.rule_types import Rule, RuleSet

MAIL = RuleSet(
    name="mail",
    summary="removes messages that are mostly quotation",
    kinds=("web",),
    default="half",
    variants={
        "half": (Rule("max_quoted_lines", "quoted_line_fraction", 0.5, "this example"),),
        "strict": (Rule("max_quoted_lines", "quoted_line_fraction", 0.2, "this example"),),
    },
    notes={"half": "more than half of the lines are quoted", "strict": "more than a fifth"},
)
