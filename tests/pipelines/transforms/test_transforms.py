"""The steps for somebody's own pipeline do what a run does: same documents, signals, pairs and token shards."""

from __future__ import annotations

import random
import uuid
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.testing.util import assert_that, equal_to

import gristmill
from gristmill.dedup.components.components import connected_components
from gristmill.dedup.signatures.digests import halves
from gristmill.errors import ConfigError
from gristmill.pipelines.transforms.near_duplicate_pairs import PAIR_SCHEMA
from tests.pipelines.corpus import edited, english, make_corpus, write_config


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> gristmill.RunResult:
    folder = tmp_path_factory.mktemp("transforms")
    make_corpus(folder, seed=5, documents=60, shards=2)
    return gristmill.run(write_config(folder, str(folder / "run"), raw=str(folder / "raw")))


def rows(batch: pa.RecordBatch) -> list[tuple[Any, ...]]:
    return [tuple(str(value) for value in row.values()) for row in batch.to_pylist()]


def test_documents_and_signals_are_those_of_a_run(run: gristmill.RunResult) -> None:
    documents = [row for batch in gristmill.iterate(run.run.uri, "documents", sources=["web"]) for row in rows(batch)]
    signals = [row for batch in gristmill.iterate(run.run.uri, "signals", sources=["web"]) for row in rows(batch)]
    raw = Path(run.run.uri).parent / "raw"
    uris = sorted(str(path) for path in raw.glob("web-*"))
    options = {"fields": {"text": "text", "uri": "url"}, "document_kind": "web"}
    with beam.Pipeline("FnApiRunner") as pipeline:
        extract = gristmill.ExtractShards("jsonl", source="web", root=str(raw), options=options)
        found = pipeline | beam.Create(uris) | extract
        measured = found["documents"] | gristmill.AnnotateShards()
        assert_that(found["documents"] | "Documents" >> beam.FlatMap(rows), equal_to(documents), label="documents")
        narrow = measured | "Signals" >> beam.FlatMap(lambda batch: [row[: len(signals[0])] for row in rows(batch)])
        names = next(iter(gristmill.iterate(run.run.uri, "signals"))).schema.names
        assert names[:100] == ["doc_id", *names[1:100]]
        assert_that(narrow | beam.Map(lambda row: row[:100]), equal_to([row[:100] for row in signals]), label="signals")


def test_what_cannot_be_read_is_beside_the_documents(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a mill"}\nnot json\n')
    with beam.Pipeline("FnApiRunner") as pipeline:
        found = (
            pipeline | beam.Create([str(tmp_path / "a.jsonl")]) | gristmill.ExtractShards("jsonl", root=str(tmp_path))
        )
        counts = found["documents"] | "Count" >> beam.Map(lambda batch: batch.num_rows)
        letters = found["errors"] | "Letters" >> beam.FlatMap(
            lambda batch: [(row["shard"], row["stage"]) for row in batch.to_pylist()]
        )
        assert_that(counts, equal_to([1]), label="documents")
        assert_that(letters, equal_to([("a.jsonl", "extract")]), label="errors")


def test_a_wrong_kind_or_option_is_known_before_the_pipeline_runs() -> None:
    with pytest.raises(ConfigError, match="did you mean 'jsonl'"):
        gristmill.ExtractShards("jsnl")
    with pytest.raises(ConfigError, match="takes no options, got archive"):
        gristmill.ExtractShards("jsonl", options={"options": {"archive": "x"}})


@pytest.mark.parametrize("partitions", [1, 7])
def test_pairs_connect_the_copies_whatever_the_batches(partitions: int, tmp_path: Path) -> None:
    rng = random.Random(4)
    originals = [english(rng, 220) for _ in range(12)]
    texts = [*originals, *(edited(rng, text) for text in originals[:8]), originals[9], originals[9]]
    ids = pa.array([gristmill.document_id("s", "f", str(number)) for number in range(len(texts))], pa.binary(16))
    table = pa.table({"doc_id": ids, "text": texts})
    groups = []
    for size in (3, 22):
        batches = table.to_batches(max_chunksize=size)
        rng.shuffle(batches)
        groups.append(_components(batches, partitions, ids, tmp_path / str(size)))
    assert groups[0] == groups[1]
    copies = {frozenset({number, 12 + number}) for number in range(8)} | {frozenset({9, 20, 21})}
    assert groups[0] == copies


def _store(batch: pa.RecordBatch, folder: str) -> None:
    with pa.ipc.new_file(Path(folder) / f"{uuid.uuid4().hex}.arrow", batch.schema) as file:
        file.write_batch(batch)


def _components(batches: list[pa.RecordBatch], partitions: int, ids: pa.Array, folder: Path) -> set[frozenset[int]]:
    folder.mkdir()
    with beam.Pipeline("FnApiRunner") as pipeline:
        pairs = pipeline | beam.Create(batches) | gristmill.NearDuplicatePairs(partitions=partitions)
        _ = pairs | "Keep" >> beam.Map(_store, str(folder))
    table = pa.concat_tables([pa.ipc.open_file(path).read_all() for path in folder.iterdir()])
    assert table.schema.equals(PAIR_SCHEMA)
    assert table.num_rows == len({tuple(row.values()) for row in table.to_pylist()}), "each pair once"
    places = {name: number for number, name in enumerate(ids.to_pylist())}
    left, right = ([places[name] for name in table.column(side).to_pylist()] for side in ("a", "b"))
    assert (halves(table.column("a").combine_chunks())[:, 0] <= halves(table.column("b").combine_chunks())[:, 0]).all()
    nodes, labels = connected_components(*(pa.array(side, pa.int64()).to_numpy() for side in (left, right)))
    groups: dict[int, set[int]] = {}
    for node, label in zip(nodes.tolist(), labels.tolist(), strict=True):
        groups.setdefault(label, set()).add(node)
    return {frozenset(group) for group in groups.values()}


def test_gathered_parts_are_those_of_the_run(run: gristmill.RunResult, tmp_path: Path) -> None:
    """The rows of the run's own parts, dealt out in another order, come back as the same bytes."""
    folder = Path(run.run.uri) / "tokens" / "web"
    parts = sorted(folder.glob("part-*.arrow"))
    batches = []
    for part in parts:
        with pa.ipc.open_file(part) as file:
            batches += [file.get_batch(number) for number in range(file.num_record_batches)]
    texts = pa.array([5] * sum(batch.num_rows for batch in batches), pa.int32())
    table = pa.Table.from_batches(batches).append_column("text_bytes", texts)
    shuffled = table.take(pa.array(random.Random(2).sample(range(table.num_rows), table.num_rows)))
    dealt = shuffled.combine_chunks().to_batches(max_chunksize=7)
    rng_seed, dtype = run.manifest.seed, run.manifest.dtype
    with beam.Pipeline("FnApiRunner") as pipeline:
        gather = gristmill.GatherTokens(str(tmp_path / "parts"), parts=len(parts), seed=rng_seed, dtype=dtype)
        made = pipeline | beam.Create(dealt) | gather
        assert_that(made | beam.Map(lambda part: part.path), equal_to([part.name for part in parts]))
    for part in parts:
        assert (tmp_path / "parts" / part.name).read_bytes() == part.read_bytes()
