"""Gopher: document quality and repetition (Rae et al. 2021, arXiv:2112.11446, appendix A.1.1 and table A1)."""

from __future__ import annotations

from gristmill.filters.rule_types import Rule, RuleSet

_GOPHER = "Rae et al. 2021, arXiv:2112.11446, appendix A.1.1"
_GOPHER_TABLE = "Rae et al. 2021, arXiv:2112.11446, table A1"
_WEB = ("web",)

QUALITY = RuleSet(
    name="gopher_quality",
    summary="pages that are too short or long, or made of symbols, bullets and stubs instead of sentences",
    kinds=_WEB,
    default="paper",
    variants={
        "paper": (
            Rule("min_words", "word_count", 50, _GOPHER),
            Rule("max_words", "word_count", 100_000, _GOPHER),
            Rule("min_mean_word_length", "mean_word_length", 3, _GOPHER),
            Rule("max_mean_word_length", "mean_word_length", 10, _GOPHER),
            Rule("max_hash_ratio", "hash_to_word_ratio", 0.1, _GOPHER),
            Rule("max_ellipsis_ratio", "ellipsis_to_word_ratio", 0.1, _GOPHER),
            Rule("max_bullet_lines", "bullet_line_fraction", 0.9, _GOPHER),
            Rule("max_ellipsis_lines", "ellipsis_line_fraction", 0.3, _GOPHER),
            Rule("min_letter_words", "letter_word_fraction", 0.8, _GOPHER),
            Rule("min_stop_words", "stop_word_count", 2, _GOPHER, languages=("en",)),
        ),
    },
    notes={
        "paper": "words are white-space words; symbols counted by occurrence; stop words are distinct ones, "
        "asked of English documents only",
    },
)


REPETITION = RuleSet(
    name="gopher_repetition",
    summary="pages that repeat lines, paragraphs, or runs of words",
    kinds=_WEB,
    default="paper",
    variants={
        "paper": (
            Rule("max_duplicate_lines", "duplicate_line_fraction", 0.30, _GOPHER_TABLE),
            Rule("max_duplicate_paragraphs", "duplicate_paragraph_fraction", 0.30, _GOPHER_TABLE),
            Rule("max_duplicate_line_chars", "duplicate_line_char_fraction", 0.20, _GOPHER_TABLE),
            Rule("max_duplicate_paragraph_chars", "duplicate_paragraph_char_fraction", 0.20, _GOPHER_TABLE),
            *(
                Rule(f"max_top_{n}gram_chars", f"top_{n}gram_char_fraction", bound, _GOPHER_TABLE)
                for n, bound in ((2, 0.20), (3, 0.18), (4, 0.16))
            ),
            *(
                Rule(f"max_duplicate_{n}gram_chars", f"duplicate_{n}gram_char_fraction", bound, _GOPHER_TABLE)
                for n, bound in ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.10))
            ),
        ),
    },
    notes={
        "paper": "later copies of lines and paragraphs; the top n-gram must occur twice; every copy of a "
        "repeated n-gram counts, each character once",
    },
)
