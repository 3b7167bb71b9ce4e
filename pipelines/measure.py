"""Measure: every document and its ledger row into the mergeable measures that the report is made from."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence

import apache_beam as beam

from gristmill import storage
from gristmill.config.config import canonical_json
from gristmill.errors import IntegrityError
from gristmill.pipelines.engine.plan import Task, load_plan
from gristmill.pipelines.engine.shardwise import PlannedTasks, naming
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.pipelines.engine.texts import open_texts
from gristmill.plugins import Plugin
from gristmill.reports.measure import FORMAT_VERSION, Measures
from gristmill.reports.panels.plugins import panels_with
from gristmill.runs import RunDirectory
from gristmill.tables import read_groups


def measures_uri(run: RunDirectory) -> str:
    """The merged measures of a run."""
    return run.path("report", "measures.json")


def measure_task(run: RunDirectory, ledger: Sequence[Task], plugins: Sequence[Plugin] = ()) -> Task:
    """The one output of this step; ``plugins`` bring panels of their own."""
    weight = sum(task.weight_bytes for task in ledger)
    settings = [FORMAT_VERSION, [plugin.key() for plugin in plugins]] if plugins else FORMAT_VERSION
    return Task(measures_uri(run), stage_key("report", settings, [task.key for task in ledger]), None, weight)


def measured_key(run: RunDirectory) -> str | None:
    """Stage key of the measures that were committed, or None."""
    uri = measures_uri(run)
    return str(json.loads(storage.read_bytes(uri))["stage_key"]) if storage.exists(uri) else None


def read_measures(run: RunDirectory, plugins: tuple[Plugin, ...] = ()) -> Measures | None:
    """The measures that were committed, or None.

    Raises:
        IntegrityError: they were counted for other panels, or by other versions of the plugins.
    """
    uri = measures_uri(run)
    if not storage.exists(uri):
        return None
    content = json.loads(storage.read_bytes(uri))
    counted = content.get("plugins", [])
    if counted != [plugin.key() for plugin in plugins]:
        msg = (
            f"{uri} was counted with the panels {[key[:3] for key in counted]}, and those of today are "
            f"{[plugin.key()[:3] for plugin in plugins]}, or their sources changed; `gristmill run` counts again"
        )
        raise IntegrityError(msg)
    return Measures.from_dict(content["measures"], panels_with(plugins))


@dataclasses.dataclass(frozen=True)
class MeasureShard:
    """The measures of one shard, as JSON; ``plugins`` bring panels of their own."""

    run_uri: str
    plugins: tuple[Plugin, ...] = ()
    step: str = "report"

    def __call__(self, task: Task) -> bytes:
        """Reads texts and ledger side by side."""
        run, panels = RunDirectory(self.run_uri), panels_with(self.plugins)
        measures = Measures(panels)
        with (
            open_texts(run, task) as texts,
            storage.local_copy(run.shard("ledger", task.raw)) as ledger,
        ):
            for group, rows in zip(texts.groups(), read_groups(ledger), strict=True):
                measures.add(group, rows, panels)
        return canonical_json(measures.to_dict())


class EmitMeasures(beam.DoFn):
    """Measures each shard and yields the result."""

    def __init__(self, plan_uri: str, work: MeasureShard) -> None:
        self._plan_uri, self._work = plan_uri, work

    def process(self, element: int) -> Iterator[bytes]:
        """One shard."""
        task = load_plan(self._plan_uri)[element]
        with naming("report", task):
            yield self._work(task)


class MergeMeasures(beam.CombineFn):
    """Merges measures; the order does not matter."""

    def __init__(self, plugins: tuple[Plugin, ...] = ()) -> None:
        super().__init__()
        self._plugins = plugins

    def create_accumulator(self) -> Measures:
        """Nothing measured."""
        return Measures(panels_with(self._plugins))

    def add_input(self, mutable_accumulator: Measures, element: bytes) -> Measures:
        """Adds the measures of one shard."""
        mutable_accumulator.merge(Measures.from_dict(json.loads(element), panels_with(self._plugins)))
        return mutable_accumulator

    def merge_accumulators(self, accumulators: Iterable[Measures]) -> Measures:
        """One from many."""
        total = Measures(panels_with(self._plugins))
        for one in accumulators:
            total.merge(one)
        return total

    def extract_output(self, accumulator: Measures) -> bytes:
        """As JSON."""
        return canonical_json(accumulator.to_dict())


@dataclasses.dataclass(frozen=True)
class WriteMeasures:
    """Commits the merged measures."""

    run_uri: str
    stage_key: str
    plugins: tuple[Plugin, ...] = ()

    def __call__(self, merged: bytes) -> int:
        """Writes ``report/measures.json``."""
        run = RunDirectory(self.run_uri)
        keys = {"plugins": [plugin.key() for plugin in self.plugins]} if self.plugins else {}
        content = canonical_json({"stage_key": self.stage_key, "measures": json.loads(merged), **keys})
        storage.write_bytes(measures_uri(run), content + b"\n", run=run.uri)
        return len(content)


@dataclasses.dataclass(eq=False)
class Measure(beam.PTransform):
    """Every shard of a plan measured, merged and committed."""

    plan_uri: str
    run_uri: str
    stage_key: str
    plugins: tuple[Plugin, ...] = ()

    def expand(self, root: beam.pvalue.PBegin) -> beam.pvalue.PCollection[int]:
        """Measure, merge, write."""
        emit = EmitMeasures(self.plan_uri, MeasureShard(self.run_uri, self.plugins))
        return (
            root
            | PlannedTasks(self.plan_uri)
            | "Measure" >> beam.ParDo(emit).with_output_types(bytes)
            | "Merge" >> beam.CombineGlobally(MergeMeasures(self.plugins))
            | "Write" >> beam.Map(WriteMeasures(self.run_uri, self.stage_key, self.plugins)).with_output_types(int)
        )
