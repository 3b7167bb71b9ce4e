"""From a finished run to the rows of an index: its kept documents, their exact hashes and signatures. No Beam."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill import storage
from gristmill.dedup.index.changes import Rows, add
from gristmill.dedup.index.format import DOCUMENT_TABLE, Head, Parameters
from gristmill.errors import RunDirectoryError
from gristmill.inputs import RawShard
from gristmill.pipelines.dedup.fingerprint import FOLDER as FINGERPRINTS
from gristmill.pipelines.dedup.fingerprint import signature_rows
from gristmill.reports.recorded import recorded_run
from gristmill.runs import RunDirectory
from gristmill.tables import one_batch, read_table


def index_run(index: str, run_uri: str, *, name: str | None = None, create: bool = False) -> Head:
    """Puts the kept documents of a finished run into an index, new or existing.

    Args:
        index: the index.
        run_uri: the run directory.
        name: of the run, as ledgers will call it; by default the last part of its uri.
        create: make a new index.

    Raises:
        RunDirectoryError: the run is not finished; see also `gristmill.dedup.index.changes.add`.
    """
    recorded = recorded_run(run_uri)
    run = recorded.run
    parameters = Parameters.of(recorded.dedup.near or None)
    shards = finished_shards(run)
    rows = (batch for shard in shards for batch in kept_rows(run, shard))
    label = name or run_uri.rstrip("/").rpartition("/")[2]
    return add(index, rows, name=label, run_uri=run_uri, cuts=recorded.cuts, parameters=parameters, create=create)


def finished_shards(run: RunDirectory) -> list[RawShard]:
    """The raw shards of a run that is done.

    Raises:
        RunDirectoryError: there is a shard without a ledger or fingerprints.
    """
    run.read_state()
    shards = run.read_inputs()
    for shard in shards:
        for folder in (FINGERPRINTS, "ledger"):
            if not storage.exists(run.shard(folder, shard)):
                msg = (
                    f"the run {run.uri} is not finished: it has no {run.shard(folder, shard)}; run it to its end first"
                )
                raise RunDirectoryError(msg)
    return shards


def kept_rows(run: RunDirectory, shard: RawShard) -> Iterator[Rows]:
    """The kept documents of one shard, in order."""
    ledger = read_table(run.shard("ledger", shard), ["doc_id", "uri", "verdict"])
    prints = one_batch(read_table(run.shard(FINGERPRINTS, shard)))
    at = prints.column("row").to_numpy()
    if len(at) and (
        at[-1] >= len(ledger)
        or not ledger.column("doc_id").take(pa.array(at)).combine_chunks().equals(prints.column("doc_id"))
    ):
        msg = f"{run.uri}: fingerprints and ledger of {shard.shard} are not of the same documents; run it to its end"
        raise RunDirectoryError(msg)
    kept = pc.equal(ledger.column("verdict").cast(pa.string()), "kept").to_numpy()
    chosen = np.flatnonzero(kept[at])
    if not len(chosen):
        return
    picked = prints.take(pa.array(chosen))
    uris = ledger.column("uri").take(pa.array(at[chosen])).combine_chunks()
    columns = {
        "doc_id": picked.column("doc_id"),
        "run": pa.array(np.zeros(len(chosen), np.int32)),
        "source": pa.array([shard.source] * len(chosen), pa.string()),
        "shard": pa.array([shard.name] * len(chosen), pa.string()),
        "row": picked.column("row"),
        "uri": uris.cast(pa.large_string()),
        "text_bytes": picked.column("text_bytes"),
        "exact": picked.column("exact"),
    }
    table = pa.table([columns[field] for field in DOCUMENT_TABLE.names], schema=DOCUMENT_TABLE)
    yield table, signature_rows(picked)
