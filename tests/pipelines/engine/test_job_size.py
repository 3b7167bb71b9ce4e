"""The job requests stay small however many raw shards there are: only uris of plans ride in them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from gristmill.config.config import load_config
from gristmill.config.dedup_config import DedupSection
from gristmill.inputs import RawShard
from gristmill.pipelines.annotate import Annotate
from gristmill.pipelines.decide import Decide
from gristmill.pipelines.dedup.fingerprint import Fingerprint
from gristmill.pipelines.dedup.index_match import MOST_PARTITIONS, EmitMatches, Match
from gristmill.pipelines.dedup.join import EmitKeys, Join
from gristmill.pipelines.dedup.known_step import Select
from gristmill.pipelines.dedup.resolve import EmitCandidates, Resolve
from gristmill.pipelines.dedup.star_rounds import EmitEnds, Operation, StarRound
from gristmill.pipelines.dedup.url_step import EmitPages, Settle
from gristmill.pipelines.engine.plan import Plan, Task, load_plan, store_plan
from gristmill.pipelines.engine.shardwise import ProcessShards, ShuffleBatches
from gristmill.pipelines.extract import Extract
from gristmill.pipelines.measure import Measure
from gristmill.pipelines.run_plan.run_plan import resolve_run
from gristmill.pipelines.tokens.encode import Encode, TokenizerSpec
from gristmill.pipelines.tokens.gather import EmitRows, Gather
from gristmill.runs import RunDirectory
from tests.pipelines.corpus import write_config

LIMIT_BYTES = 1_000_000

Builder = Callable[[RunDirectory, str, int], beam.PTransform[Any, Any]]

SPEC = TokenizerSpec("gs://lake/run/tokenizer/t.json", "0" * 64, None, "auto")


def shard_plan(run: RunDirectory, count: int) -> Plan:
    """A plan over so many raw shards with names of usual length."""
    tasks = []
    for number in range(count):
        name = f"CC-MAIN-20240517233122-20240518023122-{number:05d}.warc.gz"
        uri = f"gs://lake/raw/crawl-data/CC-MAIN-2024-22/{name}"
        shard = RawShard(number, "web", name, f"{name}-0123abcd", uri, 1 << 30, "t" * 24, "etag:" + "t" * 24)
        tasks.append(Task(run.shard("documents", shard), f"{number:032x}", shard, 1 << 30))
    return Plan("every", tuple(tasks), tuple(range(count)))


def _work(make: Callable[[str, Any], Any]) -> Builder:
    return lambda run, plan, _: ProcessShards(plan, make(run.uri, _config(run)))


def _config(run: RunDirectory) -> Any:
    return load_config(write_config(Path(run.uri), "gs://lake/run", raw="gs://lake/raw"))


STEPS: dict[str, Builder] = {
    "extract": _work(lambda uri, config: Extract(uri, resolve_run(config).sources)),
    "annotate": _work(lambda uri, _: Annotate(uri)),
    "decide": _work(lambda uri, config: Decide(uri, resolve_run(config).rules)),
    "fingerprint": _work(lambda uri, config: Fingerprint(uri, config.dedup.near or None)),
    "match": lambda run, plan, parts: Match(
        plan, plan, EmitMatches(run.uri, DedupSection(), parts, tuple(range(min(parts, MOST_PARTITIONS))))
    ),
    "select": _work(lambda uri, config: Select(uri, config.dedup.near or None, "dedup/newest", "gs://lake/run/files")),
    "urls": lambda run, plan, parts: ShuffleBatches(
        plan, EmitPages(run.uri, "dedup/fingerprints", parts, tuple(range(parts)))
    ),
    "older": _work(lambda uri, _: Settle(uri, "gs://lake/run/files")),
    "join": lambda run, plan, parts: Join(
        plan, plan, EmitKeys(run.uri, DedupSection(), parts, tuple(range(parts)), "k" * 32)
    ),
    "components": lambda run, plan, parts: StarRound(
        plan, plan, run.uri, EmitEnds(Operation("large", parts, 10**12), tuple(range(parts)))
    ),
    "resolve": lambda run, plan, parts: Resolve(
        plan, plan, EmitCandidates(run.uri, DedupSection(), parts, tuple(range(parts)))
    ),
    "encode": _work(lambda uri, _: Encode(uri, SPEC, 17)),
    "gather": lambda run, plan, parts: Gather(
        plan, plan, EmitRows(run.uri, (("web", parts, 0),), frozenset(range(parts))), tuple(range(parts)), SPEC
    ),
    "report": lambda run, plan, _: Measure(plan, run.uri, "k" * 32),
}


def job_bytes(transform: beam.PTransform[Any, Any]) -> int:
    """Size of the pipeline's proto, which is what a runner is sent."""
    pipeline = beam.Pipeline(options=PipelineOptions([]))
    _ = pipeline | transform
    return len(pipeline.to_runner_api().SerializeToString())


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunDirectory, str, str]:
    """A run directory, a stored plan over 10 shards and one over 100,000."""
    run = RunDirectory(str(tmp_path_factory.mktemp("run")))
    return run, store_plan(run, shard_plan(run, 10)), store_plan(run, shard_plan(run, 100_000))


@pytest.mark.parametrize("step", STEPS)
def test_a_hundred_thousand_shards_make_no_larger_job_than_ten(plans: tuple[RunDirectory, str, str], step: str) -> None:
    run, few, many = plans
    small, large = job_bytes(STEPS[step](run, few, 4)), job_bytes(STEPS[step](run, many, 4))
    assert abs(large - small) < 200, "only the name of the plan may differ"
    assert large < 50_000


@pytest.mark.parametrize("step", ["join", "components", "resolve", "gather"])
def test_ten_thousand_partitions_stay_far_below_the_limit(plans: tuple[RunDirectory, str, str], step: str) -> None:
    # 10,000 parts of 256 MB are 2.5 TB of tokens.
    run, _, many = plans
    assert job_bytes(STEPS[step](run, many, 10_000)) < LIMIT_BYTES / 2


def test_workers_read_the_whole_plan_back(plans: tuple[RunDirectory, str, str]) -> None:
    run, _, many = plans
    tasks = load_plan(many)
    assert len(tasks) == 100_000
    assert dataclasses.asdict(tasks[-1]) == dataclasses.asdict(shard_plan(run, 100_000).tasks[-1])
