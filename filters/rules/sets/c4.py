"""C4: what is left of a page when its lines are cleaned (Raffel et al. 2020, arXiv:1910.10683)."""

from __future__ import annotations

from gristmill.filters.rules.sets.rule_types import Rule, RuleSet

_C4_CODE = "tensorflow_datasets/text/c4_utils.py at 3e77995"
_C4_PAPER = "Raffel et al. 2020, arXiv:1910.10683, section 2.2"
_C4_DATATROVE = "datatrove 0.10, C4QualityFilter in pipeline/filters/c4_filters.py"
_C4_FINEWEB = "datatrove 0.10, examples/fineweb.py: C4QualityFilter(filter_no_terminal_punct=False)"
_WEB = ("web",)

C4 = RuleSet(
    name="c4",
    summary="pages with too few sentences on the lines that C4 keeps, placeholder text, or curly brackets",
    kinds=_WEB,
    default="tfds",
    variants={
        "tfds": (
            Rule("max_chars", "char_count", 190_000, _C4_CODE),
            Rule("min_sentences", "c4_sentence_count", 3, _C4_CODE),
            Rule("max_lorem_ipsum_lines", "c4_lorem_ipsum_line_count", 0, _C4_CODE),
            Rule("max_curly_bracket_lines", "c4_curly_bracket_line_count", 0, _C4_CODE),
        ),
        "datatrove": (
            Rule("min_sentences", "c4_datatrove_sentence_count", 5, _C4_DATATROVE),
            Rule("max_lorem_ipsum_lines", "c4_datatrove_lorem_ipsum_line_count", 0, _C4_DATATROVE),
            Rule("max_curly_bracket_lines", "c4_datatrove_curly_bracket_line_count", 0, _C4_DATATROVE),
        ),
        "fineweb": (
            Rule("min_sentences", "c4_fineweb_sentence_count", 5, _C4_FINEWEB),
            Rule("max_lorem_ipsum_lines", "c4_fineweb_lorem_ipsum_line_count", 0, _C4_FINEWEB),
            Rule("max_curly_bracket_lines", "c4_fineweb_curly_bracket_line_count", 0, _C4_FINEWEB),
        ),
        "paper": (
            Rule("min_sentences", "c4_paper_sentence_count", 5, _C4_PAPER),
            Rule("max_lorem_ipsum_lines", "c4_paper_lorem_ipsum_line_count", 0, _C4_PAPER),
            Rule("max_curly_bracket_lines", "c4_paper_curly_bracket_line_count", 0, _C4_PAPER),
        ),
    },
    notes={
        "datatrove": "datatrove's C4QualityFilter: 3 words a line before citations, an apostrophe ends a line, "
        "5 sentences a page by spaCy's sentencizer",
        "fineweb": "as FineWeb uses it: datatrove's, without the rule on how a line ends",
        "tfds": "the code that builds C4: 5 words a line, 3 sentences a page, at most 190,000 characters",
        "paper": "as printed: 3 words a line, 5 sentences a page",
    },
)
