"""URL lists: domains, addresses, words and strings in a page's address (RefinedWeb, FineWeb)."""

from __future__ import annotations

from gristmill.filters.rules.sets.rule_types import Rule, RuleSet

_REFINEDWEB = "Penedo et al. 2023, arXiv:2306.01116, appendix G.1; datatrove 0.10, pipeline/filters/url_filter.py"

URL = RuleSet(
    name="url",
    summary="pages whose address is on a list, or holds a listed word, two listed soft words or a listed string",
    kinds=("web",),
    default="refinedweb",
    variants={
        "refinedweb": (
            Rule("max_listed_domains", "url_listed_domains", 0, _REFINEDWEB),
            Rule("max_listed_urls", "url_listed_addresses", 0, _REFINEDWEB),
            Rule("max_words", "url_words", 0, _REFINEDWEB),
            Rule("max_soft_words", "url_soft_words", 1, _REFINEDWEB),
            Rule("max_substrings", "url_substrings", 0, _REFINEDWEB),
        ),
    },
    notes={
        "refinedweb": "one listed domain, address, word or string is enough, and two soft words; the lists are the "
        "user's own",
    },
    needs="url",
)
