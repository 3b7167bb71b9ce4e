"""Each program that is measured really goes from WARC to tokens, on few pages of the example."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.places import ROOT

PAGES = 20


@pytest.fixture
def warcs(tmp_path: Path) -> Path:
    from benchmarks.warc_inputs import copy_pages

    copy_pages([ROOT / "examples" / "data" / "web" / "manuals.warc.gz"], tmp_path / "warcs", PAGES)
    return tmp_path / "warcs"


def check(documents: dict[str, int], tokens: int) -> None:
    assert PAGES >= documents["read"] >= documents["extracted"] >= documents["passed_rules"] >= documents["kept"] > 0
    assert tokens > 50 * documents["kept"]  # the rules ask for 50 words


def test_gristmill_is_measured_from_warc_to_tokens(warcs: Path, tmp_path: Path) -> None:
    from benchmarks.warc_to_tokens import TOKENIZER, run_gristmill

    outcome = run_gristmill("resiliparse", warcs, TOKENIZER, tmp_path)
    check(outcome.documents, outcome.tokens)
    assert outcome.documents["read"] == PAGES
    assert sum(outcome.seconds.values()) == pytest.approx(outcome.measured.wall_seconds)
    assert {"start", "extract", "gather", "report"} <= set(outcome.seconds)


def test_datatrove_is_measured_from_warc_to_tokens(warcs: Path, tmp_path: Path) -> None:
    if not (ROOT / ".venv-datatrove" / ".installed").exists():
        pytest.skip("datatrove's environment is made by `make bench`")
    from benchmarks.warc_to_tokens import TOKENIZER, run_datatrove

    outcome = run_datatrove(warcs, TOKENIZER, tmp_path)
    check(outcome.documents, outcome.tokens)
    assert {"extract", "gopher", "signatures", "tokenize"} <= set(outcome.seconds)
