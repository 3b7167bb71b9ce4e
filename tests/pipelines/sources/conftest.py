"""What the tests of the readers share: a way to read bytes, and the shared data beside the repository."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from gristmill.pipelines.sources.reading.base import Failed, Item, Skipped, SourceOptions
from gristmill.pipelines.sources.table import read
from tests.places import SHARED

ReadBytes = Callable[..., list[Item]]


@pytest.fixture
def read_bytes(tmp_path: Path) -> ReadBytes:
    """Reads ``data`` as a shard of ``kind``; checks that what comes out are items."""

    def run(kind: str, data: bytes, name: str = "shard", options: SourceOptions | None = None) -> list[Item]:
        path = tmp_path / Path(name).name
        path.write_bytes(data)
        items = list(read(kind, path, name, options or SourceOptions()))
        for item in items:
            assert isinstance(item, (dict, Skipped, Failed))
        return items

    return run


@pytest.fixture
def outcome() -> Callable[[Iterable[Item]], dict[str, int]]:
    """Counts items: ``document``, the reason of a skip, ``!error`` of a dead letter."""

    def count(items: Iterable[Item]) -> dict[str, int]:
        names = (
            "document" if isinstance(i, dict) else i.reason if isinstance(i, Skipped) else f"!{i.error}" for i in items
        )
        return dict(sorted(Counter(names).items()))

    return count


@pytest.fixture
def shared() -> Path:
    """The folder of shared data; tests that need it are skipped by name where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there: real shared data is not part of the repository")
    return SHARED
