"""The plan: estimates against the truth, and the command."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.commands.plan import print_plan
from gristmill.inputs import RawShard
from gristmill.pipelines.planning.forecast import Estimate, Machines, duplicates_range, estimate_total, step_seconds
from gristmill.pipelines.planning.planning import AMOUNTS, RunForecast, choose_shards
from tests.pipelines.command import gristmill
from tests.pipelines.corpus import make_corpus, write_config

Sizes = st.lists(st.integers(1, 10**9), min_size=1, max_size=20)


def shards_of(sizes: list[int], source: str = "web") -> list[RawShard]:
    return [
        RawShard(index, source, f"{index}.gz", f"{index}.gz", f"/raw/{index}.gz", size, "", "")
        for index, size in enumerate(sizes)
    ]


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 10**6)), min_size=1, max_size=20))
def test_a_census_has_no_error(rows: list[tuple[int, int]]) -> None:
    found = estimate_total([y for y, _ in rows], [x for _, x in rows], sum(x for _, x in rows), len(rows))
    assert found == Estimate(float(sum(y for y, _ in rows)), 0.0)


def test_one_shard_of_several_has_an_unknown_error() -> None:
    assert math.isnan(estimate_total([5], [10], 100, 10).error)


def test_the_stated_error_covers_the_truth_as_often_as_a_normal_error_does() -> None:
    rng = np.random.default_rng(3)
    sizes = rng.integers(500, 1500, 400).astype(float)
    amounts = sizes * rng.normal(2.0, 0.4, 400)
    inside = 0
    for _ in range(300):
        chosen = rng.choice(400, 30, replace=False)
        found = estimate_total(list(amounts[chosen]), list(sizes[chosen]), sizes.sum(), 400)
        inside += abs(found.value - amounts.sum()) < 2 * found.error
    assert 0.90 < inside / 300 <= 0.99


@settings(max_examples=50)
@given(Sizes, st.integers(1, 10**9), st.integers(0, 9))
def test_the_choice_of_shards_is_a_subset_that_no_order_changes(sizes: list[int], sample_bytes: int, seed: int) -> None:
    shards = shards_of(sizes)
    chosen = choose_shards(shards, sample_bytes, seed)
    assert chosen == choose_shards(shards[::-1], sample_bytes, seed)
    assert len(chosen) >= min(2, len(shards))
    assert sum(shard.bytes for shard in chosen) >= min(sample_bytes, sum(sizes))


def test_each_source_is_sampled() -> None:
    shards = [*shards_of([10**9] * 9, "big"), *shards_of([10] * 3, "small")]
    chosen = choose_shards(shards, 10**9, 1)
    assert {shard.source for shard in chosen} == {"big", "small"}
    assert sum(shard.source == "big" for shard in chosen) == 2


def test_more_workers_divide_the_work_but_not_the_start() -> None:
    points = ((10.0, 5.0), (110.0, 15.0))
    one, ten = (step_seconds(points, Estimate(1000.0, 0.0), workers).value for workers in (1, 10))
    assert one == pytest.approx(4 + 100)
    assert ten == pytest.approx(4 + 10)


def test_a_step_that_got_faster_is_not_extrapolated_below_zero() -> None:
    assert step_seconds(((10.0, 5.0), (110.0, 4.0)), Estimate(1e6, 0.0), 1) == Estimate(4.0, 0.0)


def test_duplicates_lie_between_those_within_shards_and_those_anywhere() -> None:
    found = duplicates_range(20, 100, 1000)
    assert found.least == 200
    assert found.most == 1000
    assert duplicates_range(0, 0, 10).most == 0


def test_a_plan_from_all_shards_is_what_the_run_then_holds(tmp_path: Path) -> None:
    make_corpus(tmp_path, seed=5, documents=60, shards=4)
    config = write_config(tmp_path, output="run")
    plan = json.loads(gristmill("plan", config.name, "--json", folder=tmp_path).stdout)
    assert not (tmp_path / "run").exists()
    summary = json.loads(gristmill("run", config.name, "--json", folder=tmp_path).stdout)
    for name, source in summary["sources"].items():
        amounts = plan["amounts"][name]
        for amount in ("records", "documents", "text_bytes", "kept", "tokens"):
            assert amounts[amount] == {"value": source[amount], "error": 0.0}, (name, amount)
    assert set(plan["seconds"]) == set(summary["stages"])


def test_the_printed_plan_names_every_need(capsys: pytest.CaptureFixture[str]) -> None:
    one = Estimate(1234.0, 12.0)
    amounts = {"web": dict.fromkeys(AMOUNTS, one), "books": dict.fromkeys(AMOUNTS, Estimate(10.0, math.nan))}
    plan = RunForecast(
        raw_bytes={"web": 10**12, "books": 10**9},
        shards={"web": 900, "books": 4},
        sampled={"web": 2, "books": 1},
        sampled_bytes=10**9,
        amounts=amounts,
        seconds={"extract": Estimate(7200.0, 60.0)},
        duplicates=duplicates_range(1, 10, 1000),
        join_partitions=3,
        join_bytes=2.4e8,
        token_bytes=one,
        worker_bytes=2 << 30,
        wall=Estimate(7200.0, 60.0),
        dollars=Estimate(0.8, 0.01),
    )
    print_plan(plan, Machines(8, 0.05))
    shown = capsys.readouterr().out
    for words in (
        "1,234 ± 12", "10 ± ?", "2 of 900", "2 h 00 min ± 1 min 00 s", "100 to 1,000 documents", "in 3 partitions",
        "on 8 cores", "0.80 dollars", "2.1 GB a worker",
    ):  # fmt: skip
        assert words in shown, words


def test_a_sample_size_that_is_none_is_refused(tmp_path: Path) -> None:
    make_corpus(tmp_path, seed=5, documents=10, shards=2)
    config = write_config(tmp_path, output="run")
    done = gristmill("plan", config.name, "--sample", "much", folder=tmp_path, code=2)
    assert "wanted a size such as '256 MB'" in done.stderr
