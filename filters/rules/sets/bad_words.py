"""Word lists: C4's removal of every page with a listed word. In no recipe by default."""

from __future__ import annotations

from gristmill.filters.rules.sets.rule_types import Rule, RuleSet

BAD_WORDS = RuleSet(
    name="bad_words",
    summary="pages with a word of the list of bad words of their language",
    kinds=("web",),
    default="c4",
    variants={
        "c4": (
            Rule(
                "max_bad_words", "bad_word_count", 0,
                "Raffel et al. 2020, arXiv:1910.10683, section 2.2; tensorflow_datasets/text/c4_utils.py at 3e77995",
            ),
        ),
    },
    notes={
        "c4": "one listed word removes the page; it removes pages on health, law and minorities too, so read "
        "bad_word_ambiguous_count and bad_word_minority_count of what it removes",
    },
    needs="words",
)  # fmt: skip
