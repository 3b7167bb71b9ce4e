"""Dataflow, without Dataflow: every request that Beam would send is built, checked, and run where only it is known."""

from __future__ import annotations

import dataclasses
import io
import tarfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from gristmill.config.config import load_config
from gristmill.errors import ConfigError
from gristmill.pipelines.engine.options import Execution
from gristmill.pipelines.run_plan.run_plan import resolve_run
from tests.pipelines.command import file_bytes, gristmill
from tests.pipelines.corpus import make_corpus, write_config
from tests.pipelines.fake_cloud import CleanWorker, FakeDataflow, Request, service_account, storage_emulator
from tests.places import ROOT

pytest.importorskip("google.cloud.dataflow", reason="needs google-cloud-dataflow-client, of the extra gcp or dev")
pytest.importorskip("gcp_storage_emulator", reason="needs gcp-storage-emulator, of the extra dev")

STEPS = ("extract", "annotate", "decide", "fingerprint", "join", "resolve", "encode", "gather", "report")
LIMIT_BYTES = 1_000_000


@dataclasses.dataclass
class Cloud:
    """What a run through the fakes left behind."""

    storage: Any
    service: FakeDataflow
    worker: CleanWorker
    local: Path
    env: Mapping[str, str]

    def read(self, uri: str) -> bytes:
        """An object's bytes."""
        bucket, _, key = uri.removeprefix("gs://").partition("/")
        data: bytes = self.storage.bucket(bucket).blob(key).download_as_bytes()
        return data

    def objects(self, *prefixes: str) -> dict[str, bytes]:
        """Objects of the run by name below it."""
        names = [blob.name for prefix in prefixes for blob in self.storage.list_blobs("lake", prefix=f"run/{prefix}/")]
        return {name.removeprefix("run/"): self.read(f"gs://lake/{name}") for name in names}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A whole run through the fake service from the command line, and the same corpus run locally."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client

    folder = tmp_path_factory.mktemp("corpus")
    make_corpus(folder, seed=2, documents=120, shards=4)
    with storage_emulator("lake", "staging") as host:
        client = Client(
            project="p",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": host},
        )
        for path in (folder / "raw").iterdir():
            client.bucket("lake").blob(f"raw/{path.name}").upload_from_filename(str(path))
        with CleanWorker(tmp_path_factory.mktemp("worker"), host) as worker:
            installed: list[str] = []

            def run(request: Request) -> str | None:
                made = Cloud(client, service, worker, folder, {})
                if not installed:
                    worker.install(made.read(request.packages["workflow.tar.gz"]))
                    installed.append(request.name)
                return worker.run_pipeline(made.read(request.pipeline_uri))

            service = FakeDataflow(run)
            write_config(folder, "gs://lake/run", raw="gs://lake/raw")
            write_config(folder, "local")
            with service.serving() as endpoint, ThreadPoolExecutor() as pool:
                local = pool.submit(gristmill, "run", "local.toml", "--workers", "1", "--quiet", folder=folder)
                key = service_account(folder / "key.json", endpoint)
                env = {"STORAGE_EMULATOR_HOST": host, "GOOGLE_APPLICATION_CREDENTIALS": str(key)}
                gristmill("run", "run.toml", "--quiet", *dataflow_options(endpoint), folder=folder, environment=env)
                local.result()
            yield Cloud(client, service, worker, folder / "local", env)


def dataflow_options(endpoint: str) -> list[str]:
    """The options of docs/dataflow.md, and the one that leads to the fake."""
    documented = ["--runner", "DataflowRunner", "--project", "p-roject", "--region", "europe-west1"]
    documented += ["--temp_location", "gs://staging/tmp", "--job_name", "mill", f"--setup_file={ROOT / 'setup.py'}"]
    documented += ["--machine_type=n2-standard-4", "--number_of_worker_harness_threads=1", "--max_num_workers=50"]
    return [*documented, f"--dataflow_endpoint={endpoint}"]


def test_each_step_is_one_job_with_a_name_of_its_own(cloud: Cloud) -> None:
    assert [request.name for request in cloud.service.requests] == [f"mill-{step}" for step in STEPS]


def test_a_job_request_carries_the_options_and_the_staged_package(cloud: Cloud) -> None:
    for request in cloud.service.requests:
        assert request.options["number_of_worker_harness_threads"] == 1
        (pool,) = request.job["environment"]["workerPools"]
        assert pool["machineType"] == "n2-standard-4"
        assert pool["autoscalingSettings"]["maxNumWorkers"] == 50
        assert "workflow.tar.gz" in request.packages
        assert request.body_bytes < LIMIT_BYTES


def test_tokens_and_verdicts_are_those_of_a_local_run(cloud: Cloud) -> None:
    # Stage keys hold the checksums of the inputs, which an object store names otherwise, so files that carry a key
    # are compared by their rows; the parts that trainers read carry none and are compared byte for byte.
    here = file_bytes(cloud.local, "tokens")
    there = cloud.objects("tokens")
    assert {name: data for name, data in here.items() if "made-from" not in name} == {
        name: data for name, data in there.items() if "made-from" not in name
    }
    ledger = cloud.objects("ledger")
    local = file_bytes(cloud.local, "ledger")
    assert ledger.keys() == local.keys()
    for name, data in ledger.items():
        assert pq.read_table(io.BytesIO(data)).equals(pq.read_table(io.BytesIO(local[name]))), name


def test_workers_import_every_module_from_the_staged_package(cloud: Cloud) -> None:
    names = sorted(
        "gristmill." + ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for folder in ("pipelines", "filters", "dedup", "tokenize", "reports")
        for path in (ROOT / folder).rglob("*.py")
    )
    assert len(names) > 50
    program = f"import importlib\nfor name in {names!r}: importlib.import_module(name)\n"
    program += "import gristmill, pathlib, sys\nprint(gristmill.__file__)\n"
    program += "import gristmill.filters.counts.c4\nprint(gristmill.filters.counts.c4.__file__)\n"
    for path in cloud.worker.run_python(program).split():
        assert path.startswith(str(cloud.worker.folder)), path


def test_the_staged_package_holds_data_files_and_no_corpus(cloud: Cloud) -> None:
    package = cloud.read(cloud.service.requests[0].packages["workflow.tar.gz"])
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert len(package) < 4_000_000
    assert "src/gristmill/py.typed" in names
    for folder in ("filters", "reports"):
        for path in (ROOT / folder / "data").iterdir():
            assert f"src/gristmill/{folder}/data/{path.name}" in names
    assert not [name for name in names if name.startswith(("runs", "examples", "shared", ".venv"))]


@pytest.mark.parametrize(
    ("missing", "says"),
    [("--region", "--region is missing"), ("--project", "--project is missing"), ("--setup_file", "--setup_file")],
)
def test_a_missing_option_is_named_before_anything_runs(tmp_path: Path, missing: str, says: str) -> None:
    given = dataflow_options("http://localhost:1")
    values = {"--project", "--region", "--temp_location", "--job_name", "--runner"}
    args: list[str] = []
    for option, value in zip(given, [*given[1:], ""], strict=True):
        if option.startswith("--") and option.partition("=")[0] != missing:
            args += [option, value] if option in values else [option]
    execution = Execution("DataflowRunner", 0, tuple(arg for arg in args if arg not in {"--runner", "DataflowRunner"}))
    config = load_config(write_config(tmp_path, "gs://lake/run", raw="gs://lake/raw"))
    with pytest.raises(ConfigError, match=says):
        resolve_run(config, execution)


def test_local_paths_and_templates_are_refused(tmp_path: Path) -> None:
    good = tuple(dataflow_options("http://localhost:1")[2:])
    with pytest.raises(ConfigError, match=r"run\.output: 'run' is on this machine"):
        resolve_run(
            load_config(write_config(tmp_path, "run", raw="gs://lake/raw")), Execution("DataflowRunner", 0, good)
        )
    with pytest.raises(ConfigError, match="source 'web', paths: 'raw/web"):
        resolve_run(load_config(write_config(tmp_path, "gs://lake/run")), Execution("DataflowRunner", 0, good))
    remote = load_config(write_config(tmp_path, "gs://lake/run", raw="gs://lake/raw"))
    with pytest.raises(ConfigError, match="template of one job"):
        resolve_run(remote, Execution("DataflowRunner", 0, (*good, "--template_location=gs://staging/t")))
    with pytest.raises(ConfigError, match="did you mean '--max_num_workers'"):
        resolve_run(remote, Execution("DataflowRunner", 0, (*good, "--max_num_worker=3")))
    resolve_run(remote, Execution("DataflowRunner", 0, good))
