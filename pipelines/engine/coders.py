"""How Arrow record batches travel between Beam workers: as an Arrow IPC stream, never as a pickle.

The default coder pickles a batch, and a one-row slice then ships its whole parent buffer. Importing this module
registers the coder; every transform that yields batches says so in its type hints.
"""

from __future__ import annotations

from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam import coders


class IpcCoder(coders.Coder):
    """Encodes one ``pa.RecordBatch`` as an IPC stream; equal batches give equal bytes."""

    def encode(self, value: pa.RecordBatch) -> bytes:
        """The batch as bytes, only its own rows."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, value.schema) as writer:
            writer.write_batch(value)
        return bytes(sink.getvalue())

    def decode(self, encoded: bytes) -> pa.RecordBatch:
        """The batch back, its buffers in the bytes received."""
        with pa.ipc.open_stream(encoded) as reader:
            return reader.read_next_batch()

    def is_deterministic(self) -> bool:
        """True: the same batch always gives the same bytes."""
        return True

    def to_type_hint(self) -> type:
        """The type this coder is for."""
        return pa.RecordBatch


coders.registry.register_coder(pa.RecordBatch, IpcCoder)  # type: ignore[attr-defined]  # not in its __all__

KeyedBatch = beam.typehints.Tuple[int, pa.RecordBatch]
"""An int64 key and a batch: what a columnar shuffle is made of."""


def grouped(batches: Any) -> pa.Table:
    """The batches of one key as one table; row order is not defined, so the caller sorts."""
    return pa.Table.from_batches(list(batches))
