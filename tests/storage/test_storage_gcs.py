"""Google Cloud Storage through its own client, against an emulator on loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gristmill import storage, storage_backends
from gristmill.errors import InputError

pytest.importorskip("google.cloud.storage", reason="needs google-cloud-storage, of the extra gcp or dev")
pytest.importorskip("gcp_storage_emulator", reason="needs gcp-storage-emulator, of the extra dev")


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """An empty bucket's uri."""
    from tests.pipelines.fake_cloud import storage_emulator

    before = os.environ.get("STORAGE_EMULATOR_HOST")
    with storage_emulator("lake") as host:
        os.environ["STORAGE_EMULATOR_HOST"] = host
        storage_backends._gcs.cache_clear()
        yield "gs://lake"
        storage_backends._gcs.cache_clear()
    if before is None:
        del os.environ["STORAGE_EMULATOR_HOST"]
    else:
        os.environ["STORAGE_EMULATOR_HOST"] = before


def put(uri: str, data: bytes) -> None:
    storage.write_bytes(uri, data, run="gs://lake/run")


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 12_000], ids=["empty", "one byte", "3 MB"])
@pytest.mark.parametrize("name", ["a/plain.txt", "b/with space %41+&#?ü.gz"])
def test_what_is_committed_is_read_back(bucket: str, name: str, data: bytes) -> None:
    uri = f"{bucket}/{name}"
    put(uri, data)
    assert storage.read_bytes(uri) == data
    found = storage.stat(uri)
    assert found is not None
    assert (found.uri, found.bytes) == (uri, len(data))
    with storage.local_copy(uri) as path:
        assert path.read_bytes() == data
    assert not path.exists()


def test_ranges_are_read_by_seeking(bucket: str) -> None:
    data = os.urandom(3_000_000)
    put(f"{bucket}/ranges", data)
    with storage.open_read(f"{bucket}/ranges") as stream:
        for start, size in ((2_999_000, 2_000), (0, 10), (1_048_570, 20), (2_000_000, 1)):
            stream.seek(start)
            assert stream.read(size) == data[start : start + size]
        assert stream.seek(-5, os.SEEK_END) == len(data) - 5
        assert stream.read() == data[-5:]


def test_parquet_footers_are_read_from_the_object(bucket: str, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"number": list(range(100_000))})
    pq.write_table(table, tmp_path / "t.parquet")
    put(f"{bucket}/t.parquet", (tmp_path / "t.parquet").read_bytes())
    with storage.open_read(f"{bucket}/t.parquet") as stream:
        assert pq.read_table(stream).equals(table)


def test_a_missing_object_is_none_or_an_input_error(bucket: str) -> None:
    assert storage.stat(f"{bucket}/missing") is None
    assert not storage.exists(f"{bucket}/missing")
    with pytest.raises(InputError, match="no such file: gs://lake/missing"):
        storage.read_bytes(f"{bucket}/missing")


def test_deleting_twice_is_no_error(bucket: str) -> None:
    put(f"{bucket}/gone", b"1")
    storage.delete(f"{bucket}/gone")
    storage.delete(f"{bucket}/gone")
    assert not storage.exists(f"{bucket}/gone")


def test_the_tag_changes_with_the_content_and_only_with_it(bucket: str) -> None:
    tags = []
    for data in (b"one", b"one", b"two"):
        put(f"{bucket}/tagged", data)
        found = storage.stat(f"{bucket}/tagged")
        assert found is not None
        tags.append(found.tag)
    assert tags[0] == tags[1] != tags[2]


def test_a_folder_does_not_hold_its_neighbours(bucket: str) -> None:
    for name in ("run/a", "run/deep/b", "run2/c", "runaway"):
        put(f"{bucket}/walk/{name}", b"1")
    assert [entry.uri for entry in storage.walk(f"{bucket}/walk/run")] == [
        "gs://lake/walk/run/a",
        "gs://lake/walk/run/deep/b",
    ]
    assert [entry.uri for entry in storage.find(f"{bucket}/walk/*/*")] == [
        "gs://lake/walk/run/a",
        "gs://lake/walk/run2/c",
    ]
    assert len(storage.find(f"{bucket}/walk/**/*")) == 4
    storage.delete_tree(f"{bucket}/walk/run")
    assert [entry.uri for entry in storage.walk(f"{bucket}/walk")] == [
        "gs://lake/walk/run2/c",
        "gs://lake/walk/runaway",
    ]


def test_a_listing_of_several_pages_is_whole(bucket: str) -> None:
    for number in range(60):
        put(f"{bucket}/many/{number:03d}", b"1")
    assert len(storage.walk(f"{bucket}/many")) == 60


def test_a_failed_block_commits_nothing(bucket: str) -> None:
    def fail() -> None:
        with storage.committing(f"{bucket}/half", run=f"{bucket}/run") as path:
            path.write_bytes(b"half")
            message = "stop"
            raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert not storage.exists(f"{bucket}/half")
