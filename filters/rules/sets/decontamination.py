"""Decontamination: how much of an evaluation item a document may hold."""

from __future__ import annotations

from gristmill.filters.rules.sets.rule_types import Rule, RuleSet

_ANY = "Brown et al. 2020, arXiv:2005.14165, appendix C; datatrove 0.10, pipeline/decont/n_grams.py"
_HALF = "Lambert et al. 2024, arXiv:2411.15124, section 3.2; huggingface/cosmopedia, decontamination/README.md"
_PALM = "Chowdhery et al. 2022, arXiv:2204.02311, section 8"

DECONTAMINATION = RuleSet(
    name="decontamination",
    summary="documents in which items of evaluation sets stand",
    kinds=("web", "book", "code"),
    default="any",
    variants={
        "any": (Rule("max_ngrams", "contamination_ngram_count", 0, _ANY),),
        "half": (Rule("max_item_share", "contamination_max_item_share", 0.5, _HALF),),
        "palm": (Rule("max_item_share", "contamination_max_item_share", 0.7, _PALM),),
    },
    notes={
        "any": "one shared n-gram is enough; GPT-3 uses ngram = 13, datatrove 12",
        "half": "more than half of an item's words; Tülu 3 uses ngram = 8, Cosmopedia 10",
        "palm": "more than 70 % of an item's words (there: at least 70 % of its 8-grams, ngram = 8)",
    },
    needs="decontamination",
)
