"""What the report is told of the search for duplicates, with addresses instead of document numbers."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gristmill import storage
from gristmill.config.dedup_config import DedupSection
from gristmill.pipelines.dedup.cluster_counts import added
from gristmill.pipelines.dedup.components_step import components_uri
from gristmill.pipelines.dedup.fingerprint import FOLDER as FINGERPRINTS
from gristmill.pipelines.dedup.join import FOLDER as EDGES
from gristmill.pipelines.dedup.known_step import known_facts
from gristmill.pipelines.dedup.resolve import FOLDER as RESOLVED
from gristmill.pipelines.dedup.resolve import resolved_uri
from gristmill.pipelines.dedup.url_step import url_facts
from gristmill.pipelines.engine.plan import Task
from gristmill.pipelines.repeats.frequent_lines import read_frequent_lines
from gristmill.runs import RunDirectory
from gristmill.tables import one_batch, read_counts, read_groups

LISTED = 20
"""Hot buckets and clusters that are listed, largest first."""

SAMPLE = 5
"""Members of a cluster that are named beside the kept one."""


def dedup_facts(run: RunDirectory, dedup: DedupSection, tasks: Sequence[Task]) -> dict[str, Any]:
    """Counts of the search, hot buckets and the largest clusters.

    Args:
        run: the run directory.
        dedup: of its configuration.
        tasks: one for each shard, with the number of its first document.
    """
    (components,) = read_counts([components_uri(run)])
    printed, edges, groups = (
        read_counts([entry.uri for entry in storage.walk(run.path(folder))])
        for folder in (FINGERPRINTS, EDGES, RESOLVED)
    )
    hot = sorted(
        (bucket for counts in edges for bucket in counts["hot"]),
        key=lambda bucket: (-bucket["size"], bucket["examples"]),
    )[:LISTED]
    clusters = largest_clusters(run)
    lines = read_frequent_lines(run)
    named = uris_of(
        run,
        tasks,
        [number for bucket in hot for number in bucket["examples"]]
        + [line["document"] for line in (lines or {"lines": []})["lines"]]
        + [number for cluster in clusters for number in (cluster["kept"], *cluster["members"])],
    )
    return {
        "candidate_pairs": components.get("edges", 0),
        "candidates": components.get("documents", 0),
        "shorter_than_shingle": sum(int(counts["shorter_than_shingle"]) for counts in printed),
        "earlier_runs": known_facts(run),
        "urls": url_facts(run),
        "repeated_lines": _repeated_lines(lines, named),
        "keep": dedup.keep,
        "max_bucket": dedup.max_bucket,
        "min_jaccard": dedup.near.min_jaccard if dedup.near else None,
        "duplicates": sum(int(counts["duplicates"]) for counts in groups),
        "hot_buckets_total": sum(int(counts["hot_buckets"]) for counts in edges),
        "hot_buckets": [
            {"size": bucket["size"], "examples": [named[number] for number in bucket["examples"]]} for bucket in hot
        ],
        "largest_clusters": [
            {**cluster, "kept": named[cluster["kept"]], "members": [named[number] for number in cluster["members"]]}
            for cluster in clusters
        ],
        **added(groups),
    }


def _repeated_lines(found: dict[str, Any] | None, named: dict[int, str]) -> dict[str, Any] | None:
    """The most frequent repeated lines with the address of the document that keeps each."""
    if found is None:
        return None
    lines = [{**line, "kept": named[line["document"]]} for line in found["lines"]]
    for line in lines:
        del line["document"]
    return {**found, "lines": lines}


def largest_clusters(run: RunDirectory) -> list[dict[str, Any]]:
    """Size, number of the kept document and of some members of the largest clusters of this run, largest first."""
    best: list[tuple[int, int, bytes]] = []
    for batch in _resolved(run):
        kept = batch.filter(pc.is_null(batch.column("duplicate_of")))
        rows = zip(*(kept.column(name).to_pylist() for name in ("cluster_size", "document", "doc_id")), strict=True)
        best = heapq.nlargest(LISTED, [*best, *((size, -number, doc_id) for size, number, doc_id in rows)])
    members: dict[bytes, list[int]] = {doc_id: [] for _, _, doc_id in best}
    wanted = pa.array(list(members), pa.binary(16))
    for batch in _resolved(run) if best else ():
        found = batch.filter(pc.is_in(batch.column("duplicate_of"), wanted))
        pairs = (found.column(name).to_pylist() for name in ("duplicate_of", "document"))
        for doc_id, number in zip(*pairs, strict=True):
            if len(members[doc_id]) < SAMPLE:
                members[doc_id].append(number)
    return [{"size": size, "kept": -number, "members": members[doc_id]} for size, number, doc_id in best]


def _resolved(run: RunDirectory) -> Iterator[pa.RecordBatch]:
    """The documents of clusters: not older copies of an address, whose texts were not compared."""
    columns = ["document", "doc_id", "duplicate_of", "cluster_size", "similarity_evidence"]
    with storage.local_copy(resolved_uri(run)) as path:
        for group in read_groups(path, columns):
            older = pc.fill_null(pc.equal(group.column("similarity_evidence").cast(pa.string()), "url"), False)
            yield one_batch(pa.Table.from_batches([group.filter(pc.invert(older))]))


def uris_of(run: RunDirectory, tasks: Sequence[Task], numbers: Sequence[int]) -> dict[int, str]:
    """The addresses of some documents by number; of each shard only the row groups that hold one are read."""
    firsts = np.array([task.first for task in tasks], np.int64)
    wanted = np.unique(np.array(numbers, np.int64))
    shard = np.searchsorted(firsts, wanted, side="right") - 1
    found: dict[int, str] = {}
    for place in np.unique(shard).tolist():
        mine = wanted[shard == place] - firsts[place]
        uri = run.shard("documents", tasks[place].raw)
        with storage.open_read(uri) as stream, pq.ParquetFile(stream, pre_buffer=False) as file:
            begin = 0
            for group in range(file.num_row_groups):
                end = begin + file.metadata.row_group(group).num_rows
                rows = mine[(mine >= begin) & (mine < end)]
                if len(rows):
                    column = file.read_row_group(group, columns=["uri"], use_threads=False).column(0)
                    names = column.take(pa.array(rows - begin)).to_pylist()
                    found |= dict(zip((rows + firsts[place]).tolist(), names, strict=True))
                begin = end
    return found
