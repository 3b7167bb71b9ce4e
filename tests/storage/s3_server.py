"""An S3 server of its own process, on loopback (moto's server mode: the real protocol, no cloud)."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

from tests.pipelines.command import free_port


@contextlib.contextmanager
def s3_server(bucket: str) -> Iterator[dict[str, str]]:
    """Starts the server with one bucket; yields the environment that points boto3 at it, which is also set here."""
    from gristmill.storage_backends import _s3

    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        _wait(environment["AWS_ENDPOINT_URL"], server)
        _s3.cache_clear()
        import boto3

        boto3.client("s3").create_bucket(Bucket=bucket)
        yield environment
    finally:
        server.kill()
        server.wait()
        os.environ.clear()
        os.environ.update(before)
        _s3.cache_clear()


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert server.poll() is None, "the S3 server ended"
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the S3 server did not answer")
