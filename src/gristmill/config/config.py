"""One TOML file says what a run does. Unknown keys are errors; every message names the key, the file and the line.

::

    [run]       output, seed, error budget, workers
    [[source]]  one table per source: name, kind, paths, licence, extractor
    [edit]      what is cut out of texts: C4's and RefinedWeb's lines, personal data, evaluation items
    [language]  which languages to keep
    [rules]     which rule sets to apply, and their thresholds
    [signals]   signals of plugins
    [url] [classifier] [perplexity] [pii] [words] [decontamination]   what else is measured
    [dedup]     exact, near, line and passage duplicates
    [tokenizer] a tokenizer.json, or the size of one to train
    [tokens]    shape of the token shards
    [report]    panels of plugins
    [pretrain]  the training run that `gristmill pretrain` starts

Paths in a configuration are relative to the current directory, as on a command line.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from gristmill.config.config_errors import explain_validation, find_line
from gristmill.config.dedup_config import DedupSection
from gristmill.config.filter_config import (
    ClassifierSection,
    DecontaminationSection,
    EditSection,
    LanguageSection,
    PerplexitySection,
    PiiSection,
    RulesSection,
    SignalsSection,
    UrlSection,
    WordListsSection,
)
from gristmill.config.pretrain_config import PretrainConfig
from gristmill.config.section import Section
from gristmill.config.units import ByteSize, parse_bytes
from gristmill.documents import Kind
from gristmill.errors import ConfigError, unknown_name
from gristmill.plugins import entry_points

SOURCE_KINDS = ("warc", "wet", "epub", "text", "code", "jsonl", "parquet")
"""The source kinds of this package; plugins bring more."""


class RunSection(Section):
    """``[run]``: where a run lives and when it must fail."""

    output: str = Field(description="run directory: a local path, s3:// or gs://")
    seed: int = Field(default=17, ge=0, lt=2**63, description="seed of the global shuffle of documents")
    max_error_fraction: float = Field(
        default=0.001, ge=0, le=1, description="share of raw records that may be dead letters before the run fails"
    )
    workers: int = Field(default=0, ge=0, description="local worker processes; 0 chooses from the size of the input")


class SourceSection(Section):
    """``[[source]]``: raw shards of one kind that belong together."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="name in every table and folder")
    kind: str = Field(description="reader; `gristmill sources` lists them; also a plugin's, or module:attribute")
    paths: tuple[str, ...] = Field(min_length=1, description="files or globs (`*`, `**/`), local, s3:// or gs://")
    root: str | None = Field(default=None, description="directory that shard names are relative to")
    license: str | None = Field(default=None, description="SPDX id of every document that does not state its own")
    extractor: Literal["resiliparse", "trafilatura"] = Field(default="resiliparse", description="HTML to text")
    document_kind: Kind | None = Field(default=None, description="web, book or code, for jsonl and parquet")
    fields: dict[str, str] = Field(
        default_factory=dict, description="which field is text, id, uri, title, published, license; for jsonl, parquet"
    )
    encoding: str | None = Field(default=None, description="character encoding of text files; detected if not given")
    max_record_bytes: ByteSize = Field(
        default=parse_bytes("32 MiB"), description="records larger than this become dead letters"
    )
    options: dict[str, Any] = Field(default_factory=dict, description="for the reader of a plugin, which names them")


class TrainTokenizerSection(Section):
    """``train``: a byte-level BPE tokenizer trained on this run's kept documents."""

    vocab_size: int = Field(ge=257, le=2**24, description="tokens, the 256 bytes and end of text included")
    sample_bytes: ByteSize = Field(default=parse_bytes("1 GB"), description="text to train on, chosen by document hash")


class TokenizerSection(Section):
    """``[tokenizer]``: exactly one of ``path`` and ``train``."""

    path: str | None = Field(default=None, description="a Hugging Face tokenizer.json")
    train: TrainTokenizerSection | None = Field(default=None, description="train one on the kept documents")
    eot_token: str | None = Field(default=None, description="end-of-text token; found if not given")
    engine: Literal["auto", "gigatoken", "tokenizers"] = Field(
        default="auto", description="auto is gigatoken, checked against tokenizers, which takes over on a difference"
    )

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.path is None) == (self.train is None):
            msg = "wanted exactly one of `path` (a tokenizer.json) and `train` ({ vocab_size = 32000 })"
            raise ValueError(msg)
        return self


class TokensSection(Section):
    """``[tokens]``: the training shards."""

    part_bytes: ByteSize = Field(default=parse_bytes("256 MB"), description="token bytes in one Arrow part")


class ReportSection(Section):
    """``[report]``: what the page shows beside the panels that every run has."""

    panels: tuple[str, ...] = Field(
        default=(), description="panels of plugins, after the others: entry points or module:attribute"
    )


ADDED_LATER = ("signals", "report")
"""Sections that older configurations do not have: a hash of one that leaves them out is what it was before."""


class Config(Section):
    """A whole configuration, checked."""

    run: RunSection
    source: Annotated[tuple[SourceSection, ...], Field(min_length=1)]
    edit: EditSection = EditSection()
    language: LanguageSection = LanguageSection()
    rules: RulesSection = RulesSection()
    url: UrlSection | None = None
    classifier: ClassifierSection | None = None
    perplexity: PerplexitySection | None = None
    pii: PiiSection = PiiSection()
    words: WordListsSection = WordListsSection()
    signals: SignalsSection = SignalsSection()
    decontamination: DecontaminationSection | None = None
    dedup: DedupSection = DedupSection()
    tokenizer: TokenizerSection
    tokens: TokensSection = TokensSection()
    report: ReportSection = ReportSection()
    pretrain: PretrainConfig = PretrainConfig()

    @field_validator("source")
    @classmethod
    def _unique_names(cls, value: tuple[SourceSection, ...]) -> tuple[SourceSection, ...]:
        names = [source.name for source in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            msg = f"source names must differ, got {', '.join(twice)} more than once"
            raise ValueError(msg)
        return value

    def to_json(self) -> dict[str, Any]:
        """The resolved configuration, every default filled in."""
        return self.model_dump(mode="json")

    def digest(self) -> str:
        """Hash of everything that can change an output; where the run lives and how many workers is left out."""
        resolved = self.to_json()
        for key in ("output", "workers"):
            resolved["run"].pop(key)
        for name in ADDED_LATER:
            if getattr(self, name) == type(getattr(self, name))():
                resolved.pop(name)
        for source in resolved["source"]:
            if not source["options"]:
                source.pop("options")
        return hashlib.sha256(canonical_json(resolved)).hexdigest()[:32]


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: the same value always gives the same bytes.

    >>> canonical_json({"b": 1, "a": [1.5, None]})
    b'{"a":[1.5,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse_config(text: str, *, origin: str = "<text>") -> Config:
    """A checked configuration from TOML text.

    Args:
        text: the TOML document.
        origin: the file it came from, for messages.

    Raises:
        ConfigError: not TOML, an unknown key, a value of the wrong kind; with file, line and the nearest valid key.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        where = f"{origin}:{line[1]}" if line else origin
        msg = f"{where}: not valid TOML: {error}"
        raise ConfigError(msg) from error
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(explain_validation(error, Config, text, origin)) from error
    _check_kinds(config, text, origin)
    return config


def _check_kinds(config: Config, text: str, origin: str) -> None:
    """Here and not in the model, which reads the records of runs whose plugins may be gone."""
    for index, source in enumerate(config.source):
        if source.kind in SOURCE_KINDS or ":" in source.kind:
            continue
        known = {*SOURCE_KINDS, *(point.name for point in entry_points("sources"))}
        if source.kind not in known:
            line = find_line(text, ("source", index, "kind"))
            msg = (
                f"{origin}:{line}: source[{index}].kind: {unknown_name('source kind', source.kind, known)}; packages "
                "bring more by entry points of gristmill.sources"
            )
            raise ConfigError(msg)


def load_config(path: str | Path) -> Config:
    """A checked configuration from a TOML file.

    Raises:
        ConfigError: as :func:`parse_config`, or the file does not exist.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        msg = f"no such configuration file: {path} (current directory: {Path.cwd()})"
        raise ConfigError(msg) from error
    except (UnicodeDecodeError, IsADirectoryError) as error:
        msg = f"{path} is not a UTF-8 text file: {error}"
        raise ConfigError(msg) from error
    return parse_config(text, origin=str(path))
