"""From seconds to the table: the arithmetic of rates and ratios, and that no benchmark is left out."""

from __future__ import annotations

import ast
import doctest
import importlib
import json
from pathlib import Path

import pytest

from tests.places import ROOT

BENCHMARKS = ROOT / "benchmarks"
PEER_SCRIPTS = {path.stem for peer in ("datatrove", "rensa") for path in BENCHMARKS.rglob(f"{peer}_*.py")}
PARTS = {"near_dedup_ours", "planted"}
"""Programs that a benchmark starts."""
BY_HAND = {"quality", "recipe_runs", "wheels"}
"""Benchmarks that print a table of their own."""
MODULES = {path.stem: path for path in sorted(BENCHMARKS.rglob("*.py")) if path.stem not in PEER_SCRIPTS}


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_benchmark_give_what_they_show(name: str) -> None:
    module = ".".join(MODULES[name].relative_to(ROOT).with_suffix("").parts)
    failed, _ = doctest.testmod(importlib.import_module(module))
    assert failed == 0


def test_every_benchmark_is_run_and_shown() -> None:
    from benchmarks import headlines, run_all, run_dedup, run_filters

    measuring = {
        name
        for name in MODULES
        if not name.startswith("run_")
        and name not in PARTS | BY_HAND
        and any(
            isinstance(node, ast.FunctionDef) and node.name == "main"
            for node in ast.walk(ast.parse(MODULES[name].read_text()))
        )
    }
    assert set(run_all.programs(quick=False)) == set(headlines.ROWS)
    run_by = (run_all, run_dedup, run_filters)
    assert {name for module in run_by for name in module.programs(quick=False)} == measuring


def test_without_shared_data_bpe_reads_the_example(tmp_path: Path) -> None:
    from benchmarks.run_all import bpe_arguments

    flag, tokenizer, *texts = bpe_arguments(tmp_path)
    assert flag == "--tokenizer"
    assert Path(tokenizer).is_file()
    assert texts
    assert all(Path(text).is_file() for text in texts)


def test_rates_and_ratios_are_of_the_medians_over_the_rounds() -> None:
    from benchmarks.measuring import Measured
    from benchmarks.warc_to_tokens import PEER, Outcome, Size, ratios, summarize

    def outcomes(*walls: float) -> list[Outcome]:
        return [Outcome(Measured(wall, wall / 2, ""), {"extract": wall}, {"read": 100}, 7) for wall in walls]

    sizes = (Size(20, 1_000_000), Size(100, 9_000_000))
    ours = summarize(outcomes(2.0, 2.0, 9.0), outcomes(4.0, 90.0, 10.0), sizes)
    assert (ours["wall_seconds"], ours["cpu_seconds"]) == (10.0, 5.0)
    assert (ours["documents_per_wall_second"], ours["mb_per_wall_second"]) == (10.0, 0.9)
    assert (ours["long_run_wall_seconds"], ours["long_run_documents_per_wall_second"]) == (8.0, 10.0)
    assert ours["stage_seconds"] == {"extract": 10.0}
    peer = summarize(outcomes(6.0), outcomes(30.0), sizes)
    assert ratios({"ours": ours, PEER: peer})["ours"] == {
        "wall": 3.0,
        "cpu": 3.0,
        "long_run_wall": 3.0,
        "long_run_cpu": 3.0,
    }


def test_no_long_run_is_claimed_from_inputs_of_nearly_one_size() -> None:
    from benchmarks.measuring import Measured
    from benchmarks.warc_to_tokens import Outcome, Size, summarize

    few, full = ([Outcome(Measured(wall, wall, ""), {}, {}, 0)] for wall in (4.0, 4.5))
    assert not [key for key in summarize(few, full, (Size(30, 10), Size(60, 20))) if key.startswith("long_run")]


def test_the_committed_page_shows_the_committed_results() -> None:
    from benchmarks import headlines

    page = (BENCHMARKS / "RESULTS.md").read_text()
    results = json.loads((BENCHMARKS / "results.json").read_text())
    command = page.partition("| command | `")[2].partition("`")[0]
    assert command.startswith("python -m benchmarks.run_all")
    assert headlines.page(results, command) == page
