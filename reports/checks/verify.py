"""Everything a run promises, checked against the bytes on disk.

Each check collects its faults instead of stopping at the first, so that one reading shows all of them.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gristmill import storage
from gristmill.documents import DOCUMENT_SCHEMA, LEDGER_SCHEMA
from gristmill.errors import GristmillError
from gristmill.filters.edits.cuts import apply, from_column
from gristmill.inputs import RawShard
from gristmill.reports.checks.reconcile import check_manifest_totals, read_totals
from gristmill.runs import RunDirectory
from gristmill.tables import read_footer, read_groups, read_table
from gristmill.tokenize.manifest import Manifest, check_manifest
from gristmill.tokenize.order import ranks
from gristmill.tokenize.shards import open_part, verify_part

MOST_FAULTS = 20
"""Faults listed of one check; the rest are counted."""


@dataclasses.dataclass
class Check:
    """One promise, what was looked at, and what was found wrong."""

    name: str
    looked_at: str = ""
    faults: list[str] = dataclasses.field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The check as JSON values."""
        return dataclasses.asdict(self)


def verify(run_uri: str) -> list[Check]:
    """Runs all checks of a finished run.

    Raises:
        RunDirectoryError: there is no run.
    """
    run = RunDirectory(run_uri)
    folder = run.read_state().get("cuts", "")
    shards = run.read_inputs()
    kept = KeptDocuments()
    checks = [
        _collect("schemas", lambda: _schemas(run, shards), f"{2 * len(shards)} files"),
        _collect("counts", lambda: _counts(run, shards), f"{len(shards)} shards"),
        _collect("row order", lambda: _row_order(run, shards, folder), f"{(4 + bool(folder)) * len(shards)} files"),
        _collect("ledger", lambda: _ledger(run, shards, kept), f"{len(shards)} files"),
        _collect("manifest and tokenizer", lambda: _manifest(run), "tokens/manifest.json"),
        _collect("token shards", lambda: _parts(run, kept), "every part, every id"),
    ]
    if folder:
        checks.insert(3, _collect("cuts", lambda: _cuts(run, shards, folder), f"{len(shards)} files"))
    return checks


class KeptDocuments:
    """Ids and token counts of the kept documents, from the ledger."""

    def __init__(self) -> None:
        self.tokens: dict[bytes, int] = {}


def _collect(name: str, faults: Callable[[], Iterator[str]], looked_at: str) -> Check:
    check = Check(name, looked_at)
    try:
        for fault in faults():
            check.faults.append(fault)
    except (GristmillError, FileNotFoundError, pa.ArrowException) as error:
        check.faults.append(f"{type(error).__name__}: {error}")
    if len(check.faults) > MOST_FAULTS:
        more = len(check.faults) - MOST_FAULTS
        check.faults = [*check.faults[:MOST_FAULTS], f"and {more} more"]
    return check


def _schemas(run: RunDirectory, shards: Sequence[RawShard]) -> Iterator[str]:
    for folder, schema in (("documents", DOCUMENT_SCHEMA), ("ledger", LEDGER_SCHEMA)):
        for shard in shards:
            with storage.open_read(run.shard(folder, shard)) as stream:
                found = pq.read_schema(stream).remove_metadata()
            if not found.equals(schema):
                yield f"{run.shard(folder, shard)}: wanted the {folder} schema, got {found}"


def _counts(run: RunDirectory, shards: Sequence[RawShard]) -> Iterator[str]:
    totals = read_totals(run, shards)
    check_manifest_totals(run, totals)
    for shard in shards:
        if shard.records is None:
            yield f"inputs.parquet: {shard.uri} has no record count"
    yield from ()


def _row_order(run: RunDirectory, shards: Sequence[RawShard], cuts: str) -> Iterator[str]:
    for shard in shards:
        ids = _column(run.shard("documents", shard), "doc_id")
        for folder in ("signals", "decisions", "ledger", *([cuts] if cuts else [])):
            uri = run.shard(folder, shard)
            if not _column(uri, "doc_id").equals(ids):
                yield f"{uri}: its doc_ids are not those of documents/, in their order"


def _cuts(run: RunDirectory, shards: Sequence[RawShard], folder: str) -> Iterator[str]:
    """Every cut lies within its text, on whole characters, and what is left has the bytes that were counted."""
    for shard in shards:
        uri = run.shard(folder, shard)
        left = 0
        with storage.local_copy(run.shard("documents", shard)) as documents, storage.local_copy(uri) as cuts:
            for group, found in zip(read_groups(documents, ["text"]), read_groups(cuts, ["cuts"]), strict=True):
                edited = apply(group.column("text"), from_column(found.column("cuts")))
                left += pc.sum(pc.binary_length(edited)).as_py() or 0
        footer = read_footer(uri)
        if footer is None or left != footer[1].get("text_bytes"):
            yield f"{uri}: wanted the text_bytes of its footer, got {left:,} bytes of edited text"


def _ledger(run: RunDirectory, shards: Sequence[RawShard], kept: KeptDocuments) -> Iterator[str]:
    targets: set[bytes] = set()
    for shard in shards:
        uri = run.shard("ledger", shard)
        table = read_table(uri)
        verdict = table.column("verdict").cast(pa.string())
        ruled = pc.greater(pc.list_value_length(table.column("failed_rules")), 0)
        if not pc.all(pc.equal(ruled, pc.equal(verdict, "removed")), min_count=0).as_py():
            yield f"{uri}: a document is removed without a failed rule, or has one and is not removed"
        named = pc.is_valid(table.column("duplicate_of"))
        if not pc.all(pc.equal(named, pc.equal(verdict, "duplicate")), min_count=0).as_py():
            yield f"{uri}: a duplicate names no kept document, or another verdict names one"
        rows = table.filter(pc.equal(verdict, "kept"))
        kept.tokens.update(zip(rows.column("doc_id").to_pylist(), rows.column("tokens").to_pylist(), strict=True))
        here = table.filter(pc.is_null(table.column("duplicate_run")))
        targets.update(here.column("duplicate_of").drop_null().to_pylist())
    for target in sorted(targets - kept.tokens.keys()):
        yield f"a duplicate names {target.hex()}, which is not a kept document of this run"


def _manifest(run: RunDirectory) -> Iterator[str]:
    manifest = Manifest.from_json(storage.read_bytes(run.manifest), run.manifest)
    check_manifest(manifest, run.manifest)
    raw = storage.read_bytes(run.path("tokens", manifest.tokenizer.file))
    if (found := hashlib.sha256(raw).hexdigest()) != manifest.tokenizer.sha256:
        yield f"tokens/{manifest.tokenizer.file}: wanted sha256 {manifest.tokenizer.sha256}, got {found}"


def _parts(run: RunDirectory, kept: KeptDocuments) -> Iterator[str]:
    manifest = Manifest.from_json(storage.read_bytes(run.manifest), run.manifest)
    left = dict(kept.tokens)
    for source, info in sorted(manifest.sources.items()):
        last = -1
        for part in info.parts:
            with storage.local_copy(run.path("tokens", part.path)) as path:
                verify_part(path, part)
                with open_part(path) as opened:
                    for batch in opened:
                        yield from _batch_faults(batch, manifest, part.path, left)
                        rank = ranks(manifest.seed, pa.array([bytes(row) for row in batch.doc_ids], pa.binary(16)))
                        if len(rank) and (int(rank[0]) < last or (rank[1:] < rank[:-1]).any()):
                            yield f"{source}/{part.path}: documents are not in the global order of seed {manifest.seed}"
                        last = int(rank[-1]) if len(rank) else last
    for doc_id in sorted(left)[:MOST_FAULTS]:
        yield f"kept document {doc_id.hex()} is in no part"


def _batch_faults(batch: Any, manifest: Manifest, path: str, left: dict[bytes, int]) -> Iterator[str]:
    ends = batch.values[batch.offsets[1:] - 1]
    if (ends != manifest.tokenizer.eot_id).any():
        yield f"{path}: a document does not end with the end-of-text id {manifest.tokenizer.eot_id}"
    if len(batch.values) and int(batch.values.max()) >= manifest.tokenizer.vocab_size:
        yield f"{path}: id {int(batch.values.max())} is outside the vocabulary of {manifest.tokenizer.vocab_size}"
    lengths = np.diff(batch.offsets)
    for row, length in zip(batch.doc_ids, lengths, strict=True):
        wanted = left.pop(bytes(row), None)
        if wanted != length:
            yield f"{path}: document {bytes(row).hex()} has {length} tokens, the ledger says {wanted}"


def _column(uri: str, name: str) -> pa.ChunkedArray:
    return read_table(uri, [name]).column(0)
