"""A configuration is resolved once per command, in one place; whatever is wrong with it is found there."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gristmill.cli import cli
from gristmill.config.config import load_config
from gristmill.errors import ConfigError
from gristmill.filters.rules import configured
from gristmill.pipelines.run_plan import run_plan
from gristmill.pipelines.run_plan.run_plan import resolve_run
from tests.pipelines.corpus import make_corpus, write_config
from tests.places import ROOT

RESOLVERS = (
    "check_execution",
    "configured_edits",
    "configured_extras",
    "configured_rules",
    "check_signals",
    "check_tokenizer",
    "open_indexes",
    "run_record",
)
"""What `resolve_run` calls, once each."""


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the calls of everything that resolves a part of a configuration."""
    calls: Counter[str] = Counter()

    def count(module: Any, name: str) -> None:
        called: Callable[..., Any] = getattr(module, name)

        def counting(*args: Any, **kwargs: Any) -> Any:
            calls[name] += 1
            return called(*args, **kwargs)

        monkeypatch.setattr(module, name, counting)

    for name in (*RESOLVERS, "resolve_run", "planned_source"):
        count(run_plan, name)
    count(configured, "resolve")  # the rules, by whichever way a command came to them
    return calls


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small corpus with a configuration, and the run of it."""
    found = tmp_path_factory.mktemp("once")
    make_corpus(found, seed=5, documents=60, shards=2)
    write_config(found, str(found / "run"), raw=str(found / "raw"))
    return found


def invoked(*arguments: str) -> str:
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_run_and_plan_resolve_every_part_once(folder: Path, counted: Counter[str]) -> None:
    sources = len(load_config(folder / "run.toml").source)
    for command in (("run", "--quiet"), ("plan", "--quiet")):
        counted.clear()
        invoked(*command, str(folder / "run.toml"))
        expected = dict.fromkeys((*RESOLVERS, "resolve_run", "resolve"), 1) | {"planned_source": sources}
        assert dict(counted) == expected, command


@pytest.mark.parametrize("command", ["rules", "sweep", "explain", "report"])
def test_commands_on_a_run_resolve_nothing_again(folder: Path, counted: Counter[str], command: str) -> None:
    run = str(folder / "run")
    invoked("run", "--quiet", str(folder / "run.toml"))
    counted.clear()
    further = {"sweep": ["gopher_quality.min_words"], "explain": ["1"]}.get(command, [])
    output = invoked(command, run, *further)
    assert output
    assert dict(counted) == {}  # the run says what it was made with


def test_the_configuration_is_read_in_two_files_of_the_driver() -> None:
    reading = {
        path.relative_to(ROOT).as_posix()
        for name in ("pipelines", "filters", "dedup", "tokenize", "reports", "train_hooks")
        for path in (ROOT / name).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and "Config" in [alias.name for alias in node.names]
    }
    assert reading == {"pipelines/run_plan/run_plan.py", "reports/recorded.py"}


def test_nothing_is_written_while_a_plan_is_made(tmp_path: Path) -> None:
    config = load_config(write_config(tmp_path, str(tmp_path / "run"), raw=str(tmp_path / "raw")))
    resolve_run(config)  # not even the inputs have to be there
    missing = config.model_copy(update={"tokenizer": config.tokenizer.model_copy(update={"path": "nowhere.json"})})
    with pytest.raises(ConfigError, match=r"tokenizer\.path: no such file 'nowhere.json'"):
        resolve_run(missing)
    assert not (tmp_path / "run").exists()
