"""What a failure says: the cause and the place, not what the runner wrapped around them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gristmill.errors import IntegrityError
from gristmill.pipelines.engine.session import cause
from gristmill.tables import read_footer


def test_an_error_that_beam_cannot_copy_is_named_by_what_it_was() -> None:
    place = "while extract worked on web/a.warc.gz [while running 'Work']"
    wrapped = RuntimeError(place)
    wrapped.__context__ = OSError(28, "No space left on device")
    assert cause(wrapped) == f"OSError: [Errno 28] No space left on device ({place})"


def test_a_damaged_output_is_named_with_its_cure(tmp_path: Path) -> None:
    whole = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": [1, 2, 3]}), whole)
    whole.write_bytes(whole.read_bytes()[:-20])
    with pytest.raises(IntegrityError, match=r"a\.parquet is damaged: .* Delete it and run"):
        read_footer(str(whole))
