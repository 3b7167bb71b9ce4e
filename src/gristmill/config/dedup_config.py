"""The ``[dedup]`` section: what counts as a duplicate, and which copy stays."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field, model_validator

from gristmill.config.section import Section
from gristmill.config.units import ByteSize, parse_bytes
from gristmill.documents import Kind

PUBLISHED: MappingProxyType[str, dict[str, Any]] = MappingProxyType(
    {
        "fineweb": {"shingle": 5, "unit": "word", "normalization": "datatrove", "bands": 14, "rows": 8},
        "refinedweb": {"shingle": 5, "unit": "word", "normalization": "datatrove", "bands": 450, "rows": 20},
        "rpv2": {"shingle": 13, "unit": "word", "normalization": "casefold", "bands": 14, "rows": 9},
        "slimpajama": {"shingle": 13, "unit": "character", "normalization": "casefold", "bands": 9, "rows": 13},
        "dolma3": {"shingle": 5, "unit": "word", "normalization": "casefold", "bands": 26, "rows": 11},
    }
)
"""Shingles, bands and rows of published data sets; `gristmill.dedup.signatures.settings` says where each stands."""


class NearSection(Section):
    """``near``: MinHash over word or character n-grams, verified by true Jaccard.

    ``near = "fineweb"`` and ``near = { setting = "fineweb" }`` take shingles, bands and rows from a published setting
    (`gristmill.dedup.signatures.settings`); what stands beside ``setting`` goes before it.
    """

    setting: Literal["fineweb", "refinedweb", "rpv2", "slimpajama", "dolma3"] | None = Field(
        default=None, description="published setting that fills in what is not given; `gristmill bands` lists them"
    )
    shingle: int = Field(default=5, ge=1, le=64, description="words (or characters) in a shingle")
    unit: Literal["word", "character"] = Field(default="word", description="what a shingle is made of")
    normalization: Literal["none", "casefold", "datatrove"] = Field(
        default="casefold", description="what is made equal before shingles are cut; docs/dedup.md defines each"
    )
    bands: int = Field(default=14, ge=1, le=1024, description="bands of the signature")
    rows: int = Field(default=8, ge=1, le=256, description="minhashes in a band")
    min_jaccard: float = Field(default=0.8, gt=0, le=1, description="least true Jaccard similarity to the kept one")

    def shingles(self) -> dict[str, Any]:
        """The keyword arguments that make signatures and shingle sets of one kind.

        >>> NearSection().shingles()
        {'shingle': 5, 'unit': 'word', 'normalization': 'casefold'}
        """
        return {"shingle": self.shingle, "unit": self.unit, "normalization": self.normalization}

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, value: Any) -> Any:
        given = {"setting": value} if isinstance(value, str) else value
        name = given.get("setting") if isinstance(given, dict) else None
        return {**PUBLISHED[name], **given} if isinstance(name, str) and name in PUBLISHED else given


class LinesSection(Section):
    """``lines``: lines that stand in several documents stay in the first of them only."""

    normalization: Literal["c4", "ccnet"] = Field(
        default="c4", description="what makes lines equal; ccnet drops punctuation too and makes every digit a 0"
    )
    min_chars: int = Field(default=1, ge=1, description="characters of a line that is compared; shorter ones stay")
    min_documents: int = Field(default=2, ge=2, description="documents that must hold a line for it to be a repeat")
    kinds: tuple[Kind, ...] = Field(
        default=("web",), min_length=1, description="kinds of document whose lines are compared and cut"
    )


class SubstringSection(Section):
    """``substring``: runs of words that stand in several documents are cut from all but one."""

    min_tokens: int = Field(
        default=50, ge=8, description="words and punctuation marks in the shortest passage that is cut"
    )


class DedupSection(Section):
    """``[dedup]``: exact and near-duplicate removal."""

    exact: bool = Field(default=True, description="remove documents whose normalised text is equal")
    url: bool = Field(default=False, description="remove older copies of one canonical address (web pages)")
    near: NearSection | Literal[False] = Field(default=NearSection(), description="near-duplicates, or false")
    lines: LinesSection | Literal[False] = Field(default=False, description="repeated lines or paragraphs, or false")
    substring: SubstringSection | Literal[False] = Field(default=False, description="repeated passages, or false")
    keep: Literal["longest", "earliest", "best_quality", "source_order"] = Field(
        default="longest", description="which copy stays; ties go to the smallest doc_id"
    )
    quality_signal: str = Field(
        default="classifier_score", description="signal whose highest value is best, for keep = 'best_quality'"
    )
    index: tuple[str, ...] = Field(
        default=(), description="indexes of earlier runs (`gristmill index`): their documents stay, copies here go"
    )
    max_bucket: int = Field(default=100_000, ge=2, description="documents in one bucket before it is reported as hot")
    partition_bytes: ByteSize = Field(
        default=parse_bytes("256 MB"), description="band keys or shingles one worker holds at a time"
    )
    memory_bytes: ByteSize = Field(
        default=parse_bytes("4 GB"),
        description="memory for what is held at one time by the command itself: shuffles of the local runner run in "
        "rounds below it, and candidate pairs beyond it are grouped on files",
    )
