"""`import gristmill`: what it costs, what it offers, and that each name is the one of its module."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

import gristmill
from gristmill.errors import ConfigError, RunDirectoryError
from tests.pipelines.corpus import make_corpus, write_config


def test_the_import_brings_nothing_heavy_and_says_all_names() -> None:
    code = (
        "import sys, gristmill\n"
        "heavy = {'apache_beam', 'torch', 'numba', 'numpy', 'pyarrow', 'pydantic', 'boto3', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)), set(gristmill.__all__) <= set(dir(gristmill)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] True"


@pytest.mark.parametrize("name", gristmill.__all__)
def test_each_name_is_that_of_its_module(name: str) -> None:
    module = importlib.import_module(f"gristmill.{gristmill._MODULES[name]}")
    assert getattr(gristmill, name) is getattr(module, name)
    assert sorted(gristmill._MODULES) == list(gristmill.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'sginals'"):
        _ = gristmill.sginals


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> gristmill.RunResult:
    folder = tmp_path_factory.mktemp("api")
    make_corpus(folder, seed=5, documents=60, shards=2)
    return gristmill.run(write_config(folder, str(folder / "run"), raw=str(folder / "raw")))


def test_a_run_is_what_its_ledger_says(run: gristmill.RunResult) -> None:
    ledger = gristmill.read_ledger(run.run.uri)
    assert ledger.schema.equals(gristmill.LEDGER_SCHEMA)
    verdicts = ledger.column("verdict").to_pylist()
    assert {source: total.verdicts["kept"] for source, total in run.totals.items()} == {
        source: sum(row["verdict"] == "kept" for row in ledger.to_pylist() if row["source"] == source)
        for source in run.totals
    }
    kept = pa.Table.from_batches(list(gristmill.kept_texts(run.run.uri)))
    assert kept.column("doc_id").to_pylist() == [
        name for name, verdict in zip(ledger.column("doc_id").to_pylist(), verdicts, strict=True) if verdict == "kept"
    ]
    folders = [list(gristmill.iterate(run.run.uri, folder, columns=["doc_id"])) for folder in ("documents", "signals")]
    assert folders[0] == folders[1]


def test_what_is_asked_wrongly_names_the_nearest(run: gristmill.RunResult, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown column of the ledger 'verdit'; did you mean 'verdict'"):
        gristmill.read_ledger(run.run.uri, columns=["verdit"])
    with pytest.raises(ConfigError, match="unknown source of this run 'wbe'; did you mean 'web'"):
        gristmill.read_ledger(run.run.uri, sources=["wbe"])
    with pytest.raises(ConfigError, match="unknown folder of a run 'singals'; did you mean 'signals'"):
        list(gristmill.iterate(run.run.uri, "singals"))  # type: ignore[arg-type]
    with pytest.raises(RunDirectoryError, match="is not a run directory"):
        gristmill.read_ledger(str(tmp_path))


def test_rules_by_name_judge_as_a_run_does(run: gristmill.RunResult) -> None:
    rules = gristmill.rules("gopher_quality")
    signals = pa.Table.from_batches(list(gristmill.iterate(run.run.uri, "signals"))).unify_dictionaries()
    batch = signals.combine_chunks().to_batches()[0]
    columns = [found.column(0) for found in gristmill.iterate(run.run.uri, "documents", columns=["kind"])]
    kinds = pa.chunked_array([column.cast(pa.string()) for column in columns]).combine_chunks()
    failed = gristmill.decide(batch, kinds, rules).column(0).to_pylist()
    stored = [
        row for found in gristmill.iterate(run.run.uri, "decisions") for row in found.column("failed_rules").to_pylist()
    ]
    names = {rule.id for rule in rules}
    assert [[name for name in row if name in names] for row in stored] == failed


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: gristmill.signals(["a mill"]), "wanted an Arrow column of strings, got list; give pyarrow.array"),
        (lambda: gristmill.rules("gopher_qualty"), "did you mean 'gopher_quality'"),
        (lambda: gristmill.rules("c4", language={"kep": ["en"]}), "unknown key 'kep'; did you mean 'keep'"),
        (lambda: gristmill.NearDuplicatePairs("finweb"), "unknown value 'finweb'; did you mean 'fineweb'"),
        (lambda: gristmill.ExtractShards("jsonl", options={"feilds": {}}), "unknown key 'feilds'; did you mean 'fields'"),
        (lambda: gristmill.AnnotateShards(["quotng"]), "unknown signals 'quotng'"),
        (lambda: gristmill.GatherTokens("x", parts=0, seed=1), "wanted at least 1 part"),
        (lambda: gristmill.run("nope.toml"), "no such configuration file: nope.toml"),
    ],
)  # fmt: skip
def test_what_is_given_wrongly_is_an_error_of_ours(call: Callable[[], object], says: str) -> None:
    with pytest.raises(gristmill.GristmillError, match=re.escape(says)):
        call()
