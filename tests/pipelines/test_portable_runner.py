"""The same graphs through Beam's portable job service, as Flink and Spark are reached, and in several processes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from tests.pipelines.command import contents, free_port, gristmill, wait_for_port
from tests.pipelines.corpus import make_corpus, write_config

RESULTS = ("ledger", "tokens")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of 200 documents in 5 raw shards."""
    made = tmp_path_factory.mktemp("corpus")
    make_corpus(made, seed=1, documents=200, shards=5)
    return made


@pytest.fixture(scope="module")
def job_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``host:port`` of Beam's local job service."""
    port = free_port()
    log = tmp_path_factory.mktemp("service") / "log"
    command = [sys.executable, "-m", "apache_beam.runners.portability.local_job_service_main", "--port", str(port)]
    with log.open("wb") as stream, subprocess.Popen(command, stdout=stream, stderr=stream) as process:
        try:
            wait_for_port(port, process)
            yield f"localhost:{port}"
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def in_process(job_service: str, folder: Path) -> Path:
    """A run with the default runner; the job service starts meanwhile."""
    gristmill(folder, "run", "run.toml", "--workers", "1", "--quiet")
    return folder / "run"


def test_the_corpus_holds_every_verdict_and_several_parts(in_process: Path) -> None:
    verdicts = ds.dataset(in_process / "ledger").to_table(columns=["verdict"]).column(0).to_pylist()
    assert {"kept", "removed", "duplicate"} <= set(verdicts)
    similarity = ds.dataset(in_process / "ledger").to_table(columns=["similarity"]).column(0).drop_null().to_pylist()
    assert any(value < 1 for value in similarity), "no near-duplicate that is not an exact one"
    assert all(len(list((in_process / "tokens" / source).glob("part-*.arrow"))) > 1 for source in ("web", "books"))
    assert len(list((in_process / "dedup" / "edges").iterdir())) > 1
    assert len(list((in_process / "dedup" / "resolved").iterdir())) > 1


def test_the_portable_job_service_gives_the_same_bytes(job_service: str, in_process: Path, folder: Path) -> None:
    write_config(folder, "portable")
    portable = ["--runner", "PortableRunner", f"--job_endpoint={job_service}", "--environment_type=LOOPBACK"]
    gristmill(folder, "run", "portable.toml", *portable, "--quiet")
    assert contents(folder / "portable", *RESULTS) == contents(in_process, *RESULTS)


def test_two_processes_finish_a_run_begun_by_one_with_the_same_bytes(in_process: Path, folder: Path) -> None:
    # Extract, annotate and decide work on each shard alone; what follows is shuffled between the processes.
    shutil.copytree(in_process, folder / "two")
    for name in ("dedup", "ledger", "tokens", "tokenizer", "_tmp"):
        shutil.rmtree(folder / "two" / name)
    write_config(folder, "two")
    gristmill(folder, "run", "two.toml", "--workers", "2", "--quiet")
    assert contents(folder / "two", *RESULTS) == contents(in_process, *RESULTS)
    stages = json.loads((folder / "two" / "run.json").read_text())["stages"]
    assert {step: entry["made"] for step, entry in stages.items() if step in {"extract", "decide"}} == {
        "extract": 0,
        "decide": 0,
    }
    assert stages["join"]["made"] > 1
