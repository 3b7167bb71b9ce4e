"""Inputs and output on S3: a run that is killed and resumed there ends with the bytes of an undisturbed one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pyarrow.parquet as pq
import pytest

from tests.pipelines.command import gristmill
from tests.pipelines.corpus import make_corpus, write_config
from tests.storage.s3_server import s3_server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("s3")
    make_corpus(folder, seed=9, documents=100, shards=4)
    with s3_server("mill"):
        client = boto3.client("s3")
        for path in sorted((folder / "raw").iterdir()):
            client.upload_file(str(path), "mill", f"raw/{path.name}")
        yield folder


def objects(prefix: str) -> dict[str, str]:
    """Checksum of every object below a prefix, by name."""
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket="mill", Prefix=prefix)
    return {item["Key"].removeprefix(prefix): item["ETag"] for page in pages for item in page.get("Contents", ())}


def modified(prefix: str) -> dict[str, object]:
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket="mill", Prefix=prefix)
    return {item["Key"]: item["LastModified"] for page in pages for item in page.get("Contents", ())}


def test_a_run_on_s3_killed_twice_and_resumed_has_the_bytes_of_an_undisturbed_one(folder: Path) -> None:
    write_config(folder, "s3://mill/whole", raw="s3://mill/raw", part_bytes='"8 kB"')
    gristmill("run", "whole.toml", "--quiet", folder=folder)
    write_config(folder, "s3://mill/killed", raw="s3://mill/raw", part_bytes='"8 kB"')
    kept: dict[str, object] = {}
    for wanted in (6, 18):
        process = subprocess.Popen(
            [sys.executable, "-m", "gristmill.cli", "run", "killed.toml", "--quiet"],
            cwd=folder,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while process.poll() is None and len(objects("killed/")) < wanted:
            time.sleep(0.05)
        assert process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for key, stamp in kept.items():
            assert modified("killed/")[key] == stamp, f"{key} was written again"
        kept = {
            key: stamp
            for key, stamp in modified("killed/").items()
            if key.split("/")[1] in {"documents", "signals", "decisions"}
        }
    gristmill("run", "killed.toml", "--quiet", folder=folder)
    for part in ("documents/", "signals/", "decisions/", "ledger/", "tokens/"):
        found = objects(f"killed/{part}")
        assert found
        assert found == objects(f"whole/{part}")
    assert not [name for name in objects("killed/_tmp/") if "encoded" in name or "parts" in name]


def test_the_runners_shuffle_and_the_merge_of_files_give_the_same_tokens(folder: Path) -> None:
    write_config(folder, "run", part_bytes='"8 kB"')
    gristmill("run", "run.toml", "--quiet", folder=folder)
    if not objects("whole/tokens/"):
        write_config(folder, "s3://mill/whole", raw="s3://mill/raw", part_bytes='"8 kB"')
        gristmill("run", "whole.toml", "--quiet", folder=folder)
    local = folder / "run" / "tokens"
    names = sorted(str(path.relative_to(local)) for path in local.rglob("*.arrow"))
    assert len(names) > 4
    client = boto3.client("s3")
    for name in [*names, "manifest.json"]:
        remote = client.get_object(Bucket="mill", Key=f"whole/tokens/{name}")["Body"].read()
        assert remote == (local / name).read_bytes(), name
    ledgers = sorted((folder / "run" / "ledger").rglob("*.parquet"))
    for path in ledgers:
        key = f"whole/{path.relative_to(folder / 'run')}"
        copy = folder / "remote.parquet"
        client.download_file("mill", key, str(copy))
        assert pq.read_table(copy).equals(pq.read_table(path))


def test_explain_and_verify_read_a_run_on_s3(folder: Path) -> None:
    if not objects("whole/tokens/"):
        write_config(folder, "s3://mill/whole", raw="s3://mill/raw", part_bytes='"8 kB"')
        gristmill("run", "whole.toml", "--quiet", folder=folder)
    gristmill("verify", "s3://mill/whole", folder=folder)
    row = pq.read_table(next((folder / "run" / "ledger").rglob("*.parquet"))).to_pylist()[0]
    assert row["uri"] in gristmill("explain", "s3://mill/whole", row["doc_id"].hex(), folder=folder).stdout
