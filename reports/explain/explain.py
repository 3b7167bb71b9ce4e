"""The story of one document, put together from the files of a run: no text is judged again."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gristmill import storage
from gristmill.dedup.index.files import head_uri, open_index
from gristmill.errors import InputError
from gristmill.filters.rules.sets.rule_types import ResolvedRule
from gristmill.inputs import RawShard
from gristmill.reports.explain.cuts import cut_sentences, edited_text, told_cuts
from gristmill.reports.explain.passages import Difference, differing_passages
from gristmill.reports.recorded import RecordedRun, recorded_run
from gristmill.runs import RunDirectory
from gristmill.tables import read_table
from gristmill.tokenize.manifest import Manifest
from gristmill.tokenize.order import part_of, ranks
from gristmill.urls import canonical_url

MOST_STORIES = 5
"""Documents told at most when the end of a uri fits several."""


@dataclasses.dataclass(frozen=True)
class Story:
    """What a run knows of one document or dead letter.

    Attributes:
        uri: its address.
        verdict: ``kept``, ``removed``, ``duplicate`` or ``error``.
        sentences: the reason in words.
        facts: provenance and sizes.
        rules: every rule in force with signal, value, condition and outcome (None: not for this document).
        signals: all signals.
        cuts: what edits took out of the text, each with its edit, reason, place and passage.
        difference: of a duplicate of a document of this run, where the two texts differ; see `Difference`.
    """

    uri: str
    verdict: str
    sentences: list[str]
    facts: dict[str, Any]
    rules: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    signals: dict[str, Any] = dataclasses.field(default_factory=dict)
    cuts: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    difference: Difference | None = None

    def to_json(self) -> dict[str, Any]:
        """The story as JSON values."""
        return dataclasses.asdict(self)


def explain(run_uri: str, document: str) -> list[Story]:
    """The stories of the documents and dead letters that ``document`` names.

    Args:
        run_uri: a run directory.
        document: a doc_id in hex, a uri, or the end of a uri.

    Raises:
        InputError: nothing of that name is in the run.
    """
    recorded = recorded_run(run_uri)
    run = recorded.run
    shards = run.read_inputs()
    hits = _find(run, shards, _matcher(document))[:MOST_STORIES]
    stories = [_story(recorded, shards, shard, row) for shard, row in hits]
    stories += [_dead_letter(letter) for letter in _dead_letters(run, document)][: MOST_STORIES - len(stories)]
    if not stories:
        msg = (
            f"no document or dead letter of {run_uri} has the id or uri {document!r}; a record skipped by design "
            "(a redirect, an image) has no row: their counts are in the report"
        )
        raise InputError(msg)
    return stories


def _matcher(document: str) -> Callable[[pa.Table], pa.Array]:
    if re.fullmatch(r"[0-9a-fA-F]{32}", document):
        wanted = pa.scalar(bytes.fromhex(document), pa.binary(16))
        return lambda table: pc.equal(table.column("doc_id"), wanted)
    return lambda table: pc.ends_with(table.column("uri"), document)


def _find(
    run: RunDirectory, shards: Sequence[RawShard], matches: Callable[[pa.Table], pa.Array]
) -> list[tuple[RawShard, dict[str, Any]]]:
    """Ledger rows that match, each with its number in its shard."""

    def look(shard: RawShard) -> list[tuple[RawShard, dict[str, Any]]]:
        uri = run.shard("ledger", shard)
        if not storage.exists(uri):
            return []
        table = read_table(uri)
        table = table.append_column("row", pa.array(range(table.num_rows), pa.int64()))
        return [(shard, row) for row in table.filter(matches(table)).to_pylist()]

    with ThreadPoolExecutor(max_workers=8) as pool:
        return [hit for found in pool.map(look, shards) for hit in found]


def _story(recorded: RecordedRun, shards: Sequence[RawShard], shard: RawShard, row: dict[str, Any]) -> Story:
    run = recorded.run
    document = _read_row(run.shard("documents", shard), row["row"])
    signals = _read_row(run.shard("signals", shard), row["row"])
    signals.pop("doc_id")
    judged = [_judged(rule, signals, document["kind"], set(row["failed_rules"])) for rule in recorded.rules]
    folder = recorded.cuts
    stored = _read_row(run.shard(folder, shard), row["row"])["cuts"] if folder else []
    text, cuts = edited_text(document["text"], stored), told_cuts(document["text"], stored)
    facts: dict[str, Any] = {
        "doc_id": row["doc_id"].hex(),
        "source": f"{row['source']} ({document['kind']})",
        "raw shard": f"{shard.uri}, offset {document['offset']}, {document['length']} bytes",
        "title": document["title"] or "unknown",
        "language": f"{row['language']} ({row['language_score']:.2f})",
        "published": f"{document['published'] or 'unknown'} (evidence: {document['date_evidence']})",
        "license": f"{document['license'] or 'unknown'} (evidence: {document['license_evidence']})",
        "text": f"{len(text.encode()):,} bytes, begins {text[:70]!r}",
    }
    if cuts:
        facts["text"] += f"; {len(document['text'].encode()):,} bytes before edits"
    if row["verdict"] == "kept":
        facts["tokens"] = f"{row['tokens']:,} in {_part(run, row)}"
    facts["cluster"] = f"{row['cluster_size']} documents"
    twin = _kept(run, shards, row)
    told = _sentences(
        recorded.dedup.index, row, judged, twin[1]["uri"] if twin else "a document that is not in this run"
    )
    sentences = [*told, *cut_sentences(cuts)]
    difference = differing_passages(_text(run, folder, *twin), text) if twin else None
    return Story(row["uri"], row["verdict"], sentences, facts, judged, signals, cuts, difference)


def _text(run: RunDirectory, folder: str, shard: RawShard, row: dict[str, Any]) -> str:
    """The edited text of a document, by its row in the ledger; ``folder`` holds the cuts, if there are any."""
    stored = _read_row(run.shard(folder, shard), row["row"])["cuts"] if folder else []
    return edited_text(_read_row(run.shard("documents", shard), row["row"])["text"], stored)


def _kept(run: RunDirectory, shards: Sequence[RawShard], row: dict[str, Any]) -> tuple[RawShard, dict[str, Any]] | None:
    """Shard and ledger row of the document of this run that a duplicate duplicates."""
    if row["duplicate_of"] is None or row["duplicate_run"] is not None:
        return None
    wanted = pa.scalar(row["duplicate_of"], pa.binary(16))
    return next(iter(_find(run, shards, lambda table: pc.equal(table.column("doc_id"), wanted))), None)


def _sentences(
    indexes: Sequence[str], row: dict[str, Any], judged: list[dict[str, Any]], kept_uri: str
) -> Iterator[str]:
    failed = [rule for rule in judged if rule["passed"] is False]
    if row["verdict"] == "removed":
        yield f"Removed: it fails {len(failed)} of {len(judged)} rules."
        for rule in failed:
            yield f"{rule['rule']}: {rule['signal']} is {_short(rule['value'])}, kept would be {rule['keeps']}."
    elif row["verdict"] == "duplicate":
        kept = row["duplicate_of"]
        if row["duplicate_run"] is not None:
            yield from _earlier(indexes, row)
            return
        yield f"Duplicate of {kept_uri} ({kept.hex()})."
        if row["similarity_evidence"] == "url":
            yield _older(row["uri"], kept_uri)
        else:
            yield (
                f"Their true Jaccard similarity is {row['similarity']:.3f}; of {row['cluster_size']} documents in the "
                "cluster that one stays."
            )
    for found in row["evidence"]:
        # What was found in the address, not in the text, has no place in it.
        place = f"at bytes {found['start']} to {found['end']}: " if found["start"] >= 0 else ""
        yield f"{found['rule_set']}: {found['found']!r} is in {found['item']}, {place}{found['context']!r}."
    if row["verdict"] == "kept":
        yield f"Kept: it passes all {len(judged)} rules in force."
        if row["cluster_size"] > 1:
            yield f"It stands for a cluster of {row['cluster_size']} documents; the others are duplicates of it."


def _older(uri: str, kept_uri: str | None) -> str:
    """The sentence on an older copy of an address.

    >>> _older("http://a.example/b/", "https://a.example/b")
    'It is an older copy of the address a.example/b, of which the newest stays; their texts were not compared.'
    """
    address = canonical_url(uri)
    if kept_uri is not None and canonical_url(kept_uri) == address:
        return (
            f"It is an older copy of the address {address}, of which the newest stays; their texts were not compared."
        )
    return (
        f"It is an older copy of the address {address}, whose newest copy is a duplicate of that document; their texts "
        "were not compared."
    )


def _earlier(indexes: Sequence[str], row: dict[str, Any]) -> Iterator[str]:
    """The sentences on a duplicate of a document of an earlier run, which an index knows."""
    kept = row["duplicate_of"]
    name, run_uri = "", ""
    for uri in indexes:
        if not storage.exists(head_uri(uri)):
            continue
        index = open_index(uri)
        for number, rows in index.find(pa.array([kept], pa.binary(16))):
            found = index.segments[number].documents.slice(int(rows[0]), 1).to_pylist()[0]
            name, run_uri = found["uri"], index.head.runs[found["run"]].uri
    yield (
        f"Duplicate of {name or 'a document that its index does not hold any more'} ({kept.hex()}) "
        f"of the earlier run {row['duplicate_run']!r}{f' in {run_uri}' if run_uri else ''}."
    )
    if row["similarity_evidence"] == "url":
        yield _older(row["uri"], None)
        return
    yield {
        "exact": "Their texts are equal but for case and white space.",
        "verified": f"Their true Jaccard similarity is {row['similarity']:.3f}.",
        "estimated": f"The earlier text is gone; by their signatures, their Jaccard similarity is about "
        f"{row['similarity']:.3f}.",
    }[row["similarity_evidence"]]
    yield f"{row['cluster_size'] - 1} documents of this run duplicate that one; the earlier one stays."


def _judged(rule: ResolvedRule, signals: dict[str, Any], kind: str, failed: set[str]) -> dict[str, Any]:
    value = signals.get(rule.signal)
    applies = kind in rule.kinds and (not rule.languages or signals.get("language") in rule.languages)
    applies = applies and (rule.not_measured is None or value != rule.not_measured)
    return {
        "rule": rule.id,
        "signal": rule.signal,
        "value": value,
        "keeps": condition(rule),
        "passed": (rule.id not in failed) if applies else None,
        "source": rule.source,
    }


def condition(rule: ResolvedRule) -> str:
    """A rule's condition for keeping, in words.

    >>> from gristmill.filters.rules.rules import parse_use, resolve
    >>> condition(resolve([parse_use("gopher_quality")])[0])
    'at least 50'
    >>> condition(resolve([], min_language_score=0.65, min_language_scores={"de": 0.5})[0])
    'at least 0.65 (de: 0.5)'
    """
    if isinstance(rule.threshold, tuple):
        return "one of " + ", ".join(rule.threshold)
    own = ", ".join(f"{code}: {bound:g}" for code, bound in rule.by_language)
    return f"{'at least' if rule.comparison == 'min' else 'at most'} {rule.threshold:g}{f' ({own})' if own else ''}"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _read_row(uri: str, row: int) -> dict[str, Any]:
    """One row of a committed file; only its row group is read."""
    with storage.open_read(uri) as stream, pq.ParquetFile(stream, pre_buffer=False) as file:
        first = 0
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if row < first + rows:
                found: dict[str, Any] = (
                    file.read_row_group(group, use_threads=False).slice(row - first, 1).to_pylist()[0]
                )
                return found
            first += rows
    msg = f"{uri} has no row {row}; run `gristmill verify` on this run"
    raise InputError(msg)


def _part(run: RunDirectory, row: dict[str, Any]) -> str:
    manifest = Manifest.from_json(storage.read_bytes(run.manifest), run.manifest)
    parts = manifest.sources[row["source"]].parts
    rank = ranks(manifest.seed, pa.array([row["doc_id"]], pa.binary(16)))
    return f"tokens/{parts[int(part_of(rank, len(parts))[0])].path}"


def _dead_letters(run: RunDirectory, document: str) -> list[dict[str, Any]]:
    letters = []
    for entry in storage.walk(run.path("errors")):
        table = read_table(entry.uri)
        letters += table.filter(pc.ends_with(table.column("uri"), document)).to_pylist()
    return letters


def _dead_letter(letter: dict[str, Any]) -> Story:
    facts = {
        "source": letter["source"],
        "raw shard": f"{letter['shard']}, offset {letter['offset']}",
        "stage": letter["stage"],
        "error": letter["error"],
        "detail": letter["detail"],
    }
    sentence = f"Failed in {letter['stage']}: {letter['error']}. {letter['detail']}"
    return Story(letter["uri"], "error", [sentence], facts)
