"""FineWeb: how lines end, how short they are, how much of them repeats (Penedo et al. 2024, arXiv:2406.17557)."""

from __future__ import annotations

from gristmill.filters.rules.sets.rule_types import Rule, RuleSet

_FINEWEB = "datatrove 0.10, pipeline/filters/fineweb_quality_filter.py"
_WEB = ("web",)

FINEWEB = RuleSet(
    name="fineweb",
    summary="pages whose lines end without punctuation, are short, repeat, or are a list",
    kinds=_WEB,
    default="datatrove",
    variants={
        "datatrove": (
            Rule("min_terminal_lines", "datatrove_terminal_line_fraction", 0.12, _FINEWEB),
            Rule("max_short_lines", "datatrove_short_line_fraction", 0.67, _FINEWEB),
            Rule("max_duplicate_line_text", "datatrove_duplicate_line_text_fraction", 0.01, _FINEWEB),
            Rule("max_newline_ratio", "datatrove_newline_to_token_ratio", 0.3, _FINEWEB),
        ),
        "whitespace": (
            Rule("min_terminal_lines", "terminal_line_fraction", 0.12, _FINEWEB),
            Rule("max_short_lines", "short_line_fraction", 0.67, _FINEWEB),
            Rule("max_duplicate_line_text", "duplicate_line_text_fraction", 0.01, _FINEWEB),
            Rule("max_newline_ratio", "newline_to_word_ratio", 0.3, _FINEWEB),
        ),
    },
    notes={
        "datatrove": "the filter that built FineWeb: lines as they stand, words are spaCy's English tokens",
        "whitespace": "the same thresholds on trimmed lines and white-space words, for text of any language",
    },
)
