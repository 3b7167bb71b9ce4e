"""`gristmill index query`: the matches of a run's fingerprints in an index, without a Beam pipeline."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from gristmill import storage
from gristmill.dedup.index.files import Index
from gristmill.dedup.index.format import Parameters
from gristmill.errors import RunDirectoryError
from gristmill.pipelines.dedup.fingerprint import FOLDER as FINGERPRINTS
from gristmill.pipelines.dedup.index_match import EmitMatches, judged
from gristmill.pipelines.dedup.known_step import best_matches
from gristmill.pipelines.engine.plan import Task
from gristmill.reports.recorded import recorded_run
from gristmill.tables import one_batch, read_counts, read_table


def ask(index_uri: str, run_uri: str) -> tuple[int, list[dict[str, Any]]]:
    """How many documents were asked about, and the best match of each that has one.

    The documents are those that passed the rules of the run, whether it kept them or found them duplicates.

    Args:
        index_uri: the index.
        run_uri: a run that has its fingerprints.

    Raises:
        RunDirectoryError: the run has none yet, or the index was made with other parameters.
    """
    recorded, index = recorded_run(run_uri), Index(index_uri)
    run = recorded.run
    dedup = recorded.dedup.model_copy(update={"index": (index_uri,)})
    if dedup.near:
        index.head.require(Parameters.of(dedup.near), index_uri, run_uri)
    asked, matches = 0, []
    for shard in run.read_inputs():
        prints = run.shard(FINGERPRINTS, shard)
        if not storage.exists(prints):
            msg = f"the run {run_uri} has no {prints} yet; run its configuration with `gristmill run` first"
            raise RunDirectoryError(msg)
        asked += int(str(read_counts([prints])[0]["documents"]))
        emit = EmitMatches(run_uri, dedup, 1, (0,))
        pairs = [batch for _, batch in emit(Task(prints, "", shard, 0, cuts=recorded.cuts))]
        if not pairs:
            continue
        found = one_batch(pa.Table.from_batches(pairs))
        best = best_matches(judged(found, dedup.near or None)[0])
        uris = read_table(run.shard("documents", shard), ["uri"]).column(0)
        matches += _described(index, best, uris)
    return asked, matches


def _described(index: Index, best: pa.RecordBatch, uris: pa.ChunkedArray) -> list[dict[str, Any]]:
    addresses: dict[bytes, str] = {}
    for number, rows in index.find(best.column("duplicate_of").unique()):
        part = index.segments[number].documents.take(pa.array(rows))
        addresses.update(zip(part.column("doc_id").to_pylist(), part.column("uri").to_pylist(), strict=True))
    numbers = best.column("document").to_numpy()
    return [
        {
            "doc_id": row["doc_id"].hex(),
            "uri": uri,
            "duplicate_of": row["duplicate_of"].hex(),
            "old_uri": addresses[row["duplicate_of"]],
            "run": row["duplicate_run"],
            "similarity": round(row["similarity"], 6),
            "similarity_evidence": row["similarity_evidence"],
        }
        for row, uri in zip(best.to_pylist(), uris.take(pa.array(np.asarray(numbers))).to_pylist(), strict=True)
    ]
