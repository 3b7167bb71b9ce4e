"""Google Cloud on loopback: an emulated object store, and a Dataflow service that runs the jobs it is sent.

The service does what the real one would do with a job request, as far as one machine can: it fetches the staged
pipeline and the staged package by the uris that the request names, installs the package into a clean environment, and
runs the pipeline there. Nothing of the submitting process reaches that environment but what was staged.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import logging
import os
import subprocess
import sys
import sysconfig
import tempfile
import threading
import venv
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

WORKER = Path(__file__).with_name("dataflow_worker.py")


@contextlib.contextmanager
def storage_emulator(*buckets: str) -> Iterator[str]:
    """An emulated Google Cloud Storage with some empty buckets; yields what ``STORAGE_EMULATOR_HOST`` must say."""
    from gcp_storage_emulator.server import RequestHandler  # type: ignore[import-untyped]
    from gcp_storage_emulator.storage import Storage  # type: ignore[import-untyped]

    logging.getLogger("gcp_storage_emulator").setLevel(logging.CRITICAL)
    for name in ("api.object", "api.bucket"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    store = Storage(use_memory_fs=True)

    class Server(HTTPServer):
        request_queue_size = 256

    server = Server(("localhost", 0), functools.partial(RequestHandler, store))
    with _serving(server) as host:
        from google.cloud.storage import Client

        client = Client(
            project="p",
            credentials=_anonymous(),
            client_options={"api_endpoint": host},
            use_auth_w_custom_endpoint=False,
        )
        for bucket in buckets:
            client.create_bucket(bucket)
        yield host


def _anonymous() -> Any:
    from google.auth.credentials import AnonymousCredentials

    return AnonymousCredentials()


@contextlib.contextmanager
def _serving(server: HTTPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclasses.dataclass
class Request:
    """One job as the service received it."""

    job: dict[str, Any]
    body_bytes: int

    @property
    def name(self) -> str:
        """The job's name."""
        return str(self.job["name"])

    @property
    def options(self) -> dict[str, Any]:
        """The pipeline options that the workers will see."""
        options: dict[str, Any] = self.job["environment"]["sdkPipelineOptions"]["options"]
        return options

    @property
    def pipeline_uri(self) -> str:
        """Where the pipeline's proto was staged."""
        return str(self.options["pipelineUrl"])

    @property
    def packages(self) -> dict[str, str]:
        """Uris of the staged files by name."""
        (pool,) = self.job["environment"]["workerPools"]
        return {
            entry["name"]: "gs://" + entry["location"].removeprefix("storage.googleapis.com/")
            for entry in pool.get("packages", ())
        }


class FakeDataflow:
    """Answers the calls that Beam makes of the Dataflow service and remembers every job.

    Args:
        run: what to do with a job; returns None when it succeeded, else the worker's message.
    """

    def __init__(self, run: Callable[[Request], str | None]) -> None:
        self._run = run
        self.requests: list[Request] = []
        self._messages: dict[str, str] = {}

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Yields what ``--dataflow_endpoint`` must say."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/token":
                    self._answer({"access_token": "a-token", "token_type": "Bearer", "expires_in": 3600})
                    return
                self._answer(fake.create(json.loads(body), len(body)))

            def do_GET(self) -> None:
                path = self.path.partition("?")[0].split("/")
                job = next(request.job for request in fake.requests if request.job["id"] in path)
                self._answer(fake.messages(job["id"]) if path[-1] == "messages" else job)

            def _answer(self, content: dict[str, Any]) -> None:
                data = json.dumps(content).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: Any) -> None:
                pass

        with _serving(ThreadingHTTPServer(("localhost", 0), Handler)) as host:
            yield host

    def create(self, job: dict[str, Any], body_bytes: int) -> dict[str, Any]:
        """Takes a job, runs it to its end, and answers with its final state."""
        job = {**job, "id": f"job-{len(self.requests)}"}
        request = Request(job, body_bytes)
        self.requests.append(request)
        message = self._run(request)
        job["currentState"] = "JOB_STATE_DONE" if message is None else "JOB_STATE_FAILED"
        if message is not None:
            self._messages[job["id"]] = message
        return job

    def messages(self, job_id: str) -> dict[str, Any]:
        """What the service says of a job."""
        if job_id not in self._messages:
            return {}
        text, time = self._messages[job_id], "2026-01-01T00:00:00Z"
        return {
            "jobMessages": [
                {"id": "1", "time": time, "messageText": text, "messageImportance": "JOB_MESSAGE_ERROR"},
            ]
        }


def service_account(path: Path, host: str) -> Path:
    """Writes a key file for an account that exists nowhere, whose tokens the fake service gives out."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    content = {
        "type": "service_account",
        "project_id": "p-roject",
        "client_email": "mill@p-roject.example",
        "private_key": key.decode(),
        "token_uri": f"{host}/token",
    }
    path.write_text(json.dumps(content))
    return path


class CleanWorker:
    """A Python environment that has the dependencies but not this repository, and a worker process in it.

    Args:
        folder: where the environment is made.
        storage_host: the emulated object store.
    """

    def __init__(self, folder: Path, storage_host: str) -> None:
        self.folder = folder
        self._host = storage_host
        self._process: subprocess.Popen[str] | None = None
        self._log = (folder / "worker.log").open("w+")
        venv.create(folder / "venv", with_pip=False, symlinks=True)
        self.python = folder / "venv" / "bin" / "python"
        # A .pth file adds the folder of the dependencies, but not the .pth files in it: no editable install is seen.
        site = folder / "venv" / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
        (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait(timeout=60)
        self._log.close()

    def install(self, package: bytes) -> None:
        """Installs a staged source archive, without network and without its dependencies."""
        archive = self.folder / "gristmill-0.1.0.tar.gz"
        archive.write_bytes(package)
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "--disable-pip-version-check", "install"]
        flags = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--no-cache-dir"]
        # Elsewhere than the repository, and without PYTHONPATH: only what is in the archive can be found.
        done = subprocess.run(
            [*pip, *flags, str(archive)], cwd=self.folder, env=self._env(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def run_python(self, source: str) -> str:
        """Runs a program in the environment and returns what it printed."""
        command = [str(self.python), "-c", source]
        done = subprocess.run(command, cwd=self.folder, env=self._env(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run_pipeline(self, pipeline: bytes) -> str | None:
        """Runs a serialized pipeline in the environment; None when it succeeded, else its error."""
        if self._process is None:
            self._process = subprocess.Popen(
                [str(self.python), str(WORKER)],
                cwd=self.folder,
                env=self._env(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                text=True,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".pb", delete=False) as file:
            file.write(pipeline)
        self._process.stdin.write(f"{file.name}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            self._log.seek(0)
            return self._log.read() or "the worker ended without a word"
        message: str | None = json.loads(answer)["error"]
        return message

    def _env(self) -> dict[str, str]:
        # Compiled kernels are kept by the content of their sources, so the session's are these, wherever they lie.
        cache = {name: os.environ[name] for name in ("GRISTMILL_CACHE_DIR", "XDG_CACHE_HOME") if name in os.environ}
        cache.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))
        return {"STORAGE_EMULATOR_HOST": self._host, "PATH": "/usr/bin:/bin", "HOME": str(self.folder), **cache}
