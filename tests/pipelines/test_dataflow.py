"""Dataflow, without Dataflow: every request that Beam would send is built, checked, and run where only it is known."""

from __future__ import annotations

import dataclasses
import io
import os
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.pipelines.command import contents, gristmill
from tests.pipelines.corpus import make_corpus, write_config
from tests.pipelines.fake_cloud import CleanWorker, FakeDataflow, Request, service_account, storage_emulator

pytest.importorskip("google.cloud.dataflow", reason="needs google-cloud-dataflow-client, of the extra gcp or dev")
pytest.importorskip("gcp_storage_emulator", reason="needs gcp-storage-emulator, of the extra dev")

ROOT = Path(__file__).resolve().parents[2]
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
    from google.cloud import storage

    folder = tmp_path_factory.mktemp("corpus")
    make_corpus(folder, seed=2, documents=120, shards=4)
    with storage_emulator("lake", "staging") as host:
        client = storage.Client(
            project="p",
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
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
            with service.serving() as endpoint:
                key = service_account(folder / "key.json", endpoint)
                env = {"STORAGE_EMULATOR_HOST": host, "GOOGLE_APPLICATION_CREDENTIALS": str(key)}
                write_config(folder, "gs://lake/run", raw="gs://lake/raw")
                gristmill(folder, "run", "run.toml", "--quiet", *dataflow_options(endpoint), env=env)
            write_config(folder, "local")
            gristmill(folder, "run", "local.toml", "--workers", "1", "--quiet")
            yield Cloud(client, service, worker, folder / "local", env)


def dataflow_options(endpoint: str) -> list[str]:
    """The options of docs/dataflow.md, and those that lead to the fake."""
    documented = ["--runner", "DataflowRunner", "--project", "p-roject", "--region", "europe-west1"]
    documented += ["--temp_location", "gs://staging/tmp", "--job_name", "mill", f"--setup_file={ROOT / 'setup.py'}"]
    documented += ["--machine_type=n2-highmem-4", "--number_of_worker_harness_threads=4", "--max_num_workers=50"]
    return [*documented, f"--dataflow_endpoint={endpoint}"]


def test_each_step_is_one_job_with_a_name_of_its_own(cloud: Cloud) -> None:
    assert [request.name for request in cloud.service.requests] == [f"mill-{step}" for step in STEPS]
