"""The tokenize stage on the driver: choose or train the tokenizer, encode, gather, and write the manifest last."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence

import apache_beam as beam
import pyarrow as pa

from gristmill import storage
from gristmill.config.config import TokenizerSection
from gristmill.errors import ConfigError, EmptyResultError
from gristmill.pipelines.dedup.resolve import resolved_uri
from gristmill.pipelines.engine.document_ranges import read_range
from gristmill.pipelines.engine.plan import Plan, Task, make_plan, prune, store_plan
from gristmill.pipelines.engine.session import Session
from gristmill.pipelines.engine.shardwise import ProcessShards
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.pipelines.engine.texts import open_texts, text_bytes
from gristmill.pipelines.tokens.encode import (
    FOLDER,
    Encode,
    TokenizerSpec,
    Verdicts,
    encode_tasks,
    encoded_uri,
    kept_groups,
)
from gristmill.pipelines.tokens.gather import (
    EmitRows,
    Gather,
    GatherPart,
    gather_tasks,
    read_part_info,
    write_manifest,
)
from gristmill.runs import RunDirectory
from gristmill.tables import read_counts, read_groups
from gristmill.tokenize.chunking import numpy_dtype
from gristmill.tokenize.manifest import PartInfo
from gristmill.tokenize.order import ranks
from gristmill.tokenize.training import in_sample, train_bpe


@dataclasses.dataclass(frozen=True)
class TokenChoices:
    """The part of a run's plan that decides what its tokens are.

    Attributes:
        seed: of the global order, and of the sample that a tokenizer is trained on.
        tokenizer: ``[tokenizer]``.
        part_bytes: token bytes in one part.
    """

    seed: int
    tokenizer: TokenizerSection
    part_bytes: int


def run_tokenize(session: Session, choices: TokenChoices, decided: Sequence[Task], resolved_key: str) -> list[Task]:
    """Runs the stage.

    Args:
        session: the run in progress.
        choices: of the run.
        decided: tasks of ``decisions/``, each with the number of its first document.
        resolved_key: key of ``dedup/resolved.parquet``.

    Returns:
        The tasks of ``ledger/``.

    Raises:
        EmptyResultError: no document is kept.
    """
    run = session.run
    spec = choose_tokenizer(session, choices, decided, resolved_key)
    encoded = encode_tasks(run, spec, choices.seed, resolved_key, decided)
    made_from = stage_key("gather", [choices.part_bytes], [task.key for task in encoded])
    gathered = _made_from(run) == made_from
    prune(run, FOLDER, [task.uri for task in encoded])
    plan = make_plan("encode", encoded)
    if not gathered:
        plan = _with_missing_tokens(run, plan)
    session.shardwise("encode", encoded, Encode(run.uri, spec, choices.seed), plan=plan)
    if gathered:
        session.execute(Plan("gather", _existing_parts(run, choices, spec, encoded), ()), lambda _: None)
        return encoded
    storage.delete(_made_from_uri(run))
    storage.delete(run.manifest)
    _gather(session, choices, spec, encoded)
    storage.write_bytes(_made_from_uri(run), json.dumps({"stage_key": made_from}).encode() + b"\n", run=run.uri)
    for folder in ("encoded", "parts"):
        storage.delete_tree(run.path("_tmp", folder))
    return encoded


def choose_tokenizer(
    session: Session, choices: TokenChoices, decided: Sequence[Task], resolved_key: str
) -> TokenizerSpec:
    """The configured tokenizer, copied into the run directory where every worker finds it, or one trained here.

    Raises:
        ConfigError: the configured file does not exist.
    """
    run, section = session.run, choices.tokenizer
    if section.path is not None:
        if not storage.exists(section.path):
            msg = f"tokenizer.path: no such file {section.path!r}; give a Hugging Face tokenizer.json"
            raise ConfigError(msg)
        raw = storage.read_bytes(section.path)
        uri = run.path("tokenizer", f"{hashlib.sha256(raw).hexdigest()[:16]}.json")
        if not storage.exists(uri):
            storage.write_bytes(uri, raw, run=run.uri)
    else:
        uri = _trained(session, choices, decided, resolved_key)
        raw = storage.read_bytes(uri)
    spec = TokenizerSpec(uri, hashlib.sha256(raw).hexdigest(), section.eot_token, section.engine)
    spec.load()
    return spec


def _trained(session: Session, choices: TokenChoices, decided: Sequence[Task], resolved_key: str) -> str:
    run, train = session.run, choices.tokenizer.train
    assert train is not None
    settings = [train.vocab_size, train.sample_bytes, choices.seed]
    key = stage_key("train_tokenizer", settings, [resolved_key, *(task.key for task in decided)])
    uri = run.path("tokenizer", f"trained-{key}.json")
    if not storage.exists(uri):
        fraction = train.sample_bytes / max(1, text_bytes(run, decided))
        texts = _sample(run, decided, choices.seed, fraction)
        storage.write_bytes(uri, train_bpe(texts, train.vocab_size), run=run.uri)
    return uri


def _sample(run: RunDirectory, decided: Sequence[Task], seed: int, fraction: float) -> Iterator[pa.Array]:
    """Texts of kept documents whose rank falls in the sample, batch by batch."""
    for task in decided:
        with (
            open_texts(run, task) as texts,
            storage.local_copy(run.shard("decisions", task.raw)) as decisions,
        ):
            rows = sum(group.num_rows for group in read_groups(decisions, ["doc_id"]))
            found = read_range(resolved_uri(run), task.first, task.first + rows)
            for group, _, kept in kept_groups(texts, decisions, Verdicts(found, task.first, rows)):
                sampled = in_sample(ranks(seed, group.column("doc_id")), fraction)
                yield group.column("text").filter(pa.array(sampled & kept.to_numpy(zero_copy_only=False)))


def _with_missing_tokens(run: RunDirectory, plan: Plan) -> Plan:
    """A shard whose ledger stands but whose encoded tokens were cleared away must be encoded again to be gathered."""
    there = {entry.uri for entry in storage.walk(run.path("_tmp", "encoded"))}
    wanted = {encoded_uri(run, task) for task in plan.tasks}
    for uri in there - wanted:
        storage.delete(uri)
    missing = {number for number, task in enumerate(plan.tasks) if encoded_uri(run, task) not in there}
    for number in missing - set(plan.todo):
        storage.delete(plan.tasks[number].uri)
    return dataclasses.replace(plan, todo=tuple(sorted(missing | set(plan.todo))))


def _token_bytes(spec: TokenizerSpec, encoded: Sequence[Task]) -> dict[str, int]:
    width = numpy_dtype(spec.load().dtype).itemsize
    totals: dict[str, int] = defaultdict(int)
    for task, counts in zip(encoded, read_counts([task.uri for task in encoded]), strict=True):
        totals[task.raw.source] += width * int(str(counts["tokens"]))
    return dict(totals)


def _existing_parts(
    run: RunDirectory, choices: TokenChoices, spec: TokenizerSpec, encoded: Sequence[Task]
) -> tuple[Task, ...]:
    return tuple(gather_tasks(run, choices.part_bytes, _token_bytes(spec, encoded), encoded))


def _gather(session: Session, choices: TokenChoices, spec: TokenizerSpec, encoded: Sequence[Task]) -> None:
    run = session.run
    parts = list(_existing_parts(run, choices, spec, encoded))
    if not parts:
        msg = (
            "no document is kept, so there is nothing to tokenize; `gristmill rules` with this run shows which rules "
            "removed how many, and `gristmill explain` why"
        )
        raise EmptyResultError(msg)
    kept_files = [task.uri for task in parts]
    prune(run, "tokens", [*kept_files, run.path("tokens", "tokenizer.json")])
    known = [read_part_info(run, task) for task in parts]
    for task, info in zip(parts, known, strict=True):
        if info is None:
            storage.delete(task.uri)
    plan = Plan("gather", tuple(parts), tuple(number for number, info in enumerate(known) if info is None))
    session.execute(plan, lambda pipeline: _build_gather(session, spec, encoded, plan, pipeline))
    infos: dict[str, list[PartInfo]] = defaultdict(list)
    for task in parts:
        info = read_part_info(run, task)
        assert info is not None, task.uri
        infos[task.name].append(info)
    write_manifest(run, spec, choices.seed, infos)


def _build_gather(
    session: Session, spec: TokenizerSpec, encoded: Sequence[Task], plan: Plan, pipeline: beam.Pipeline
) -> None:
    run = session.run
    write_plan = store_plan(run, plan)
    if not storage.is_remote(run.uri):
        _ = pipeline | ProcessShards(write_plan, GatherPart(run.uri, spec))
        return
    bases = {task.name: (task.first, number - task.number) for number, task in enumerate(plan.tasks)}
    parts = tuple((name, count, base) for name, (count, base) in sorted(bases.items()))
    holding = tuple(number for number, task in enumerate(encoded) if task.raw.source in bases)
    read_plan = store_plan(run, Plan("gather-emit", tuple(encoded), holding))
    emit = EmitRows(run.uri, parts, frozenset(plan.todo))
    _ = pipeline | Gather(read_plan, write_plan, emit, plan.todo, spec)


def _made_from_uri(run: RunDirectory) -> str:
    return run.path("tokens", "made-from.json")


def _made_from(run: RunDirectory) -> str | None:
    """What the committed manifest was made from; None while there is none."""
    uri = _made_from_uri(run)
    if not (storage.exists(uri) and storage.exists(run.manifest)):
        return None
    return str(json.loads(storage.read_bytes(uri))["stage_key"])
