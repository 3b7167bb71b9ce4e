"""An index on an object store has the bytes of one on a disk, changes as atomically, and is asked from local copies."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from gristmill import storage
from gristmill.dedup.index.changes import add, shown_documents
from gristmill.dedup.index.files import Index, forget, head_uri, verify
from gristmill.dedup.index.query import candidates
from gristmill.errors import IntegrityError
from tests.storage.s3_server import s3_server


@pytest.fixture(scope="module")
def examples() -> ModuleType:
    """The made-up documents of tests/dedup/index/test_index.py."""
    return importlib.import_module("tests.dedup.index.test_index")


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with s3_server("mill"):
        yield "s3://mill"


def test_an_index_on_s3_is_that_of_a_disk(bucket: str, examples: ModuleType, tmp_path: Path) -> None:
    first, second = examples.made(1, 60), examples.made(2, 40, start=60)
    uris = (f"{bucket}/idx", str(tmp_path / "idx"))
    for uri in uris:
        add(uri, [first], name="first", run_uri="runs/a", parameters=examples.PARAMETERS, create=True)
        add(uri, [second], name="second", run_uri="runs/b", parameters=examples.PARAMETERS)
        forget(uri, first[0].column("doc_id").to_pylist()[:1])
        assert verify(uri) == []
        assert shown_documents(Index(uri)) == 99
    found = [
        candidates(Index(uri), first[0].column("exact").combine_chunks(), np.asarray(first[1])).document.tolist()
        for uri in uris
    ]
    assert found == [list(range(1, 60))] * 2
    assert storage.read_bytes(head_uri(uris[0])) == storage.read_bytes(head_uri(uris[1]))
    storage.delete(next(entry.uri for entry in storage.walk(uris[0]) if entry.uri.endswith("keys.arrow")))
    with pytest.raises(IntegrityError, match="no such file"):
        Index(uris[0])
