"""Components of candidate pairs on the driver, range by range and in rounds of Beam: the same bytes, whichever way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gristmill import storage
from gristmill.dedup.components import contraction
from gristmill.dedup.components.contraction import NODE_BYTES
from gristmill.errors import WorkerError
from gristmill.pipelines.dedup.component_ranges import MEMORY_SHARE
from gristmill.pipelines.dedup.components_step import components_uri, group_candidates
from gristmill.pipelines.dedup.join import edge_batch, write_local_edges
from gristmill.pipelines.dedup.star_rounds import MOST_ROUNDS, rounds_folder
from gristmill.pipelines.engine.options import Budget, Execution
from gristmill.pipelines.engine.plan import Task
from gristmill.pipelines.engine.session import Session, Silent
from gristmill.runs import RunDirectory
from gristmill.tables import read_footer, read_table


def session(folder: Path, memory_bytes: int) -> Session:
    folder.mkdir()
    run = RunDirectory(str(folder / "run"))
    return Session(run, Execution(workers=1), Silent(), {"stages": {}}, Budget(memory_bytes, partition_bytes=20_000))


def grouped(found: Session, ends: np.ndarray, files: int, documents: int) -> bytes:
    """The bytes of ``dedup/components.parquet``, from edges dealt to several files."""
    tasks = [
        Task(found.run.path("dedup", "edges", f"part-{number:05d}.parquet"), "key", None, 1, number=number)
        for number in range(files)
    ]
    for number, task in enumerate(tasks):
        own = ends[number::files]
        batches = [edge_batch(part.min(axis=1), part.max(axis=1)) for part in np.array_split(own, 3)]
        write_local_edges(found.run.uri, task, batches)
    group_candidates(found, tasks, "key", documents)
    return storage.read_bytes(components_uri(found.run))


def graph() -> np.ndarray:
    """A chain in random order, a star whose centre is its largest node, pairs, and a clique."""
    chain = np.random.default_rng(3).permutation(600)
    return np.concatenate(
        [
            np.stack([chain[:-1], chain[1:]], axis=1),
            np.stack([np.full(200, 899), np.arange(600, 800)], axis=1),
            np.arange(1000, 1400).reshape(-1, 2),
            np.stack(np.triu_indices(30, 1), axis=1) + 1500,
        ]
    ).astype(np.int64)


def shuffled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a runner whose workers do not see one disk."""
    monkeypatch.setattr("gristmill.pipelines.dedup.components_step.joins_on_files", lambda run, execution: False)


@pytest.mark.parametrize(("way", "memory_bytes"), [("ranges", 50_000), ("ranges", 2_000), ("shuffle", 50_000)])
def test_the_driver_and_files_write_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, memory_bytes: int
) -> None:
    if way == "shuffle":
        shuffled(monkeypatch)
    ends = graph()
    on_driver, on_files = session(tmp_path / "driver", 10**9), session(tmp_path / "files", memory_bytes)
    wanted = grouped(on_driver, ends, 3, 1600)

    assert grouped(on_files, ends, 3, 1600) == wanted
    assert "components" in on_files.state["stages"]
    assert "components" not in on_driver.state["stages"]
    assert not storage.walk(rounds_folder(on_files))
    table = read_table(components_uri(on_files.run))
    assert table.column("document").to_pylist() == np.unique(ends).tolist()
    footer = read_footer(components_uri(on_files.run))
    assert footer is not None
    assert footer[1] == {
        "documents": table.num_rows,
        "components": len(set(table.column("component").to_pylist())),
        "edges": len(ends),
    }


@pytest.mark.parametrize("ranges", [1, 2, 7, 40])
def test_neither_ranges_nor_files_nor_order_change_the_bytes(tmp_path: Path, ranges: int) -> None:
    ends = graph()
    wanted = grouped(session(tmp_path / "driver", 10**9), ends, 3, 1600)
    other = np.random.default_rng(ranges).permutation(ends)
    found = session(tmp_path / "files", int(1600 / ranges * NODE_BYTES / MEMORY_SHARE) + 1)

    assert grouped(found, other, 1 + ranges % 4, 1600) == wanted


def test_several_workers_write_the_same_bytes(tmp_path: Path) -> None:
    ends = graph()
    one, two = session(tmp_path / "one", 15_000), session(tmp_path / "two", 15_000)
    two.execution = Execution(workers=2)

    assert grouped(two, ends, 3, 1600) == grouped(one, ends, 3, 1600)


def test_input_files_without_pairs_are_not_read(tmp_path: Path) -> None:
    ends = np.array([[4, 9], [0, 4]])
    found = session(tmp_path / "files", 20)
    wanted = grouped(session(tmp_path / "driver", 10**9), ends, 2, 10)

    assert grouped(found, ends, 6, 10) == wanted


def test_a_document_that_the_corpus_does_not_have_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match=r"part-00000.parquet: candidate pairs name documents 3 to 1000000,"):
        grouped(session(tmp_path / "files", 20), np.array([[3, 10**6]]), 1, 10)


def test_a_killed_run_goes_on_with_the_first_range_that_is_not_contracted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = graph()
    wanted = grouped(session(tmp_path / "driver", 10**9), ends, 3, 1600)
    found = session(tmp_path / "files", 5_000)
    whole = contraction.flatten

    def killed(forest: np.ndarray) -> None:
        if len(storage.walk(f"{rounds_folder(found)}/")) > 7:
            raise OSError("killed")
        whole(forest)

    with monkeypatch.context() as patch:
        patch.setattr(contraction, "flatten", killed)
        with pytest.raises(WorkerError, match="killed"):
            grouped(found, ends, 3, 1600)
    before = {entry.uri: Path(entry.uri).stat().st_mtime_ns for entry in storage.walk(rounds_folder(found))}
    assert len([uri for uri in before if "/members/" in uri]) > 0

    kept = kept_files(monkeypatch)
    assert grouped(found, ends, 3, 1600) == wanted
    done = [uri for uri in before if "/edges/" in uri or "/members/" in uri]
    assert {uri: kept[uri] for uri in done} == {uri: before[uri] for uri in done}
    assert len(kept) > len(before)


def kept_files(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """When each file was written that a run would delete at its end; filled in then."""
    kept: dict[str, int] = {}
    monkeypatch.setattr(
        "gristmill.pipelines.dedup.components_step.storage.delete_tree",
        lambda folder: kept.update({entry.uri: Path(entry.uri).stat().st_mtime_ns for entry in storage.walk(folder)}),
    )
    return kept


def test_a_killed_run_goes_on_with_the_last_whole_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shuffled(monkeypatch)
    ends = graph()
    found = session(tmp_path / "files", 50_000)
    monkeypatch.setattr("gristmill.pipelines.dedup.star_rounds.MOST_ROUNDS", 2)
    with pytest.raises(Exception, match="not stars after 2 rounds"):
        grouped(found, ends, 3, 1600)
    before = {entry.uri: Path(entry.uri).stat().st_mtime_ns for entry in storage.walk(rounds_folder(found))}
    assert before

    monkeypatch.setattr("gristmill.pipelines.dedup.star_rounds.MOST_ROUNDS", MOST_ROUNDS)
    kept = kept_files(monkeypatch)
    assert len(grouped(found, ends, 3, 1600)) > 1000
    assert {uri: kept[uri] for uri in before} == before
    assert len(kept) > len(before)
