"""Language: how sure the identifier is, and whether the letters are those of the language it names."""

from __future__ import annotations

from gristmill.filters.rules.sets.rule_types import Rule, RuleSet

_FINEWEB = "datatrove 0.10, examples/fineweb.py; Penedo et al. 2023, arXiv:2306.01116 (RefinedWeb), section 3.1"
_CCNET = "facebookresearch/cc_net at bda555b, mine.py (lang_threshold); Wenzek et al. 2020, arXiv:1911.00359"
_SCRIPT = "gristmill.filters.scripts; the check of GlotScript, Kargaran et al. 2024, arXiv:2309.13320"
_SPOKEN = ("web", "book")

LANGUAGE = RuleSet(
    name="language",
    summary="pages and books whose language is uncertain, or whose letters are not those of the language",
    kinds=_SPOKEN,
    default="fineweb",
    variants={
        "fineweb": (Rule("min_score", "language_score", 0.65, _FINEWEB),),
        "ccnet": (Rule("min_score", "language_score", 0.5, _CCNET),),
        "script": (Rule("min_script_share", "script_share", 0.5, _SCRIPT),),
    },
    notes={
        "fineweb": "the probability that RefinedWeb and FineWeb ask for; `unknown` has score 0 and fails",
        "ccnet": "the probability that CCNet asks for; `unknown` has score 0 and fails",
        "script": "no probability; half of the letters must be of a script that the language is written in",
    },
)
