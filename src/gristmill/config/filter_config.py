"""The sections of a configuration that say what is measured, cut and removed: everything between extraction and dedup.

A section makes signals; the rule set of the same name, listed in ``rules.use``, removes documents by them. So a section
without its rule set only annotates, and its signals can be judged later without reading a text again.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from gristmill.config.section import Section
from gristmill.errors import unknown_name

PiiKind = Literal["email", "ip", "phone", "iban", "card", "api_key", "private_key"]


class LanguageSection(Section):
    """``[language]``: which languages to keep. Applies to web pages and books, not to code."""

    keep: tuple[str, ...] = Field(default=(), description="language codes to keep; empty keeps every language")
    min_score: float = Field(default=0.0, ge=0, le=1, description="least probability of the identified language")
    min_scores: dict[str, float] = Field(
        default_factory=dict, description="least probability for single languages, in place of min_score"
    )
    model: str | None = Field(default=None, description="a fastText .bin or .ftz; the bundled lid.176.ftz if not given")
    min_script_share: float = Field(
        default=0.0, ge=0, le=1, description="least share of letters in a script that the language is written in"
    )


class RulesSection(Section):
    """``[rules]``: quality rules in the order they are reported."""

    use: tuple[str | dict[str, Any], ...] = Field(
        default=(), description="'set', 'set@variant' or {name=, variant=, thresholds={}}; `gristmill rules` lists them"
    )
    max_share: float = Field(
        default=0.5, gt=0, le=1, description="share of the documents it judges above which a rule is named as a warning"
    )


class EditSection(Section):
    """``[edit]``: what is cut out of texts before anything is measured. Cuts are recorded, never only made."""

    use: tuple[str | dict[str, Any], ...] = Field(
        default=(),
        description="edits in order: 'name', 'name@variant' or {name=, variant=, kinds=[]}; docs/filters/edits.md",
    )


class UrlSection(Section):
    """``[url]``: lists of addresses and words, one entry a line. Judged by ``rules.use = ["url"]``."""

    domains: tuple[str, ...] = Field(default=(), description="files of domains; a domain lists its subdomains too")
    urls: tuple[str, ...] = Field(default=(), description="files of whole addresses")
    words: tuple[str, ...] = Field(default=(), description="files of words of which one is enough")
    soft_words: tuple[str, ...] = Field(default=(), description="files of words of which two are enough")
    substrings: tuple[str, ...] = Field(default=(), description="files of strings, looked for anywhere without - and .")
    allow: tuple[str, ...] = Field(default=(), description="files of domains that no other list touches")
    public_suffixes: str | None = Field(
        default=None, description="a public_suffix_list.dat; the one of the publicsuffixlist package if not given"
    )


class ClassifierSection(Section):
    """``[classifier]``: a fastText quality classifier, judged by ``rules.use = ["classifier"]``."""

    path: str = Field(description="a fastText .bin or .ftz, from `gristmill classifier train` or elsewhere")
    label: str | None = Field(
        default=None, description="label whose probability is the score; the model's own card names it if not given"
    )
    threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="least score of the variant `trained`; the model's own card says it if not given",
    )


class PerplexitySection(Section):
    """``[perplexity]``: KenLM perplexity with CCNet's normalization. Judged by ``rules.use = ["perplexity"]``."""

    models: dict[str, str] = Field(description="KenLM model (.arpa or binary) for each language code")
    pieces: dict[str, str] = Field(
        default_factory=dict, description="SentencePiece model for each language code; words if a language has none"
    )
    cutoffs: dict[str, tuple[float, float]] = Field(
        default_factory=dict, description="for each language the perplexities that end `head` and `middle`"
    )


class PiiSection(Section):
    """``[pii]``: personal data and secrets. Counted always; cut where ``edit.use`` has 'pii'."""

    redact: tuple[PiiKind, ...] = Field(
        default=("email", "ip", "phone", "iban", "card", "api_key", "private_key"),
        description="kinds that the edit 'pii' replaces",
    )


class WordListsSection(Section):
    """``[words]``: word lists counted as signals, beside the bundled ones; they never remove by themselves."""

    lists: dict[str, str] = Field(
        default_factory=dict, description="file of words or phrases, one a line, for each list name"
    )


class SignalsSection(Section):
    """``[signals]``: signals that plugins measure, beside those of every run."""

    use: tuple[str | dict[str, Any], ...] = Field(
        default=(), description="plugins in order: an entry point, module:attribute, or {name=, options={}}"
    )

    @field_validator("use")
    @classmethod
    def _whole_tables(cls, value: tuple[str | dict[str, Any], ...]) -> tuple[str | dict[str, Any], ...]:
        for entry in value:
            if not isinstance(entry, str):
                for key in entry:
                    if key not in ("name", "options"):
                        raise ValueError(unknown_name("key of a signals.use table", key, ("name", "options")))
                if not isinstance(entry.get("name"), str) or not isinstance(entry.get("options", {}), dict):
                    msg = f'a signals.use table is {{name = "...", options = {{...}}}}, got {entry!r}'
                    raise ValueError(msg)  # noqa: TRY004  what pydantic turns into a message with file and line
        return value


class EvaluationSet(Section):
    """One evaluation set: files of JSON lines whose items must not be in the training data."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="name in the ledger")
    paths: tuple[str, ...] = Field(min_length=1, description="files or globs of JSON lines, plain or compressed")
    fields: tuple[str, ...] = Field(
        default=(), description="fields of an item that are searched, in reading order; all strings if empty"
    )
    id: str | None = Field(default=None, description="field that names an item in the ledger; its line if not given")


class DecontaminationSection(Section):
    """``[decontamination]``: n-gram overlap with evaluation sets. Judged by ``rules.use = ["decontamination"]``."""

    sets: tuple[EvaluationSet, ...] = Field(min_length=1, description="the evaluation sets")
    ngram: int = Field(default=13, ge=3, le=64, description="words in a matched n-gram")
    min_item_words: int = Field(
        default=8, ge=1, le=64, description="words that a passage shorter than an n-gram needs to be looked for whole"
    )
    min_bounded_words: int = Field(
        default=5,
        ge=1,
        le=64,
        description="words that a still shorter item needs to be looked for as a line, sentence or field of its own",
    )
    min_item_share: float = Field(
        default=0.0, ge=0, le=1, description="share of an item's words below which a match does not count"
    )
    max_items: int = Field(
        default=100, ge=1, description="items above which an n-gram is a template of the sets, and ignored"
    )
    ignore: tuple[str, ...] = Field(
        default=(), description="files of phrases, one a line, inside which nothing is looked for"
    )

    @field_validator("sets")
    @classmethod
    def _unique_names(cls, value: tuple[EvaluationSet, ...]) -> tuple[EvaluationSet, ...]:
        names = [one.name for one in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            msg = f"names of evaluation sets must differ, got {', '.join(twice)} more than once"
            raise ValueError(msg)
        return value
