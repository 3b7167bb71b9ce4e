"""Rule sets by name: each variant's thresholds on signals, with the source of every number, in one table.

A document passes a rule when its signal is at least a ``min_`` threshold or at most a ``max_`` threshold. Rules keep no
text and read none: `gristmill.filters.signals` measures, `gristmill.filters.decide` compares.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from gristmill.documents import KINDS
from gristmill.errors import ConfigError, unknown_name

Comparison = Literal["min", "max", "in"]


@dataclass(frozen=True)
class Rule:
    """One threshold on one signal.

    Attributes:
        name: says what the threshold means; begins with ``min_`` or ``max_``.
        signal: the signal that it judges.
        threshold: the bound; a document fails strictly below a minimum or strictly above a maximum.
        source: where the number comes from.
        languages: the rule judges documents in these languages only; all if empty.
    """

    name: str
    signal: str
    threshold: float
    source: str
    languages: tuple[str, ...] = ()

    @property
    def comparison(self) -> Comparison:
        """``min`` or ``max``, from the name."""
        return "min" if self.name.startswith("min_") else "max"


@dataclass(frozen=True)
class RuleSet:
    """A named set of rules with its variants.

    Attributes:
        name: as in ``rules.use``.
        summary: one sentence on what it removes.
        kinds: the kinds of document that it judges unless told otherwise.
        default: the variant that the bare name means.
        variants: the rules of each variant, in the order in which they are reported.
        notes: what sets each variant apart.
    """

    name: str
    summary: str
    kinds: tuple[str, ...]
    default: str
    variants: Mapping[str, tuple[Rule, ...]]
    notes: Mapping[str, str]


@dataclass(frozen=True)
class RuleUse:
    """One entry of ``rules.use``: a rule set, a variant (None: its default), changed thresholds, changed kinds."""

    rule_set: str
    variant: str | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class ResolvedRule:
    """A rule ready to judge.

    Attributes:
        id: ``<rule set>.<rule>``, as it stands in ``failed_rules``.
        signal: the signal that it judges.
        comparison: ``min`` (fails below), ``max`` (fails above) or ``in`` (fails if not one of).
        threshold: a number, or the allowed names for ``in``.
        kinds: the kinds of document that it judges.
        source: where the threshold comes from.
        languages: judges documents in these languages only; all if empty.
    """

    id: str
    signal: str
    comparison: Comparison
    threshold: float | tuple[str, ...]
    kinds: tuple[str, ...]
    source: str
    languages: tuple[str, ...] = ()


_GOPHER = "Rae et al. 2021, arXiv:2112.11446, appendix A.1.1"
_GOPHER_TABLE = "Rae et al. 2021, arXiv:2112.11446, table A1"
_FINEWEB = "datatrove 0.10, pipeline/filters/fineweb_quality_filter.py"
_STARCODER = "bigcode-project/bigcode-dataset, preprocessing/arguments.py; Li et al. 2023, arXiv:2305.06161"
_REDPAJAMA = "togethercomputer/RedPajama-Data, data_prep/github/github_run_filter.py (v1)"
_C4_CODE = "tensorflow_datasets/text/c4_utils.py at 3e77995"
_C4_PAPER = "Raffel et al. 2020, arXiv:1910.10683, section 2.2"

_WEB = ("web",)

RULE_SETS: dict[str, RuleSet] = {
    rule_set.name: rule_set
    for rule_set in (
        RuleSet(
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
        ),
        RuleSet(
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
        ),
        RuleSet(
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
                "paper": (
                    Rule("min_sentences", "c4_paper_sentence_count", 5, _C4_PAPER),
                    Rule("max_lorem_ipsum_lines", "c4_paper_lorem_ipsum_line_count", 0, _C4_PAPER),
                    Rule("max_curly_bracket_lines", "c4_paper_curly_bracket_line_count", 0, _C4_PAPER),
                ),
            },
            notes={
                "tfds": "the code that builds C4: 5 words a line, 3 sentences a page, at most 190,000 characters",
                "paper": "as printed: 3 words a line, 5 sentences a page",
            },
        ),
        RuleSet(
            name="fineweb",
            summary="pages whose lines end without punctuation, are short, repeat, or are a list",
            kinds=_WEB,
            default="datatrove",
            variants={
                "datatrove": (
                    Rule("min_terminal_lines", "terminal_line_fraction", 0.12, _FINEWEB),
                    Rule("max_short_lines", "short_line_fraction", 0.67, _FINEWEB),
                    Rule("max_duplicate_line_text", "duplicate_line_text_fraction", 0.01, _FINEWEB),
                    Rule("max_newline_ratio", "newline_to_word_ratio", 0.3, _FINEWEB),
                ),
            },
            notes={
                "datatrove": "the thresholds of the filter that built FineWeb; lines trimmed, words by white space "
                "(spaCy tokens there, which count punctuation too)",
            },
        ),
        RuleSet(
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
        ),
    )
}
"""Every rule set by name."""

LANGUAGE_RULES = ("language.keep", "language.min_score")
"""Ids of the rules that the ``[language]`` section makes; they judge web pages and books, and come first."""


def parse_use(entry: str | Mapping[str, object]) -> RuleUse:
    """Reads one entry of ``rules.use``: a name, ``name@variant``, or a table.

    Args:
        entry: ``"gopher_quality"``, ``"c4@paper"``, or a mapping with ``name`` and optionally ``variant``,
            ``thresholds`` (rule name to number) and ``kinds``.

    Raises:
        ConfigError: an unknown rule set, variant, rule, kind or key, or a threshold that is not a finite number.

    >>> parse_use("c4@paper")
    RuleUse(rule_set='c4', variant='paper', thresholds={}, kinds=())
    >>> parse_use({"name": "gopher_quality", "thresholds": {"min_words": 40}}).thresholds
    {'min_words': 40.0}
    """
    if isinstance(entry, str):
        name, at, variant = entry.partition("@")
        return _checked(RuleUse(name, variant if at else None))
    known = ("name", "variant", "thresholds", "kinds")
    for key in entry:
        if key not in known:
            raise ConfigError(unknown_name("key of a rules.use table", str(key), known))
    rule_set, chosen = entry.get("name"), entry.get("variant")
    thresholds, kinds = entry.get("thresholds", {}), entry.get("kinds", ())
    if not isinstance(rule_set, str):
        message = f'a rules.use table needs name = "...", one of {", ".join(sorted(RULE_SETS))}; got {dict(entry)!r}'
        raise ConfigError(message)
    if not (chosen is None or isinstance(chosen, str)):
        message = f"variant of rule set {rule_set!r} must be a string, got {chosen!r}"
        raise ConfigError(message)
    if not isinstance(thresholds, Mapping):
        message = f"thresholds of rule set {rule_set!r} must be a table such as {{min_words = 40}}, got {thresholds!r}"
        raise ConfigError(message)
    if isinstance(kinds, str) or not isinstance(kinds, Sequence):
        message = f'kinds of rule set {rule_set!r} must be a list such as ["web", "book"], got {kinds!r}'
        raise ConfigError(message)
    numbers = {str(rule): _number(rule_set, str(rule), value) for rule, value in thresholds.items()}
    return _checked(RuleUse(rule_set, chosen, numbers, tuple(str(kind) for kind in kinds)))


def _number(rule_set: str, rule: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        message = f"threshold {rule_set}.{rule} must be a finite number, got {value!r}"
        raise ConfigError(message)
    return float(value)


def _checked(use: RuleUse) -> RuleUse:
    """The same use, if all its names exist."""
    if use.rule_set not in RULE_SETS:
        raise ConfigError(unknown_name("rule set", use.rule_set, RULE_SETS))
    rule_set = RULE_SETS[use.rule_set]
    variant = rule_set.default if use.variant is None else use.variant
    if variant not in rule_set.variants:
        raise ConfigError(unknown_name(f"variant of rule set {use.rule_set!r}", variant, rule_set.variants))
    rules = [rule.name for rule in rule_set.variants[variant]]
    for name in use.thresholds:
        if name not in rules:
            raise ConfigError(unknown_name(f"threshold of {use.rule_set}@{variant}", name, rules))
    for kind in use.kinds:
        if kind not in KINDS:
            raise ConfigError(unknown_name("kind", kind, KINDS))
    return use


def resolve(
    uses: Sequence[RuleUse], *, keep_languages: Sequence[str] = (), min_language_score: float = 0.0
) -> tuple[ResolvedRule, ...]:
    """The rules of a run, in the order in which they are reported: language first, then as listed.

    Args:
        uses: entries of ``rules.use``.
        keep_languages: languages to keep; empty keeps all.
        min_language_score: least probability of the language; 0 asks for none.

    Raises:
        ConfigError: an unknown name, or a rule set listed twice.

    >>> [rule.id for rule in resolve([parse_use("c4@paper")], keep_languages=["en"])][:2]
    ['language.keep', 'c4.min_sentences']
    """
    found: list[ResolvedRule] = []
    spoken = ("web", "book")
    if keep_languages:
        keep = tuple(keep_languages)
        found.append(ResolvedRule("language.keep", "language", "in", keep, spoken, "language.keep"))
    if min_language_score > 0:
        score = float(min_language_score)
        found.append(ResolvedRule("language.min_score", "language_score", "min", score, spoken, "language.min_score"))
    seen: set[str] = set()
    for use in map(_checked, uses):
        if use.rule_set in seen:
            message = f"rule set {use.rule_set!r} is listed twice in rules.use; list it once, with one variant"
            raise ConfigError(message)
        seen.add(use.rule_set)
        rule_set = RULE_SETS[use.rule_set]
        for rule in rule_set.variants[rule_set.default if use.variant is None else use.variant]:
            changed = rule.name in use.thresholds
            found.append(
                ResolvedRule(
                    id=f"{use.rule_set}.{rule.name}",
                    signal=rule.signal,
                    comparison=rule.comparison,
                    threshold=float(use.thresholds[rule.name] if changed else rule.threshold),
                    kinds=use.kinds or rule_set.kinds,
                    source="configuration" if changed else rule.source,
                    languages=rule.languages,
                )
            )
    return tuple(found)
