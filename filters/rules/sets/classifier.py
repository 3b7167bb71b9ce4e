"""Quality classifiers: keep what a fastText model takes for good text."""

from __future__ import annotations

from gristmill.filters.rules.sets.rule_types import Rule, RuleSet

CLASSIFIER = RuleSet(
    name="classifier",
    summary="documents that a fastText quality classifier scores too low",
    kinds=("web",),
    default="trained",
    variants={
        "trained": (
            Rule(
                "min_score", "classifier_score", 0.5, "the model's card, written by `gristmill classifier train`",
                setting="classifier.threshold",
            ),
        ),
        "dclm": (
            Rule(
                "min_score", "classifier_score", 0.018112,
                "Li et al. 2024, arXiv:2406.11794; mlfoundations/dclm at 361714b, fasttext_filter.yaml",
            ),
        ),
        "redpajama1": (
            Rule(
                "min_score", "classifier_score", 0.25,
                "togethercomputer/RedPajama-Data, data_prep/cc (v1), Wikipedia-reference classifier",
            ),
        ),
    },
    notes={
        "trained": "the threshold in the model's card or in [classifier] threshold, which takes the place of the 0.5 "
        "listed here; a model with neither is refused",
        "dclm": "for DCLM's own model openhermes_reddit_eli5_vs_rw_v2_bigram_200k_train.bin, of whose pool it keeps "
        "about a tenth",
        "redpajama1": "for a classifier of pages that Wikipedia refers to",
    },
    needs="classifier",
)  # fmt: skip
