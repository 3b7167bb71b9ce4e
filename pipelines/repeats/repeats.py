"""Repeats: lines and passages that stand in several documents are cut from all but one, before anything is measured.

::

    texts ─▶ line marks ─▶ dedup/lines/part-* ─▶ repeated_lines/<source>/<shard>
    texts ─▶ anchors ─▶ dedup/anchors/part-* ─▶ windows ─▶ dedup/windows/part-* ─▶ repeated_passages/<source>/<shard>

The copy in the first document of the corpus (order of sources, shards and records) stays. Each folder of cuts holds the
earlier cuts too, so one folder says all (`gristmill.pipelines.engine.texts`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill import storage
from gristmill.config.dedup_config import DedupSection, LinesSection, SubstringSection
from gristmill.dedup.repeats.lines import keyed_lines
from gristmill.dedup.repeats.passages import anchors, covered, later_copies, repeated_marks, tokens_of, windows
from gristmill.dedup.repeats.repeats import repeated_lines
from gristmill.documents import DOCUMENT_SCHEMA
from gristmill.filters.counts.measure import Signal, signal_field
from gristmill.filters.edits.compose import compose
from gristmill.filters.edits.cuts import CUTS_TYPE, Cuts, apply, from_column, to_column
from gristmill.filters.edits.sequence import edit_signals, measure_cuts
from gristmill.pipelines.engine.plan import Task, prune
from gristmill.pipelines.engine.session import Session
from gristmill.pipelines.engine.stage_keys import stage_key
from gristmill.pipelines.engine.texts import open_texts, text_bytes
from gristmill.pipelines.repeats.frequent_lines import frequent_uri, write_frequent_lines
from gristmill.pipelines.repeats.marks import Marks, choose_marks, mark_tasks, read_chosen
from gristmill.runs import RunDirectory
from gristmill.tables import ShardWriter, read_counts

LINES = "repeated_lines"
PASSAGES = "repeated_passages"

_FOLDERS = {LINES: ("dedup/lines", LINES), PASSAGES: ("dedup/anchors", "dedup/windows", PASSAGES)}
"""What each kind writes; a step is named as the last part of its folder."""

_BYTES_PER_LINE = 40
_BYTES_PER_TOKEN = 5
"""Text for each line and token, for the number of partitions only."""


@dataclasses.dataclass(frozen=True)
class LineMarks:
    """The keys of all lines that are long enough, of the kinds of document that the section names."""

    lines: LinesSection

    def __call__(self, run: RunDirectory, task: Task) -> Iterator[Marks]:
        """One row per line; the place is the line's number among those with a key."""
        first = task.first
        with open_texts(run, task) as texts:
            for group in texts.groups(["kind", "text"]):
                of_kind = pc.is_in(group.column("kind").cast(pa.string()), value_set=pa.array(self.lines.kinds))
                found = keyed_lines(group.column("text"), self.lines.normalization)
                document, place = _within(found.bounds, np.arange(len(found.key), dtype=np.int64))
                chosen = (found.chars >= self.lines.min_chars) & of_kind.to_numpy(zero_copy_only=False)[document]
                yield Marks(found.key[chosen], document[chosen] + first, place[chosen])
                first += group.num_rows


@dataclasses.dataclass(frozen=True)
class ChooseLines:
    """The copies that go."""

    lines: LinesSection

    def __call__(self, marks: Marks) -> tuple[np.ndarray, dict[str, object]]:
        """All copies outside the first document, where enough documents hold the line."""
        found = repeated_lines(marks.key, marks.document, self.lines.min_documents)
        frequent = [
            {**line, "document": int(marks.document[row]), "place": int(marks.place[row])}  # of the copy that stays
            for line, row in zip(found.frequent, found.rows, strict=True)
        ]
        return found.copies, {"repeats": found.repeats, "frequent": frequent}


@dataclasses.dataclass(frozen=True)
class AnchorMarks:
    """The anchors of all texts."""

    min_tokens: int

    def __call__(self, run: RunDirectory, task: Task) -> Iterator[Marks]:
        """One row per anchor; the place is its first token. One that stands twice within a stretch has two rows."""
        for first, texts in numbered_texts(run, task):
            tokens = tokens_of(texts)
            found, twice = anchors(tokens, self.min_tokens)
            token = np.concatenate([found.token, found.token[twice]])
            key = np.concatenate([found.hash, found.hash[twice]])
            document, place = _within(tokens.bounds, token)
            yield Marks(key, document + first, place)


@dataclasses.dataclass(frozen=True)
class ChooseRepeated:
    """Marks that occur more than once."""

    def __call__(self, marks: Marks) -> tuple[np.ndarray, dict[str, object]]:
        """All of them, the first ones too."""
        return repeated_marks(marks.key), {}


@dataclasses.dataclass(frozen=True)
class WindowMarks:
    """The windows around repeated anchors.

    Attributes:
        min_tokens: tokens of a window.
        anchor_uris: files of the repeated anchors.
    """

    min_tokens: int
    anchor_uris: tuple[str, ...]

    def __call__(self, run: RunDirectory, task: Task) -> Iterator[Marks]:
        """One row per window; the place is its first token."""
        for first, texts in numbered_texts(run, task):
            document, place = read_chosen(self.anchor_uris, first, len(texts))
            if len(document):
                tokens = tokens_of(texts)
                found = windows(tokens, self.min_tokens, tokens.bounds[document] + place)
                document, place = _within(tokens.bounds, found.token)
                yield Marks(found.hash, document + first, place)


@dataclasses.dataclass(frozen=True)
class ChooseLater:
    """Marks that repeat an earlier one."""

    def __call__(self, marks: Marks) -> tuple[np.ndarray, dict[str, object]]:
        """All but the first of equal hash, in the order of the corpus, which is the order of the rows."""
        return later_copies(marks.key, np.arange(len(marks.key))), {}


def numbered_texts(run: RunDirectory, task: Task) -> Iterator[tuple[int, pa.Array]]:
    """The texts of a shard with the number of the first document of each row group."""
    first = task.first
    with open_texts(run, task) as texts:
        for group in texts.groups(["text"]):
            yield first, group.column("text")
            first += group.num_rows


def _within(bounds: np.ndarray, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The text and the place in it of places counted through all texts."""
    document = np.searchsorted(bounds, flat, side="right") - 1
    return document, flat - bounds[document]


@dataclasses.dataclass(frozen=True)
class CutRepeats:
    """The work of one shard: reads which of its lines or windows go, and writes all cuts in force after that.

    Attributes:
        name: `LINES` or `PASSAGES`; the folder, the edit's name in the cuts, and the beginning of its signals.
        uris: files of the chosen places.
        lines: how lines are keyed, for `LINES`.
        min_tokens: tokens of a window, for `PASSAGES`.
        earlier: signals that stand beside the cuts already in force.
    """

    run_uri: str
    name: str
    uris: tuple[str, ...]
    lines: LinesSection
    min_tokens: int
    earlier: tuple[Signal, ...]

    @property
    def step(self) -> str:
        """The step is named as its folder."""
        return self.name

    def __call__(self, task: Task) -> None:
        """Writes the cuts of one shard."""
        run = RunDirectory(self.run_uri)
        schema = cuts_schema((*self.earlier, *edit_signals(self.name)))
        first, rows, edited, size_bytes, cut = task.first, 0, 0, 0, 0
        upstream = dataclasses.replace(task, cuts=task.name)
        with (
            open_texts(run, upstream) as texts,
            storage.committing(task.uri, run=run.uri) as path,
            ShardWriter(path, schema, task.key) as writer,
        ):
            beside = [signal.name for signal in self.earlier]
            wanted = [*(["cuts"] if upstream.cuts else []), *beside]
            for group in texts.groups(["doc_id", "text"], beside=wanted):
                document, place = read_chosen(self.uris, first + rows, group.num_rows)
                cuts = self._cuts(group.column("text"), document, place)
                after = apply(group.column("text"), cuts)
                signals = measure_cuts(self.name, group.column("text"), cuts, after)
                before = from_column(group.column("cuts")) if upstream.cuts else Cuts.none(group.num_rows)
                column = to_column(compose(before, cuts))
                kept = [group.column(name) for name in beside]
                writer.write(
                    pa.RecordBatch.from_arrays([group.column("doc_id"), column, *kept, *signals], schema=schema)
                )
                rows += group.num_rows
                edited += int((np.diff(cuts.bounds) > 0).sum())
                cut += len(cuts)
                size_bytes += pc.sum(pc.binary_length(after)).as_py() or 0
            counts = {self.name: {"repeated": cut}} if cut else {}
            writer.finish({"documents": rows, "edited": edited, "text_bytes": size_bytes, "cuts": counts})

    def _cuts(self, texts: pa.Array, document: np.ndarray, place: np.ndarray) -> Cuts:
        if self.name == LINES:
            lines = keyed_lines(texts, self.lines.normalization)
            flat = lines.bounds[document] + place
            bounds = np.searchsorted(document, np.arange(len(texts) + 1)).astype(np.int64)
            start, end = lines.start[flat], lines.end[flat]
        else:
            tokens = tokens_of(texts)
            bounds, start, end = covered(tokens, self.min_tokens, tokens.bounds[document] + place)
        return Cuts.of(self.name, ("repeated",), bounds, start, end, np.zeros(len(start), np.int32))


def cuts_schema(signals: Sequence[Signal]) -> pa.Schema:
    """``doc_id``, all cuts in force, and the signals of every edit; one row per document, in order."""
    more = [signal_field(signal) for signal in signals]
    return pa.schema([DOCUMENT_SCHEMA.field("doc_id"), pa.field("cuts", CUTS_TYPE, nullable=False), *more])


def run_repeats(
    session: Session, dedup: DedupSection, tasks: Sequence[Task], signals: Sequence[Signal]
) -> tuple[list[Task], list[Signal]]:
    """Cuts repeated lines, then repeated passages, as far as the configuration asks for either.

    Args:
        session: the run.
        dedup: of its configuration; ``lines`` and ``substring`` count.
        tasks: of the shards, in order; their ``cuts`` say which texts are in force.
        signals: the signals that stand beside those cuts.

    Returns:
        Tasks that say which cuts are in force now, and the signals that stand beside them.
    """
    current, made = _numbered(session.run, tasks), list(signals)
    for name, section in ((LINES, dedup.lines), (PASSAGES, dedup.substring)):
        if section is False:
            for folder in _FOLDERS[name]:
                prune(session.run, folder, [])
                session.state["stages"].pop(folder.rpartition("/")[2], None)
            if name == LINES:
                storage.delete(frequent_uri(session.run))
            continue
        chosen, key = _choose(session, current, section)
        current = _cut(session, dedup, name, current, chosen, key, made)
        made += edit_signals(name)
    return [dataclasses.replace(task, first=0) for task in current], made


def _numbered(run: RunDirectory, tasks: Sequence[Task]) -> list[Task]:
    counts = read_counts([run.shard("documents", task.raw) for task in tasks])
    firsts = np.concatenate([[0], np.cumsum([int(str(entry["documents"])) for entry in counts])])
    return [dataclasses.replace(task, first=int(first)) for task, first in zip(tasks, firsts, strict=False)]


def _choose(
    session: Session, tasks: Sequence[Task], section: LinesSection | SubstringSection
) -> tuple[list[Task], str]:
    """The shuffles of one kind; returns the tasks of the chosen places and the key of all of them together."""
    run, size = session.run, session.budget.partition_bytes
    total = text_bytes(run, tasks)
    keys = [task.key for task in tasks]
    settings = section.model_dump(mode="json")
    if isinstance(section, LinesSection):
        key = stage_key("lines", settings, keys)
        parts = mark_tasks(run, "dedup/lines", key, total / _BYTES_PER_LINE, size)
        choose_marks(session, "lines", tasks, parts, LineMarks(section), ChooseLines(section))
        write_frequent_lines(run, tasks, parts, key, section.normalization)
        return parts, key
    span = section.min_tokens // 2 + 1
    expected = 2 * total / _BYTES_PER_TOKEN / span
    anchors_key = stage_key("anchors", settings, keys)
    parts = mark_tasks(run, "dedup/anchors", anchors_key, expected, size)
    choose_marks(session, "anchors", tasks, parts, AnchorMarks(section.min_tokens), ChooseRepeated())
    repeated = sum(int(str(entry["chosen"])) for entry in read_counts([part.uri for part in parts]))
    uris = tuple(part.uri for part in parts)
    key = stage_key("windows", settings, [anchors_key])
    found = mark_tasks(run, "dedup/windows", key, repeated * span, size)
    choose_marks(session, "windows", tasks, found, WindowMarks(section.min_tokens, uris), ChooseLater())
    return found, key


def _cut(
    session: Session,
    dedup: DedupSection,
    name: str,
    tasks: Sequence[Task],
    chosen: Sequence[Task],
    chosen_key: str,
    earlier: Sequence[Signal],
) -> list[Task]:
    run = session.run
    lines, substring = dedup.lines or LinesSection(), dedup.substring or SubstringSection()
    cut = [
        dataclasses.replace(
            task,
            uri=run.shard(name, task.raw),
            key=stage_key("repeats", [name, [signal.name for signal in earlier]], [task.key, chosen_key]),
            name=task.cuts,
        )
        for task in tasks
    ]
    prune(run, name, [task.uri for task in cut])
    uris = tuple(part.uri for part in chosen)
    work = CutRepeats(run.uri, name, uris, lines, substring.min_tokens, tuple(earlier))
    session.shardwise(name, cut, work)
    return [dataclasses.replace(task, cuts=name, name="") for task in cut]
