"""Real documents through the whole of this folder, read back by DuckDB, Polars and Hugging Face `datasets`."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gristmill.errors import IntegrityError
from gristmill.tokenize.bpe import Tokenizer, encode_all, load_tokenizer
from gristmill.tokenize.manifest import MANIFEST_NAME, TOKENIZER_NAME, Manifest, SourceInfo
from gristmill.tokenize.order import part_of, plan_parts, rank_range, ranks
from gristmill.tokenize.shards import merge_sorted, open_part, verify_part, verify_tokens, write_encoded, write_part

SEED = 17


def doc_ids(texts: list[str]) -> pa.Array:
    import xxhash

    return pa.array([xxhash.xxh3_128_digest(text.encode()) for text in texts], pa.binary(16))


def tokenize(folder: Path, shards: list[list[str]], tokenizer: Tokenizer, part_bytes: int) -> Manifest:
    """What the pipeline does: scatter each raw shard into an encoded file, gather each part."""
    folder.mkdir()
    (folder / "web").mkdir()
    files, token_bytes = [], 0
    for number, texts in enumerate(shards):
        array = pa.array(texts, pa.large_string())
        batches = [array.slice(0, 3), array.slice(3)]
        encoded, mismatch = encode_all(tokenizer, batches.copy)
        assert mismatch is None
        ids = doc_ids(texts)
        table = pa.table(
            {
                "tokens": pa.chunked_array(encoded).combine_chunks(),
                "doc_id": ids,
                "text_bytes": pa.array([len(text.encode()) for text in texts], pa.int32()),
                "rank": ranks(SEED, ids),
            }
        )
        files.append(folder / f"shard-{number}")
        token_bytes += write_encoded(files[-1], [table], tokenizer.dtype).tokens * tokenizer.dtype.byte_width
    count = plan_parts(token_bytes, part_bytes)
    parts = []
    for part in range(count):
        rows = merge_sorted(files, *rank_range(part, count), tokenizer.dtype)
        name = f"web/part-{part:05d}.arrow"
        info = write_part(folder / name, rows, tokenizer.dtype)
        parts.append(info.at(name))
    for file in files:
        file.unlink()
    manifest = Manifest(str(tokenizer.dtype), SEED, tokenizer.info, {"web": SourceInfo.of(parts)})
    (folder / MANIFEST_NAME).write_bytes(manifest.to_json().encode())
    (folder / TOKENIZER_NAME).write_bytes(tokenizer.vocabulary.raw)
    return manifest


@pytest.fixture(scope="module")
def texts(real_code: list[str], sentences: list[str]) -> list[str]:
    return list(dict.fromkeys([*real_code, *sentences, "", "a<|endoftext|>b", "nul \x00"]))


@pytest.fixture(scope="module")
def tokenizer(trained: bytes) -> Tokenizer:
    return load_tokenizer(trained)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory, texts: list[str], tokenizer: Tokenizer) -> Path:
    folder = tmp_path_factory.mktemp("run") / "tokens"
    tokenize(folder, [texts[0::3], texts[1::3], texts[2::3]], tokenizer, 200_000)
    return folder


def read_all(folder: Path) -> list[tuple[bytes, list[int]]]:
    """Every row in the manifest's order, by the project's own reader."""
    found = []
    for info in Manifest.read(folder).sources["web"].parts:
        with open_part(folder / info.path) as part:
            for batch in part:
                rows = np.split(batch.values, batch.offsets[1:-1])
                found += [(bytes(i), row.tolist()) for i, row in zip(batch.doc_ids, rows, strict=True)]
    return found


def test_every_document_is_there_once_in_the_global_order_and_decodes_to_its_text(
    tokens: Path, texts: list[str], tokenizer: Tokenizer
) -> None:
    ids = doc_ids(texts)
    by_id = dict(zip(ids.to_pylist(), texts, strict=True))
    order = sorted(zip(ranks(SEED, ids).tolist(), ids.to_pylist(), strict=True))
    rows = read_all(tokens)
    assert [i for i, _ in rows] == [i for _, i in order]
    assert all(row[-1] == tokenizer.eot_id and tokenizer.eot_id not in row[:-1] for _, row in rows)
    assert [tokenizer.decode(row) for _, row in rows] == [by_id[i] for i, _ in rows]


def test_the_manifest_reconciles(tokens: Path, texts: list[str]) -> None:
    manifest = verify_tokens(tokens)
    source = manifest.sources["web"]
    assert len(source.parts) > 2
    assert source.rows == len(texts)
    assert source.text_bytes == sum(len(text.encode()) for text in texts)
    assert source.tokens == sum(len(row) for _, row in read_all(tokens))
    counts = np.bincount(part_of(ranks(SEED, doc_ids(texts)), len(source.parts)), minlength=len(source.parts))
    assert [part.rows for part in source.parts] == counts.tolist()


def test_other_shards_other_order_other_engine_same_bytes(
    tmp_path: Path, tokens: Path, texts: list[str], trained: bytes
) -> None:
    reference = load_tokenizer(trained, engine="tokenizers")
    again = tmp_path / "tokens"
    tokenize(again, [texts[::-1][:7], texts[::-1][7:]], reference, 200_000)
    files = sorted(path.relative_to(tokens) for path in tokens.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert all((tokens / file).read_bytes() == (again / file).read_bytes() for file in files)


def test_a_damaged_part_or_tokenizer_is_refused(tmp_path: Path, texts: list[str], tokenizer: Tokenizer) -> None:
    folder = tmp_path / "tokens"
    manifest = tokenize(folder, [texts[:20]], tokenizer, 10**9)
    (info,) = manifest.sources["web"].parts
    verify_part(folder / info.path, info)
    (folder / TOKENIZER_NAME).write_bytes(tokenizer.vocabulary.raw + b" ")
    with pytest.raises(IntegrityError, match=r"tokenizer\.json: wanted SHA-256"):
        verify_tokens(folder)
    (folder / TOKENIZER_NAME).unlink()
    with pytest.raises(IntegrityError, match=r"tokenizer\.json is missing"):
        verify_tokens(folder)
    (folder / TOKENIZER_NAME).write_bytes(tokenizer.vocabulary.raw)
    data = bytearray((folder / info.path).read_bytes())
    data[len(data) // 2] ^= 4
    (folder / info.path).write_bytes(data)
    with pytest.raises(IntegrityError, match="wanted SHA-256"):
        verify_tokens(folder)


def part_paths(tokens: Path) -> list[str]:
    return [str(tokens / part.path) for part in Manifest.read(tokens).sources["web"].parts]


def test_duckdb_reads_the_parts(tokens: Path) -> None:
    import duckdb
    import pyarrow.dataset as ds

    parts = ds.dataset(part_paths(tokens), format="ipc")
    connection = duckdb.connect()
    connection.register("parts", parts)
    rows = read_all(tokens)
    assert connection.execute("select count(*), sum(len(tokens)) from parts").fetchone() == (
        len(rows),
        sum(len(row) for _, row in rows),
    )
    got = connection.execute("select doc_id, tokens from parts order by doc_id").fetchall()
    assert [(bytes(i), list(row)) for i, row in got] == sorted(rows)


def test_polars_reads_the_parts(tokens: Path) -> None:
    import polars as pl

    got: list[tuple[bytes, list[int]]] = []
    for path in part_paths(tokens):
        got += pl.read_ipc(path).select("doc_id", "tokens").rows()
    assert [(bytes(i), list(row)) for i, row in got] == read_all(tokens)


def test_hugging_face_datasets_reads_the_parts(tokens: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    loaded = datasets.load_dataset(
        "arrow", data_files=part_paths(tokens), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert [(row["doc_id"], row["tokens"]) for row in loaded] == read_all(tokens)
