"""Perplexity: keep what a language model of good text finds likely."""

from __future__ import annotations

from gristmill.filters.rules.sets.rule_types import Rule, RuleSet

_CCNET = "Wenzek et al. 2020, arXiv:1911.00359; facebookresearch/cc_net, cc_net/data/cutoff.csv"
_DATA_JUICER = "datajuicer/data-juicer at 1dc20a5, ops/filter/perplexity_filter.py"

PERPLEXITY = RuleSet(
    name="perplexity",
    summary="documents that a KenLM language model finds unlikely",
    kinds=("web",),
    default="ccnet",
    variants={
        "ccnet": (Rule("max_bucket", "perplexity_bucket_number", 2, _CCNET),),
        "data_juicer": (Rule("max_perplexity", "perplexity", 1500, _DATA_JUICER),),
    },
    notes={
        "ccnet": "head and middle are kept by the language's cutoffs, and so is a document without a model or cutoff",
        "data_juicer": "data-juicer's bound, on CCNet's perplexity of the whole text; data-juicer scores each line",
    },
    needs="perplexity",
)
