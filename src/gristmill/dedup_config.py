"""The ``[dedup]`` section: what counts as a duplicate, and which copy stays."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gristmill.section import Section
from gristmill.units import ByteSize, parse_bytes


class NearSection(Section):
    """``near``: MinHash over word or character n-grams, verified by true Jaccard."""

    shingle: int = Field(default=5, ge=1, le=64, description="words (or characters) in a shingle")
    unit: Literal["word", "character"] = Field(default="word", description="what a shingle is made of")
    normalization: Literal["none", "casefold", "datatrove"] = Field(
        default="casefold", description="what is made equal before shingles are cut; docs/dedup.md defines each"
    )
    bands: int = Field(default=14, ge=1, le=1024, description="bands of the signature")
    rows: int = Field(default=8, ge=1, le=256, description="minhashes in a band")
    min_jaccard: float = Field(default=0.8, gt=0, le=1, description="least true Jaccard similarity to the kept one")


class LinesSection(Section):
    """``lines``: lines or paragraphs that stand in several documents stay in one of them only."""

    unit: Literal["line", "paragraph"] = Field(default="line", description="line: C4's; paragraph: CCNet's")
    min_chars: int = Field(default=1, ge=1, description="shorter ones are left alone")
    min_documents: int = Field(default=2, ge=2, description="copies in so many documents make it a repeat")


class SubstringSection(Section):
    """``substring``: runs of words that stand in several documents are cut from all but one."""

    min_tokens: int = Field(default=50, ge=8, description="words in the shortest run that is cut")


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
