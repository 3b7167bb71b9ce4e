"""Fingerprint: exact hash and MinHash signature of every document that passed the rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill import storage
from gristmill.config.dedup_config import DedupSection, NearSection
from gristmill.dedup.signatures.exact import exact_hashes
from gristmill.dedup.signatures.minhash import EMPTY, has_signature, signatures
from gristmill.documents import DOC_ID_BYTES, DOCUMENT_SCHEMA
from gristmill.pipelines.engine.plan import Task
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.pipelines.engine.texts import open_texts
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter, read_groups

FOLDER = "dedup/fingerprints"

HASHES = ("doc_id", "exact", "signature")
"""Columns whose values do not repeat."""


def fingerprint_schema(near: NearSection | None) -> pa.Schema:
    """Row number in the shard, identity, exact hash, bytes of text, and the signature.

    A text shorter than a shingle has the empty signature, every value 2^32 - 1 (:func:`has_signature` tells). It is not
    null, because Parquet readers refuse a null list of fixed size.
    """
    width = near.bands * near.rows if near else 1
    return pa.schema(
        [
            pa.field("row", pa.int64(), nullable=False),
            DOCUMENT_SCHEMA.field("doc_id"),
            pa.field("exact", pa.binary(DOC_ID_BYTES), nullable=False),
            pa.field("text_bytes", pa.int64(), nullable=False),
            pa.field("signature", pa.list_(pa.uint32(), width), nullable=False),
        ]
    )


def fingerprint_tasks(run: RunDirectory, dedup: DedupSection, decided: Sequence[Task]) -> list[Task]:
    """One task per shard."""
    near = dedup.near or None
    settings = [near.shingles(), near.bands * near.rows] if near else []
    return [
        dataclasses.replace(task, uri=run.shard(FOLDER, task.raw), key=stage_key("fingerprint", settings, [task.key]))
        for task in decided
    ]


def fingerprints(batch: pa.RecordBatch, rows: np.ndarray, near: NearSection | None) -> pa.RecordBatch:
    """Fingerprints of a batch of documents.

    Args:
        batch: columns ``doc_id`` and ``text``.
        rows: row number of each document in its shard, int64.
        near: MinHash parameters, or None for exact hashes only.
    """
    texts = batch.column("text")
    schema = fingerprint_schema(near)
    if near is None:
        values = np.full((len(texts), 1), EMPTY, np.uint32)
    else:
        values = signatures(texts, num_perm=near.bands * near.rows, **near.shingles())
    signature = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), type=schema.field("signature").type)
    sizes = pc.binary_length(texts).cast(pa.int64())
    return pa.RecordBatch.from_arrays(
        [pa.array(rows), batch.column("doc_id"), exact_hashes(texts), sizes, signature], schema=schema
    )


def signature_rows(batch: pa.RecordBatch) -> np.ndarray:
    """The signatures of a batch of fingerprints: uint32 ``(rows, num_perm)``, not copied."""
    return batch.column("signature").flatten().to_numpy().reshape(batch.num_rows, -1)


@dataclasses.dataclass(frozen=True)
class Fingerprint:
    """The work of one shard."""

    run_uri: str
    near: NearSection | None
    step: str = "fingerprint"

    def __call__(self, task: Task) -> None:
        """Writes the fingerprints of the documents that failed no rule."""
        run = RunDirectory(self.run_uri)
        first, count, short = 0, 0, 0
        with (
            open_texts(run, task) as texts,
            storage.local_copy(run.shard("decisions", task.raw)) as decisions,
            storage.committing(task.uri, run=run.uri) as path,
            ShardWriter(path, fingerprint_schema(self.near), task.key, random=HASHES) as writer,
        ):
            groups = zip(texts.groups(["doc_id", "text"]), read_groups(decisions, ["failed_rules"]), strict=True)
            for group, decided in groups:
                passed = pc.equal(pc.list_value_length(decided.column("failed_rules")), 0)
                rows = first + np.flatnonzero(passed.to_numpy(zero_copy_only=False)).astype(np.int64)
                first += group.num_rows
                if len(rows):
                    made = fingerprints(group.filter(passed), rows, self.near)
                    writer.write(made)
                    count += len(rows)
                    short += int((~has_signature(signature_rows(made))).sum()) if self.near else 0
            writer.finish({"documents": count, "rows": first, "shorter_than_shingle": short})
