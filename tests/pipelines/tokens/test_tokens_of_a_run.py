"""The shards of a run, read by DuckDB, Polars and Hugging Face `datasets`; a decoded row is the document's text."""

from pathlib import Path

import datasets
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from gristmill.tokenize.bpe import load_tokenizer
from gristmill.tokenize.manifest import Manifest
from tests.pipelines.command import gristmill
from tests.pipelines.corpus import make_corpus


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokens")
    make_corpus(folder, seed=13, documents=80, shards=2)
    gristmill("run", "run.toml", "--quiet", folder=folder)
    return folder / "run"


@pytest.fixture(scope="module")
def texts(run: Path) -> dict[bytes, str]:
    """Text of every kept document by id."""
    documents = ds.dataset(run / "documents").to_table(columns=["doc_id", "text"]).to_pylist()
    ledger = ds.dataset(run / "ledger").to_table(columns=["doc_id", "verdict"]).to_pylist()
    kept = {row["doc_id"] for row in ledger if row["verdict"] == "kept"}
    return {row["doc_id"]: row["text"] for row in documents if row["doc_id"] in kept}


def test_every_kept_document_is_in_one_row_and_decodes_to_its_text(run: Path, texts: dict[bytes, str]) -> None:
    tokenizer = load_tokenizer(run / "tokens" / "tokenizer.json")
    seen: dict[bytes, str] = {}
    for path in sorted((run / "tokens").glob("*/*.arrow")):
        for row in pa.ipc.open_file(path).read_all().to_pylist():
            assert row["doc_id"] not in seen
            assert row["tokens"][-1] == tokenizer.eot_id
            seen[row["doc_id"]] = tokenizer.decode(row["tokens"])
    assert seen == texts


def test_polars_and_datasets_and_duckdb_read_the_same_rows(
    run: Path, texts: dict[bytes, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = sorted((run / "tokens").glob("*/*.arrow"))
    manifest = Manifest.read(run / "tokens" / "manifest.json")
    wanted = sum(source.tokens for source in manifest.sources.values())
    by_polars = [pl.read_ipc(path) for path in paths]
    assert sum(int(frame["tokens"].list.len().sum()) for frame in by_polars) == wanted
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    files = [str(path) for path in paths]
    loaded = datasets.load_dataset("arrow", data_files=files, split="train", cache_dir=str(tmp_path))
    assert sum(len(row["tokens"]) for row in loaded) == wanted
    with duckdb.connect() as database:
        database.register("parts", pa.concat_tables([pa.ipc.open_file(path).read_all() for path in paths]))
        counted = database.execute("SELECT sum(len(tokens)), count(DISTINCT doc_id) FROM parts").fetchall()
        assert counted == [(wanted, len(texts))]
        of_kept = f"SELECT sum(tokens) FROM '{run}/ledger/*/*.parquet' WHERE verdict = 'kept'"
        assert database.execute(of_kept).fetchall() == [(wanted,)]
