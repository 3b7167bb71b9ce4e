"""Plan: a sample of the raw shards goes through the real stages, in a directory that is thrown away."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence

import xxhash

from gristmill.config.dedup_config import DedupSection
from gristmill.inputs import RawShard, list_inputs
from gristmill.pipelines.curate import curate
from gristmill.pipelines.dedup.join import partition_count
from gristmill.pipelines.engine.options import Execution
from gristmill.pipelines.engine.session import Listener
from gristmill.pipelines.planning.forecast import (
    BYTES_PER_TOKEN,
    Duplicates,
    Estimate,
    Machines,
    add_all,
    duplicates_range,
    estimate_total,
    join_bytes,
    step_seconds,
    worker_bytes,
)
from gristmill.pipelines.run_plan.run_plan import RunPlan
from gristmill.runs import RunDirectory
from gristmill.tables import read_counts

AMOUNTS = ("records", "documents", "text_bytes", "passed", "kept", "tokens")
"""What is estimated of each source."""


@dataclasses.dataclass(frozen=True)
class RunForecast:
    """What a run is expected to hold and cost.

    Attributes:
        raw_bytes: of all raw shards, by source.
        shards: raw shards, by source.
        sampled: raw shards that were read, by source.
        sampled_bytes: their size.
        amounts: estimates by source and name (`AMOUNTS`).
        seconds: time of each step on the machines asked for.
        duplicates: documents that have a near or exact copy.
        join_partitions: partitions of the candidate join.
        join_bytes: keys it shuffles.
        token_bytes: what the token shuffle and the shards hold.
        worker_bytes: the most one worker holds.
        wall: time on the machines asked for.
        dollars: what they cost.
    """

    raw_bytes: dict[str, int]
    shards: dict[str, int]
    sampled: dict[str, int]
    sampled_bytes: int
    amounts: dict[str, dict[str, Estimate]]
    seconds: dict[str, Estimate]
    duplicates: Duplicates
    join_partitions: int
    join_bytes: float
    token_bytes: Estimate
    worker_bytes: int
    wall: Estimate
    dollars: Estimate

    def total(self, amount: str) -> Estimate:
        """An amount over all sources."""
        return add_all(source[amount] for source in self.amounts.values())


def choose_shards(shards: Sequence[RawShard], sample_bytes: int, seed: int) -> list[RawShard]:
    """Raw shards to read: of every source in the order of a hash, until its part of ``sample_bytes`` is reached.

    Every source gives at least two shards, if it has two, because an error can only be told from two. The choice does
    not depend on how files are listed.

    Args:
        shards: all raw shards.
        sample_bytes: raw bytes to read in all, divided among the sources by their size.
        seed: of the choice.
    """
    whole = max(1, sum(shard.bytes for shard in shards))
    chosen = []
    for source in sorted({shard.source for shard in shards}):
        mine = [shard for shard in shards if shard.source == source]
        mine.sort(
            key=lambda shard: (xxhash.xxh3_64_intdigest(f"{seed}/{shard.source}/{shard.shard}".encode()), shard.shard)
        )
        share, taken = sample_bytes * sum(shard.bytes for shard in mine) / whole, 0
        for place, shard in enumerate(mine):
            if place >= 2 and taken >= share:
                break
            chosen.append(shard)
            taken += shard.bytes
    return sorted(chosen, key=lambda shard: shard.index)


def forecast_run(
    plan: RunPlan, *, sample_bytes: int, machines: Machines, listener: Listener | None = None
) -> RunForecast:
    """Runs a sample of a run's inputs in a temporary directory and extrapolates.

    Args:
        plan: of the run; its own output is not touched.
        sample_bytes: raw bytes to read.
        machines: what the run itself would have.
        listener: hears of progress.

    Raises:
        GristmillError: as the run itself would: a pattern without a match, a column that is not there, an empty result.
    """
    every = list_inputs(plan.inputs)
    chosen = choose_shards(every, sample_bytes, plan.record.seed)
    with tempfile.TemporaryDirectory(prefix="gristmill-plan-") as folder:
        # First the smallest shards: what they take is what a run takes to start, and kernels are compiled after them.
        small = _timed(plan, f"{folder}/small", _smallest(chosen), None)
        large = _timed(plan, f"{folder}/large", chosen, listener)
        return _extrapolate(plan.dedup.section, every, chosen, (small, large), machines)


@dataclasses.dataclass(frozen=True)
class _Timed:
    """One run over a sample: the `AMOUNTS` of each of its shards, and the seconds of each step."""

    counts: list[dict[str, float]]
    seconds: dict[str, float]

    def sum(self, amount: str) -> float:
        return sum(count[amount] for count in self.counts)


def _timed(plan: RunPlan, output: str, shards: Sequence[RawShard], listener: Listener | None) -> _Timed:
    names = {(shard.source, shard.shard) for shard in shards}

    def sample(listed: list[RawShard]) -> list[RawShard]:
        return [shard for shard in listed if (shard.source, shard.shard) in names]

    record = dataclasses.replace(plan.record, output=output)
    sampled = dataclasses.replace(plan, record=record, execution=Execution(workers=1), max_error_fraction=1.0)
    result = curate(sampled, listener, select=sample)
    seconds = {name: float(str(stage["seconds"])) for name, stage in result.stages.items()}
    return _Timed(_shard_counts(result.run, shards), seconds)


def _smallest(shards: Sequence[RawShard]) -> list[RawShard]:
    """The smallest shard of each source, in the order given."""
    least = {shard.source: shard for shard in sorted(shards, key=lambda shard: (-shard.bytes, shard.shard))}
    return [shard for shard in shards if least[shard.source] == shard]


def _shard_counts(run: RunDirectory, shards: Sequence[RawShard]) -> list[dict[str, float]]:
    """The `AMOUNTS` of each sampled shard, from the footers of its files."""
    folders = {
        folder: read_counts([run.shard(folder, shard) for shard in shards])
        for folder in ("documents", "decisions", "ledger")
    }
    found = []
    for extracted, decided, ledger in zip(*folders.values(), strict=True):
        amounts = {name: float(extracted[name]) for name in ("records", "documents", "text_bytes")}
        found.append(amounts | {"passed": decided["passed"], "kept": ledger["kept"], "tokens": ledger["tokens"]})
    return found


def _extrapolate(
    dedup: DedupSection,
    every: Sequence[RawShard],
    chosen: Sequence[RawShard],
    timed: tuple[_Timed, _Timed],
    machines: Machines,
) -> RunForecast:
    sources = sorted({shard.source for shard in every})
    raw = {name: sum(shard.bytes for shard in every if shard.source == name) for name in sources}
    shards = {name: sum(shard.source == name for shard in every) for name in sources}
    _, large = timed
    amounts = {}
    for name in sources:
        rows = [(shard.bytes, count) for shard, count in zip(chosen, large.counts, strict=True) if shard.source == name]
        sizes = [size for size, _ in rows]
        amounts[name] = {
            amount: estimate_total([count[amount] for _, count in rows], sizes, raw[name], shards[name])
            for amount in AMOUNTS
        }
    passed = add_all(source["passed"] for source in amounts.values()).value
    text = add_all(source["text_bytes"] for source in amounts.values())
    seconds = {name: step_seconds(_points(timed, name), text, machines.workers) for name in large.seconds}
    wall = add_all(seconds.values())
    bands = dedup.near.bands if dedup.near else 0
    return RunForecast(
        raw_bytes=raw,
        shards=shards,
        sampled={name: sum(shard.source == name for shard in chosen) for name in sources},
        sampled_bytes=sum(shard.bytes for shard in chosen),
        amounts=amounts,
        seconds=seconds,
        duplicates=duplicates_range(int(large.sum("passed") - large.sum("kept")), int(large.sum("passed")), passed),
        join_partitions=partition_count(int(passed), dedup),
        join_bytes=join_bytes(passed, bands, dedup.exact),
        token_bytes=add_all(source["tokens"] for source in amounts.values()) * BYTES_PER_TOKEN,
        worker_bytes=worker_bytes(dedup.partition_bytes),
        wall=wall,
        dollars=wall * (machines.workers / 3600 * machines.dollars_per_core_hour),
    )


def _points(timed: tuple[_Timed, _Timed], step: str) -> tuple[tuple[float, float], tuple[float, float]]:
    small, large = ((run.sum("text_bytes"), run.seconds.get(step, 0.0)) for run in timed)
    return small, large
