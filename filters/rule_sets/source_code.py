"""Source code: StarCoder and RedPajama-1."""

from __future__ import annotations

from gristmill.filters.rule_types import Rule, RuleSet

_STARCODER = "bigcode-project/bigcode-dataset, preprocessing/arguments.py; Li et al. 2023, arXiv:2305.06161"
_REDPAJAMA = "togethercomputer/RedPajama-Data, data_prep/github/github_run_filter.py (v1)"

CODE = RuleSet(
    name="code",
    summary="files with very long lines, with few letters and digits, or that are XML",
    kinds=("code",),
    default="starcoder",
    variants={
        "starcoder": (
            Rule("max_line_length", "max_raw_line_length", 1000, _STARCODER),
            Rule("max_mean_line_length", "mean_raw_line_length", 100, _STARCODER),
            Rule("min_alphanumeric", "alphanumeric_char_fraction", 0.25, _STARCODER),
            Rule("max_xml_headers", "xml_header_count", 0, _STARCODER),
        ),
        "redpajama1": (
            Rule("max_line_length", "max_raw_line_length", 1000, _REDPAJAMA),
            Rule("max_mean_line_length", "mean_raw_line_length", 100, _REDPAJAMA),
            Rule("min_alphanumeric", "alphanumeric_char_fraction", 0.25, _REDPAJAMA),
        ),
    },
    notes={
        "starcoder": "line lengths, letters and digits, XML; without its rules on comments, HTML, data files "
        "and stars, which need the file's language or a parser",
        "redpajama1": "line lengths, letters and digits; without its rule on letters per token",
    },
)
