"""What a run holds, as Arrow: read file by file, so that a corpus larger than memory can be gone through."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Literal

import pyarrow as pa

from gristmill import storage
from gristmill.documents import LEDGER_SCHEMA
from gristmill.errors import ConfigError, RunDirectoryError, unknown_name
from gristmill.inputs import RawShard
from gristmill.pipelines.engine.texts import open_texts_at
from gristmill.reports.recorded import recorded_run
from gristmill.runs import RunDirectory
from gristmill.tables import read_groups

Folder = Literal["documents", "signals", "decisions", "ledger"]
FOLDERS: tuple[Folder, ...] = ("documents", "signals", "decisions", "ledger")


def read_ledger(run: str, *, columns: Sequence[str] | None = None, sources: Collection[str] | None = None) -> pa.Table:
    """The ledger of a run as one table: a row per document, why it was kept, removed or a duplicate.

    Args:
        run: the run directory, local, ``s3://`` or ``gs://``.
        columns: of `gristmill.LEDGER_SCHEMA`; all if None.
        sources: names of sources; all if None.

    Raises:
        RunDirectoryError: there is no run, or it has no ledger yet.
        ConfigError: there is no such column or source.

    >>> read_ledger("runs/quickstart", columns=["verdict"]).num_rows  # doctest: +SKIP
    705
    """
    wanted = list(LEDGER_SCHEMA.names if columns is None else columns)
    for name in wanted:
        if name not in LEDGER_SCHEMA.names:
            raise ConfigError(unknown_name("column of the ledger", name, LEDGER_SCHEMA.names))
    batches = list(iterate(run, "ledger", columns=wanted, sources=sources))
    schema = pa.schema([LEDGER_SCHEMA.field(name) for name in wanted])
    return pa.Table.from_batches(batches, schema).unify_dictionaries()


def iterate(
    run: str, folder: Folder, *, columns: Sequence[str] | None = None, sources: Collection[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """The rows of one folder of a run, a row group at a time; all folders have the same documents in the same order.

    Args:
        run: the run directory.
        folder: ``documents``, ``signals``, ``decisions`` or ``ledger``.
        columns: all if None. Of ``documents``, ``text`` is the text as it was extracted; see `kept_texts`.
        sources: names of sources; all if None.

    Raises:
        RunDirectoryError: there is no run, or it has not come so far.
        ConfigError: there is no such folder or source.
    """
    if folder not in FOLDERS:
        raise ConfigError(unknown_name("folder of a run", folder, FOLDERS))
    directory = RunDirectory(run)
    for shard in _shards(directory, sources):
        with storage.local_copy(_there(directory, folder, shard)) as path:
            yield from read_groups(path, None if columns is None else list(columns))


def kept_texts(run: str, *, sources: Collection[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The documents that a run kept, with the texts that its tokens were made from: all cuts are taken out.

    Args:
        run: the run directory.
        sources: names of sources; all if None.

    Yields:
        Batches of `gristmill.DOCUMENT_SCHEMA`.

    Raises:
        RunDirectoryError: there is no run, or it has no ledger yet.
    """
    recorded = recorded_run(run)
    directory = recorded.run
    for shard in _shards(directory, sources):
        cuts = directory.shard(recorded.cuts, shard) if recorded.cuts else None
        documents = _there(directory, "documents", shard)
        with (
            open_texts_at(documents, cuts) as texts,
            storage.local_copy(_there(directory, "ledger", shard)) as ledger,
        ):
            for group, verdicts in zip(texts.groups(), read_groups(ledger, ["verdict"]), strict=True):
                kept = pa.compute.equal(verdicts.column(0).cast(pa.string()), "kept")
                if (batch := group.filter(kept)).num_rows:
                    yield batch


def _shards(run: RunDirectory, sources: Collection[str] | None) -> list[RawShard]:
    run.read_state()
    shards = run.read_inputs()
    known = {shard.source for shard in shards}
    for name in sources or ():
        if name not in known:
            raise ConfigError(unknown_name("source of this run", name, known))
    return [shard for shard in shards if sources is None or shard.source in sources]


def _there(run: RunDirectory, folder: str, shard: RawShard) -> str:
    uri = run.shard(folder, shard)
    if not storage.exists(uri):
        message = f"{run.uri} has no {folder} of {shard.source}/{shard.shard} yet; `gristmill run` resumes it"
        raise RunDirectoryError(message)
    return uri
