"""Files appear whole or not at all, on a disk and on S3 (a real protocol server, started here)."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill import storage
from gristmill.errors import ConfigError, InputError
from tests.storage.s3_server import s3_server

parts = st.text(alphabet="ab/.*?", min_size=1, max_size=8)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A bucket on a server of its own process; the S3 client of this process points at it."""
    with s3_server("mill"):
        yield "s3://mill"


@pytest.fixture(params=["disk", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "disk":
        return str(tmp_path)
    return f"{request.getfixturevalue('s3')}/{tmp_path.name}"


def test_what_is_written_is_read_back_whole_and_by_range(place: str) -> None:
    uri = storage.join(place, "a", "b.bin")
    data = os.urandom(2_000_000)
    assert not storage.exists(uri)
    storage.write_bytes(uri, data, run=place)
    assert storage.read_bytes(uri) == data
    found = storage.stat(uri)
    assert found is not None
    assert found.bytes == len(data)
    with storage.open_read(uri) as stream:
        stream.seek(-5, io.SEEK_END)
        assert stream.read() == data[-5:]
        stream.seek(1_000_000)
        assert stream.read(10) == data[1_000_000:1_000_010]
    with storage.local_copy(uri) as path:
        assert path.read_bytes() == data
    storage.delete(uri)
    storage.delete(uri)
    assert not storage.exists(uri)


def test_a_failed_block_leaves_nothing(place: str) -> None:
    uri = storage.join(place, "half.bin")

    def interrupted() -> None:
        with storage.committing(uri, run=place) as path:
            path.write_bytes(b"half")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        interrupted()
    assert not storage.exists(uri)
    assert [entry for entry in storage.walk(place) if "gristmill-" in entry.uri] == []


def test_a_large_file_is_whole_after_a_multipart_upload(place: str) -> None:
    uri = storage.join(place, "large.bin")
    data = os.urandom(1 << 20) * 9
    storage.write_bytes(uri, data, run=place)
    assert storage.read_bytes(uri) == data


def test_globs_find_the_same_files_everywhere(place: str) -> None:
    for name in ("x/a.gz", "x/b.gz", "x/y/c.gz", "x/y/d.txt"):
        storage.write_bytes(storage.join(place, name), b"1", run=place)

    def names(pattern: str) -> list[str]:
        return [stat.uri.removeprefix(place + "/") for stat in storage.find(storage.join(place, pattern))]

    assert names("x/*.gz") == ["x/a.gz", "x/b.gz"]
    assert names("x/**/*.gz") == ["x/a.gz", "x/b.gz", "x/y/c.gz"]
    assert names("x/?.gz") == ["x/a.gz", "x/b.gz"]
    assert names("x/[!a].gz") == ["x/b.gz"]
    assert names("x/y/d.txt") == ["x/y/d.txt"]
    assert names("x/none*") == []
    storage.delete_tree(storage.join(place, "x"))
    assert storage.walk(storage.join(place, "x")) == []


def test_a_missing_file_and_an_unknown_scheme_are_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        storage.read_bytes(str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="did you mean 's3'"):
        storage.stat("s4://bucket/x")


def test_a_glob_of_a_code_source_matches_directories_and_no_file_twice(tmp_path: Path) -> None:
    for name in ("repos/one/a.py", "repos/two/b.py", "repos/two/deep/c.py", "repos/three.zip"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    found = storage.find(f"{tmp_path}/repos/*", directories=True)
    assert [(stat.uri.rpartition("/")[2], stat.is_directory) for stat in found] == [
        ("one", True),
        ("three.zip", False),
        ("two", True),
    ]
    assert [stat.uri.rpartition("/")[2] for stat in storage.find(f"{tmp_path}/repos/*")] == ["three.zip"]


@given(parts)
def test_the_root_of_a_pattern_holds_everything_that_matches(pattern: str) -> None:
    root = storage.root_of(pattern)
    assert not storage.has_wildcard(root)
    assert root == "." or pattern.startswith(root)
