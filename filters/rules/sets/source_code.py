"""Source code: StarCoder and RedPajama-1."""

from __future__ import annotations

from gristmill.filters.rules.sets.rule_types import Rule, RuleSet

_STARCODER = "bigcode-project/bigcode-dataset, preprocessing/arguments.py; Li et al. 2023, arXiv:2305.06161"
_STARCODER_CODE = "bigcode-project/bigcode-dataset, preprocessing/filtering.py; Li et al. 2023, arXiv:2305.06161"
_REDPAJAMA = "togethercomputer/RedPajama-Data, data_prep/github/github_run_filter.py (v1)"
_GENERATED = "huggingface/transformers, research_projects/codeparrot/scripts/preprocessing.py; go.dev/s/generatedcode"

_SHAPE = (("max_line_length", "max_raw_line_length", 1000), ("max_mean_line_length", "mean_raw_line_length", 100))

CODE = RuleSet(
    name="code",
    summary="files with very long lines, few letters and digits, no comments or nothing else, XML, data, and HTML "
    "that shows little text",
    kinds=("code",),
    default="starcoder",
    variants={
        "starcoder": (
            *(Rule(name, signal, bound, _STARCODER) for name, signal, bound in _SHAPE),
            Rule("min_alphanumeric", "alphanumeric_char_fraction", 0.25, _STARCODER),
            Rule("max_xml_headers", "xml_header_count", 0, _STARCODER_CODE),
            Rule("min_comments", "comment_char_fraction", 0.01, _STARCODER, not_measured=-1),
            Rule("max_comments", "comment_char_fraction", 0.8, _STARCODER, not_measured=-1),
            Rule("min_html_text", "html_visible_char_fraction", 0.2, _STARCODER_CODE, not_measured=-1),
            Rule("min_html_text_chars", "html_visible_char_count", 101, _STARCODER_CODE, not_measured=-1),
            Rule("min_data_chars", "data_file_char_count", 100, _STARCODER, not_measured=-1),
            Rule("max_data_chars", "data_file_char_count", 5000, _STARCODER, not_measured=-1),
            Rule("min_stars", "star_count", 6, _STARCODER, not_measured=-1),
            Rule("max_generated_marks", "generated_mark_count", 0, _GENERATED),
        ),
        "lines": (
            *(Rule(name, signal, bound, _STARCODER) for name, signal, bound in _SHAPE),
            Rule("min_alphanumeric", "alphanumeric_char_fraction", 0.25, _STARCODER),
            Rule("max_xml_headers", "xml_header_count", 0, _STARCODER_CODE),
        ),
        "redpajama1": (
            *(Rule(name, signal, bound, _REDPAJAMA) for name, signal, bound in _SHAPE),
            Rule("min_alphanumeric", "alphanumeric_char_fraction", 0.25, _REDPAJAMA),
        ),
    },
    notes={
        "starcoder": "all of its filters but the one on tokens, which is `code_tokens`; comments are asked of "
        "languages whose syntax is known, stars of documents that say how many; generated files after CodeParrot",
        "lines": "only line lengths, letters and digits, and XML: what needs no language",
        "redpajama1": "line lengths, letters and digits; its rule on letters per token is `code_tokens@redpajama1`",
    },
    needs="source",
)

CODE_TOKENS = RuleSet(
    name="code_tokens",
    summary="files of which the run's tokenizer makes too many tokens: data, hashes, encoded bytes",
    kinds=("code",),
    default="starcoder",
    variants={
        "starcoder": tuple(
            Rule(f"min_{name}_chars_per_token", f"{name}_chars_per_token", bound, _STARCODER_CODE, not_measured=-1)
            for name, bound in (("python", 2.5), ("java", 2.9), ("javascript", 2.6))
        ),
        "redpajama1": (Rule("min_letters_per_token", "letters_per_token", 1.5, _REDPAJAMA, not_measured=-1),),
    },
    notes={
        "starcoder": "characters per token in Python, Java and JavaScript; its numbers are for its own tokenizer",
        "redpajama1": "letters per token; its number is for the tokenizer of Pythia",
    },
    needs="tokenizer",
)
