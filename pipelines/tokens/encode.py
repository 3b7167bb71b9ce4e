"""Encode: the ledger row of every document, and the tokens of every kept one.

The ledger is committed here because its ``tokens`` column is known only now; everything else in it was decided before.
Encoded tokens lie under ``_tmp/encoded``, sorted by rank within each raw shard, until they are gathered into parts.
"""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill import storage
from gristmill.documents import LEDGER_SCHEMA, VERDICTS
from gristmill.pipelines.dedup.resolve import resolved_uri
from gristmill.pipelines.engine.document_ranges import read_range
from gristmill.pipelines.engine.plan import Task
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.pipelines.engine.texts import Texts, open_texts
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter, read_groups
from gristmill.tokenize.bpe import Tokenizer, encode_all, load_tokenizer
from gristmill.tokenize.order import ranks
from gristmill.tokenize.shards import ENCODED_SCHEMA, write_encoded

FOLDER = "ledger"


@dataclasses.dataclass(frozen=True)
class TokenizerSpec:
    """Which tokenizer to load on a worker.

    Attributes:
        uri: a ``tokenizer.json``.
        sha256: of its bytes, part of every key.
        eot_token: the end-of-text token, or None to find it.
        engine: ``auto``, ``gigatoken`` or ``tokenizers``.
    """

    uri: str
    sha256: str
    eot_token: str | None
    engine: str

    def load(self) -> Tokenizer:
        """The tokenizer, loaded once per process."""
        return _load(self)


@functools.lru_cache(maxsize=2)
def _load(spec: TokenizerSpec) -> Tokenizer:
    return load_tokenizer(storage.read_bytes(spec.uri), eot_token=spec.eot_token, engine=spec.engine)  # type: ignore[arg-type]


def encoded_uri(run: RunDirectory, task: Task) -> str:
    """Where the encoded tokens of one shard lie until they are gathered."""
    return run.path("_tmp", "encoded", task.raw.source, f"{task.raw.name}.arrow")


def encode_tasks(
    run: RunDirectory, spec: TokenizerSpec, seed: int, resolved_key: str, decided: Sequence[Task]
) -> list[Task]:
    """One task per shard. ``decided`` carry the number of their first document in ``first``."""
    settings = [spec.sha256, spec.eot_token, spec.engine, seed]
    return [
        dataclasses.replace(
            task, uri=run.shard(FOLDER, task.raw), key=stage_key("encode", settings, [task.key, resolved_key])
        )
        for task in decided
    ]


@dataclasses.dataclass(frozen=True)
class Encode:
    """The work of one shard."""

    run_uri: str
    spec: TokenizerSpec
    seed: int
    step: str = "encode"

    def __call__(self, task: Task) -> None:
        """Writes ``_tmp/encoded`` and then ``ledger/`` for one shard."""
        run = RunDirectory(self.run_uri)
        with (
            open_texts(run, task) as texts,
            storage.local_copy(run.shard("decisions", task.raw)) as decisions,
        ):
            rows = sum(group.num_rows for group in read_groups(decisions, ["doc_id"]))
            verdicts = Verdicts(read_range(resolved_uri(run), task.first, task.first + rows), task.first, rows)

            def kept_texts() -> Iterator[pa.Array]:
                for group, _, kept in kept_groups(texts, decisions, verdicts):
                    yield group.column("text").filter(kept)

            encoded, mismatch = encode_all(self.spec.load(), kept_texts)
            self._write_encoded(run, task, texts, decisions, verdicts, encoded)
            self._write_ledger(run, task, texts, decisions, verdicts, encoded, mismatch)

    def _write_encoded(
        self,
        run: RunDirectory,
        task: Task,
        texts: Texts,
        decisions: Path,
        verdicts: Verdicts,
        encoded: list[pa.Array],
    ) -> None:
        dtype = self.spec.load().dtype
        groups = kept_groups(texts, decisions, verdicts)

        def batches() -> Iterator[pa.RecordBatch]:
            for (group, _, kept), tokens in zip(groups, encoded, strict=True):
                ids = group.column("doc_id").filter(kept)
                sizes = pc.binary_length(group.column("text").filter(kept)).cast(pa.int32())
                rank = pa.array(ranks(self.seed, ids))
                columns = [tokens.cast(pa.list_(dtype)), ids, sizes, rank]
                yield pa.RecordBatch.from_arrays(columns, schema=ENCODED_SCHEMA(dtype))

        with storage.committing(encoded_uri(run, task), run=run.uri) as path:
            write_encoded(path, batches(), dtype)

    def _write_ledger(
        self,
        run: RunDirectory,
        task: Task,
        texts: Texts,
        decisions: Path,
        verdicts: Verdicts,
        encoded: list[pa.Array],
        mismatch: str | None,
    ) -> None:
        counts: Counter[str] = Counter(dict.fromkeys(VERDICTS, 0))
        tokens_total, rows = 0, 0
        with (
            storage.committing(task.uri, run=run.uri) as path,
            ShardWriter(path, LEDGER_SCHEMA, task.key) as writer,
        ):
            groups = kept_groups(texts, decisions, verdicts)
            for (group, decided, kept), tokens in zip(groups, encoded, strict=True):
                lengths = pc.list_value_length(tokens).to_numpy().astype(np.int32)
                batch = ledger_rows(group, decided, verdicts.slice(rows, group.num_rows), kept, lengths)
                writer.write(batch)
                rows += group.num_rows
                tokens_total += int(lengths.sum())
                for entry in pc.value_counts(batch.column("verdict").cast(pa.string())):
                    counts[entry["values"].as_py()] += entry["counts"].as_py()
            writer.finish({"documents": rows, **counts, "tokens": tokens_total, "tokenizer_mismatch": mismatch})


class Verdicts:
    """Which documents of one shard are duplicates, of what and how similar.

    Args:
        resolved: the rows of ``dedup/resolved.parquet`` for this shard.
        first: number of the shard's first document.
        rows: documents in the shard.
    """

    def __init__(self, resolved: pa.Table, first: int, rows: int) -> None:
        at = resolved.column("document").to_numpy() - first
        self.cluster_size = np.ones(rows, np.int32)
        self.cluster_size[at] = resolved.column("cluster_size").to_numpy()
        place = np.full(rows, -1, np.int64)
        place[at] = np.arange(len(at))
        index = pa.array(place, mask=place < 0)
        combined = resolved.combine_chunks()
        self.duplicate_of = combined.column("duplicate_of").take(index).combine_chunks()
        self.duplicate_run = combined.column("duplicate_run").take(index).combine_chunks()
        self.similarity = combined.column("similarity").take(index).combine_chunks()
        self.evidence = combined.column("similarity_evidence").unify_dictionaries().take(index).combine_chunks()
        self.is_duplicate = self.duplicate_of.is_valid()
        self._rows = rows

    def slice(self, first: int, count: int) -> Verdicts:
        """The verdicts of a run of documents."""
        part = object.__new__(Verdicts)
        part.cluster_size = self.cluster_size[first : first + count]
        part.duplicate_of = self.duplicate_of.slice(first, count)
        part.duplicate_run = self.duplicate_run.slice(first, count)
        part.similarity = self.similarity.slice(first, count)
        part.evidence = self.evidence.slice(first, count)
        part.is_duplicate = self.is_duplicate.slice(first, count)
        part._rows = count
        return part


def ledger_rows(
    documents: pa.RecordBatch, decided: pa.RecordBatch, verdicts: Verdicts, kept: pa.Array, lengths: np.ndarray
) -> pa.RecordBatch:
    """The ledger of a batch of documents.

    Args:
        documents: with ``doc_id``, ``source``, ``uri``.
        decided: their rows of ``decisions/``.
        verdicts: of the same documents.
        kept: boolean, which are kept.
        lengths: int32, tokens of the kept ones, in order.
    """
    chosen = kept.to_numpy(zero_copy_only=False)
    tokens = np.zeros(documents.num_rows, np.int32)
    tokens[chosen] = lengths
    removed = pc.greater(pc.list_value_length(decided.column("failed_rules")), 0)
    code = pc.if_else(
        removed, VERDICTS.index("removed"), pc.if_else(kept, VERDICTS.index("kept"), VERDICTS.index("duplicate"))
    )
    columns = {
        "doc_id": documents.column("doc_id"),
        "source": documents.column("source"),
        "uri": documents.column("uri"),
        "verdict": pa.DictionaryArray.from_arrays(code.cast(pa.int32()), list(VERDICTS)),
        "failed_rules": decided.column("failed_rules"),
        "evidence": decided.column("evidence"),
        "duplicate_of": verdicts.duplicate_of,
        "duplicate_run": verdicts.duplicate_run,
        "similarity": verdicts.similarity,
        "similarity_evidence": verdicts.evidence,
        "cluster_size": pa.array(verdicts.cluster_size),
        "language": decided.column("language"),
        "language_score": decided.column("language_score"),
        "tokens": pa.array(tokens),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in LEDGER_SCHEMA.names], names=LEDGER_SCHEMA.names)


def kept_groups(
    texts: Texts, decisions: Path, verdicts: Verdicts
) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch, pa.Array]]:
    """Documents, their decisions, and which of them are kept, one row group at a time."""
    first = 0
    columns = ["doc_id", "source", "uri", "text"]
    for group, decided in zip(texts.groups(columns), read_groups(decisions), strict=True):
        passed = pc.equal(pc.list_value_length(decided.column("failed_rules")), 0)
        yield group, decided, pc.and_not(passed, verdicts.slice(first, group.num_rows).is_duplicate)
        first += group.num_rows
