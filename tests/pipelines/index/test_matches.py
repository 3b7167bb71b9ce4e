"""The matches of one partition, where an index holds nothing like what is new."""

from __future__ import annotations

import pytest

from gristmill.config.dedup_config import NearSection
from gristmill.pipelines.dedup.index_match import FOUND_SCHEMA, MATCH_SCHEMA, judged
from gristmill.tables import one_batch


@pytest.mark.parametrize("near", [NearSection(), None], ids=["near", "exact only"])
def test_no_candidate_gives_no_match(near: NearSection | None) -> None:
    rows, counts = judged(one_batch(MATCH_SCHEMA.empty_table()), near)
    assert rows.schema == FOUND_SCHEMA
    assert rows.num_rows == 0
    assert set(counts.values()) == {0}
