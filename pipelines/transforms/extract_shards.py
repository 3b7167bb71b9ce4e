"""Raw shards to documents, as one step of somebody's own pipeline."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import PCollection, TaggedOutput

from gristmill import storage
from gristmill.config.config import SourceSection
from gristmill.config.config_errors import checked
from gristmill.documents import ERROR_SCHEMA
from gristmill.pipelines.engine import coders as _coders  # noqa: F401  registers how batches travel
from gristmill.pipelines.engine.batching import DocumentBatches
from gristmill.pipelines.sources.planned import PlannedSource, planned_source
from gristmill.pipelines.sources.reading.base import Failed, Skipped
from gristmill.pipelines.sources.table import check, read

DOCUMENTS, ERRORS = "documents", "errors"
"""Names of the two outputs."""


class ExtractShards(beam.PTransform):
    r"""Reads raw shards: uris in, documents out, with what could not be read beside them.

    The same readers as in a run: one document, one counted skip or one dead letter for each raw record, whatever the
    file holds. Skipped records are counted by Beam's counter ``gristmill/skipped-<reason>``.

    Args:
        kind: a source kind of `gristmill sources`, or ``module:attribute``.
        source: name of the source; part of every ``doc_id``.
        root: the part of the uris that shard names do not have, so that the same files elsewhere give the same ids.
        options: further keys of a ``[[source]]`` table: ``fields``, ``extractor``, ``license``, ``encoding``, …

    Input: `PCollection[str]`, uris of files, local, ``s3://`` or ``gs://``.

    Output: a dictionary of two PCollections of `pa.RecordBatch`: ``documents`` (`gristmill.DOCUMENT_SCHEMA`, at most
    16 MB of text each) and ``errors`` (`gristmill.documents.ERROR_SCHEMA`).

    Raises:
        ConfigError: an unknown kind, or options that the kind does not have.

    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.jsonl").write_text('{"text": "A mill."}\n{"text": 7}\n')
    >>> with beam.Pipeline("FnApiRunner") as pipeline:
    ...     found = pipeline | beam.Create([str(folder / "a.jsonl")]) | ExtractShards("jsonl", root=str(folder))
    ...     _ = found["documents"] | "Texts" >> beam.Map(lambda batch: print(batch.column("text").to_pylist()))
    ...     _ = found["errors"] | "Errors" >> beam.Map(lambda batch: print(batch.column("error").to_pylist()))
    ['A mill.']
    ['text-not-a-string']
    """

    def __init__(
        self, kind: str, *, source: str = "source", root: str = "", options: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__()
        values = {"name": source, "kind": kind, "paths": ["-"], **(options or {})}
        section = checked(SourceSection, values, "ExtractShards")
        self._source = planned_source(section)
        self._root = root.rstrip("/") + "/" if root else ""

    def expand(self, uris: PCollection[str]) -> dict[str, PCollection[pa.RecordBatch]]:
        """Spread over the workers, then read."""
        read_shard = beam.ParDo(_ReadShard(self._source, self._root)).with_output_types(pa.RecordBatch)
        found = uris | "Spread" >> beam.Reshuffle() | "Read" >> read_shard.with_outputs(ERRORS, main=DOCUMENTS)
        return {DOCUMENTS: found[DOCUMENTS], ERRORS: found[ERRORS]}


@dataclasses.dataclass
class _ReadShard(beam.DoFn):
    """One file."""

    source: PlannedSource
    root: str

    def process(self, element: str) -> Iterator[pa.RecordBatch | TaggedOutput]:
        """Yields batches of documents, and one of dead letters if there are any."""
        source, shard = self.source, element.removeprefix(self.root)
        documents = DocumentBatches(source.name, source.document_kind, shard)
        letters = []
        with storage.local_copy(element) as path:
            check(source.kind, path, source.options, source.plugin)
            for item in read(source.kind, path, shard, source.options, source.plugin):
                if isinstance(item, Skipped):
                    Metrics.counter("gristmill", f"skipped-{item.reason}").inc()
                elif isinstance(item, Failed):
                    letters.append(
                        dataclasses.asdict(item) | {"stage": "extract", "source": source.name, "shard": shard}
                    )
                elif (batch := documents.add(item)) is not None:
                    yield batch
        if (batch := documents.flush()) is not None:
            yield batch
        if letters:
            yield TaggedOutput(ERRORS, pa.RecordBatch.from_pylist(letters, schema=ERROR_SCHEMA))
