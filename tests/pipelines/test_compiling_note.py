"""A run says before `annotate` that kernels will be compiled, once, and only when documents are to be measured here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gristmill.config.config import load_config
from gristmill.pipelines import annotate
from gristmill.pipelines.curate import curate
from gristmill.pipelines.engine.options import Execution
from gristmill.pipelines.engine.plan import Plan, Task
from gristmill.pipelines.engine.session import Session, Silent
from gristmill.pipelines.run_plan.run_plan import resolve_run
from tests.pipelines.corpus import make_corpus, write_config

NOTE = "compiling takes a while"


class Heard(Silent):
    """Keeps what it is told, in order."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def started(self, step: str, plan: Any) -> None:
        self.events.append(step)

    def noted(self, note: str) -> None:
        self.events.append(note)


@pytest.fixture(autouse=True)
def nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annotate, "wait_for_kernels", lambda module: NOTE)


def test_a_run_says_so_just_before_it_annotates_and_not_when_all_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_corpus(tmp_path, seed=5, documents=20, shards=2)
    config = load_config(write_config(tmp_path, "run"))
    first, again = Heard(), Heard()
    curate(resolve_run(config), first)
    assert first.events[first.events.index(NOTE) + 1] == "annotate"
    assert first.events.count(NOTE) == 1
    curate(resolve_run(config), again)
    assert "annotate" in again.events
    assert NOTE not in again.events


@pytest.mark.parametrize(("runner", "said"), [("FnApiRunner", [NOTE]), ("DataflowRunner", [])])
def test_what_other_machines_compile_is_not_announced(runner: str, said: list[str]) -> None:
    heard: Any = Heard()
    empty: Any = None
    session = Session(empty, Execution(runner), heard, {}, empty)
    task: Any = Task
    annotate.announce_compiling(session, Plan("annotate", (task,), (0,)))
    assert heard.events == said
