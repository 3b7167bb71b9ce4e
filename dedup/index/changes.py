"""Adding to an index and merging its segments, each a single committed change."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill import storage
from gristmill.dedup.index.files import (
    Index,
    content_checksum,
    head_uri,
    remove_unused,
    replace_head,
    write_segment,
)
from gristmill.dedup.index.format import Head, IndexedRun, Parameters, Segment
from gristmill.dedup.signatures.minhash import Signatures
from gristmill.errors import ConfigError, EmptyResultError, InputError, RunDirectoryError

SEGMENT_DOCUMENTS = 500_000
"""Documents in a segment at most: about 1.2 GB while it is sorted, 0.4 GB on disk for 112 values."""

MOST_SMALL_SEGMENTS = 8
"""More segments than this that are less than half full are merged by the next addition."""

Rows = tuple[pa.Table, Signatures]
"""Rows of ``DOCUMENT_TABLE`` (``run`` is filled in here) and their signatures."""


def add(
    uri: str,
    rows: Iterable[Rows],
    *,
    name: str,
    run_uri: str,
    cuts: str = "",
    parameters: Parameters,
    create: bool = False,
    segment_documents: int = SEGMENT_DOCUMENTS,
) -> Head:
    """Adds the documents of a run as one change.

    Args:
        uri: the index.
        rows: of the run, in its order, in pieces of any size.
        name: of the run, as ledgers will call it.
        run_uri: of the run, where its texts can be read.
        cuts: folder of the cuts in force on them; empty if none are.
        parameters: of the signatures.
        create: make a new index, instead of adding to one.
        segment_documents: documents in a segment at most.

    Returns:
        The new header.

    Raises:
        RunDirectoryError: the index exists and ``create`` is set, it was made with other parameters, or it was changed
            in between.
        ConfigError: the name is taken.
        EmptyResultError: there is no row.
        InputError: a document id occurs twice, or is in the index already.
    """
    old = _opened(uri, create)
    head = old.head if old else Head(parameters)
    head.require(parameters, uri, run_uri)
    if any(run.name == name for run in head.runs):
        msg = f"the index {uri} has a run named {name!r} already; give this one another with --name"
        raise ConfigError(msg)
    remove_unused(uri, old.head if old else None)
    sequence, number = head.sequence + 1, len(head.runs)
    segments: list[Segment] = []
    contents: list[str] = []
    ids: list[pa.Array] = []
    for documents, signatures in _in_pieces(rows, segment_documents):
        table = documents.set_column(1, "run", pa.array(np.full(len(documents), number, np.int32)))
        ids.append(table.column("doc_id").combine_chunks())
        contents.append(content_checksum([table], [signatures]))
        segments.append(write_segment(uri, sequence, len(segments), table, signatures, parameters))
    total = sum(segment.documents for segment in segments)
    if not total:
        msg = f"the run {run_uri} has no kept document, so there is nothing to index; the index was not changed"
        raise EmptyResultError(msg)
    _check_new(uri, old, pa.concat_arrays(ids), run_uri)
    run = IndexedRun(name, run_uri, cuts, total, "+".join(contents))
    head = dataclasses.replace(head, sequence=sequence, runs=(*head.runs, run), segments=(*head.segments, *segments))
    replace_head(uri, old.head if old else None, head)
    return merge(uri, segment_documents=segment_documents)


def _opened(uri: str, create: bool) -> Index | None:
    if not create:
        return Index(uri)
    if storage.exists(head_uri(uri)):
        msg = f"{uri} is an index already; add to it with `gristmill index add`, or choose another --output"
        raise RunDirectoryError(msg)
    foreign = [entry for entry in storage.walk(uri) if not _own_file(uri, entry.uri)]
    if foreign:
        msg = f"{uri} is not empty and not an index (it holds {foreign[0].uri}); choose another --output"
        raise RunDirectoryError(msg)
    return None


def _own_file(uri: str, file: str) -> bool:
    """Whether a file may be left from a change of this index that was broken off."""
    return file.removeprefix(uri.rstrip("/") + "/").partition("/")[0] in {"segments", "forgotten", "_tmp"}


def _in_pieces(rows: Iterable[Rows], most: int) -> Iterator[Rows]:
    """The same rows in pieces of ``most``, and a last one of what is left."""
    tables: list[pa.Table] = []
    signatures: list[Signatures] = []
    size = 0
    for table, values in rows:
        start = 0
        while start < len(table):
            taken = min(most - size, len(table) - start)
            tables.append(table.slice(start, taken))
            signatures.append(values[start : start + taken])
            start, size = start + taken, size + taken
            if size == most:
                yield pa.concat_tables(tables), np.concatenate(signatures)
                tables, signatures, size = [], [], 0
    if size:
        yield pa.concat_tables(tables), np.concatenate(signatures)


def _check_new(uri: str, old: Index | None, ids: pa.Array, run_uri: str) -> None:
    if len(ids.unique()) != len(ids):
        msg = f"{run_uri} holds {len(ids) - len(ids.unique())} document ids twice; `gristmill verify` says which"
        raise InputError(msg)
    found = old.find(ids) if old else []
    if found and old:
        number, rows = found[0]
        documents, total = old.segments[number].documents, sum(len(rows) for _, rows in found)
        first = documents.slice(int(rows[0]), 1).to_pylist()[0]
        msg = (
            f"{total} documents of {run_uri} are in the index {uri} already, such as {first['doc_id'].hex()} "
            f"({first['uri']}), from the run {old.head.runs[first['run']].name!r}; the index was not changed. Run "
            f'again with [dedup] index = ["{uri}"], so that copies are found, or forget them first'
        )
        raise InputError(msg)


def merge(uri: str, *, segment_documents: int = SEGMENT_DOCUMENTS, most_small: int = MOST_SMALL_SEGMENTS) -> Head:
    """Merges the small segments of an index when there are many, and leaves out what is forgotten in them.

    Args:
        uri: the index.
        segment_documents: documents in a merged segment at most.
        most_small: so many segments of less than half of that may stand.

    Returns:
        The header, new or as it was.
    """
    index = Index(uri)
    small = [number for number, segment in enumerate(index.head.segments) if 2 * segment.documents < segment_documents]
    if len(small) <= most_small:
        return index.head
    sequence = index.head.sequence + 1
    parameters = index.head.parameters
    merged: list[Segment] = []
    for table, signatures in _in_pieces(_shown(index, small), segment_documents):
        merged.append(write_segment(uri, sequence, len(merged), table, signatures, parameters))
    kept = [segment for number, segment in enumerate(index.head.segments) if number not in set(small)]
    oldest = min((segment.sequence for segment in kept), default=sequence)
    forgotten = tuple(
        entry if entry.sequence > oldest else dataclasses.replace(entry, file=None) for entry in index.head.forgotten
    )
    head = dataclasses.replace(index.head, sequence=sequence, segments=(*kept, *merged), forgotten=forgotten)
    replace_head(uri, index.head, head)
    remove_unused(uri, head)
    return head


def _shown(index: Index, numbers: Sequence[int]) -> Iterator[Rows]:
    """The documents of some segments that are not forgotten."""
    for number in numbers:
        part = index.segments[number]
        everyone = np.arange(part.segment.documents)
        rows = everyone[part.visible(everyone, index.hidden(part.segment.sequence))]
        if len(rows):
            yield part.documents.take(pa.array(rows)), part.signatures[rows]


def shown_documents(index: Index) -> int:
    """Documents of an index that are not forgotten."""
    total = 0
    for part in index.segments:
        hidden = index.hidden(part.segment.sequence)
        total += part.segment.documents
        if len(hidden):
            total -= int(pc.sum(pc.is_in(part.documents.column("doc_id"), value_set=hidden)).as_py() or 0)
    return total
