"""RefinedWeb: how much of a page its line-wise corrections took (Penedo et al. 2023, arXiv:2306.01116)."""

from __future__ import annotations

from gristmill.filters.rules.sets.rule_types import Rule, RuleSet

_PAPER = "Penedo et al. 2023, arXiv:2306.01116, section 3.2"

REFINEDWEB = RuleSet(
    name="refinedweb",
    summary="pages of which the edit `refinedweb_lines` cuts more than a few of the words",
    kinds=("web",),
    default="paper",
    variants={"paper": (Rule("max_words_cut", "refinedweb_lines_cut_word_fraction", 0.05, _PAPER),)},
    notes={
        "paper": "needs `refinedweb_lines` in `edit.use`; what is left is judged by the Gopher rule sets, as in the "
        "paper, which judges pages before it edits them",
    },
    needs="edit",
)
