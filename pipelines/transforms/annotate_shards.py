"""Documents to signals, as one step of somebody's own pipeline."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import PCollection

from gristmill.documents import DOCUMENT_SCHEMA
from gristmill.filters.extras import Extra
from gristmill.filters.signals import SIGNALS
from gristmill.pipelines.annotate import measure, signals_schema
from gristmill.pipelines.engine import coders as _coders  # noqa: F401  registers how batches travel
from gristmill.pipelines.extras.plugin_signals import plugin_signals


class AnnotateShards(beam.PTransform):
    """Measures every signal of every document; removes nothing.

    Args:
        signals: signals of plugins to measure as well, as ``signals.use`` names them.
        language_model: a fastText .bin or .ftz; the bundled lid.176.ftz if None.

    Input: `PCollection[pa.RecordBatch]` of `gristmill.DOCUMENT_SCHEMA`, such as :class:`ExtractShards` gives; columns
    other than ``doc_id``, ``source``, ``kind``, ``uri``, ``text`` and ``meta`` are not looked at.

    Output: `PCollection[pa.RecordBatch]`, one row per document in the same order: ``doc_id``, then
    `gristmill.filters.signals.SIGNALS_SCHEMA`, then the signals of plugins. `gristmill.decide` judges them.

    Raises:
        PluginError: signals that are not there or broken.

    >>> row = dict.fromkeys(DOCUMENT_SCHEMA.names, "") | {"doc_id": bytes(16), "kind": "web", "meta": "{}"}
    >>> row |= {"text": "The mill grinds.", "offset": 0, "length": 0, "published": None}
    >>> batch = pa.RecordBatch.from_pylist([row], schema=DOCUMENT_SCHEMA)
    >>> with beam.Pipeline("FnApiRunner") as pipeline:
    ...     found = pipeline | beam.Create([batch]) | AnnotateShards()
    ...     _ = found | beam.Map(lambda batch: print(batch.column("word_count").to_pylist()))
    [3]
    """

    def __init__(self, signals: Sequence[str | Mapping[str, Any]] = (), *, language_model: str | None = None) -> None:
        super().__init__()
        self._extras = plugin_signals(signals, {*DOCUMENT_SCHEMA.names, *SIGNALS})
        self._language_model = language_model

    def expand(self, documents: PCollection[pa.RecordBatch]) -> PCollection[pa.RecordBatch]:
        """Batch by batch."""
        measured = beam.ParDo(_MeasureBatch(self._extras, self._language_model)).with_output_types(pa.RecordBatch)
        return documents | "Measure" >> measured


@dataclasses.dataclass
class _MeasureBatch(beam.DoFn):
    """One batch."""

    extras: tuple[Extra, ...]
    language_model: str | None

    def process(self, element: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """Yields its signals."""
        columns = measure(element, self.extras, self.language_model)
        yield pa.RecordBatch.from_arrays([element.column("doc_id"), *columns], schema=signals_schema(self.extras))
