"""The run directory: where every file of a run lies, and ``run.json``, which says what the run is and how far it got.

::

    RUN/run.json                            configuration, config hash, code version, seed, state of each stage
    RUN/inputs.parquet                      one row per raw shard
    RUN/documents/<source>/<shard>.parquet  text of every extracted document
    RUN/edits/<source>/<shard>.parquet      one row per document: what is cut out of its text
    RUN/signals/<source>/<shard>.parquet    one row per document: all signals
    RUN/decisions/<source>/<shard>.parquet  one row per document: every failing rule
    RUN/dedup/…                             fingerprints, candidate pairs, resolved clusters
    RUN/ledger/<source>/<shard>.parquet     one row per document: the decision and its evidence
    RUN/tokens/…                            training shards and their manifest
    RUN/report/…                            report.json, report.html
    RUN/errors/<stage>/<source>/<shard>.parquet   dead letters
    RUN/_tmp/                               uncommitted work; safe to delete

Why ``decisions/`` and ``dedup/`` have folders of their own: docs/decisions/0004-one-folder-per-stage.md.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from gristmill import storage
from gristmill.config.config import canonical_json
from gristmill.errors import RunDirectoryError
from gristmill.inputs import RawShard, read_inputs, write_inputs
from gristmill.version import VERSION

FORMAT = "gristmill-run/1"


class RunDirectory:
    """Names inside one run directory, local or on an object store.

    >>> run = RunDirectory("s3://bucket/run/")
    >>> run.manifest
    's3://bucket/run/tokens/manifest.json'
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri.rstrip("/") or "/"

    def path(self, *parts: str) -> str:
        """A uri below the run directory."""
        return storage.join(self.uri, *parts)

    def shard(self, folder: str, shard: RawShard) -> str:
        """The output of ``folder`` (``documents``, ``signals``, …) made from one raw shard."""
        return self.path(folder, shard.source, f"{shard.name}.parquet")

    def errors(self, stage: str, shard: RawShard) -> str:
        """The dead letters of a stage for one raw shard."""
        return self.path("errors", stage, shard.source, f"{shard.name}.parquet")

    @property
    def state_uri(self) -> str:
        """``run.json``."""
        return self.path("run.json")

    @property
    def inputs_uri(self) -> str:
        """``inputs.parquet``."""
        return self.path("inputs.parquet")

    @property
    def tokens(self) -> str:
        """The folder of training shards."""
        return self.path("tokens")

    @property
    def manifest(self) -> str:
        """``tokens/manifest.json``."""
        return self.path("tokens", "manifest.json")

    def exists(self) -> bool:
        """True when there is a ``run.json``."""
        return storage.exists(self.state_uri)

    def read_state(self) -> dict[str, Any]:
        """``run.json``.

        Raises:
            RunDirectoryError: there is none, or it was written by another format.
        """
        if not self.exists():
            msg = f"{self.uri} is not a run directory: it has no run.json; give the `output` of a configuration"
            raise RunDirectoryError(msg)
        state: dict[str, Any] = json.loads(storage.read_bytes(self.state_uri))
        if state.get("format") != FORMAT:
            msg = f"{self.state_uri}: wanted format {FORMAT!r}, got {state.get('format')!r}; use its own version"
            raise RunDirectoryError(msg)
        return state

    def write_state(self, state: dict[str, Any]) -> None:
        """Replaces ``run.json``."""
        storage.write_bytes(self.state_uri, json.dumps(state, indent=1, sort_keys=True).encode() + b"\n", run=self.uri)

    def read_inputs(self) -> list[RawShard]:
        """The raw shards of this run; empty before the first listing."""
        return read_inputs(self.inputs_uri) if storage.exists(self.inputs_uri) else []

    def write_inputs(self, shards: list[RawShard]) -> None:
        """Replaces ``inputs.parquet``."""
        write_inputs(self.inputs_uri, shards, run=self.uri)


@dataclasses.dataclass(frozen=True)
class RunRecord:
    """What ``run.json`` says of a run before any stage begins.

    Attributes:
        output: uri of the run directory.
        seed: of the global shuffle.
        config: the whole configuration, every default filled in, as JSON values.
        config_hash: of everything in it that can change an output.
        rules: the rules in force, each as JSON values; a run says by itself what its documents were judged by.
        identity: what makes two configurations the same run: their sources and seed. Anything else may change and is
            redone.
    """

    output: str
    seed: int
    config: Mapping[str, Any]
    config_hash: str
    rules: Sequence[Mapping[str, Any]]
    identity: Mapping[str, Any]


def open_run(record: RunRecord, *, replace: bool = False) -> tuple[RunDirectory, dict[str, Any]]:
    """The run directory of a configuration and its state, new or resumed.

    Args:
        record: of the configuration about to run.
        replace: accept a directory that holds a run over other sources or another seed; its stale outputs are removed
            as the stages reach them.

    Raises:
        RunDirectoryError: the directory belongs to another configuration, or is not empty and not a run.
    """
    run = RunDirectory(record.output)
    wanted = record.identity
    stages: dict[str, Any] = {}
    if run.exists():
        state = run.read_state()
        if canonical_json(state["identity"]) != canonical_json(wanted) and not replace:
            msg = (
                f"{run.uri} belongs to another configuration: {_difference(state['identity'], wanted)}. "
                "Choose another run.output, or pass --replace to turn it into this run"
            )
            raise RunDirectoryError(msg)
        stages = state["stages"]
    elif first := next(iter(storage.walk(run.uri)), None):
        msg = f"{run.uri} is not empty and not a run directory (it holds {first.uri}); choose another run.output"
        raise RunDirectoryError(msg)
    state = {
        "format": FORMAT,
        "gristmill": VERSION,
        "config": record.config,
        "config_hash": record.config_hash,
        "rules": list(record.rules),
        "identity": wanted,
        "seed": record.seed,
        "stages": stages,
    }
    return run, state


def _difference(held: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    if held["seed"] != wanted["seed"]:
        return f"it was made with run.seed {held['seed']}, this one has {wanted['seed']}"
    for name in sorted(set(held["sources"]) | set(wanted["sources"])):
        one, other = held["sources"].get(name), wanted["sources"].get(name)
        if one != other:
            return f"source {name!r} was {_source(one)} there and is {_source(other)} here"
    return "their sources differ"


def _source(source: dict[str, Any] | None) -> str:
    return f"{source['kind']} from {', '.join(source['paths'])}" if source else "absent"
