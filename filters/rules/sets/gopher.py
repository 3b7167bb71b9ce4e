"""Gopher: document quality and repetition (Rae et al. 2021, arXiv:2112.11446, appendix A.1.1 and table A1)."""

from __future__ import annotations

from gristmill.filters.language_packs import STOP_WORDS
from gristmill.filters.rules.sets.rule_types import Rule, RuleSet

_GOPHER = "Rae et al. 2021, arXiv:2112.11446, appendix A.1.1"
_GOPHER_TABLE = "Rae et al. 2021, arXiv:2112.11446, table A1"
_LANGUAGE_PACKS = f"{_GOPHER}; other languages than English: gristmill.filters.language_packs"
_RPV2 = f"{_GOPHER}, judged on RedPajama-V2's signals"
_RPV2_TABLE = f"{_GOPHER_TABLE}, judged on RedPajama-V2's signals"
_DATATROVE = "datatrove 0.10, pipeline/filters/gopher_quality_filter.py"
_DT_REPETITION = "datatrove 0.10, pipeline/filters/gopher_repetition_filter.py"
_DOLMA = f"{_GOPHER}, judged on Dolma's attributes"
_DOLMA_TABLE = f"{_GOPHER_TABLE}, judged on Dolma's attributes"
_DOLMA_MIX = "allenai/dolma, configs/dolma-v1_6/mixing (0.20 in the paper's table A1)"
_WEB = ("web",)

_TOP_BOUNDS = ((2, 0.20), (3, 0.18), (4, 0.16))
_DUPLICATE_BOUNDS = ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.10))


def _gram_rules(prefix: str, source: str) -> tuple[Rule, ...]:
    """The rules on top and duplicate n-grams, judged on the signals that begin with ``prefix``."""
    return (
        *(
            Rule(f"max_top_{n}gram_chars", f"{prefix}top_{n}gram_char_fraction", bound, source)
            for n, bound in _TOP_BOUNDS
        ),
        *(
            Rule(f"max_duplicate_{n}gram_chars", f"{prefix}duplicate_{n}gram_char_fraction", bound, source)
            for n, bound in _DUPLICATE_BOUNDS
        ),
    )


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
            Rule("min_stop_words", "stop_word_count", 2, _LANGUAGE_PACKS, languages=tuple(STOP_WORDS)),
        ),
        "rpv2": (
            Rule("min_words", "rpv2_word_count", 50, _RPV2),
            Rule("max_words", "rpv2_word_count", 100_000, _RPV2),
            Rule("min_mean_word_length", "rpv2_mean_word_length", 3, _RPV2),
            Rule("max_mean_word_length", "rpv2_mean_word_length", 10, _RPV2),
            Rule("max_symbol_ratio", "rpv2_symbol_to_word_ratio", 0.1, _RPV2),
            Rule("max_bullet_lines", "rpv2_bullet_line_fraction", 0.9, _RPV2),
            Rule("max_ellipsis_lines", "rpv2_ellipsis_line_fraction", 0.3, _RPV2),
            Rule("max_letterless_words", "rpv2_letterless_word_fraction", 0.2, _RPV2),
        ),
        "datatrove": (
            Rule("min_words", "datatrove_word_count", 50, _DATATROVE),
            Rule("max_words", "datatrove_word_count", 100_000, _DATATROVE),
            Rule("min_mean_word_length", "datatrove_mean_word_length", 3, _DATATROVE),
            Rule("max_mean_word_length", "datatrove_mean_word_length", 10, _DATATROVE),
            Rule("max_hash_ratio", "datatrove_hash_to_token_ratio", 0.1, _DATATROVE),
            Rule("max_ellipsis_ratio", "datatrove_ellipsis_to_token_ratio", 0.1, _DATATROVE),
            Rule("max_bullet_lines", "datatrove_bullet_line_fraction", 0.9, _DATATROVE),
            Rule("max_ellipsis_lines", "datatrove_ellipsis_line_fraction", 0.3, _DATATROVE),
            Rule("min_letter_words", "datatrove_letter_token_fraction", 0.8, _DATATROVE),
            Rule("min_stop_words", "datatrove_stop_word_count", 2, _DATATROVE),
        ),
        "dolma": (
            Rule("min_words", "word_count", 50, _DOLMA),
            Rule("max_words", "word_count", 100_000, _DOLMA),
            Rule("min_median_word_length", "dolma_median_word_length", 3, _DOLMA),
            Rule("max_median_word_length", "dolma_median_word_length", 10, _DOLMA),
            Rule("max_symbol_words", "dolma_symbol_word_fraction", 0.1, _DOLMA),
            Rule("max_bullet_lines", "dolma_bullet_line_fraction", 0.9, _DOLMA),
            Rule("max_ellipsis_lines", "dolma_ellipsis_line_fraction", 0.3, _DOLMA),
            Rule("min_letter_words", "letter_word_fraction", 0.8, _DOLMA),
            Rule("min_stop_words", "dolma_stop_word_count", 2, _DOLMA, languages=("en",)),
        ),
    },
    notes={
        "paper": "words are white-space words; symbols counted by occurrence; stop words are distinct ones of the "
        "document's language, asked where there is a list of them",
        "rpv2": "words in lower case without punctuation; # and ellipses added up; the en dash is a bullet, the hyphen "
        "is not; letters are ASCII letters; no rule on stop words",
        "datatrove": "words are spaCy's English tokens, punctuation in the denominators; • and - are the bullets; "
        "distinct English stop words, case kept, asked of every document",
        "dolma": "the median word length; words that contain # or … (not ...); * and - are the bullets, unindented; "
        "stop words by occurrence, asked of English documents only",
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
            *_gram_rules("", _GOPHER_TABLE),
        ),
        "rpv2": _gram_rules("rpv2_", _RPV2_TABLE),
        "datatrove": (
            Rule("min_chars", "char_count", 1, _DT_REPETITION),
            Rule("max_duplicate_lines", "datatrove_duplicate_line_fraction", 0.30, _DT_REPETITION),
            Rule("max_duplicate_paragraphs", "datatrove_duplicate_paragraph_fraction", 0.30, _DT_REPETITION),
            Rule("max_duplicate_line_chars", "datatrove_duplicate_line_char_fraction", 0.20, _DT_REPETITION),
            Rule("max_duplicate_paragraph_chars", "datatrove_duplicate_paragraph_char_fraction", 0.20, _DT_REPETITION),
            *_gram_rules("datatrove_", _DT_REPETITION),
        ),
        "dolma": (
            Rule("max_duplicate_lines", "dolma_duplicate_line_fraction", 0.30, _DOLMA_TABLE),
            Rule("max_duplicate_line_chars", "dolma_duplicate_line_char_fraction", 0.30, _DOLMA_MIX),
            *_gram_rules("dolma_", _DOLMA_TABLE),
        ),
    },
    notes={
        "paper": "later copies of lines and paragraphs; the top n-gram must occur twice; every copy of a "
        "repeated n-gram counts, each character once",
        "rpv2": "n-grams of words in lower case without punctuation; the top n-gram must occur twice; no rules on "
        "lines and paragraphs",
        "datatrove": "spaCy's English tokens; later copies only, over the characters of the text; the top n-gram "
        "counts even if it occurs once; repeated n-grams from left to right without overlap",
        "dolma": "every copy of a repeated line counts, blank ones too; the top n-gram counts even if it occurs once; "
        "the mass of repeated n-grams over that of all; no rules on paragraphs",
    },
)
