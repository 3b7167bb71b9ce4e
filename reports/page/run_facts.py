"""What the report is told about the run beside the counts: names, thresholds, dead letters, timings."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ConfigDict, Field, ValidationError

from gristmill.config.section import Section as StrictModel
from gristmill.errors import ConfigError


class RuleFact(StrictModel):
    """One rule of the run, so that a rule that never fired is still listed."""

    id: str = Field(description="the name that stands in failed_rules")
    source: str = Field(default="", description="paper or file the rule comes from")
    threshold: str | float | int | bool | None = Field(default=None, description="the threshold in force")


class StageFact(StrictModel):
    """One stage as the run timed it. Timings differ from run to run, and so do the bytes of a report that has them."""

    model_config = ConfigDict(frozen=True, extra="allow")

    stage: str = Field(description="name of the stage")
    seconds: float | None = Field(default=None, description="wall-clock seconds")
    documents: int | None = Field(default=None, description="documents that went through")


class HotBucketFact(StrictModel):
    """A band that very many documents share: usually a template, a licence or an error page."""

    size: int = Field(description="documents in it")
    examples: tuple[str, ...] = Field(default=(), description="addresses of some of them")


class ClusterFact(StrictModel):
    """A kept document and the copies that were dropped for it."""

    size: int = Field(description="documents in it, the kept one included")
    kept: str = Field(description="address of the kept one")
    members: tuple[str, ...] = Field(default=(), description="addresses of some of the others")


class UrlFact(StrictModel):
    """Copies of one address."""

    pages: int = Field(description="web pages whose addresses were compared")
    addresses: int = Field(description="addresses of which there are several copies")
    older: int = Field(description="copies that are not the newest of their address")


class RepeatedLineFact(StrictModel):
    """A line that stands in several documents and was cut from all but the first."""

    text: str = Field(description="the line, or its beginning")
    cut: int = Field(description="copies cut")
    copies: int = Field(description="copies there were")
    documents: int = Field(description="documents that held it")
    kept: str = Field(description="address of the document that keeps it")


class RepeatedLinesFact(StrictModel):
    """Repeated lines of a run."""

    repeats: int = Field(description="distinct lines that repeat")
    cut: int = Field(description="copies cut")
    lines: tuple[RepeatedLineFact, ...] = Field(default=(), description="those with the most copies cut")


class DedupFact(StrictModel):
    """Near-duplicate search, as counted by its own stage. What the ledger holds as well is taken from the ledger."""

    model_config = ConfigDict(frozen=True, extra="allow")

    candidate_pairs: int | None = Field(default=None, description="pairs of documents that shared a band")
    candidates: int | None = Field(default=None, description="documents that shared a band with another")
    verified: int | None = Field(default=None, description="candidates whose true Jaccard to the kept one suffices")
    duplicates: int | None = Field(default=None, description="another name for verified")
    keep: str = Field(default="", description="the rule that chose which copy stays")
    max_bucket: int | None = Field(default=None, description="documents in one bucket above which it is hot")
    min_jaccard: float | None = Field(default=None, description="least similarity of a duplicate")
    likeness_histogram: tuple[int, ...] = Field(
        default=(), description="candidates by true similarity to the best document of their group: 20 bins and 1.0"
    )
    by_source: tuple[tuple[str, str, int], ...] = Field(
        default=(), description="duplicates: their source, the source of the kept document, how many"
    )
    hot_buckets_total: int = Field(default=0, description="buckets above max_bucket")
    hot_buckets: tuple[HotBucketFact, ...] = Field(default=(), description="the largest of them")
    largest_clusters: tuple[ClusterFact, ...] = Field(default=(), description="the largest clusters of duplicates")
    shorter_than_shingle: int | None = Field(default=None, description="documents that only an exact copy can match")
    earlier_runs: dict[str, int | dict[str, int]] | None = Field(
        default=None, description="copies of documents of earlier runs: by evidence, pairs compared, and by run"
    )
    urls: UrlFact | None = Field(default=None, description="copies of one address")
    repeated_lines: RepeatedLinesFact | None = Field(default=None, description="lines cut from all but one document")


class RunFacts(StrictModel):
    """Everything :func:`gristmill.reports.figures.figures` may be told about a run; all of it optional."""

    name: str = Field(default="", description="name of the run")
    config_hash: str = Field(default="", description="hash of the resolved configuration")
    code_version: str = Field(default="", description="version of Gristmill that ran")
    input_manifest_hash: str = Field(default="", description="hash of the list of raw inputs")
    seed: int | None = Field(default=None, description="the run's seed")
    rules: tuple[RuleFact, ...] = Field(default=(), description="the rules in force")
    stages: tuple[StageFact, ...] = Field(default=(), description="stages with their timings")
    errors: dict[str, dict[str, int]] = Field(default_factory=dict, description="dead letters: stage, reason, count")
    skipped: dict[str, dict[str, int]] = Field(
        default_factory=dict, description="raw records that are no documents by design: source, reason, count"
    )
    cuts: dict[str, dict[str, int]] = Field(
        default_factory=dict, description="passages that edits cut out of texts: edit, reason, count"
    )
    tokenizer: dict[str, str | int | float | bool | None] = Field(default_factory=dict, description="its facts")
    warnings: tuple[str, ...] = Field(default=(), description="sentences the reader must see")
    dedup: DedupFact | None = Field(default=None, description="near-duplicate search")


def run_facts(run: Mapping[str, object]) -> RunFacts:
    """The facts in ``run``, checked.

    Raises:
        ConfigError: a key is unknown or a value has the wrong type; the message names it.

    >>> run_facts({"name": "quickstart", "seed": 17}).seed
    17
    """
    try:
        return RunFacts.model_validate(dict(run))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        message = (
            f"the report's run facts are wrong at {place!r}: {first['msg']}, got {first['input']!r}; "
            f"known keys: {', '.join(sorted(RunFacts.model_fields))}"
        )
        raise ConfigError(message) from error
